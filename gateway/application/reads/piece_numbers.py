"""The carrier's numbers of pieces, out of what providers said; the adapter knows where they stand in its payloads."""

from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.mail import StatusEvent, Submission
from gateway.ports.provider import NamesNumbers, PieceNumbers

_CHUNK = 500


def numbers_of(session: Session, services: Services, pieces: Sequence[int]) -> Mapping[int, PieceNumbers]:
    """By piece, of those whose live hand-over is with a provider that names numbers."""
    found: dict[int, PieceNumbers] = {}
    naming = {name: each for name, each in services.providers.items() if isinstance(each, NamesNumbers)}
    if not naming:
        return found
    for start in range(0, len(pieces), _CHUNK):
        for piece_id, provider, raw in _told(session, naming, pieces[start : start + _CHUNK]):
            said = naming[provider].numbers_in(raw)
            found[piece_id] = found.get(piece_id, PieceNumbers()) | said
    return found


def _told(
    session: Session, naming: Iterable[str], pieces: Sequence[int]
) -> Sequence[tuple[int, str, Mapping[str, object]]]:
    query = (
        select(Submission.piece_id, Submission.provider, StatusEvent.raw)
        .join(StatusEvent, col(StatusEvent.submission_id) == Submission.id)
        .where(
            col(Submission.piece_id).in_(pieces),
            col(Submission.voided_at).is_(None),
            col(Submission.provider).in_(list(naming)),
        )
        .order_by(col(StatusEvent.id))
    )
    return session.exec(query).all()
