"""Reading a print house's outbox: which files, again and again, in any order, and what to do with bad ones.

`KEY.ack.json`, `KEY.production.json`, `KEY.posting.json` (or `.xml`) are about a consignment, and are read while it is
asked about. Returns and other files have names of the house's choice and are read as long as `read_again`;
`DAY.list.json` counts a day (see `print_lists`), and is read here for what the house will not print.
What is being written (`*.part`, `*.tmp`, a fresh file that is cut) is left for the next time. Nothing is moved
or removed: reading twice gives the same statements, and the application knows them by their dedup keys.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from gateway.domain.findings import Finding, Severity
from gateway.ports.provider import ListSignature, ReceivedCertificate, ReceivedList, StatusReport
from gateway.providers.print_certificates import ENDING, read_certificate
from gateway.providers.print_postings import COMPANION, SIGNATURE, read_list
from gateway.providers.print_reports import ReportFile, ReportUnreadable, read_report, statements
from gateway.providers.print_shelf import Lying, Shelf
from gateway.providers.print_staging import Note, Notes
from gateway.providers.print_status import NOT_PRINTED
from gateway.signatures import judge_detached

_LOG = structlog.get_logger()
ENDINGS = (".json", ".xml")
_BEING_WRITTEN = (".part", ".tmp", ".filepart")
_NO_REPORTS = (*_BEING_WRITTEN, COMPANION, SIGNATURE)
_FRESH = timedelta(minutes=1)
_MOST_BYTES = 50_000_000
_LISTS_READ = timedelta(days=14)
_LOOKED_AT = 300
"""Newest files that `check` reads."""


class Outbox:
    """The outbox folder of one house."""

    def __init__(
        self,
        folder: str,
        read_again: timedelta,
        now: Callable[[], datetime],
        signers: tuple[bytes, ...] = (),
    ) -> None:
        self._folder = folder
        self._read_again = read_again
        self._now = now
        self._signers = signers

    def acknowledgement_names(self, key: str) -> set[str]:
        """Under which names the house acknowledges a consignment."""
        return {f"{key}.ack{ending}" for ending in ENDINGS}

    def acknowledgements(self, key: str) -> list[str]:
        """Their paths."""
        return sorted(f"{self._folder}/{name}" for name in self.acknowledgement_names(key))

    def reports(self, shelf: Shelf, references: frozenset[str], notes: Notes) -> Iterator[StatusReport]:
        """The statements of every file that concerns `references`, and of those that concern nobody in particular."""
        for lying in self.waiting(shelf):
            if not self._concerns(lying, references, notes):
                continue
            try:
                file = self.read(shelf, lying)
                note = self._note(file, notes)
            except ReportUnreadable as fault:
                if not self._is_fresh(lying):
                    _LOG.warning("print-house-file-unreadable", file=lying.name, reason=fault.code)
                continue
            yield from self._statements(file, note)

    def posting_lists(self, shelf: Shelf, since: datetime | None) -> Iterator[ReceivedList]:
        """The posting lists that were written after a moment, or all; what cannot be read is left lying."""
        for lying in self.waiting(shelf):
            if self._is_fresh(lying) or (since is not None and lying.changed_at <= since):
                continue
            try:
                found = read_list(lying.name, self._bytes(shelf, lying), self._companion(shelf, lying))
            except ReportUnreadable:
                continue  # `reports` and `check` name it
            if found is not None:
                yield replace(found, signature=self._signature(shelf, lying, found.content))

    def certificates(self, shelf: Shelf) -> Iterator[ReceivedCertificate]:
        """The certificates of service that lie there; what cannot be read is left lying, and named by `check`."""
        for lying in self.waiting(shelf):
            if ENDING not in lying.name or self._now() - lying.changed_at > self._read_again:
                continue
            try:
                yield read_certificate(lying.name, self._bytes(shelf, lying))
            except ReportUnreadable as fault:
                if not self._is_fresh(lying):
                    _LOG.warning("print-house-file-unreadable", file=lying.name, reason=fault.code)

    def _companion(self, shelf: Shelf, lying: Lying) -> bytes | None:
        return self._beside(shelf, lying, COMPANION)

    def _signature(self, shelf: Shelf, lying: Lying, content: bytes) -> ListSignature | None:
        """What was agreed to be signed is judged, also if nothing lies beside it."""
        if not self._signers:
            return None
        signature = self._beside(shelf, lying, SIGNATURE) or b""
        return ListSignature(signature, judge_detached(content, signature, self._signers) or "")

    def _beside(self, shelf: Shelf, lying: Lying, ending: str) -> bytes | None:
        path = f"{self._folder}/{lying.name}{ending}"
        size_bytes = shelf.size(path)
        return shelf.read(path) if size_bytes is not None and size_bytes <= _MOST_BYTES else None

    def _statements(self, file: ReportFile, note: Note | None) -> Iterator[StatusReport]:
        """A piece that was never in the consignment is reported by its key alone: nobody must guess which it is."""
        members = frozenset(note.members) if note else None
        for report in statements(file, note.members if note else (), self._now):
            if file.kind == "list" and report.status not in NOT_PRINTED:
                continue  # progress is told by the other files
            known = members is None or report.key in members
            yield report if known else replace(report, provider_reference="")

    def check(self, shelf: Shelf) -> Iterator[Finding]:
        """Files that cannot be read, among the newest."""
        lying = sorted(self.waiting(shelf), key=lambda file: file.changed_at, reverse=True)
        for file in lying[:_LOOKED_AT]:
            try:
                self.read(shelf, file)
            except ReportUnreadable as fault:
                if not self._is_fresh(file):
                    text = (
                        f"Die Datei {file.name} des Druckdienstleisters ist nicht auswertbar ({fault.code}). "
                        "Sie bleibt liegen; bitte eine neue anfordern."
                    )
                    yield Finding("print-house-file-unreadable", Severity.ERROR, text)

    def waiting(self, shelf: Shelf) -> list[Lying]:
        """What the house has finished writing."""
        return [
            lying
            for lying in sorted(shelf.files(self._folder), key=lambda file: file.name)
            if not lying.name.startswith(".") and not lying.name.lower().endswith(_NO_REPORTS)
        ]

    def _concerns(self, lying: Lying, references: frozenset[str], notes: Notes) -> bool:
        """Whether to read a file: about a consignment while it is asked about, about returns for a time."""
        consignment = lying.name.partition(".")[0]
        if ENDING in lying.name:
            return False
        if consignment in references:
            return True
        is_list = ".list." in lying.name
        if self._now() - lying.changed_at > (
            min(_LISTS_READ, self._read_again) if is_list else self._read_again
        ):
            return False
        return ".returns." in lying.name or not notes.knows(consignment)

    def _is_fresh(self, lying: Lying) -> bool:
        """It may still be being written."""
        return self._now() - lying.changed_at < _FRESH

    def read(self, shelf: Shelf, lying: Lying) -> ReportFile:
        """A file; raises `ReportUnreadable`."""
        return read_report(lying.name, self._bytes(shelf, lying))

    def _bytes(self, shelf: Shelf, lying: Lying) -> bytes:
        if not lying.name.lower().endswith(ENDINGS):
            raise ReportUnreadable("report-name-unknown")
        if lying.size_bytes > _MOST_BYTES:
            raise ReportUnreadable("report-too-large")
        return shelf.read(f"{self._folder}/{lying.name}")

    def _note(self, file: ReportFile, notes: Notes) -> Note | None:
        """What was staged; an acknowledgement of other bytes than ours is not believed."""
        note = notes.note(file.consignment)
        if note and file.kind == "acknowledgement" and file.sha256 not in {"", note.sha256}:
            raise ReportUnreadable("report-hash-differs")
        return note
