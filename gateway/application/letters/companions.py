"""What travels with a recipient's letter: its accessible twin, and enclosures. Signed together, printed in this order.

The twin lies directly behind the letter that it repeats, before the enclosures: whoever reads the one instead of
the other finds it at once, and the enclosures belong to both.
"""

from sqlmodel import Session

from gateway.application.letters.enclosing import enclosure_rows
from gateway.application.services import Services
from gateway.db.enclosures import SignedCompanion
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.domain.letters.accessible import TWIN_NUMBER, TWIN_TITLES, CompanionKind
from gateway.errors import IntegrityError


def sign_companions(session: Session, services: Services, letter: Letter, recipient: Recipient) -> None:
    """Copy what is signed with a recipient's document; the bytes are read and verified. For approving.

    Raises `IntegrityError` ('twin-missing'): a copy that was asked for is never left out silently.
    """
    companions = [
        SignedCompanion(
            recipient_id=row_id(recipient),
            signing=recipient.signing,
            number=row.number,
            kind=CompanionKind.ENCLOSURE,
            document_sha256=row.document_sha256,
            title=row.title,
        )
        for row in enclosure_rows(session, row_id(letter))
    ]
    if recipient.accessible_copy is not None:
        companions.append(_twin(recipient))
    for companion in companions:
        services.blobs.get(companion.document_sha256)
        session.add(companion)


def _twin(recipient: Recipient) -> SignedCompanion:
    if recipient.accessible_copy is None or recipient.twin_sha256 is None:
        raise IntegrityError(
            "twin-missing", "Zu einem Empfänger fehlt die barrierefreie Abschrift. Bitte neu einreichen."
        )
    return SignedCompanion(
        recipient_id=row_id(recipient),
        signing=recipient.signing,
        number=TWIN_NUMBER,
        kind=CompanionKind.TWIN,
        document_sha256=recipient.twin_sha256,
        title=TWIN_TITLES[recipient.accessible_copy],
    )
