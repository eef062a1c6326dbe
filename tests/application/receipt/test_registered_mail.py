"""Registered mail, end to end: what the provider tells, the carrier's record, and the day that counts in law."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from gateway.application.access.administering import add_user
from gateway.application.access.importing import import_cases
from gateway.application.account.reconciling import account
from gateway.application.desk.desk_view import desk
from gateway.application.desk.redriving import Wish, redrive
from gateway.application.evidence.evidencing import packed, posting_file
from gateway.application.filing.filing import file_due
from gateway.application.letters import approving, drafting, rendering
from gateway.application.letters.choosing_service import choose_service
from gateway.application.posting import posting
from gateway.application.posting.excepting import propose, second
from gateway.application.receipt.delivering import Receipt, correct, store_scan
from gateway.application.receipt.serving import record as record_proof
from gateway.application.receipt.told_deliveries import confirm_told, put_told_aside, told_deliveries
from gateway.application.retention.emptying import empty_persons
from gateway.application.runs.running import run
from gateway.application.tracking.tracking import poll, record
from gateway.application.trail.sealing import seal
from gateway.application.views.explaining import explain
from gateway.db.delivery import ToldDeliveryAside
from gateway.db.letters import Letter
from gateway.db.people import AuditEntry
from gateway.db.retention import LetterRetention
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.desk.patience import Patience
from gateway.domain.permission import Role
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.delivery import DeliveryKind, Outcome
from gateway.errors import InputError, NotFound, NotPermitted, OutcomeUnknown
from gateway.ports.provider import StatusReport
from gateway.providers.epost_status import reports_from
from tests.rendering.pdfs import numbered
from tests.world import AWARD, MONDAY, World, at, cases_document

pytestmark = pytest.mark.slow
POSTED = date(2026, 11, 17)
DEEMED = date(2026, 11, 21)


def sent(world: World, service: Service = Service.UEBERGABE) -> str:
    """A decision as registered mail, handed over on Monday, posted on Tuesday and confirmed."""
    reference = world.write("F1", AWARD)
    choose_service(world.services, "anna", reference, service, "Nachweis gewünscht")
    drafting.submit(world.services, "anna", reference)
    rendering.render_letter(world.services, reference)
    approving.approve(world.services, "bea", reference)
    world.evening()
    (each,) = world.submissions()
    assert each.state == "released", each.error_message
    told(world, "POSTED", POSTED, statusID=4, printFeedbackDate=f"{POSTED}T14:00:00")
    world.advance_to(at(date(2026, 11, 18), "09:00"))
    assert posting.confirm(world.services, "post", POSTED)
    return reference


def reports(world: World, code: str, day: date | None, **more: object) -> Iterator[StatusReport]:
    (each,) = world.submissions()
    number = int(each.provider_reference or 0)
    entry = {
        "letterID": number,
        "custom1": each.key,
        "statusID": 4,
        "printFeedbackDate": f"{POSTED}T14:00:00",
        "registeredLetterID": f"RG{number:09d}DE",
        "registeredLetterStatus": code,
        "registeredLetterStatusDate": f"{day}T16:00:00" if day else None,
    }
    return reports_from(entry | more, world.clock.now)


def told(world: World, code: str, day: date | None, **more: object) -> None:
    """The E-POST says so about the only letter."""
    record(world.services, "epost", reports(world, code, day, **more))


def deadline(world: World, reference: str) -> tuple[date | None, date | None]:
    found = world.only(reference).assessment
    assert found is not None
    return found.effective, found.deadline


def test_the_simulator_tells_a_delivery_and_it_enters_no_deadline_by_itself(world: World) -> None:
    reference = sent(world)
    world.advance_to(at(MONDAY + timedelta(days=9), "08:00"))
    poll(world.services)
    view = world.only(reference)
    assert (view.standing, view.proof) == ("delivered", None)
    assert any(
        "als Zugang bestätigt hat sie noch niemand" in each for each in explain(world.services, reference)
    )
    assert view.assessment is not None
    assert view.assessment.deemed == view.assessment.effective
    (one,) = told_deliveries(world.services, "post", everything=True)
    assert (one.on is not None, one.tracking_number[:2]) == (True, "RG")


def test_a_later_delivery_waits_for_a_person_and_then_puts_the_deadline_off(world: World) -> None:
    reference = sent(world)
    assert deadline(world, reference) == (DEEMED, date(2026, 12, 21))
    world.advance_to(at(date(2026, 11, 26), "09:00"))
    late = date(2026, 11, 25)
    told(world, "FETCHED_NOTIFIED", late)
    assert deadline(world, reference) == (DEEMED, date(2026, 12, 21))
    (one,) = told_deliveries(world.services, "post")
    assert (one.why, one.on, one.deemed, one.kind) == (
        "told-later",
        late,
        DEEMED,
        DeliveryKind.DELIVERY_RECORD,
    )
    (notice,) = [each for each in desk(world.services, "post").notices if each.kind == "delivery"]
    assert (notice.id, notice.letters, notice.owner) == (one.id, (reference,), "anna")
    with pytest.raises(NotPermitted):
        confirm_told(world.services, "ahmad", one.id)
    assert confirm_told(world.services, "post", one.id) == late
    view = world.only(reference)
    assert deadline(world, reference) == (late, date(2026, 12, 28))
    assert view.assessment is not None
    assert any("§ 4 Abs. 2 Satz 2 LZG NRW" in reason for reason in view.assessment.reasons)
    assert view.proofs[-1].said == (
        "Sendungsstatus: nach dem Sendungsstatus ausgeliefert, ohne Auslieferungsbeleg, Zugang am 25.11.2026"
    )
    assert told_deliveries(world.services, "post", everything=True) == []
    assert [each for each in desk(world.services, "post").notices if each.kind == "delivery"] == []
    with pytest.raises(NotFound):
        confirm_told(world.services, "post", one.id)


def test_an_earlier_delivery_does_not_shorten_the_fiction(world: World) -> None:
    reference = sent(world)
    told(world, "DELIVERED", date(2026, 11, 18))
    assert told_deliveries(world.services, "post") == []
    (one,) = told_deliveries(world.services, "post", everything=True)
    assert one.why == "told-in-time"
    scan = store_scan(world.services, numbered(1, "Auslieferungsbeleg"))
    with pytest.raises(InputError) as refused:
        confirm_told(world.services, "post", one.id, outcome="told-delivered", scan=scan)
    assert refused.value.code == "delivery-record-unread"
    confirm_told(world.services, "post", one.id, outcome="handed-addressee", scan=scan)
    assert deadline(world, reference) == (DEEMED, date(2026, 12, 21))
    assert any("unbeachtlich" in each for each in explain(world.services, reference))
    (noted,) = world.only(reference).records
    assert (noted.supplements, "Sendungsnummer RG" in noted.text) == ([], True)  # it names the number already


def test_who_took_it_is_proven_by_the_carriers_record_only(world: World) -> None:
    reference = sent(world)
    world.advance_to(at(date(2026, 11, 26), "09:00"))
    late = date(2026, 11, 25)
    with pytest.raises(InputError) as refused:
        record_proof(world.services, "post", reference, 1, "handed-addressee", late)
    assert refused.value.code == "delivery-record-missing"
    with pytest.raises(InputError) as refused:
        record_proof(world.services, "post", reference, 1, "told-delivered", late)
    assert refused.value.code == "delivery-status-only"
    scan = store_scan(world.services, numbered(1, "Beleg"))
    with pytest.raises(InputError) as refused:
        record_proof(world.services, "post", reference, 1, "mailbox", late, scan=scan)
    assert refused.value.code == "delivery-outcome-unknown"
    record_proof(
        *(world.services, "post", reference, 1, "handed-household", late),
        received_by="Mutter",
        certificate="RG1",
        scan=scan,
    )
    assert deadline(world, reference) == (late, date(2026, 12, 28))
    file_due(world.services)
    (index,) = (world.settings.data_dir / "case-files").rglob("index.json")
    (entry,) = [one for one in json.loads(index.read_text())["entries"] if one["kind"] == "delivery"]
    assert (entry["sha256"], entry["metadata"]["objection_deadline"]) == (scan.sha256, "2026-12-28")
    archive, _ = packed(world.services, posting_file(world.services, None, reference))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (kept,) = json.loads(opened.read("zugangsnachweis-1.json"))
        assert (kept["kind"], kept["effective_on"]) == ("delivery-record", "2026-11-25")
        assert opened.read("zugangsnachweis-1-1.pdf") == world.services.blobs.get(scan.sha256)


def test_what_was_only_told_becomes_more_when_the_record_comes(world: World) -> None:
    reference = sent(world)
    world.advance_to(at(date(2026, 11, 26), "09:00"))
    told(world, "DELIVERED", date(2026, 11, 25))
    (one,) = told_deliveries(world.services, "post")
    confirm_told(world.services, "post", one.id)
    better = Receipt(DeliveryKind.DELIVERY_RECORD, Outcome.HANDED_ADDRESSEE, date(2026, 11, 24))
    with pytest.raises(InputError) as refused:
        correct(world.services, "post", reference, 1, better, "Beleg der Post")
    assert refused.value.code == "delivery-record-missing"
    scan = store_scan(world.services, numbered(1, "Auslieferungsbeleg"))
    with_record = Receipt(DeliveryKind.DELIVERY_RECORD, better.outcome, better.effective_on, scan=scan)
    correct(world.services, "post", reference, 1, with_record, "Beleg der Post")
    assert deadline(world, reference)[0] == date(2026, 11, 24)


def test_a_status_without_a_day_asks_for_the_day_and_can_be_put_aside(world: World) -> None:
    reference = sent(world)
    told(world, "CONFIRMED", None)
    (one,) = told_deliveries(world.services, "post")
    assert (one.on, one.why) == (None, "told-without-day")
    with pytest.raises(InputError) as refused:
        confirm_told(world.services, "post", one.id)
    assert refused.value.code == "delivery-day-missing"
    with pytest.raises(InputError):
        put_told_aside(world.services, "post", one.id, " ")
    put_told_aside(world.services, "post", one.id, "Die Post widerruft die Meldung")
    assert told_deliveries(world.services, "post", everything=True) == []
    seal(world.services)
    with world.services.db.transaction() as session:
        letter_id = session.exec(select(Letter.id).where(Letter.reference == reference)).one() or 0
        session.add(LetterRetention(letter_id=letter_id, content_left_at=world.clock.now()))
    empty_persons(world.services, letter_id)
    with world.services.db.reading() as session:
        (aside,) = session.exec(select(ToldDeliveryAside)).all()
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "told-delivery-put-aside")).all()
    assert (aside.reason, aside.decided_by, entry.reason, entry.subject) == ("", "post", "", reference)
    for change in ("SET decided_by = 'x'", "SET reason = 'anders'"):
        with pytest.raises(DatabaseError), world.services.db.transaction() as session:
            session.connection().execute(text(f"UPDATE told_delivery_aside {change}"))


def test_without_a_record_of_posting_only_the_carriers_record_founds_a_notification(world: World) -> None:
    reference = sent(world)
    world.advance_to(at(date(2026, 11, 26), "09:00"))
    told(world, "DELIVERED", date(2026, 11, 25))
    (one,) = told_deliveries(world.services, "post")
    confirm_told(world.services, "post", one.id)
    add_user(world.services, "paul", name="Paul Stelle", roles=[Role.POST_ROOM])
    number = propose(world.services, "post", [world.only(reference).piece or ""], None, "Liste war falsch")
    second(world.services, "paul", number)
    assert world.only(reference).assessment is None
    scan = store_scan(world.services, numbered(1, "Auslieferungsbeleg"))
    better = Receipt(DeliveryKind.DELIVERY_RECORD, Outcome.HANDED_ADDRESSEE, date(2026, 11, 25), scan=scan)
    correct(world.services, "post", reference, 1, better, "Beleg der Post")
    assert deadline(world, reference) == (date(2026, 11, 25), date(2026, 12, 28))
    found = world.only(reference).assessment
    assert found is not None
    assert found.deemed is None
    assert "§ 8 LZG NRW" in " ".join(found.reasons)


def test_an_einwurf_einschreiben_is_a_letter_with_evidence(world: World) -> None:
    reference = sent(world, Service.EINWURF)
    world.advance_to(at(date(2026, 11, 26), "09:00"))
    scan = store_scan(world.services, numbered(1, "Auslieferungsbeleg"))
    record_proof(world.services, "post", reference, 1, "mailbox", date(2026, 11, 25), scan=scan)
    found = world.only(reference).assessment
    assert found is not None
    assert found.effective == date(2026, 11, 25)
    assert "§ 37 Abs. 2 Satz 3 SGB X" in " ".join(found.reasons)


def test_registered_mail_is_printed_on_one_side_where_the_provider_cannot_do_both(world: World) -> None:
    reference = sent(world)
    (printed,) = world.simulator.letters
    assert printed.fields["isDuplex"] is False
    view = world.only(reference)
    assert view.sheets == view.pages
    ordinary = world.approved("F2", AWARD, login="both")
    world.evening(date(2026, 11, 18))
    first = world.view(ordinary).recipients[0]
    assert first.sheets != first.pages


def test_the_record_of_posting_the_file_and_the_cover_name_the_service(world: World) -> None:
    reference = sent(world, Service.RUECKSCHEIN)
    (record_no,) = world.only(reference).records
    assert "Versandart Einschreiben Rückschein, Produkt" in record_no.text
    cover = posting_file(world.services, None, reference)
    said = [one for section in cover.sections for one in section.sentences if "Blatt" in one]
    assert "Versandart Einschreiben Rückschein" in said[0]
    file_due(world.services)
    (index,) = (world.settings.data_dir / "case-files").rglob("index.json")
    entries = json.loads(index.read_text("utf-8"))["entries"]
    posted = [entry for entry in entries if entry["kind"] == "posting"]
    assert {entry["metadata"]["service"] for entry in posted} == {"Einschreiben Rückschein"}


def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The provider answers, and knows of no end; what it was asked about."""
    heard: list[str] = []

    def silent(references: Sequence[str]) -> list[StatusReport]:
        heard.extend(references)
        return []

    monkeypatch.setattr(world.services.provider, "poll", silent)
    return heard


