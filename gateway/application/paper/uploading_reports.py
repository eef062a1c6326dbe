"""Uploading reports about paper: certificates of destruction and answers to recalls, by HTTP like the deliveries.

The same account, key, digest and rows as everywhere: a report is known by its name and its bytes, and the first holds.
"""

import re
from dataclasses import dataclass

from sqlmodel import select

from gateway.application.access.authorising import audit
from gateway.application.arrivals.uploading_scans import begin_upload, hold_to_promise, source_of
from gateway.application.paper.paper_destroying import MAX_REPORT_BYTES, is_known, take_reports
from gateway.application.services import Services
from gateway.db.originals import ScanReport
from gateway.domain.paper.original_reports import PaperFinding
from gateway.errors import InputError
from gateway.ports.scans import IncomingFile

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,114}\.(?:json|xml|csv)")


@dataclass(frozen=True)
class ReportView:
    """A report that was taken over; `finding`: what is wrong with it as a whole."""

    name: str
    finding: str | None


def begin_report(services: Services, login: str, name: str, size_bytes: int) -> IncomingFile:
    """A file for a report of this name. Raises `InputError` (report-name-wrong, delivery-too-large), `NotPermitted`."""
    if _NAME.fullmatch(name) is None:
        text = "Der Name einer Meldung hat Buchstaben, Ziffern, Punkt und Strich und endet auf .json, .xml oder .csv."
        raise InputError("report-name-wrong", text)
    return begin_upload(services, login, size_bytes, MAX_REPORT_BYTES)


def keep_report(
    services: Services, login: str, name: str, incoming: IncomingFile, promised: str | None
) -> None:
    """Read a whole report; it is in the rows when this returns. Raises `InputError` upload-hash-wrong."""
    source = source_of(services, login)
    hold_to_promise(incoming, promised)
    if is_known(services, source, name, incoming.sha256):
        with services.db.transaction() as session:
            audit(session, services, login, "scan-report-repeated", f"{source}/{name}", sha256=incoming.sha256)
        return
    take_reports(services, source, [(name, incoming.path.read_bytes())], login)


def report_view(services: Services, login: str, name: str, sha256: str) -> ReportView:
    """What was made of it."""
    query = select(ScanReport.finding).where(
        ScanReport.source == source_of(services, login), ScanReport.name == name, ScanReport.sha256 == sha256
    )
    with services.db.reading() as session:
        finding = session.exec(query).one()
    return ReportView(name, PaperFinding(finding).value if finding else None)
