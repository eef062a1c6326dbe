"""Returned mail: the task of each piece that came back, what told of it, what replaced it, suspended addresses."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, moment
from gateway.domain.receipt.returning import ReturnAction, ReturnFiction, ReturnReason, ReturnSource


class ReturnedMail(SQLModel, table=True):
    """A *Rückläufer*: a piece that came back, and what was decided about it. One a piece, whoever tells of it.

    Where nothing tells of it any more, because the scan was another's, it holds no more (`reads.returned`).
    """

    __tablename__ = "returned_mail"
    __table_args__ = (
        CheckConstraint(
            "(fiction = 'disputed') = (fiction_at IS NULL)"
            " AND (fiction_at IS NULL) = (fiction_by IS NULL)"
            " AND (fiction_at IS NULL) = (fiction_reason IS NULL)",
            name="fiction_is_whole",
        ),
        CheckConstraint(
            "(action IS NULL) = (action_at IS NULL)"
            " AND (action IS NULL) = (action_by IS NULL)"
            " AND (action IS NULL) = (action_reason IS NULL)",
            name="action_is_whole",
        ),
        CheckConstraint("action IS NULL OR fiction <> 'disputed'", name="closed_is_decided"),
        Index(
            "return_open",
            "id",
            sqlite_where=text("action IS NULL"),
            postgresql_where=text("action IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    piece_id: int = Field(foreign_key="mail_piece.id", unique=True)
    reason: ReturnReason = choice(ReturnReason, "return_reason_known")
    came_back_on: date
    noticed_at: datetime = moment()
    fiction: ReturnFiction = choice(ReturnFiction, "return_fiction_known", default=ReturnFiction.DISPUTED)
    fiction_reason: str | None = None
    fiction_by: str | None = None
    fiction_at: datetime | None = moment(optional=True)
    action: ReturnAction | None = choice(ReturnAction, "return_action_known", optional=True)
    """How the task ended; None while it is open."""
    action_reason: str | None = None
    action_by: str | None = None
    action_at: datetime | None = moment(optional=True)
    times: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """How often it became a task: it came back, or what was written anew was discarded. Only then it is open again."""


class ReturnNotice(SQLModel, table=True):
    """What told that a piece came back: a scan, a statement, a certificate, a person. Each counts once.

    Without `returned_id` it matched no piece and lies in the tray, until somebody says which one it is, or puts it
    aside.
    """

    __tablename__ = "return_notice"
    __table_args__ = (
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled_by_somebody"),
        CheckConstraint("settled_at IS NULL OR returned_id IS NULL", name="put_aside_matched_nothing"),
    )

    id: int | None = Field(default=None, primary_key=True)
    returned_id: int | None = Field(default=None, foreign_key="returned_mail.id", index=True)
    source: ReturnSource = choice(ReturnSource, "return_source_known")
    inbound_id: int | None = Field(default=None, foreign_key="inbound_document.id", unique=True)
    event_id: int | None = Field(default=None, foreign_key="status_event.id", unique=True)
    proof_id: int | None = Field(default=None, foreign_key="delivery_proof.id", unique=True)
    reason: ReturnReason = choice(ReturnReason, "notice_reason_known")
    new_address: str | None = None
    """As the provider wrote it, for a person to check."""
    found_by: str
    """How the piece was found, or why it was not: a code."""
    noticed_at: datetime = moment()
    readings: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """How often it was looked at anew, because its scan lay in a wrong case."""
    settled_at: datetime | None = moment(optional=True)
    settled_by: str | None = None
    settled_reason: str | None = None


class InboundKeyed(SQLModel, table=True):
    """What the person at the scanner typed of returned mail or a certificate of service: shown, never decided by."""

    __tablename__ = "inbound_keyed"

    inbound_id: int = Field(foreign_key="inbound_document.id", primary_key=True)
    return_reason: str | None = None
    new_address: str | None = None
    outcome: str | None = None
    served_on: date | None = None
    place: str | None = None
    served_by: str | None = None


class EventRetraction(SQLModel, table=True):
    """A status event that was about another piece: its scan lay in a wrong case. Append-only, as the event is."""

    __tablename__ = "event_retraction"

    event_id: int = Field(foreign_key="status_event.id", primary_key=True)
    inbound_id: int = Field(foreign_key="inbound_document.id", index=True)
    retracted_by: str
    retracted_at: datetime = moment()


class Reissue(SQLModel, table=True):
    """Which new letter replaces one that came back, or registered mail whose end nobody told."""

    __table_args__ = (
        UniqueConstraint("returned_id", "old_letter_id"),
        Index(
            "one_reissue_of_unended",
            "old_letter_id",
            "number",
            unique=True,
            sqlite_where=text("returned_id IS NULL"),
            postgresql_where=text("returned_id IS NULL"),
        ),
    )

    new_letter_id: int = Field(foreign_key="letter.id", primary_key=True)
    old_letter_id: int = Field(foreign_key="letter.id", index=True)
    number: int
    """Of the recipient whose copy is replaced."""
    returned_id: int | None = Field(default=None, foreign_key="returned_mail.id")
    """None: it did not come back, nobody told its end."""
    told_at: datetime | None = moment(optional=True)
    """When it was noticed that the end was told after all."""


class AddressSuspension(SQLModel, table=True):
    """*Anschrift gesperrt*: nothing goes to this person at this address, in any case; others there are not meant.

    The address is a hash (`domain.receipt.returning.address_key`): a changed address of the person is free by itself.
    """

    __tablename__ = "address_suspension"
    __table_args__ = (
        Index(
            "one_live_suspension",
            "person_id",
            "address_key",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name="lifted_by_somebody",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    address_key: str = Field(min_length=64, max_length=64)
    returned_id: int = Field(foreign_key="returned_mail.id")
    since: datetime = moment()
    lifted_at: datetime | None = moment(optional=True)
    lifted_by: str | None = None
    lift_reason: str | None = None


class CertificateNotice(SQLModel, table=True):
    """A certificate of service that came in, on paper or as data, and what became of it. Each counts once.

    Without `proof_id` nothing was recorded from it: `found` says why, and a person decides.
    """

    __tablename__ = "certificate_notice"
    __table_args__ = (
        UniqueConstraint("provider", "number"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="certificate_settled_by_somebody"),
        CheckConstraint(
            "(inbound_id IS NULL) = (provider IS NOT NULL)", name="certificate_on_paper_or_as_data"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    provider: str | None = None
    number: str | None = None
    """The provider's own; the same number is the same certificate."""
    inbound_id: int | None = Field(default=None, foreign_key="inbound_document.id", unique=True)
    piece_id: int | None = Field(default=None, foreign_key="mail_piece.id", index=True)
    outcome: str | None = None
    effective_on: date | None = None
    document_sha256: str | None = Field(default=None, foreign_key="document.sha256", index=True)
    proof_id: int | None = Field(default=None, foreign_key="delivery_proof.id", unique=True)
    found: str
    noticed_at: datetime = moment()
    readings: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """How often it was looked at anew, because its scan lay in a wrong case."""
    settled_at: datetime | None = moment(optional=True)
    settled_by: str | None = None
    settled_reason: str | None = None
