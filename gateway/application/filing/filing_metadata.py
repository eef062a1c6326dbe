"""What every entry about a letter says beside its own facts: whose it is, and what its document is."""

from dataclasses import replace

from sqlmodel import Session

from gateway.application.reads.returned import replaces
from gateway.db.engine import row_id
from gateway.db.letters import Document, Letter
from gateway.db.people import Case, Office, User
from gateway.domain.references import for_people
from gateway.ports.casefile import FilingEntry


def with_metadata(
    session: Session, letter: Letter, case: Case, office: Office, entry: FilingEntry, signing: int
) -> FilingEntry:
    """The entry with what section 7.5 of the facts asks for, as far as it is known; its own words come first."""
    known: dict[str, object] = {
        "process": case.reference,
        "caseworker": session.get_one(User, letter.author_id).name,
        "responsible_office": office.name,
        "signing": signing,
    }
    if earlier := replaces(session, row_id(letter)):
        known["replaces_letter"] = for_people(earlier)
    if letter.has_remedy_notice:
        known["remedy_notice"] = letter.remedy.value
    document = session.get(Document, entry.document_sha256) if entry.document_sha256 else None
    if document is not None:
        known["pages"] = document.pages
    return replace(entry, metadata={**known, **entry.metadata})