def ends(world: World) -> list[str]:
    """Problems on the desk that say that the end is not known."""
    return [entry.key for entry in desk(world.services, "post").letters if entry.problem is Problem.NO_END]


def test_after_the_term_nobody_asks_any_more_and_the_desk_says_so_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = sent(world)
    heard = asked(world, monkeypatch)
    world.advance_to(at(date(2027, 1, 4), "09:00"))  # the 30th working day after the posting
    poll(world.services)
    assert (len(heard), ends(world)) == (1, [])
    world.advance_to(at(date(2027, 1, 5), "09:00"))
    monkeypatch.setattr(world.services.provider, "poll", failing := Failing())
    poll(world.services)
    assert (failing.asked, ends(world)) == (1, [])  # whoever gave no answer is asked once more
    heard = asked(world, monkeypatch)
    poll(world.services)
    poll(world.services)
    assert len(heard) == 1
    (key,) = ends(world)
    (entry,) = [each for each in desk(world.services, "post").letters if each.key == key]
    assert "nachforschen" in " ".join(entry.problems)
    assert world.view(reference).standing == "posted"
    redrive(
        world.services, "post", reference, Wish(DeskAction.ACKNOWLEDGE, "Nachforschung beauftragt", problem=key)
    )
    world.advance(days=60)
    poll(world.services)
    assert (len(heard), ends(world)) == (1, [])


