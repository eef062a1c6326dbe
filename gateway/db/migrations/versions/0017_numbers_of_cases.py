"""The numbers of cases in normal form, so that a scan finds its case by an index."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.domain.inbound.file_numbers import normalise_file_number

revision: str = "0017"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_AT_ONCE = 1_000


def upgrade() -> None:
    """Add the table, and the numbers of the cases that are there."""
    numbers = op.create_table(
        "case_number",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"]),
        sa.PrimaryKeyConstraint("number", "case_id"),
    )
    op.create_index(op.f("ix_case_number_case_id"), "case_number", ["case_id"])
    cases = op.get_bind().execute(sa.text("SELECT id, file_number, bg_number FROM case_record")).all()
    rows = [
        {"case_id": case.id, "number": number}
        for case in cases
        for number in {normalise_file_number(each) for each in (case.file_number, case.bg_number)} - {""}
    ]
    for start in range(0, len(rows), _AT_ONCE):
        op.get_bind().execute(sa.insert(numbers), rows[start : start + _AT_ONCE])
