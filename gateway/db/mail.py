"""Runs, batches, mail pieces, submissions to providers, what providers said, and postings."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, false, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState


class Run(SQLModel, table=True):
    """A *Tageslauf*. A run that did not finish is resumed before another begins (index `one_open_run`)."""

    __table_args__ = (UniqueConstraint("day", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    day: date
    number: int
    by_hand: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Made for letters that were taken by hand on that day; it replaces no nightly run."""
    started_at: datetime = moment()
    planned_at: datetime | None = moment(optional=True)
    finished_at: datetime | None = moment(optional=True)


class Batch(SQLModel, table=True):
    """A *Charge*: the pieces of one run that go to one provider for one office by one service."""

    __table_args__ = (UniqueConstraint("run_id", "provider", "office_id", "service"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)
    provider: str
    office_id: int = Field(foreign_key="office.id")
    service: Service = choice(Service, "batch_service_known")


class MailPiece(SQLModel, table=True):
    """A *Sendung*: what goes into one envelope. The print copy's hash is set once."""

    __tablename__ = "mail_piece"
    __table_args__ = (
        Index(
            "faulty_piece",
            "fault_code",
            sqlite_where=text("fault_code IS NOT NULL"),
            postgresql_where=text("fault_code IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True, min_length=8, max_length=8)
    batch_id: int = Field(foreign_key="batch.id", index=True)
    service: Service = choice(Service, "piece_service_known")
    duplex: bool
    print_sha256: str | None = Field(default=None, foreign_key="document.sha256", index=True)
    pages: int | None = None
    sheets: int | None = None
    grams: Decimal | None = Field(default=None, max_digits=8, decimal_places=2)
    product: str | None = None
    postage_eur: Decimal | None = Field(default=None, max_digits=8, decimal_places=2)
    fault_code: str | None = None
    """Why it could not be assembled; then it is on the desk."""
    fault_message: str | None = None
    served: bool | None = None
    """What the proof of receipt in force says (`DeliveryProof`); None while there is none."""


class WithdrawnCopy(SQLModel, table=True):
    """A copy that lay in a piece when the piece was withdrawn; it goes another way now.

    By it what was said and written about the piece leaves with what the letter's own rules take.
    """

    __tablename__ = "withdrawn_copy"

    piece_id: int = Field(foreign_key="mail_piece.id", primary_key=True)
    recipient_id: int = Field(foreign_key="recipient.id", primary_key=True, index=True)


class Consignment(SQLModel, table=True):
    """A *Lieferung*: the submissions that one external effect carries; they move together, in one transaction."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    """Our name for it at the provider; never used again."""
    provider: str


class Submission(SQLModel, table=True):
    """An *Übergabe* of one piece to one provider; a piece has at most one that is not voided."""

    __table_args__ = (
        Index(
            "one_live_submission",
            "piece_id",
            unique=True,
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
        Index("submission_by_status", "state", "status", "events"),
        Index(
            "posted_piece",
            "piece_id",
            "posted_on",
            sqlite_where=text("posted_on IS NOT NULL"),
            postgresql_where=text("posted_on IS NOT NULL"),
        ),
        Index(
            "submission_without_number",
            "provider",
            "released_at",
            sqlite_where=text("numbered_at IS NULL AND settled_at IS NOT NULL"),
            postgresql_where=text("numbered_at IS NULL AND settled_at IS NOT NULL"),
        ),
        CheckConstraint("(state = 'void') = (voided_at IS NOT NULL)", name="void_has_moment"),
        CheckConstraint("state <> 'released' OR provider_reference IS NOT NULL", name="released_has_reference"),
        CheckConstraint(
            "state IN ('planned', 'staged', 'void') OR releasing_at IS NOT NULL", name="release_was_intended"
        ),
        CheckConstraint(
            "state IN ('planned', 'refused', 'void') OR consignment_id IS NOT NULL",
            name="moves_in_a_consignment",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    piece_id: int = Field(foreign_key="mail_piece.id", index=True)
    provider: str
    key: str = Field(unique=True)
    """Our name for this hand-over at the provider; never used again."""
    consignment_id: int | None = Field(default=None, foreign_key="consignment.id", index=True)
    """None until it is packed, shortly before staging."""
    state: SubmissionState = choice(SubmissionState, "submission_state_known", index=True)
    handle: str | None = None
    provider_reference: str | None = Field(default=None, index=True)
    planned_at: datetime = moment()
    staged_at: datetime | None = moment(optional=True)
    releasing_at: datetime | None = moment(optional=True)
    released_at: datetime | None = moment(optional=True)
    voided_at: datetime | None = moment(optional=True)
    attempts: int = 0
    next_attempt_at: datetime | None = moment(optional=True)
    last_asked_at: datetime | None = moment(optional=True)
    settled_at: datetime | None = moment(optional=True)
    """Since when nothing more is expected from the provider; it is not asked any more."""
    error_code: str | None = None
    error_message: str | None = None
    handed_sha256: str | None = None
    """Hash of the print copy that was prepared for this hand-over; kept beside the piece's to be held against it."""
    status: Status = choice(Status, "submission_status_known", default=Status.UNKNOWN)
    """What its events fold to, written with each of them; the sweep holds it against the events."""
    events: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How many status events it has: one that is gone is missed by number."""
    posted_on: date | None = None
    """The first day that a provider named as posting; its posting must exist."""
    numbered_at: datetime | None = moment(optional=True)
    """Since when a number of the carrier's is known; what has none is asked about for a while after it was posted."""
    given_up_at: datetime | None = moment(optional=True)
    """Since when nobody asks any more although its end is not known: a person has to ask the carrier."""


class StatusEvent(SQLModel, table=True):
    """A *Statusmeldung*, append-only, with the provider's raw payload."""

    __tablename__ = "status_event"
    __table_args__ = (UniqueConstraint("provider", "dedup_key"),)

    id: int | None = Field(default=None, primary_key=True)
    submission_id: int = Field(foreign_key="submission.id", index=True)
    provider: str
    dedup_key: str
    status: Status = choice(Status, "event_status_known")
    provider_status: str
    occurred_at: datetime = moment()
    received_at: datetime = moment()
    posted_on: date | None = None
    delivered_on: date | None = None
    """The day on which the provider says that registered mail was delivered, if it names one."""
    reason: str | None = None
    raw: dict[str, Any] = json_value()


class Posting(SQLModel, table=True):
    """An *Aufgabe zur Post*: reported by the provider (provisional), confirmed by a named clerk (final).

    What is confirmed is the day of the record of posting in force, and changes only with a new record. A record in
    force without a confirmed day says that the piece was not posted.
    """

    __table_args__ = (
        Index(
            "contradicted_posting",
            "contradicted_at",
            sqlite_where=text("contradicted_at IS NOT NULL"),
            postgresql_where=text("contradicted_at IS NOT NULL"),
        ),
        CheckConstraint(
            "(confirmed_on IS NULL) = (confirmed_by_id IS NULL)"
            " AND (confirmed_on IS NULL) = (confirmed_at IS NULL)",
            name="confirmation_is_whole",
        ),
        CheckConstraint("confirmed_on IS NULL OR record_no IS NOT NULL", name="confirmed_by_a_record"),
        ForeignKeyConstraint(
            ["piece_id", "record_no", "confirmed_on"],
            ["posting_record.piece_id", "posting_record.number", "posting_record.posted_on"],
            name="day_of_the_record",
        ),
    )

    piece_id: int = Field(foreign_key="mail_piece.id", primary_key=True)
    reported_on: date = Field(index=True)
    reported_at: datetime = moment()
    source: str
    confirmed_on: date | None = None
    confirmed_at: datetime | None = moment(optional=True)
    confirmed_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    record_no: int | None = None
    """Number of the record of posting in force; it only goes up."""
    carrier: str | None = None
    delivery_days: str | None = None
    """The carrier's days by contract, `Mo Di Mi Do Fr Sa`; None if no contract is known."""
    exception_id: int | None = Field(default=None, foreign_key="posting_exception.id")
    """Nobody reported it: the exception that `reported_on` rests on, until somebody does."""
    contradicted_at: datetime | None = moment(optional=True)
    """Since when another day is reported or listed than the record in force says; a new record settles it."""


UNPACKED: Mapping[str, object] = {
    "state": SubmissionState.PLANNED,
    "consignment_id": None,
    "handle": None,
    "staged_at": None,
}
"""A submission that left a consignment before its release: staging prints nothing, so it starts afresh."""
