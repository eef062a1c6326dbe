"""Shared envelopes, end to end: who travels together, what is printed, and that each letter keeps a life of its own."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from sqlmodel import col, select

from gateway.application.access.importing import import_cases
from gateway.application.account.reconciling import account
from gateway.application.clearing import withholding
from gateway.application.filing.filing import file_due
from gateway.application.letters import approving, drafting, rendering
from gateway.application.letters.enclosing import enclose, enclosures_of
from gateway.application.posting import posting
from gateway.application.runs import assembling, batching
from gateway.application.runs.assembling import assemble
from gateway.application.runs.certifying import certify
from gateway.application.runs.forecasting import as_json, forecast, tonight
from gateway.application.runs.running import past_runs, run
from gateway.application.runs.submitting import hand_over
from gateway.application.tracking.tracking import poll
from gateway.application.views.explaining import beside, explain
from gateway.db.bundling import NotBundled
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.domain.account.account import Line
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.references import decode_sheet_code, for_people
from gateway.errors import NotPermitted
from gateway.rendering.codes import page_codes
from tests.rendering.pdfs import numbered
from tests.world import AWARD, MONDAY, REQUEST, World, at, cases_document

pytestmark = pytest.mark.both_databases

OBJECTION = "widerspruchsbescheid"
"""Its template opts out."""
TUESDAY = MONDAY + timedelta(days=1)


def household_document() -> dict[str, Any]:
    """A household of spouses, a namesake in the same house, and the wife's second case."""
    document = cases_document()
    (_, _, wife, _) = document["persons"]
    same_house = {"form": "frau", "family_name": "Müller", "address": wife["address"]}
    document["persons"] = [
        {**same_house, "reference": "W", "given_name": "Maria"},
        {**same_house, "reference": "H", "given_name": "Josef", "form": "herr"},
        {**same_house, "reference": "N", "given_name": "Maria"},
    ]
    document["cases"] = [
        _case(101, "FW", "W", ["W", "H"]),
        _case(102, "FH", "H", ["H"]),
        _case(103, "FN", "N", ["N"]),
        _case(104, "FW2", "W", ["W"]),
        {
            **_case(105, "FG", "N", ["N"]),
            "representatives": [{"person": "W", "for": "N", "kind": "guardian"}],
        },
        {**_case(106, "FA", "W", ["W"]), "office": "ahaus"},
    ]
    return document


def _case(number: int, reference: str, addressee: str, members: list[str]) -> dict[str, Any]:
    return {
        "reference": reference,
        "file_number": f"JC-BOR-2026-{number:05d}",
        "bg_number": f"35702//{number:07d}",
        "office": "borken",
        "members": members,
        "addressee": addressee,
    }


@pytest.fixture
def world(world: World) -> World:
    """The small authority with a household in it, and with bundling on, as it is shipped."""
    import_cases(world.services, household_document())
    world.services = replace(world.services, bundling=True)
    return world


def envelopes(world: World) -> list[set[str]]:
    """The references of the letters in each piece, in the order of the pieces."""
    with world.services.db.reading() as session:
        rows = session.exec(
            select(MailPiece.id, Letter.reference)
            .join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
            .join(Letter, col(Letter.id) == Recipient.letter_id)
            .order_by(col(MailPiece.id))
        ).all()
    found: dict[int | None, set[str]] = {}
    for piece, letter in rows:
        found.setdefault(piece, set()).add(letter)
    return list(found.values())


def pieces(world: World) -> list[MailPiece]:
    with world.services.db.reading() as session:
        return list(session.exec(select(MailPiece).order_by(col(MailPiece.id))).all())


def reasons(world: World) -> list[str]:
    with world.services.db.reading() as session:
        return sorted(session.exec(select(NotBundled.code)).all())


def two_letters(world: World, case: str = "FW", other: str = "FW2") -> tuple[str, str]:
    """An award of the one case and an invitation of the other, to the same person."""
    return world.approved(case, AWARD, login="both"), world.approved(other)


def test_two_letters_of_one_night_to_one_person_share_an_envelope(world: World) -> None:
    first, second = two_letters(world)
    (report,) = world.evening()
    assert (report.letters, report.pieces, report.hand_over.released, report.faulty) == (2, 1, 1, 0)
    assert envelopes(world) == [{first, second}]
    assert len(world.taken()) == 1
    assert reasons(world) == []


