"""Diverting (*Umleiten*): "the rest to provider B", while a run is under way or after it.

Only pieces that certainly have not been accepted move: what is planned or staged. What is being released or in doubt
waits where it is, until its outcome is known; what was accepted stays. The print copy is made anew with the profile of
the other provider, proven and certified again; a piece that does not fit there goes to the desk. What the other
provider does not offer, or not to the country it goes to, stays where it is and is named.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import actor, audit
from gateway.application.letters.fitting import pieces_proven_for
from gateway.application.reads.submissions import live_submission
from gateway.application.runs.diversions import DIVERTED
from gateway.application.runs.replanning import abroad, copies_in, goes_abroad, replace, withdraw
from gateway.application.services import Services
from gateway.db.columns import columns, in_chunks
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run, Submission
from gateway.db.people import Office
from gateway.domain.permission import Action
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import InputError
from gateway.ports.provider import Capabilities

_MOVABLE = (SubmissionState.PLANNED, SubmissionState.STAGED)
_UNKNOWN = (SubmissionState.RELEASING, SubmissionState.IN_DOUBT)


@dataclass(frozen=True)
class Diverted:
    """In pieces: what moved, what waits because its outcome is unknown, what the other provider cannot take."""

    moved: int
    unknown: int
    staying: Sequence["Staying"]

    @property
    def not_offered(self) -> int:
        """How many stay."""
        return len(self.staying)


@dataclass(frozen=True)
class Staying:
    """A piece that the other provider cannot take: its reference, its letters', and whether it is for the country."""

    piece: str
    letters: tuple[str, ...]
    service: Service
    not_abroad: bool
    """It offers the service, but not to the country that the piece goes to."""


@dataclass(frozen=True)
class Share:
    """Pieces of one office and service, for inland or abroad, that would move, or that stay."""

    office: str
    service: Service
    abroad: bool
    pieces: int
    sheets: int
    can: Capabilities
    """Of the other provider."""

    @property
    def offered(self) -> bool:
        """Whether the other provider takes them to where they go."""
        return self.can.carries(self.service, abroad=self.abroad)

    @property
    def not_abroad(self) -> bool:
        """Whether it offers the service, but not abroad."""
        return not self.offered and self.service in self.can.services


@dataclass(frozen=True)
class Preview:
    """What diverting would do now, in pieces.

    `unknown` waits for its outcome. `to_check` were never checked for the other provider's profile: they are before
    their print copy is made, and stay on the desk if they do not fit.
    """

    shares: tuple[Share, ...]
    staying: Sequence[Staying]
    unknown: int
    to_check: int

    @property
    def moves(self) -> int:
        """How many pieces would move."""
        return sum(share.pieces for share in self.shares if share.offered)


def preview(services: Services, login: str, *, origin: str, target: str) -> Preview:
    """What `divert` would do. Raises `InputError` ('provider-unknown', 'provider-same'), `NotPermitted`."""
    _require_known(services, origin, target)
    can = services.providers[target].capabilities
    with services.db.reading() as session:
        actor(session, login).require(Action.RUN)
        pieces = (
            select(
                col(Office.key).label("office"),
                col(MailPiece.service).label("service"),
                abroad(MailPiece.id).label("abroad"),
                col(MailPiece.sheets).label("sheets"),
            )
            .select_from(MailPiece)
            .join(Batch, col(Batch.id) == MailPiece.batch_id)
            .join(Office, col(Office.id) == Batch.office_id)
            .join(Submission, col(Submission.piece_id) == MailPiece.id)
            .where(*_of(origin, _MOVABLE))
            .subquery()
            .c
        )
        kinds = (pieces.office, pieces.service, pieces.abroad)
        query = columns(*kinds, func.count(), func.sum(pieces.sheets)).group_by(*kinds).order_by(*kinds)
        shares = tuple(
            Share(office, Service(service), bool(away), count, sheets or 0, can)
            for office, service, away, count, sheets in session.connection().execute(query)
        )
        staying = _staying(session, services, origin, target)
        stays = {piece for piece, _ in staying}
        moving = {piece for piece in _movable(session, origin) if piece not in stays}
        proven = pieces_proven_for(session, services.providers[target].profile, moving)
        told = tuple(each for _, each in staying)
        return Preview(shares, told, _count(session, origin, _UNKNOWN), len(moving - proven))


