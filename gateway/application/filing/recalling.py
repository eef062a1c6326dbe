"""Recalling: documents whose bytes left by the rules of retention are read from the case file, as if they were here.

The one place that knows the difference. What comes back is proven by its hash and is not kept. A print copy has no
key in the case file: `restoring` makes it again from its documents.
"""

import hashlib

from sqlalchemy import delete
from sqlmodel import Session, col

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.reads.case_keys import case_ref
from gateway.application.services import Services
from gateway.db.engine import Database
from gateway.db.people import Case, Office
from gateway.db.retention import ContentDeparture
from gateway.errors import IntegrityError, NotFound
from gateway.ports.blobs import Blobs
from gateway.ports.casefile import CaseFile, CaseRef


class RecallingBlobs:
    """A document store behind which the case file stands."""

    def __init__(self, store: Blobs, database: Database, casefile: CaseFile) -> None:
        self._store, self._database, self._casefile = store, database, casefile

    def put(self, content: bytes) -> str:
        """Store durably; returns the hash in hex."""
        return self._store.put(content)

    def get(self, sha256: str) -> bytes:
        """The bytes, verified. Raises `NotFound`, `IntegrityError` ('case-file-document-differs'), `CaseFileError`."""
        if self._store.has(sha256) or (kept := self._kept(sha256)) is None:
            return self._store.get(sha256)
        content = self._casefile.fetch(*kept)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise IntegrityError(
                "case-file-document-differs",
                "Das Dokument in der Akte ist nicht das freigegebene. Bitte die Administration verständigen.",
            )
        return content

    def has(self, sha256: str) -> bool:
        """Whether it is here, or left by a rule: then it is not missing."""
        if self._store.has(sha256):
            return True
        with self._database.reading() as session:
            return session.get(ContentDeparture, sha256) is not None

    def delete(self, sha256: str) -> None:
        """Take the bytes away."""
        self._store.delete(sha256)

    def check_writable(self) -> None:
        """Prove that a document could be stored now. Raises `OSError` if not."""
        self._store.check_writable()

    def _kept(self, sha256: str) -> tuple[CaseRef, str] | None:
        """In which case, and under which key, the case file has it."""
        with self._database.reading() as session:
            gone = session.get(ContentDeparture, sha256)
            if gone is None:
                return None
            if gone.document_key is None or gone.case_id is None:
                raise NotFound(
                    "document-deleted",
                    f"Das Dokument {sha256[:12]} wurde nach der Aufbewahrungsregel „{gone.kind.value}“ gelöscht und "
                    "liegt nicht in der Akte.",
                )
            return case_of(session, gone.case_id), gone.document_key


def case_of(session: Session, case_id: int) -> CaseRef:
    """A case as the case file names it."""
    case = session.get_one(Case, case_id)
    return case_ref(case, session.get_one(Office, case.office_id))


def bring_home(services: Services, sha256: str) -> None:
    """Have the bytes in the store itself, also where only the case file still had them. Raises as `get` does."""
    services.blobs.put(services.blobs.get(sha256))
    here_again(services, sha256)


def here_again(services: Services, sha256: str) -> None:
    """Bytes that had left are needed in the store and were put back: from now on their rule counts anew."""
    with services.db.transaction() as session:
        gone = session.get(ContentDeparture, sha256)
        if gone is not None:
            audit(session, services, SYSTEM, "content-returned", gone.subject, sha256=sha256)
            session.connection().execute(
                delete(ContentDeparture).where(col(ContentDeparture.document_sha256) == sha256)
            )