def test_namesakes_and_spouses_at_the_same_address_never_share_an_envelope(world: World) -> None:
    """Maria Müller, her husband, and another Maria Müller in the same house: one address, three people."""
    of = {case: world.approved(case) for case in ("FW", "FH", "FN")}
    assert world.only(of["FW"]).address_lines == world.only(of["FN"]).address_lines
    (report,) = world.evening()
    assert report.pieces == 3
    assert envelopes(world) == [{of["FW"]}, {of["FH"]}, {of["FN"]}]
    assert reasons(world) == []
    for case, other in (("FW", "FN"), ("FN", "FH")):
        assert beside(world.services, of[case])[1].apart == []
        assert for_people(of[other]) not in " ".join(explain(world.services, of[case]))


def test_a_person_who_moved_between_two_letters_gets_two_envelopes(world: World) -> None:
    old = world.approved("FW")
    document = household_document()
    document["persons"][0]["address"] = {"street": "Musterweg 3", "postcode": "46325", "place": "Borken"}
    import_cases(world.services, document)
    new = world.approved("FW2")
    world.evening()
    assert envelopes(world) == [{old}, {new}]
    assert reasons(world) == ["other-address"]


def test_a_guardians_copy_and_the_guardians_own_letter_go_apart(world: World) -> None:
    own, as_guardian = world.approved("FW"), world.approved("FG")
    world.evening()
    assert sorted(map(len, envelopes(world))) == [1, 1, 1]
    assert reasons(world) == ["other-role"]
    assert any("other-role" in sentence for sentence in explain(world.services, own))
    assert any("other-role" in sentence for sentence in explain(world.services, as_guardian))


def test_letters_of_two_offices_go_apart_and_neither_office_learns_of_the_other(world: World) -> None:
    world.advance_to(at(MONDAY + timedelta(days=2), "09:00"))
    here = world.approved("FW")
    there = world.approved("FA", login="ahmad", by="beate")
    world.evening()
    assert [{here}, {there}] == envelopes(world)
    assert reasons(world) == ["other-office"]
    assert not any("gebündelt" in sentence for sentence in explain(world.services, here, "anna"))
    assert beside(world.services, there, "ahmad")[1].apart == []
    assert any("other-office" in sentence for sentence in explain(world.services, here, "post"))


def test_a_template_that_opts_out_travels_alone_and_says_why(world: World) -> None:
    alone, invitation = world.approved("FW", OBJECTION, login="both"), world.approved("FW2")
    world.evening()
    assert envelopes(world) == [{alone}, {invitation}]
    assert reasons(world) == ["template-opt-out"]
    for one, other in ((alone, invitation), (invitation, alone)):
        (sentence,) = [text for text in explain(world.services, one) if "template-opt-out" in text]
        assert for_people(other) in sentence
        ((neighbour, veto),) = beside(world.services, one)[1].apart
        assert (neighbour.reference, veto.code) == (other, "template-opt-out")


@pytest.mark.parametrize(
    ("service", "code"), [(Service.PZU, "formal-service"), (Service.EINWURF, "registered-mail")]
)
def test_what_is_served_formally_or_registered_travels_alone(world: World, service: Service, code: str) -> None:
    special, ordinary = two_letters(world)
    with world.services.db.transaction() as session:
        session.exec(select(Letter).where(Letter.reference == special)).one().service = service
    run_id = batching.open_run(world.services, MONDAY)
    world.advance(minutes=1)
    batching.plan(world.services, run_id, approved_before=world.clock.now())
    assert envelopes(world) == [{special}, {ordinary}]
    assert reasons(world) == [code]


