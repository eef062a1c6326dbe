"""The paper behind inbound documents: where it is, what holds it, release lists, recalls, certificates."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.paper.original_reports import PaperFinding, RecallAnswer
from gateway.domain.paper.originals import Hold, Paper, Quality


class ReleaseList(SQLModel, table=True):
    """A *Vernichtungsfreigabe*: what one named person let go on one day. Append-only, and so is what it says."""

    __tablename__ = "release_list"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    source: str
    day: date = Field(index=True)
    documents: int
    sha256: str = Field(min_length=64, max_length=64)
    """Of its items, as they were confirmed."""
    confirmed_by: str
    confirmed_at: datetime = moment()


class Original(SQLModel, table=True):
    """The paper of one inbound document. `holds` counts its live holds: nothing is released under one."""

    __tablename__ = "original"
    __table_args__ = (
        CheckConstraint("holds >= 0 AND (paper <> 'released' OR holds = 0)", name="released_under_no_hold"),
        CheckConstraint("paper <> 'released' OR list_id IS NOT NULL", name="released_by_a_list"),
        CheckConstraint("paper <> 'destroyed' OR destroyed_on IS NOT NULL", name="destroyed_on_a_day"),
        CheckConstraint(
            "(quality IS NULL) = (quality_by IS NULL) AND (quality IS NULL) = (quality_at IS NULL)",
            name="check_is_whole",
        ),
        Index(
            "original_to_compare",
            "delivery_id",
            sqlite_where=text("sampled AND quality IS NULL"),
            postgresql_where=text("sampled AND quality IS NULL"),
        ),
        Index(
            "original_rejected",
            "delivery_id",
            sqlite_where=text("quality = 'rejected'"),
            postgresql_where=text("quality = 'rejected'"),
        ),
    )

    inbound_id: int = Field(foreign_key="inbound_document.id", primary_key=True)
    delivery_id: int = Field(foreign_key="scan_delivery.id", index=True)
    paper: Paper = choice(Paper, "paper_known", index=True)
    sampled: bool
    """Whether it belongs to the sample of its delivery that a person looks at."""
    quality: Quality | None = choice(Quality, "quality_known", optional=True)
    quality_by: str | None = None
    quality_at: datetime | None = moment(optional=True)
    holds: int = 0
    list_id: int | None = Field(default=None, foreign_key="release_list.id", index=True)
    destroyed_on: date | None = None


class OriginalHold(SQLModel, table=True):
    """Somebody, or the class of the document, keeps the paper. One live hold of a kind."""

    __tablename__ = "original_hold"
    __table_args__ = (
        Index(
            "one_live_hold",
            "inbound_id",
            "kind",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="hold_lifting_is_whole"),
    )

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="original.inbound_id", index=True)
    kind: Hold = choice(Hold, "hold_known")
    reason: str
    set_by: str
    set_at: datetime = moment()
    lifted_by: str | None = None
    lifted_at: datetime | None = moment(optional=True)
    lift_reason: str | None = None
    carried_from_id: int | None = Field(default=None, foreign_key="original_hold.id")
    """The hold of an older number of the paper; None: it was set at this very number, or carried by an old version."""


class OriginalEventKind(StrEnum):
    """What happened to the paper, or to what is known about it."""

    CHECKED = "checked"
    HELD = "held"
    LET_GO = "let-go"
    RELEASED = "released"
    RECALLED = "recalled"
    SENT_BACK = "sent-back"
    NOT_SENT_BACK = "not-sent-back"
    RETURNED = "returned"
    DESTROYED = "destroyed"


class OriginalEvent(SQLModel, table=True):
    """A line in the life of the paper, append-only. It is released once at most."""

    __tablename__ = "original_event"
    __table_args__ = (
        Index(
            "released_once",
            "inbound_id",
            unique=True,
            sqlite_where=text("kind = 'released'"),
            postgresql_where=text("kind = 'released'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="original.inbound_id", index=True)
    kind: OriginalEventKind = choice(OriginalEventKind, "original_event_known")
    at: datetime = moment()
    actor: str
    note: str = ""
    """Reason, or the name of the list, the recall, or the certificate."""


class OriginalRecall(SQLModel, table=True):
    """A *Rückforderung*: we want the paper back before it is destroyed."""

    __tablename__ = "original_recall"
    __table_args__ = (
        Index(
            "one_live_recall",
            "inbound_id",
            unique=True,
            sqlite_where=text("arrived_at IS NULL AND (answer IS NULL OR answer = 'sent')"),
            postgresql_where=text("arrived_at IS NULL AND (answer IS NULL OR answer = 'sent')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    source: str
    inbound_id: int = Field(foreign_key="original.inbound_id")
    reason: str
    asked_by: str
    asked_at: datetime = moment()
    answer: RecallAnswer | None = choice(RecallAnswer, "recall_answer_known", optional=True)
    answered_at: datetime | None = moment(optional=True)
    shipment: str = ""
    arrived_at: datetime | None = moment(optional=True)
    arrived_by: str | None = None


class ScanReport(SQLModel, table=True):
    """A file of the scan site, word for word, as it came first. Append-only; `finding` says what is wrong with it."""

    __tablename__ = "scan_report"
    __table_args__ = (UniqueConstraint("source", "name", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    name: str
    sha256: str = Field(min_length=64, max_length=64)
    content: str
    received_at: datetime = moment()
    finding: PaperFinding | None = choice(PaperFinding, "report_finding_known", optional=True)


class DestructionCertificate(SQLModel, table=True):
    """A *Vernichtungsnachweis* (ISO/IEC 21964), append-only."""

    __tablename__ = "destruction_certificate"
    __table_args__ = (UniqueConstraint("source", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    report_id: int = Field(foreign_key="scan_report.id")
    source: str
    number: str
    destroyed_on: date
    container: str
    seal: str
    process: str
    level: str
    quantity: int
    signed_by: str
    findings: list[str] = json_value()


class DestructionItem(SQLModel, table=True):
    """One paper on a certificate, append-only; `inbound_id` None where nobody knows it."""

    __tablename__ = "destruction_item"
    __table_args__ = (UniqueConstraint("certificate_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    certificate_id: int = Field(foreign_key="destruction_certificate.id")
    position: int
    delivery: str
    document_id: str
    inbound_id: int | None = Field(default=None, foreign_key="original.inbound_id", index=True)
    finding: PaperFinding | None = choice(PaperFinding, "item_finding_known", optional=True)
