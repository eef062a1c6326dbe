"""Seals of the audit trail: the hash chain over its entries; and what left the trail by its rule of retention."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from gateway.db.types import moment


class AuditSeal(SQLModel, table=True):
    """The seal of an audit entry. Written by one sealer, never changed, never deleted; `number` has no gaps.

    Entries are appended by many transactions at once and sealed after their commit, so their ids need not ascend here.
    """

    __tablename__ = "audit_seal"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    entry_id: int = Field(unique=True)
    """Of an entry that may be gone, but only with a departure: the database deletes no other."""
    sealed_at: datetime = moment()
    reason_salt: str | None = None
    """Deleted together with the reason."""
    reason_sha256: str | None = Field(default=None, min_length=64, max_length=64)
    sha256: str = Field(unique=True, min_length=64, max_length=64)
    entry_sha256: str | None = Field(default=None, min_length=64, max_length=64)
    """Hash of the entry; set once, with the departure. While the entry stays it is computed from it."""
    departure: int | None = Field(default=None, foreign_key="audit_departure.id")


class AuditDeparture(SQLModel, table=True):
    """Entries of the trail that go together: proposed by one person, confirmed by another, then carried out.

    What was proposed never changes, each of the moments is set once, and one is open at a time (`one_open_departure`).
    """

    __tablename__ = "audit_departure"
    __table_args__ = (
        CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="departure_confirmed_by_somebody"
        ),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> proposed_by", name="departure_has_two_people"),
        CheckConstraint("(dropped_at IS NULL) = (dropped_by IS NULL)", name="departure_dropped_by_somebody"),
        CheckConstraint(
            "(proof_id IS NULL OR (confirmed_at IS NOT NULL AND dropped_at IS NULL))"
            " AND (finished_at IS NULL OR proof_id IS NOT NULL)",
            name="departure_is_proven_before",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    cut_off: date
    """Entries of this day or before are meant."""
    first: int
    last: int
    count: int
    sha256: str = Field(min_length=64, max_length=64)
    """Sum of what was proposed (`domain.trail.departure.Departed`)."""
    proposed_by: str
    proposed_at: datetime = moment()
    confirmed_by: str | None = None
    confirmed_at: datetime | None = moment(optional=True)
    proof_id: int | None = Field(default=None, foreign_key="audit_entry.id")
    """The entry of the trail that proves it; entries are deleted once that is sealed."""
    finished_at: datetime | None = moment(optional=True)
    dropped_by: str | None = None
    dropped_at: datetime | None = moment(optional=True)