def test_the_print_copy_has_every_letter_on_sheets_of_its_own_counted_over_the_whole_piece(
    world: World,
) -> None:
    first, second = two_letters(world)
    world.evening()
    (piece,) = pieces(world)
    printed = world.services.blobs.get(piece.print_sha256 or "")
    assert printed == world.simulator.pdf(world.simulator.letters[0].letter_id)
    lengths = [approved_pages(world, reference) for reference in (first, second)]
    sheets = [(length + 1) // 2 for length in lengths]
    assert lengths[0] % 2 == 1, "the award must end on a front, or no padding is seen"
    assert (piece.sheets, piece.pages) == (sum(sheets), 2 * sheets[0] + lengths[1] + lengths[1] % 2)
    codes = [code for _, text in page_codes(printed) if (code := decode_sheet_code(text))]
    assert [(code.piece, code.sheet, code.of) for code in codes] == [
        (piece.reference, n, sum(sheets)) for n in range(1, sum(sheets) + 1)
    ]
    texts = world.services.renderer.page_texts(printed)
    assert not texts[2 * sheets[0] - 1].strip()
    own = [
        "JC-BOR-2026-00101" in "".join(texts[: 2 * sheets[0]]),
        "JC-BOR-2026-00104" in "".join(texts[2 * sheets[0] :]),
        "JC-BOR-2026-00104" in "".join(texts[: 2 * sheets[0]]),
    ]
    assert own == [True, True, False]
    assert world.simulator.letters[0].address_lines == list(world.only(first).address_lines)


def approved_pages(world: World, reference: str) -> int:
    sha256 = world.only(reference).approved_sha256 or ""
    return len(world.services.renderer.page_texts(world.services.blobs.get(sha256)))


def test_approved_documents_stay_as_they_were_signed(world: World) -> None:
    references = two_letters(world)
    before = {one: world.services.blobs.get(world.only(one).approved_sha256 or "") for one in references}
    world.evening()
    for reference, content in before.items():
        assert world.services.blobs.get(world.only(reference).approved_sha256 or "") == content
        assert world.only(reference).approved_sha256 == world.only(reference).document_sha256


def test_enclosures_and_large_print_follow_their_own_letter(world: World) -> None:
    """The first letter, its copy in large print, its leaflet; then the second letter, and its copy."""
    document = household_document()
    document["persons"][0]["accessible_copy"] = "large-print"
    import_cases(world.services, document)
    first = world.ready("FW", login="both")
    enclose(world.services, "both", first, numbered(3, "Merkblatt"), "Merkblatt")
    drafting.submit(world.services, "both", first, accept_duplicate=True)
    rendering.render_letter(world.services, first)
    approving.approve(world.services, "bea", first)
    second = world.approved("FW2")
    told = tonight(world.services)
    (report,) = world.evening()
    assert (report.pieces, report.faulty, report.hand_over.released) == (1, 0, 1)
    (piece,) = pieces(world)
    assert (told.total.sheets, told.total.postage_eur) == (piece.sheets, piece.postage_eur)
    texts = world.services.renderer.page_texts(world.services.blobs.get(piece.print_sha256 or ""))
    marks = {"JC-BOR-2026-00101": "first", "JC-BOR-2026-00104": "second", "Merkblatt-": "leaflet"}
    order = [name for text in texts for mark, name in marks.items() if mark in text]
    assert [name for name, _ in groupby(order)] == ["first", "leaflet", "second"]
    assert len(signed(world, first)) == 3
    assert len(signed(world, second)) == 2
    with world.services.db.reading() as session:
        assert assembling.approved_hashes(session, [piece.id or 0]) == {
            piece.id: [*signed(world, first), *signed(world, second)]
        }


def signed(world: World, reference: str) -> list[str]:
    """What was signed of a letter with one recipient, in order."""
    one = world.only(reference)
    enclosures = [each.sha256 for each in enclosures_of(world.services, None, reference)]
    return [each for each in (one.approved_sha256, one.approved_twin_sha256, *enclosures) if each]


def test_two_cases_in_one_envelope_are_no_false_alarm_and_a_third_one_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_letters(world)
    foreign = world.approved("FN")
    world.advance(minutes=1)
    run_id = batching.open_run(world.services, MONDAY)
    batching.plan(world.services, run_id, approved_before=world.clock.now())
    shared, strange = (piece.id or 0 for piece in pieces(world))
    approved = assembling.approved_hashes

    def with_the_strangers(session: Any, piece_ids: Any) -> dict[int, list[str]]:
        found = approved(session, piece_ids)
        return found | ({shared: [*found[shared], *found[strange]]} if found else {})

    with monkeypatch.context() as patched:
        patched.setattr(assembling, "approved_hashes", with_the_strangers)
        assemble(world.services, day=MONDAY)
    (certified,) = certify(world.services, run_id)
    assert (certified.pieces, certified.faulty) == (2, 1)
    assert [piece.fault_code for piece in pieces(world)] == ["foreign-text", None]
    assert world.view(foreign).standing == "planned"


def test_a_shared_envelope_with_letters_of_two_cases_gets_a_clean_certificate(world: World) -> None:
    two_letters(world)
    world.approved("FN")
    (report,) = world.evening()
    (sha256,) = report.certificates
    results = [piece["result"] for piece in json.loads(world.services.blobs.get(sha256))["pieces"]]
    assert results == ["clean", "clean"]


def test_each_letter_has_its_own_posting_deadline_and_entries_in_its_own_case_file(world: World) -> None:
    decision, invitation = two_letters(world)
    world.evening()
    for day in (TUESDAY, TUESDAY + timedelta(days=1)):
        world.advance_to(at(day, "20:00"))
        poll(world.services)
    (reported,) = posting.posting_days(world.services, "post")
    assert reported.pieces == 1
    (confirmed,) = posting.confirm(world.services, "post", reported.day)
    assert confirmed == pieces(world)[0].reference
    file_due(world.services)
    assert world.only(decision).posting_confirmed_on == world.only(invitation).posting_confirmed_on
    assessed = world.only(decision).assessment
    assert assessed
    assert assessed.deadline
    assert account(world.services).lines[Line.POSTED] == 2
    for reference, number in ((decision, "JC-BOR-2026-00101"), (invitation, "JC-BOR-2026-00104")):
        entries = filed(world, number)
        assert [entry["kind"] for entry in entries] == ["document", "hand-over", "posting", "posting"]
        assert {entry["metadata"]["letter"] for entry in entries} == {reference}
        assert {entry["metadata"]["piece"] for entry in entries[1:]} == {confirmed}


def filed(world: World, file_number: str) -> list[dict[str, Any]]:
    (index,) = (world.settings.data_dir / "case-files").rglob(f"*{file_number}*/index.json")
    entries: list[dict[str, Any]] = json.loads(index.read_text(encoding="utf-8"))["entries"]
    return entries


def test_a_piece_that_is_refused_takes_all_its_letters_to_the_desk(world: World) -> None:
    first, second = two_letters(world)
    world.simulator.plan_fault("POST /api/Letter", "reject:E302")
    (report,) = world.evening()
    assert (report.hand_over.refused, report.hand_over.released) == (1, 0)
    assert [world.view(one).standing for one in (first, second)] == ["refused", "refused"]
    assert account(world.services).lines[Line.FAILED] == 2


def test_a_letter_that_is_held_or_cancelled_before_the_run_leaves_the_other_alone_in_its_envelope(
    world: World,
) -> None:
    first, second = two_letters(world)
    third = world.approved("FW2", appointment_time="11:45")
    withholding.hold(world.services, "anna", first, "Rückfrage")
    withholding.cancel(world.services, "anna", second, "Irrtum")
    world.evening()
    assert envelopes(world) == [{third}]


def test_only_who_may_read_the_other_case_learns_what_else_is_in_the_envelope(world: World) -> None:
    first, second = two_letters(world)
    world.evening()
    (neighbour,) = beside(world.services, first, "anna")[1].together
    assert (neighbour.reference, neighbour.file_number) == (second, "JC-BOR-2026-00104")
    assert any(
        "Im selben Umschlag" in text and for_people(second) in text for text in explain(world.services, first)
    )
    with pytest.raises(NotPermitted):
        beside(world.services, first, "ahmad")


def test_what_was_planned_in_chunks_comes_to_the_same_envelopes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "CHUNK", 1)
    first, second = two_letters(world)
    apart = world.approved("FW", OBJECTION, login="both")
    (report,) = world.evening()
    assert envelopes(world) == [{first, second}, {apart}]
    assert (report.letters, report.pieces, report.faulty) == (3, 2, 0)
    assert reasons(world) == ["template-opt-out"]