def test_what_the_provider_says_late_by_itself_still_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = sent(world)
    asked(world, monkeypatch)
    world.advance_to(at(date(2027, 1, 5), "09:00"))
    poll(world.services)
    assert ends(world)
    told(world, "RETURNED_TO_SENDER", date(2027, 1, 7))
    assert ends(world) == []
    assert world.view(reference).standing == "returned"
    assert [each.problem for each in desk(world.services, "post").letters] == [Problem.RETURNED]


def test_the_term_is_the_providers_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(world)
    desk_rules = replace(world.services.desk, of_provider={"epost": Patience(delivery_days=50)})
    patient = replace(world.services, desk=desk_rules)
    heard = asked(world, monkeypatch)
    world.advance_to(at(date(2027, 1, 5), "09:00"))
    assert (poll(patient), poll(patient), len(heard)) == (0, 0, 2)


class Failing:
    """A provider that gives no answer."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _references: Sequence[str]) -> list[StatusReport]:
        self.asked += 1
        raise OutcomeUnknown("x", "x")


@pytest.fixture
def old(world: World) -> tuple[str, str]:
    """Registered mail that an older program planned for both sides, and the E-POST refused: letter and piece."""
    reference = world.write("F1", AWARD)
    choose_service(world.services, "anna", reference, Service.UEBERGABE, "Nachweis gewünscht")
    drafting.submit(world.services, "anna", reference)
    rendering.render_letter(world.services, reference)
    approving.approve(world.services, "bea", reference)
    adapter = world.services.provider
    truthful = adapter.capabilities
    adapter.capabilities = replace(truthful, one_sided=frozenset())
    try:
        world.evening()
    finally:
        adapter.capabilities = truthful
    (refused,) = world.submissions()
    assert (refused.state, refused.error_code) == ("refused", "epost-registered-duplex")
    assert world.simulator.letters == []
    return reference, world.only(reference).piece or ""


def test_what_was_planned_for_both_sides_is_planned_again_for_one_and_goes(
    world: World, old: tuple[str, str]
) -> None:
    reference, piece = old
    before = world.only(reference)
    done = redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, "nur einseitig möglich"))
    after = world.only(reference)
    assert done.follow_up == f"{after.piece}-1"
    assert after.piece != piece
    assert run(world.services, login="post").hand_over.released == 1
    (printed,) = world.simulator.letters
    assert (printed.custom1, printed.fields["isDuplex"]) == (done.follow_up, False)
    after = world.only(reference)
    assert (after.sheets, after.pages, before.pages) == (3, 3, 4)  # no blank back any more
    assert not desk(world.services, "post").letters
    assert account(world.services).balanced
    assert run(world.services, login="post").hand_over.released == 0
    assert len(world.simulator.letters) == 1


def test_what_is_too_long_for_one_side_is_refused_while_it_is_written(world: World) -> None:
    adapter = world.services.provider
    adapter.profile = replace(adapter.profile, max_sheets=2)
    reference = world.write("F1", AWARD)
    drafting.submit(world.services, "anna", reference)
    rendering.render_letter(world.services, reference)
    assert world.view(reference).state == "ready"
    choose = world.write("F1", AWARD, login="both")
    choose_service(world.services, "both", choose, Service.UEBERGABE, "Nachweis gewünscht")
    drafting.submit(world.services, "both", choose, accept_duplicate=True)
    rendering.render_letter(world.services, choose)
    view = world.view(choose)
    (finding,) = [each for each in view.recipients[0].findings if each.severity == "error"]
    assert (view.state, finding.code) == ("faulty", "too-long-for-one-sided")
    assert "3 Blatt, erlaubt sind 2" in finding.message


def test_registered_mail_abroad_is_refused_when_it_is_chosen(world: World) -> None:
    document = cases_document()
    (person,) = [one for one in document["persons"] if one["reference"] == "P3"]
    person["address"] = {"street": "Spui 10", "postcode": "2511 BT", "place": "Den Haag", "country": "NL"}
    import_cases(world.services, document)
    reference = world.write("F1", AWARD)
    with pytest.raises(InputError) as refused:
        choose_service(world.services, "anna", reference, Service.UEBERGABE, "Nachweis gewünscht")
    assert refused.value.code == "service-not-abroad"
