"""What the case-file contract files, and how it looks at what came of it. Of fictional people."""
# ruff: noqa: S101  (a contract suite asserts)

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from gateway.errors import CaseFileError
from gateway.ports.casefile import CaseRef, FilingEntry
from gateway.testing.casefile_bench import CaseFileBench, FiledDocument, Lack

CASE = CaseRef("JC-BOR-2026-00017", "35702//0012345", "borken")
OTHER_CASE = CaseRef("JC-AHA-2026-00018", "35702//0012346", "ahaus")
PDF = b"%PDF-1.7\nBescheid\n%%EOF\n"
ADDRESS = ["Frau", "Thị Hương Nguyễn-Şahin", "c/o Đorđe O’Brien", "Ǧ̣́ M̂eine-Ŧraße 1", "46325 Borken"]
"""Letters of DIN 91379 that no narrower character set has, one of them three signs on top of each other."""


def document_entry(*, case: CaseRef = CASE, reference: str = "7K4M9QXZ", pdf: bytes = PDF) -> FilingEntry:
    """A document as it is filed at approval."""
    return FilingEntry(
        key=f"document:{reference}:1",
        case=case,
        kind="document",
        title="Bewilligungsbescheid freigegeben",
        occurred_at=datetime(2026, 11, 19, 13, 5, tzinfo=UTC),
        document_key=f"{reference}-1",
        document=pdf,
        document_sha256=hashlib.sha256(pdf).hexdigest(),
        metadata={
            "subject": "Leistungen zur Sicherung des Lebensunterhalts",
            "date_of_letter": "2026-11-19",
            "pages": 3,
            "address_lines": ADDRESS,
        },
    )


def posting_entry(
    *, posted_on: str = "2026-11-20", reference: str = "7K4M9QXZ", provisional: bool = False
) -> FilingEntry:
    """A pure log entry about the same document."""
    what = "posting-reported" if provisional else "posting-confirmed"
    return FilingEntry(
        key=f"{what}:AAAA1111:{reference}",
        case=CASE,
        kind="posting",
        title="Aufgabe zur Post gemeldet" if provisional else "Aufgabe zur Post bestätigt",
        occurred_at=datetime.fromisoformat(f"{posted_on}T00:00:00+01:00"),
        document_key=f"{reference}-1",
        metadata={
            "posting_date": posted_on,
            "provisional": "yes" if provisional else "no",
            "objection_deadline": "2026-12-24",
        },
    )


def needs(bench: CaseFileBench, what: Lack) -> None:
    """Leave a case out where the system declares that it has no such thing."""
    if what in bench.lacks:
        pytest.skip(f"not offered: {bench.lacks[what]}")


def told(entry: FilingEntry, bench: CaseFileBench) -> dict[str, object]:
    """What of an entry the documents of this system have as properties."""
    known = {**entry.metadata, **({"sha256": entry.document_sha256} if entry.document else {})}
    return {name: value for name, value in known.items() if name in bench.tells}


def keys_and_versions(bench: CaseFileBench, case: CaseRef = CASE) -> list[tuple[str, tuple[bytes, ...]]]:
    """Every document of the case with its bytes."""
    return [(found.document_key, found.versions) for found in bench.documents(case)]


def assert_one_document(bench: CaseFileBench) -> None:
    """The case has the one document of `document_entry`, in one version."""
    assert keys_and_versions(bench) == [("7K4M9QXZ-1", (PDF,))]
    assert isinstance(bench.documents(CASE)[0], FiledDocument)


@contextmanager
def only_case_file_errors() -> Iterator[list[CaseFileError]]:
    """What an adapter may raise, and nothing else."""
    errors: list[CaseFileError] = []
    try:
        yield errors
    except CaseFileError as error:
        errors.append(error)


def chain_of(error: BaseException) -> list[str]:
    """An error and everything that a traceback would show with it."""
    texts, seen = [], error
    while seen is not None:
        texts += [str(seen), repr(seen)]
        following = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
        if following is None:
            return texts
        seen = following
    return texts