def test_nothing_joins_a_piece_that_is_already_assembled(world: World) -> None:
    first = world.approved("FW", AWARD, login="both")
    world.advance(minutes=1)
    run_id = batching.open_run(world.services, MONDAY)
    batching.plan(world.services, run_id, approved_before=world.clock.now())
    assemble(world.services, day=MONDAY)
    second = world.approved("FW2")
    world.advance(minutes=1)
    report = run(world.services)
    assert envelopes(world) == [{first}, {second}]
    assert reasons(world) == ["already-assembled"]
    assert (report.hand_over.released, report.faulty) == (2, 0)


def test_a_letter_that_joins_while_its_piece_is_being_assembled_is_printed_with_it(world: World) -> None:
    """Another process plans the second letter between the reading of the documents and the writing of the copy."""
    first, second = two_letters(world)
    world.advance(minutes=1)
    run_id = batching.open_run(world.services, MONDAY)
    withholding.hold(world.services, "anna", second, "noch nicht")
    batching.plan(world.services, run_id, approved_before=world.clock.now())
    withholding.let_go(world.services, "anna", second)
    renderer = world.services.renderer

    class Interrupted:
        def __init__(self) -> None:
            self.times = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(renderer, name)

        def assemble(self, *arguments: Any, **options: Any) -> Any:
            self.times += 1
            if self.times == 1:
                batching.plan(world.services, run_id, approved_before=world.clock.now())
            return renderer.assemble(*arguments, **options)

    interrupted: Any = Interrupted()
    assemble(replace(world.services, renderer=interrupted), day=MONDAY)
    assert interrupted.times == 2
    assert envelopes(world) == [{first, second}]
    (piece,) = pieces(world)
    text = "".join(world.services.renderer.page_texts(world.services.blobs.get(piece.print_sha256 or "")))
    assert "JC-BOR-2026-00101" in text
    assert "JC-BOR-2026-00104" in text
    certify(world.services, run_id)
    assert hand_over(world.services, retry_now=True).released == 1


