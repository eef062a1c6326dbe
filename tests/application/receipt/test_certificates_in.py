"""Certificates of service that come in, as data and on paper: recorded once, or laid before a person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.receipt.certificates_in import certificates_due, collect_certificates
from gateway.application.receipt.reading_certificates import (
    certificates_waiting,
    open_certificate,
    put_certificate_aside,
    read_certificate,
)
from gateway.application.receipt.serving import record
from gateway.application.retention.destroying import apply
from gateway.application.returns.returns_view import returns
from gateway.application.tracking import tracking
from gateway.db.delivery import DeliveryProof
from gateway.db.files import InboundDocument
from gateway.db.retention import ContentDeparture
from gateway.db.returns import CertificateNotice
from gateway.domain.receipt.returning import ReturnFiction, ReturnReason
from gateway.domain.references import for_people
from gateway.errors import GatewayError, InputError, NotFound
from gateway.testing.print_centre import PrintCentre
from gateway.testing.scan_centre import ScanCentre
from gateway.testing.scan_centre.mail import certificate_of_service
from gateway.testing.scans import ScanSpec, make_delivery
from tests.application.arrivals.test_receiving import SOURCE, printed
from tests.application.receipt.test_serving import SERVED, ordered, town
from tests.world import World

pytestmark = pytest.mark.slow


def produced(here: World, centre: PrintCentre) -> str:
    """A decision on its way by formal service; its certificates are written by the test."""
    centre.script.withhold.add("certificate")
    reference = ordered(here)
    centre.advance(days=3)
    return reference


def waiting(world: World, login: str = "post") -> list[str]:
    return [each.found for each in certificates_waiting(world.services, login)]


def proofs(world: World) -> list[tuple[str, date | None]]:
    with world.services.db.reading() as session:
        rows = session.exec(select(DeliveryProof).order_by(DeliveryProof.id)).all()  # type: ignore[arg-type]
        return [(row.outcome, row.effective_on) for row in rows]


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(GatewayError) as caught:
        do()
    return caught.value.code


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_what_the_print_house_publishes_is_recorded_once_with_its_picture(world: World, kind: str) -> None:
    with town(world, kind) as (here, centre):
        centre._answer = kind
        reference = produced(here, centre)
        centre.certify(centre.ledger[0].reference, "ZU-1", "mailbox", SERVED)
        assert collect_certificates(here.services).recorded == 1
        assert collect_certificates(here.services).recorded == 0
        copy = here.only(reference)
        assert copy.standing == "delivered"
        assert copy.assessment is not None
        assert (copy.assessment.effective, copy.assessment.deadline) == (SERVED, date(2026, 12, 21))
        assert copy.proof is not None
        assert copy.proof.document_sha256 is not None
        assert "Zustellungsurkunde" in here.pdf_text(here.services.blobs.get(copy.proof.document_sha256))
        assert copy.proof.data == {"certificate": "ZU-1"}
        assert [finding.code for finding in here.services.providers["folder"].check()] == ["folder-ok"]


def test_the_centre_certifies_by_itself_some_days_after_the_posting(world: World) -> None:
    with town(world) as (here, centre):
        reference = ordered(here)
        centre.advance(days=8)
        here.advance(days=8)
        tracking.poll(here.services)
        assert collect_certificates(here.services).recorded == 1
        assert here.view(reference).standing == "delivered"


def test_a_killed_pass_leaves_either_all_or_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with town(world) as (here, centre):
        produced(here, centre)
        centre.certify(centre.ledger[0].reference, "ZU-1", "mailbox", SERVED)

        def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("gateway.application.receipt.certificates_in._add", killed)
            with pytest.raises(KeyboardInterrupt):
                collect_certificates(here.services)
        assert proofs(here) == []
        assert collect_certificates(here.services).recorded == 1
        assert proofs(here) == [("mailbox", SERVED)]


def test_what_contradicts_an_earlier_proof_waits_and_overwrites_nothing(world: World) -> None:
    with town(world) as (here, centre):
        reference = produced(here, centre)
        record(here.services, "post", reference, 1, "handed-addressee", SERVED)
        centre.certify(centre.ledger[0].reference, "ZU-1", "handed-addressee", SERVED)
        centre.certify(centre.ledger[0].reference, "ZU-2", "undeliverable-moved", None)
        report = collect_certificates(here.services)
        assert (report.recorded, report.waiting) == (0, 1)
        assert waiting(here) == ["contradicts-proof"]
        assert waiting(here, "anna") == ["contradicts-proof"]
        assert waiting(here, "ahmad") == []
        assert proofs(here) == [("handed-addressee", SERVED)]
        (one,) = certificates_waiting(here.services, "anna")
        told = {"outcome": "undeliverable-moved", "effective_on": None}
        assert refused(lambda: read_certificate(here.services, "anna", one.id, **told)) == "reason-missing"  # type: ignore[arg-type]
        assert refused(lambda: read_certificate(here.services, "ahmad", one.id, **told)) == "not-permitted"  # type: ignore[arg-type]
        read_certificate(
            here.services,
            "anna",
            one.id,
            outcome="undeliverable-moved",
            effective_on=None,
            reason="Zusteller fragte",
        )
        assert proofs(here)[-1] == ("undeliverable-moved", None)
        assert here.view(reference).standing == "returned"
        assert waiting(here) == []


@pytest.mark.parametrize(
    ("outcome", "day", "sha256", "found"),
    [
        ("mailbox", SERVED, "0" * 64, "hash-differs"),
        ("vom-winde-verweht", SERVED, None, "delivery-outcome-unknown"),
        ("mailbox", None, None, "delivery-day-missing"),
        ("mailbox", date(2027, 1, 1), None, "delivery-day-in-future"),
    ],
)
def test_what_cannot_be_true_is_not_recorded_and_a_person_decides(
    world: World, outcome: str, day: date | None, sha256: str | None, found: str
) -> None:
    with town(world) as (here, centre):
        reference = produced(here, centre)
        centre.certify(centre.ledger[0].reference, "ZU-1", outcome, day, sha256=sha256)
        assert collect_certificates(here.services).waiting == 1
        assert collect_certificates(here.services).waiting == 0
        assert (waiting(here), proofs(here)) == ([found], [])
        assert here.view(reference).standing != "delivered"
        (one,) = certificates_waiting(here.services, "post")
        assert (one.letters, one.document_sha256 is None) == ([(reference, 1)], found == "hash-differs")
        read_certificate(here.services, "post", one.id, outcome="deposited", effective_on=SERVED)
        assert proofs(here) == [("deposited", SERVED)]
        assert refused(lambda: put_certificate_aside(here.services, "post", one.id, "x")) == "certificate-gone"


def test_a_certificate_of_an_unknown_piece_or_an_ordinary_letter_waits(world: World) -> None:
    with town(world) as (here, centre):
        produced(here, centre)
        plain = here.approved("F2")
        here.evening(date(2026, 11, 24))
        piece = here.view(plain).recipients[0].piece or ""
        for number, reference in (("ZU-1", "AAAAAAAA"), ("ZU-2", piece)):
            centre.certify(reference, number, "mailbox", SERVED)
        assert collect_certificates(here.services).waiting == 2
        assert waiting(here) == ["piece-unknown", "no-proof-awaited"]
        assert waiting(here, "anna") == ["no-proof-awaited"]
        with pytest.raises(InputError, match="Schreiben"):
            read_certificate(here.services, "post", 1, outcome="mailbox", effective_on=SERVED)
        with pytest.raises(InputError):
            put_certificate_aside(here.services, "post", 1, "")
        put_certificate_aside(here.services, "post", 1, "andere Behörde")
        assert waiting(here) == ["no-proof-awaited"]
        with pytest.raises(NotFound):
            read_certificate(here.services, "post", 99, outcome="mailbox", effective_on=SERVED)


def test_the_picture_of_a_foreign_certificate_leaves_once_a_person_put_it_aside(world: World) -> None:
    with town(world) as (here, centre):
        produced(here, centre)
        for number, reference in (("ZU-1", "AAAAAAAA"), ("ZU-2", "BBBBBBBB")):
            centre.certify(reference, number, "mailbox", SERVED)
        collect_certificates(here.services)
        put_certificate_aside(here.services, "post", 1, "andere Behörde")
        here.advance(days=91)
        done = apply(here.services)
        assert done is not None
        assert done.gone["given-back"] == 1
        assert refused(lambda: open_certificate(here.services, "post", 1)) == "document-deleted"
        assert open_certificate(here.services, "post", 2).content[:5] == b"%PDF-", "it waits for a person"
        with here.services.db.reading() as session:
            first, second = session.exec(select(CertificateNotice).order_by(CertificateNotice.id)).all()  # type: ignore[arg-type]
            left = session.get_one(ContentDeparture, first.document_sha256)
            assert (left.subject, left.confirmed_as, left.left_at) == ("certificate-1", None, here.clock.now())
            assert session.get(ContentDeparture, second.document_sha256) is None


def test_a_certificate_that_says_moved_makes_the_task_of_a_return(world: World) -> None:
    with town(world) as (here, centre):
        reference = produced(here, centre)
        centre.certify(centre.ledger[0].reference, "ZU-1", "undeliverable-moved", None)
        assert collect_certificates(here.services).recorded == 1
        (line,) = returns(here.services, "anna").lines
        assert (line.reason, line.fiction) == (ReturnReason.MOVED, ReturnFiction.VOID)
        assert [notice.source for notice in line.notices] == ["proof"]
        assert here.only(reference).assessment.deadline is None  # type: ignore[union-attr]


def test_a_scanned_certificate_finds_its_piece_and_a_person_reads_it(world: World, tmp_path: Path) -> None:
    with town(world) as (here, centre):
        reference = produced(here, centre)
        scans = [ScanSpec.returned(printed(here, reference)), ScanSpec.unknown()]
        folder = make_delivery(tmp_path / "in" / "L-1", SOURCE, "L-1", 1, scans, at=here.clock.now())
        import_delivery(here.services, folder, source=SOURCE)
        with here.services.db.transaction() as session:
            for document in session.exec(select(InboundDocument)).all():
                document.document_class = "certificate-of-service"
        assert (certificates_due(here.services).waiting, certificates_due(here.services).waiting) == (2, 0)
        assert waiting(here) == ["to-read", "piece-unknown"]
        read_certificate(here.services, "anna", 1, outcome="mailbox", effective_on=SERVED)
        copy = here.only(reference)
        assert copy.proof is not None
        with here.services.db.reading() as session:
            document = session.get_one(InboundDocument, 1)
            assert copy.proof.document_sha256 == document.sha256
            assert session.get_one(CertificateNotice, 1).proof_id is not None
        assert copy.assessment is not None
        assert copy.assessment.effective == SERVED
        assert waiting(here) == ["piece-unknown"]


def test_what_the_scan_site_typed_of_a_paper_certificate_is_proposed_and_a_person_takes_it_over(
    world: World, tmp_path: Path
) -> None:
    with (
        town(world) as (here, centre),
        ScanCentre(tmp_path / "scans", source=SOURCE, start=here.clock.now(), speed=0) as scans,
    ):
        reference = produced(here, centre)
        paper = certificate_of_service(for_people(here.only(reference).piece or ""), 3, "19.11.2026")
        told = {"service_outcome": "mailbox", "served_on": "2026-11-19", "served_by": "Z. Müller"}
        scans.lay(paper.keying(**told, service_place="Lindenweg 5, Borken"))
        folder = scans.deliver()
        assert folder is not None
        import_delivery(here.services, folder, source=SOURCE)
        services = replace(here.services, read_window=lambda _pdf, _part: here.only(reference).piece or "")
        assert certificates_due(services).waiting == 1
        (one,) = certificates_waiting(here.services, "post")
        assert (one.outcome, one.effective_on) == ("mailbox", SERVED)
        assert (one.place, one.served_by) == ("Lindenweg 5, Borken", "Z. Müller")
        assert proofs(here) == []
        read_certificate(
            here.services,
            "post",
            one.id,
            outcome="mailbox",
            effective_on=SERVED,
            place=one.place or "",
            served_by=one.served_by or "",
        )
        proof = here.only(reference).proof
        assert proof is not None
        assert (proof.effective_on, proof.place, proof.handed_by) == (
            SERVED,
            "Lindenweg 5, Borken",
            "Z. Müller",
        )
