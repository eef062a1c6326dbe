"""Postings that nobody reported: what two people rest them on, and days that contradict a record of posting."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import append_only, never_deleted
from gateway.db.types import UtcDateTime

revision: str = "0014"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "posting_exception_basis",
        sa.Column("exception_id", sa.Integer(), sa.ForeignKey("posting_exception.id"), primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("document_sha256", sa.String(), sa.ForeignKey("document.sha256"), nullable=False),
    )
    op.create_index(
        "ix_posting_exception_basis_document_sha256", "posting_exception_basis", ["document_sha256"]
    )
    bind = op.get_bind()
    for statement in (
        *append_only(bind.dialect.name, "posting_exception_basis"),
        *never_deleted(bind.dialect.name, "posting_exception_basis"),
    ):
        op.execute(statement)
    # In plain SQL: SQLite can add a column with its reference, alembic only by making the table anew.
    op.execute("ALTER TABLE posting ADD COLUMN exception_id INTEGER REFERENCES posting_exception (id)")
    op.add_column("posting", sa.Column("contradicted_at", UtcDateTime(timezone=True), nullable=True))
    where = sa.text("contradicted_at IS NOT NULL")
    op.create_index(
        "contradicted_posting", "posting", ["contradicted_at"], sqlite_where=where, postgresql_where=where
    )