def test_the_forecast_says_what_the_run_then_does_and_what_bundling_saves(world: World) -> None:
    two_letters(world)
    world.approved("FN", OBJECTION, login="both")
    world.approved("FN", REQUEST)
    world.approved("F2")
    withholding.hold(world.services, "anna", world.approved("FH"), "warten")
    world.ready("FH", appointment_time="09:30")
    before = tonight(world.services)
    told: Any = as_json(forecast(world.services, day=MONDAY, approved_before=at(MONDAY, "17:30")))
    assert told == as_json(before)
    assert (told["letters"], told["copies"], told["pieces"]) == (5, 6, 5)
    assert told["bundling"]["envelopes_saved"] == 1
    assert told["bundling"]["copies_together"] == 2
    assert told["bundling"]["not_bundled"] == {"template-opt-out": 1}
    assert told["stays"] == {"awaiting-approval": 1, "held": 1}
    (report,) = world.evening()
    assert (report.letters, report.pieces) == (told["letters"], told["pieces"])
    done = pieces(world)
    assert sum(piece.sheets or 0 for piece in done) == told["sheets"]
    assert f"{sum(piece.postage_eur or 0 for piece in done):.2f}" == told["postage_eur"]
    assert {line["product"]: line["pieces"] for line in told["by_product"]} == products(done)
    assert reasons(world) == ["template-opt-out"]
    without = replace(world.services, bundling=False)
    assert tonight(without).total.pieces == 0


def products(done: list[MailPiece]) -> dict[str | None, int]:
    return {name: [piece.product for piece in done].count(name) for name in {piece.product for piece in done}}


def test_the_saving_is_the_difference_to_a_night_without_bundling(world: World) -> None:
    two_letters(world)
    world.approved("FN")
    bundled = tonight(world.services)
    single = tonight(replace(world.services, bundling=False))
    assert single.total.pieces - bundled.total.pieces == bundled.saving.envelopes == 1
    assert single.total.postage_eur - bundled.total.postage_eur == bundled.saving.postage_eur > 0
    assert single.not_bundled == {}


def test_a_forecast_shows_the_offices_that_somebody_may_see(world: World) -> None:
    world.advance_to(at(MONDAY + timedelta(days=2), "09:00"))
    world.approved("FW")
    world.approved("FA", login="ahmad", by="beate")
    seen = {
        login: sorted({office for office, _ in tonight(world.services, login).by_office})
        for login in ("anna", "ahmad", "post", "admin", "audit")
    }
    assert seen == {
        "anna": ["borken"],
        "ahmad": ["ahaus"],
        "post": ["ahaus", "borken"],
        "admin": ["ahaus", "borken"],
        "audit": ["ahaus", "borken"],
    }


def test_past_runs_count_copies_and_envelopes_of_what_one_may_see(world: World) -> None:
    two_letters(world)
    world.evening()
    (line,) = past_runs(world.services, "anna", limit=5)
    assert (line.day, line.copies, line.pieces, line.faulty) == (MONDAY, 2, 1, 0)
    assert past_runs(world.services, "ahmad", limit=5)[0].copies == 0
