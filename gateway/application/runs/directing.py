"""Directing: which provider takes which copy tonight, as the routes say for the volume of the run.

The volume of a run is what it has planned already and what is still due, so that a run that was killed in the middle
goes on by the same rules.
"""

from collections import Counter

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece
from gateway.db.people import Office
from gateway.domain.pieces.routing import Evening, Kind

_KIND = (col(Office.key), col(Letter.service), col(Letter.template), col(Recipient.country))


def kind_of(session: Session, letter: Letter, recipient: Recipient) -> Kind:
    """What routes know of a copy."""
    office = session.get_one(Office, letter.office_id).key
    return Kind(office, letter.service, letter.template, recipient.country)


def usual_provider(session: Session, services: Services, letter: Letter, recipient: Recipient) -> str:
    """Who takes a copy on an evening on which it would be the only one: for what goes outside of a run's volume."""
    return services.routing.on({}).provider_for(kind_of(session, letter, recipient))


def evening_of(
    session: Session, services: Services, due: SelectOfScalar[Letter], run_id: int | None = None
) -> Evening:
    """The routes as they are for a run that takes the letters `due`, and has planned what it has."""
    volumes: Counter[Kind] = Counter()
    if services.routing.by_volume:
        waiting = due.join(Recipient, col(Recipient.letter_id) == Letter.id)
        planned = (
            select(Letter)
            .join(Office, col(Office.id) == Letter.office_id)
            .join(Recipient, col(Recipient.letter_id) == Letter.id)
            .join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
            .join(Batch, col(Batch.id) == MailPiece.batch_id)
            .where(Batch.run_id == run_id)
        )
        for query in (waiting, planned):
            counted = query.with_only_columns(*_KIND, func.count()).order_by(None).group_by(*_KIND)
            for *kind, copies in session.execute(counted).all():
                volumes[Kind(*kind)] += copies
    return services.routing.on(volumes)