def divert(
    services: Services,
    login: str,
    *,
    origin: str,
    target: str,
    reason: str,
    progress: Callable[[int], None] | None = None,
) -> Diverted:
    """Move everything that provably has not been accepted by `origin` to `target`; repeating it takes the rest.

    The next run assembles and hands over. Raises `InputError` ('provider-unknown', 'reason-missing'), `NotPermitted`.
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte angeben, warum umgeleitet wird.")
    _require_known(services, origin, target)
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.RUN)
        pieces = _movable(session, origin)
        audit(
            session, services, who.login, "diverting", f"{origin}>{target}", reason=reason, pieces=len(pieces)
        )
    moved: list[str] = []  # their references
    for piece_id in pieces:
        moved += _move(services, who.login, piece_id, origin, target, reason.strip())
        if progress:
            progress(len(moved))
    with services.db.transaction() as session:
        unknown = _count(session, origin, _UNKNOWN)
        staying = tuple(each for _, each in _staying(session, services, origin, target))
        audit(
            *(session, services, who.login, "diverted", f"{origin}>{target}"),
            unknown=unknown,
            runs=_runs(session, pieces),
            moved=_listed(moved),
            staying=_listed([each.piece for each in staying]),
        )
    return Diverted(len(moved), unknown, staying)


def _require_known(services: Services, origin: str, target: str) -> None:
    # People of the house may take the rest in an outage; what they have taken is theirs.
    for name, known_names in ((origin, services.wired), (target, sorted(services.providers))):
        if name not in known_names:
            known = ", ".join(known_names)
            raise InputError("provider-unknown", f"Den Druckdienstleister „{name}“ gibt es nicht ({known}).")
    if origin == target:
        raise InputError("provider-same", "Umgeleitet wird zu einem anderen Druckdienstleister.")


def _of(origin: str, states: tuple[SubmissionState, ...]) -> tuple[ColumnElement[bool], ...]:
    """Submissions of a provider in these states, without those that are on the desk."""
    return (
        col(Submission.provider) == origin,
        col(Submission.state).in_(states),
        col(MailPiece.fault_code).is_(None),
    )


def _movable(session: Session, origin: str) -> list[int]:
    query = (
        select(Submission.piece_id)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .where(*_of(origin, _MOVABLE))
        .order_by(col(Submission.id))
    )
    return list(session.exec(query).all())


def _move(
    services: Services, login: str, piece_id: int, origin: str, target: str, reason: str
) -> tuple[str, ...]:
    """Move one piece, if it still may; its reference. What was released in the meantime stays.

    Each of its letters says in the trail where it went, and why: a letter's posting file shows no other entry.
    """
    with services.db.transaction() as session:
        submission = live_submission(session, piece_id)
        piece = session.get_one(MailPiece, piece_id)
        if submission is None or submission.provider != origin or submission.state not in _MOVABLE:
            return ()
        can = services.providers[target].capabilities
        if not can.carries(piece.service, abroad=goes_abroad(session, piece_id)):
            return ()
        old, copies = piece.reference, copies_in(session, piece_id)
        withdraw(session, services, piece_id, f"Umgeleitet zu {target}.")
        new = replace(session, services, piece_id, [copy for copy, _ in copies], target).reference
        for copy, letter in copies:
            audit(
                *(session, services, login, DIVERTED, letter.reference),
                reason=reason,
                recipient=copy.number,
                piece=new,
                replaces=old,
                origin=origin,
                target=target,
            )
        return (old,)


def _listed(references: Sequence[str]) -> dict[str, object]:
    """How many, and a hash by which a list of them can be checked: the trail holds no thousands of references."""
    text = "\n".join(sorted(references))
    return {"count": len(references), "sha256": hashlib.sha256(text.encode("ascii")).hexdigest()}


def _runs(session: Session, pieces: Sequence[int]) -> list[str]:
    """Of which runs the pieces are."""
    query = (
        columns(Run.day, Run.number)
        .join(Batch, col(Batch.run_id) == Run.id)
        .join(MailPiece, col(MailPiece.batch_id) == Batch.id)
        .distinct()
    )
    found = {
        f"run-{day}-{number}"
        for some in in_chunks(pieces)
        for day, number in session.connection().execute(query.where(col(MailPiece.id).in_(some)))
    }
    return sorted(found)


def _staying(session: Session, services: Services, origin: str, target: str) -> list[tuple[int, Staying]]:
    """What the other provider cannot take, each piece by its number, in the order of their hand-overs."""
    can = services.providers[target].capabilities
    offered, inland = [sorted(some) for some in (can.services, can.inland_only)]
    taken = col(MailPiece.service).in_(offered) & ~(col(MailPiece.service).in_(inland) & abroad(MailPiece.id))
    query = (
        select(MailPiece, Letter.reference)
        .join(Submission, col(Submission.piece_id) == MailPiece.id)
        .join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .where(*_of(origin, _MOVABLE), ~taken)
        .order_by(col(Submission.id), col(Recipient.id))
    )
    letters: dict[int, list[str]] = {}
    pieces: dict[int, MailPiece] = {}
    for piece, reference in session.exec(query).all():
        letters.setdefault(row_id(piece), []).append(reference)
        pieces[row_id(piece)] = piece
    return [
        (number, Staying(piece.reference, tuple(letters[number]), piece.service, piece.service in can.services))
        for number, piece in pieces.items()
    ]


def _count(session: Session, origin: str, states: tuple[SubmissionState, ...]) -> int:
    query = (
        select(func.count())
        .select_from(Submission)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .where(*_of(origin, states))
    )
    return session.exec(query).one()
