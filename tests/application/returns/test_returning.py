"""Returned mail: every way it can come back makes one task, and holds what goes to this person at this address."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.access.importing import import_cases
from gateway.application.account.account_sheet import hand_out
from gateway.application.account.reconciling import Selection, account, copies_on
from gateway.application.addresses.suspending import lift
from gateway.application.arrivals.receiving import import_delivery
from gateway.application.clearing.withholding import cancel, hold, let_go
from gateway.application.desk.desk_view import desk
from gateway.application.filing.filing import file_due
from gateway.application.letters import drafting
from gateway.application.letters.approving import approve
from gateway.application.posting import posting
from gateway.application.reads.finding import find_letter
from gateway.application.receipt.delivering import Receipt, prove
from gateway.application.retention.concluding import facts_of
from gateway.application.returns.deciding_returns import Decision, NewAddress, decide
from gateway.application.returns.returning import put_aside, record_return, returns_due
from gateway.application.returns.returns_view import ReturnLine, return_detail, returns
from gateway.application.tracking.tracking import record
from gateway.application.views.explaining import explain
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter
from gateway.db.mail import MailPiece
from gateway.db.people import AuditEntry, Person
from gateway.db.placings import InboundMatch
from gateway.db.returns import ReturnedMail, ReturnNotice
from gateway.domain.account.account import Line
from gateway.domain.desk.desk import Problem
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.delivery import DeliveryKind, Outcome
from gateway.domain.receipt.returning import SUSPENDED, ReturnAction, ReturnFiction, ReturnReason
from gateway.domain.references import for_people
from gateway.domain.runs.status import Status
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from gateway.ports.provider import StatusReport
from gateway.testing.scan_centre import ScanCentre
from gateway.testing.scan_centre.mail import Mail, foreign, returned, sheet_of_ours
from gateway.testing.scan_centre.scanner import CONDITIONS, scan
from gateway.testing.scans import ScanSpec, make_delivery
from tests.application.arrivals.test_receiving import SOURCE, printed
from tests.web.site import serve
from tests.world import AWARD, MONDAY, World, at, cases_document

pytestmark = pytest.mark.both_databases
TUESDAY = MONDAY + timedelta(days=1)


def posted(world: World, case: str = "F1", template: str = AWARD) -> str:
    """A letter that was posted, and confirmed, on Tuesday."""
    reference = world.approved(case, template, login="anna", by="bea")
    world.evening()
    world.advance(days=1)
    one = world.view(reference).recipients[0]
    say(world, one.key or "", Status.HANDED_TO_POST, posted=True)
    posting.confirm(world.services, "post", TUESDAY)
    return reference


def say(world: World, key: str, status: Status, *, reason: str | None = None, posted: bool = False) -> None:
    (submission,) = [one for one in world.submissions() if one.key == key]
    report = StatusReport(
        key=key,
        provider_reference=submission.provider_reference or "",
        status=status,
        provider_status=status.value,
        occurred_at=world.clock.now(),
        dedup_key=f"{key}-{status}",
        raw={},
        posted_on=TUESDAY if posted else None,
        reason=reason,
    )
    assert record(world.services, "epost", [report]) == 1


def come_back(world: World, reference: str, reason: str = "Der Empfänger ist verzogen.") -> None:
    say(world, world.only(reference).key or "", Status.RETURNED, reason=reason)


def scanned(world: World, tmp_path: Path, *specs: ScanSpec) -> None:
    folder = make_delivery(tmp_path / "in" / "L-1", SOURCE, "L-1", 1, specs, at=world.clock.now())
    import_delivery(world.services, folder, source=SOURCE)


def only_return(world: World, login: str = "anna") -> ReturnLine:
    (line,) = returns(world.services, login).lines
    return line


def tray(world: World) -> list[str]:
    return [notice.found_by for notice in returns(world.services, "post").tray or ()]


def refused(do: Callable[[], object]) -> str:
    with pytest.raises((Conflict, InputError, NotFound, NotPermitted)) as caught:
        do()
    return caught.value.code


def test_a_sheet_that_comes_back_makes_a_task_with_its_picture_the_same_day_and_is_filed(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.returned(printed(world, reference)))
    assert (returns_due(world.services).matched, returns_due(world.services).matched) == (1, 0)
    line = only_return(world)
    assert [(one.reference, one.owner) for one in line.letters] == [(reference, "anna")]
    assert (line.age_days, line.scans, line.fiction) == (0, [1], ReturnFiction.DISPUTED)
    assert world.view(reference).standing == "returned"
    assessment = world.only(reference).assessment
    assert assessment is not None
    assert assessment.disputed
    assert assessment.deadline is not None
    (entry,) = desk(world.services, "anna").letters
    assert (entry.problem, entry.actions) == (Problem.RETURNED, {})
    assert file_due(world.services).failed == 0
    folder = world.settings.data_dir / "case-files"
    (index,) = folder.glob("JC-BOR-2026-00017*/index.json")
    assert "Rückläufer" in index.read_text()
    assert "inbound" in index.read_text()


def test_a_scan_and_the_providers_feedback_about_one_piece_are_one_task(world: World, tmp_path: Path) -> None:
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.returned(printed(world, reference)))
    returns_due(world.services)
    assert only_return(world).reason is ReturnReason.OTHER
    come_back(world, reference)
    line = only_return(world)
    assert line.reason is ReturnReason.MOVED
    assert [notice.source for notice in line.notices] == ["scan", "provider"]


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_an_envelope_of_which_there_is_only_a_picture_is_known_by_the_reference_in_its_window(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    envelope = scan(returned(printed(world, reference), "Annahme verweigert").pdf, CONDITIONS["fine"], seed="1")
    scanned(world, tmp_path, ScanSpec.returned(envelope))
    with world.services.db.reading() as session:
        assert session.exec(select(InboundDocument.state)).one() is InboundState.DESK
    assert returns_due(world.services).matched == 1
    line = only_return(world)
    assert [notice.found_by for notice in line.notices] == ["window-picture"]
    assert line.reason is ReturnReason.REFUSED
    with world.services.db.reading() as session:
        assert session.exec(select(InboundDocument.state)).one() is InboundState.ASSIGNED


def test_what_matches_nothing_waits_in_the_tray_and_a_person_says_what_it_is(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.returned(printed(world, reference)), ScanSpec.unknown())
    with world.services.db.transaction() as session:
        for document in session.exec(select(InboundDocument)).all():
            document.document_class = "returned-mail"
    services = replace(world.services, read_window=lambda _pdf, _part: "Jobcenter 7K4M-9QX0")
    report = returns_due(services)
    assert (report.matched, report.tray, tray(world)) == (1, 1, ["nothing-found"])
    assert returns(world.services, "anna").tray is None
    record_return(world.services, "post", reference, 1, ReturnReason.UNKNOWN, inbound_id=2)
    assert tray(world) == []
    assert only_return(world).reason is ReturnReason.UNKNOWN
    assert sorted(only_return(world).scans) == [1, 2]


def test_a_reference_that_is_right_but_was_never_posted_is_no_match(world: World, tmp_path: Path) -> None:
    reference = world.approved("F1", AWARD)
    world.evening()
    piece = world.only(reference).piece or ""
    scanned(world, tmp_path, ScanSpec(kind=ScanSpec.unknown().kind))
    with world.services.db.transaction() as session:
        session.exec(select(InboundDocument)).one().document_class = "returned-mail"
    services = replace(world.services, read_window=lambda _pdf, _part: f"Jobcenter {for_people(piece)}")
    assert returns_due(services).matched == 0
    assert tray(world) == ["not-posted"]
    assert world.view(reference).standing != "returned"
    assert refused(lambda: put_aside(world.services, "anna", 1, "fremd")) == "not-permitted"
    assert refused(lambda: put_aside(world.services, "post", 1, " ")) == "reason-missing"
    put_aside(world.services, "post", 1, "fremder Umschlag")
    assert tray(world) == []


def test_the_deadline_holds_or_falls_by_the_decision_of_a_person(world: World) -> None:
    reference = posted(world)
    before = world.only(reference).assessment
    come_back(world, reference, "Die Annahme wurde verweigert.")
    line = only_return(world)
    assert line.rule.proposal is None
    assert "strittig" in " ".join(explain(world.services, reference))
    assert refused(lambda: decide(world.services, "bea", reference, Decision("x", ReturnFiction.HOLDS))) == (
        "not-permitted"
    )
    close = Decision("erledigt", action=ReturnAction.CLOSE)
    assert refused(lambda: decide(world.services, "anna", reference, close)) == "return-fiction-open"
    decide(world.services, "anna", reference, Decision("grundlos verweigert", ReturnFiction.HOLDS))
    after = world.only(reference).assessment
    assert before is not None
    assert after is not None
    assert (after.deadline, after.disputed) == (before.deadline, False)
    assert desk(world.services, "anna").letters != []
    decide(world.services, "anna", reference, close)
    assert desk(world.services, "anna").letters == []
    assert returns(world.services, "anna").lines == []
    assert returns(world.services, "anna", closed=True).lines[0].action is ReturnAction.CLOSE
    assert refused(lambda: decide(world.services, "anna", reference, close)) == "return-closed"
    assert "grundlos verweigert" in " ".join(explain(world.services, reference))


def test_this_person_at_this_address_is_suspended_in_every_case_and_nobody_else_there(world: World) -> None:
    document = cases_document()
    house = document["persons"][2]["address"]
    other = {**document["persons"][2], "reference": "P5", "given_name": "Ida", "address": house}
    case = {**document["cases"][0], "reference": "F5", "file_number": "JC-BOR-2026-00055", "members": ["P3"]}
    mate = {**case, "reference": "F6", "file_number": "JC-BOR-2026-00056", "members": ["P5"], "addressee": "P5"}
    document["persons"].append(other)
    document["cases"] += [case, mate]
    import_cases(world.services, document)
    waiting, ready = world.approved("F1"), world.ready("F5")
    reference = posted_of(world, "F1", but=waiting)
    come_back(world, reference)
    for held in (waiting, ready):
        assert world.view(held).standing == "held"
        assert (world.view(held).hold_reason or "").endswith(f"({SUSPENDED})")
    assert refused(lambda: approve(world.services, "bea", ready)) == SUSPENDED
    assert refused(lambda: let_go(world.services, "anna", waiting)) == SUSPENDED
    new = world.write("F5")
    drafting.submit(world.services, "anna", new, accept_duplicate=True)
    assert world.view(new).held_at is not None
    assert world.view(world.approved("F6")).standing == "approved"
    with world.services.db.reading() as session:
        told = session.exec(select(AuditEntry).where(AuditEntry.action == "address-suspended")).all()
    assert [entry.subject for entry in told] == ["P3"]


def posted_of(world: World, case: str, *, but: str) -> str:
    """A posted letter, while another one waits, held."""
    hold(world.services, "anna", but, "wartet")
    reference = posted(world, case)
    let_go(world.services, "anna", but)
    return reference


def test_the_run_holds_what_slipped_through_to_a_suspended_address(world: World) -> None:
    reference = posted(world)
    late = world.approved("F1")
    come_back(world, reference)
    with world.services.db.transaction() as session:
        letter, _ = find_letter(session, late)
        letter.held_at = letter.hold_reason = None
    before = len(world.taken())
    world.evening(MONDAY + timedelta(days=2))
    assert len(world.taken()) == before
    assert world.view(late).standing == "held"
    assert [entry.problem for entry in desk(world.services, "anna").letters if entry.reference == late] == [
        Problem.SUSPENDED
    ]


def test_a_changed_address_is_free_by_itself_and_the_old_one_stays_suspended(world: World) -> None:
    reference = posted(world)
    come_back(world, reference)
    document = cases_document()
    document["persons"][2]["address"]["street"] = "Am Markt 9"
    import_cases(world.services, document)
    fresh = world.approved("F1")
    assert world.view(fresh).standing == "approved"
    import_cases(world.services, cases_document())
    again = world.write("F1")
    drafting.submit(world.services, "anna", again, accept_duplicate=True)
    assert world.view(again).held_at is not None


def test_a_person_lifts_a_suspension_with_a_reason_and_what_waited_goes_on(world: World) -> None:
    reference = posted(world)
    come_back(world, reference)
    waiting = world.write("F1")
    drafting.submit(world.services, "anna", waiting, accept_duplicate=True)
    (suspension,) = return_detail(world.services, "anna", only_return(world).id).suspensions
    assert suspension.letters == (reference,)
    assert refused(lambda: lift(world.services, "ahmad", suspension.id, "stimmt")) == "not-permitted"
    assert refused(lambda: lift(world.services, "anna", suspension.id, "")) == "reason-missing"
    lift(world.services, "anna", suspension.id, "Briefkasten beschriftet")
    assert world.view(waiting).held_at is None
    assert return_detail(world.services, "anna", only_return(world).id).suspensions == []


def test_correct_and_reissue_makes_a_new_letter_with_a_posting_and_a_deadline_of_its_own(world: World) -> None:
    reference = posted(world)
    come_back(world, reference)
    same = Decision("verzogen", action=ReturnAction.REISSUE)
    assert refused(lambda: decide(world.services, "anna", reference, same)) == SUSPENDED
    there = NewAddress("Am Markt 9", "48683", "Ahaus")
    (new,) = decide(world.services, "anna", reference, replace(same, address=there))
    assert world.only(reference).assessment.deadline is None  # type: ignore[union-attr]
    assert f"Ersetzt durch Schreiben {for_people(new)}." in explain(world.services, reference)
    assert world.view(new).replaces == reference
    assert world.view(new).data == world.view(reference).data
    assert world.only(new).address_lines[-2:] == ["Am Markt 9", "48683 Ahaus"]
    drafting.submit(world.services, "anna", new)
    assert world.view(new).held_at is None
    assert returns(world.services, "anna").lines == []
    assert refused(lambda: decide(world.services, "anna", reference, Decision("x", ReturnFiction.HOLDS))) == (
        "return-reissued-is-void"
    )


def test_what_came_back_stays_posted_in_the_account_and_is_shown_as_a_part_of_it(world: World) -> None:
    returned, other = posted(world), world.approved("F1")
    come_back(world, returned, "Annahme verweigert")
    counted = [account(world.services, copy_by_copy=each) for each in (0, 5000)]
    for found in counted:
        assert found.balanced
        assert (found.approved, found.lines[Line.POSTED], found.returned) == (2, 1, 1)
    assert (counted[0].returned_of, counted[1].returned_of) == ({}, {"borken": 1})
    page = copies_on(world.services, Line.POSTED, returned=True)
    assert page.copies == [(f"{for_people(returned)}/1", "borken", "returned")]
    assert copies_on(world.services, Line.UNDER_WAY).copies == [
        (f"{for_people(other)}/1", "borken", "approved")
    ]
    sheet, pdf = hand_out(world.services, "post", Selection())
    text = " ".join(world.pdf_text(pdf).split())
    assert "davon zurückgekommen 1" in text
    assert "davon zurück" in text.split("Dienststelle")[1]
    assert sheet.sha256 != replace(sheet, account=replace(sheet.account, standings={})).sha256


def test_an_address_that_breaks_a_rule_changes_nothing(world: World) -> None:
    reference = posted(world)
    come_back(world, reference)
    wrong = NewAddress("Am Markt 9", "1234", "Ahaus")
    with pytest.raises(Exception, match="Postleitzahl"):
        decide(world.services, "anna", reference, Decision("x", action=ReturnAction.REISSUE, address=wrong))
    with world.services.db.reading() as session:
        person = session.exec(select(Person).where(Person.reference == "P3")).one()
        assert person.street == "Lindenweg 5"
    assert only_return(world).fiction is ReturnFiction.DISPUTED


def test_a_return_and_a_proven_receipt_contradict_each_other_and_wait_for_a_person(world: World) -> None:
    reference = posted(world)
    with world.services.db.transaction() as session:
        piece = session.exec(select(MailPiece)).one()
        receipt = Receipt(DeliveryKind.CERTIFICATE, Outcome.MAILBOX, TUESDAY)
        prove(session, world.services, "post", piece.id or 0, receipt)
    come_back(world, reference)
    assert world.view(reference).standing == "delivered"
    assert tray(world) == ["contradicts-proof"]
    with world.services.db.reading() as session:
        assert session.exec(select(ReturnedMail)).all() == []
        assert len(session.exec(select(ReturnNotice)).all()) == 1


def test_other_offices_see_nothing_of_it(world: World) -> None:
    reference = posted(world)
    come_back(world, reference)
    assert returns(world.services, "ahmad").lines == []
    assert refused(lambda: return_detail(world.services, "ahmad", 1)) == "return-unknown"
    assert refused(lambda: returns(world.services, "admin")) == "not-permitted"
    assert refused(lambda: decide(world.services, "ahmad", reference, Decision("x", ReturnFiction.VOID))) == (
        "not-permitted"
    )


def test_serving_formally_is_refused_where_no_print_house_offers_it(world: World) -> None:
    reference = posted(world)
    come_back(world, reference, "Die Sendung wurde nicht abgeholt.")
    serve = Decision("nicht abgeholt", action=ReturnAction.SERVE)
    assert refused(lambda: decide(world.services, "anna", reference, serve)) == "service-not-offered"
    assert Service.PZU not in world.services.provider.capabilities.services
    assert only_return(world).fiction is ReturnFiction.DISPUTED


def keyed(world: World, tmp_path: Path, pdf: bytes, **fields: str) -> None:
    """A delivery of one paper of which the person at the scanner typed more than its class."""
    with ScanCentre(tmp_path / "centre", source=SOURCE, start=world.clock.now(), speed=0) as centre:
        centre.lay(Mail("Rückläufer", pdf, "returned-mail").keying(**fields))
        folder = centre.deliver()
        assert folder is not None
        import_delivery(world.services, folder, source=SOURCE)


def test_what_the_scan_site_typed_is_shown_as_its_word_and_decides_nothing(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    fields = {"return_reason": "not-collected", "new_address": "Neuer Weg 3, 48683 Ahaus"}
    keyed(world, tmp_path, printed(world, reference), **fields)
    returns_due(world.services)
    line = only_return(world)
    assert (line.reason, line.fiction) == (ReturnReason.NOT_COLLECTED, ReturnFiction.DISPUTED)
    (notice,) = line.notices
    assert (notice.keyed_reason, notice.new_address) == ("not-collected", "Neuer Weg 3, 48683 Ahaus")
    with world.services.db.reading() as session:
        assert session.exec(select(Person).where(Person.reference == "P3")).one().street == "Lindenweg 5"


def test_what_the_scan_site_typed_against_what_was_read_leaves_the_reason_to_a_person(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    keyed(world, tmp_path, foreign("plain", "x").pdf, return_reason="verzogen")
    piece = for_people(world.only(reference).piece or "")
    returns_due(replace(world.services, read_window=lambda _pdf, _part: f"{piece} Annahme verweigert"))
    line = only_return(world)
    assert (line.reason, line.notices[0].keyed_reason) == (ReturnReason.OTHER, "verzogen")


def test_a_whole_letter_of_ours_that_came_as_citizens_mail_waits_among_the_returns_for_a_person(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    pdf = printed(world, reference)
    with ScanCentre(tmp_path / "centre", source=SOURCE, start=world.clock.now(), speed=0) as centre:
        number = world.view(reference).file_number
        centre.lay(Mail("Brief", pdf, "letter").typed(number), Mail("Brief", pdf, "unknown"))
        centre.lay(sheet_of_ours(pdf, [3, 4]).typed(number))
        folder = centre.deliver()
        assert folder is not None
        import_delivery(world.services, folder, source=SOURCE)
    with world.services.db.reading() as session:
        states = session.exec(select(InboundDocument.state).order_by(InboundDocument.id)).all()  # type: ignore[arg-type]
    assert states == [InboundState.DESK] * 3
    assert (returns_due(world.services).tray, returns_due(world.services).tray) == (3, 0)
    assert tray(world) == ["whole-letter", "whole-letter", "part-of-letter"]
    assert world.view(reference).standing == "posted"
    record_return(world.services, "post", reference, 1, ReturnReason.MOVED, inbound_id=1)
    assert only_return(world).reason is ReturnReason.MOVED
    put_aside(world.services, "post", 2, "mit Randbemerkungen zurückgeschickt")
    assert tray(world) == ["part-of-letter"]
    with world.services.db.reading() as session:
        assert session.get_one(InboundDocument, 2).state is InboundState.DESK
        assert session.get_one(InboundMatch, 2).returned is False


def test_what_came_back_shortly_after_midnight_came_back_on_the_day_at_the_authoritys_seat(
    world: World,
) -> None:
    reference = posted(world)
    came = at(MONDAY + timedelta(days=9), "00:30")
    world.advance_to(came)
    come_back(world, reference)
    assert only_return(world).came_back_on == came.date()
    with world.services.db.reading() as session:
        letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
        assert facts_of(session, world.services, letter).ended_on == came.date()


def test_what_came_back_is_a_task_again_once_what_was_written_anew_is_discarded(world: World) -> None:
    reference = posted(world)
    come_back(world, reference)
    again = Decision(
        "verzogen", action=ReturnAction.REISSUE, address=NewAddress("Am Markt 9", "48683", "Ahaus")
    )
    (new,) = decide(world.services, "anna", reference, again)
    assert returns(world.services, "anna").lines == []
    cancel(world.services, "anna", new, "erst anrufen")
    line = only_return(world)
    assert (line.action, line.fiction, line.letters[0].replaced_by) == (None, ReturnFiction.VOID, (new,))
    (entry,) = desk(world.services, "anna").letters
    assert (entry.reference, entry.problem) == (reference, Problem.RETURNED)
    with world.services.db.reading() as session:
        told = session.exec(select(AuditEntry).where(AuditEntry.action == "return-reopened")).one()
    assert (told.subject, told.actor, told.details) == (reference, "anna", {"discarded": new})
    (third,) = decide(world.services, "anna", reference, again)
    assert returns(world.services, "anna").lines == []
    assert world.only(reference).came_back.replaced_by == (third,)  # type: ignore[union-attr]


def test_serving_what_came_back_is_offered_only_where_a_provider_serves(world: World) -> None:
    reference = posted(world)
    come_back(world, reference)
    number, why = only_return(world).id, "Der Druckdienstleister bietet keinen Postzustellungsauftrag an."
    assert (
        return_detail(world.services, "anna", number).not_served == f"Förmlich zustellen geht hier nicht: {why}"
    )
    with serve(world) as site:
        visitor = site.visitor("anna")
        visitor.get(f"/ruecklaeufer/{number}")
    assert 'value="serve" disabled' in visitor.page
    assert why in visitor.text
    adapter = world.services.provider
    adapter.capabilities = replace(adapter.capabilities, services=adapter.capabilities.services | {Service.PZU})
    assert return_detail(world.services, "anna", number).not_served == ""
    with serve(world) as site:
        visitor = site.visitor("anna")
        visitor.get(f"/ruecklaeufer/{number}")
    assert 'value="serve">' in visitor.page
