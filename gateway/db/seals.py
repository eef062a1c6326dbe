"""Seals of the audit trail: the hash chain over its entries."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from gateway.db.types import moment


class AuditSeal(SQLModel, table=True):
    """The seal of an audit entry. Written by one sealer, never changed, never deleted; `number` has no gaps.

    Entries are appended by many transactions at once and sealed after their commit, so their ids need not ascend here.
    """

    __tablename__ = "audit_seal"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    entry_id: int = Field(foreign_key="audit_entry.id", unique=True)
    sealed_at: datetime = moment()
    reason_salt: str | None = None
    """Deleted together with the reason; the rest of a seal never changes."""
    reason_sha256: str | None = Field(default=None, min_length=64, max_length=64)
    sha256: str = Field(unique=True, min_length=64, max_length=64)
