"""First schema: all tables, and the guards that keep them honest."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import gateway.db.types
from gateway.db.guards import ONE_OPEN_RUN, append_only, only_up, set_once

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_subject"), ["subject"], unique=False)

    op.create_table(
        "consignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "document",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("versions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "office",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("street", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("website", sa.String(), nullable=False),
        sa.Column("return_line", sa.String(), nullable=False),
        sa.Column("signature_block", sa.String(), nullable=False),
        sa.Column("cost_centre", sa.String(length=8), nullable=False),
        sa.Column("provider_account", sa.String(), nullable=False),
        sa.Column("processor_legal_basis", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column(
            "form",
            sa.Enum(
                "frau",
                "herr",
                "divers",
                "organisation",
                name="person_form_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("family_name", sa.String(), nullable=False),
        sa.Column("name_lines", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("care_of", sa.String(), nullable=True),
        sa.Column("extra", sa.String(), nullable=True),
        sa.Column("district", sa.String(), nullable=True),
        sa.Column("street", sa.String(), nullable=True),
        sa.Column("po_box", sa.String(), nullable=True),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column(
            "accessible_copy",
            sa.Enum(
                "large-print", name="person_copy_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("updated_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_family_name"), ["family_name"], unique=False)

    op.create_table(
        "provider_tally",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ours", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.Integer(), nullable=False),
        sa.Column("our_pages", sa.Integer(), nullable=False),
        sa.Column("their_pages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider", "day"),
    )
    with op.batch_alter_table("provider_tally", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_tally_day"), ["day"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("planned_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("day", "number"),
    )
    op.create_table(
        "scan_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("manifest_sha256", sa.String(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("received_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("receipt_written_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "delivery"),
    )
    op.create_table(
        "stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "letter",
                "template",
                "office",
                "run",
                "provider",
                name="stop_scope_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.String(), nullable=True),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifting_is_whole"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("stop", schema=None) as batch_op:
        batch_op.create_index(
            "one_live_stop",
            ["scope", "value"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.create_table(
        "template_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("bundle_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "published",
                "withdrawn",
                name="template_version_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("proposed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("published_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(), nullable=True),
        sa.Column("legal_release", sa.String(), nullable=True),
        sa.Column("withdrawn_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawal_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state <> 'published' OR (published_at IS NOT NULL AND published_by IS NOT NULL)",
            name="published_has_moment",
        ),
        sa.CheckConstraint(
            "state <> 'withdrawn' OR (withdrawn_at IS NOT NULL AND withdrawal_reason IS NOT NULL)",
            name="withdrawn_has_reason",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("template", "version"),
    )
    with op.batch_alter_table("template_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_template_version_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_template_version_template"), ["template"], unique=False)

    op.create_table(
        "unmatched_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("dedup_key", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("provider_reference", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "unknown",
                "accepted",
                "in_production",
                "printed",
                "handed_to_post",
                "delivered",
                "returned",
                "failed",
                "cancelled",
                name="unmatched_status_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("provider_status", sa.String(), nullable=False),
        sa.Column("occurred_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("raw", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("matched_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider", "dedup_key"),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("login"),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column(
            "service",
            sa.Enum(
                "standard",
                "einwurf",
                "uebergabe",
                "rueckschein",
                "pzu",
                name="batch_service_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["office_id"],
            ["office.id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "provider", "office_id", "service"),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_run_id"), ["run_id"], unique=False)

    op.create_table(
        "case_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("file_number", sa.String(), nullable=False),
        sa.Column("bg_number", sa.String(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("addressee_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["addressee_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["office_id"],
            ["office.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file_number"),
        sa.UniqueConstraint("reference"),
    )
    with op.batch_alter_table("case_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_record_bg_number"), ["bg_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_record_office_id"), ["office_id"], unique=False)

    op.create_table(
        "mailing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("repetition", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "checking",
                "checked",
                "drafting",
                "submitting",
                "done",
                "stopped",
                "discarded",
                name="mailing_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("accept_repeat", sa.Boolean(), nullable=False),
        sa.Column("only_good", sa.Boolean(), nullable=False),
        sa.Column("offices", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("faulty", sa.Integer(), nullable=False),
        sa.Column("created_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["user_account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file_sha256", "template", "repetition"),
    )
    with op.batch_alter_table("mailing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailing_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mailing_state"), ["state"], unique=False)

    op.create_table(
        "run_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("faulty", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "number"),
        sa.UniqueConstraint("sha256"),
    )
    with op.batch_alter_table("run_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_certificate_run_id"), ["run_id"], unique=False)

    op.create_table(
        "tally_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tally_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "difference",
            sa.Enum(
                "missing-at-provider",
                "unknown-here",
                "held-without-release",
                "doubled-at-provider",
                "pages-differ",
                name="difference_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("provider_reference", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tally_id"],
            ["provider_tally.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tally_id", "key"),
    )
    with op.batch_alter_table("tally_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tally_finding_key"), ["key"], unique=False)
        batch_op.create_index(batch_op.f("ix_tally_finding_tally_id"), ["tally_id"], unique=False)

    op.create_table(
        "user_office",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"],
            ["office.id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
        ),
        sa.PrimaryKeyConstraint("user_id", "office_id"),
    )
    op.create_table(
        "user_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "caseworker",
                "approver",
                "post_room",
                "administrator",
                "template_author",
                "auditor",
                name="user_role_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "role"),
    )
    op.create_table(
        "api_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("effect", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["api_token.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_id", "key"),
    )
    with op.batch_alter_table("api_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_answer_made_at"), ["made_at"], unique=False)

    op.create_table(
        "case_member",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("case_id", "person_id"),
    )
    op.create_table(
        "filing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("filed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("filing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_filing_case_id"), ["case_id"], unique=False)

    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=8), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "faulty",
                "ready",
                "approved",
                "batched",
                "cancelled",
                name="letter_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("template_version", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "service",
            sa.Enum(
                "standard",
                "einwurf",
                "uebergabe",
                "rueckschein",
                "pzu",
                name="letter_service_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("four_eyes", sa.Boolean(), nullable=False),
        sa.Column("is_decision", sa.Boolean(), nullable=False),
        sa.Column("has_remedy_notice", sa.Boolean(), nullable=False),
        sa.Column(
            "remedy",
            sa.Enum(
                "widerspruch",
                "klage",
                name="letter_remedy_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("duplicate_accepted", sa.Boolean(), nullable=False),
        sa.Column("decision_date", sa.Date(), nullable=False),
        sa.Column("created_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("held_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("hold_reason", sa.String(), nullable=True),
        sa.Column("cancelled_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("healed_from", sa.String(), nullable=True),
        sa.Column("filing_due", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(state <> 'cancelled') OR cancelled_at IS NOT NULL", name="cancelled_has_moment"),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["user_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["office_id"],
            ["office.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_approved_at"), ["approved_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_letter_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_letter_content_sha256"), ["content_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_letter_filing_due"), ["filing_due"], unique=False)
        batch_op.create_index(batch_op.f("ix_letter_healed_from"), ["healed_from"], unique=False)
        batch_op.create_index(batch_op.f("ix_letter_office_id"), ["office_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_letter_state"), ["state"], unique=False)

    op.create_table(
        "mail_piece",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=8), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column(
            "service",
            sa.Enum(
                "standard",
                "einwurf",
                "uebergabe",
                "rueckschein",
                "pzu",
                name="piece_service_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("duplex", sa.Boolean(), nullable=False),
        sa.Column("print_sha256", sa.String(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("sheets", sa.Integer(), nullable=True),
        sa.Column("grams", sa.Numeric(precision=8, scale=2), nullable=True),
        sa.Column("product", sa.String(), nullable=True),
        sa.Column("postage_eur", sa.Numeric(precision=8, scale=2), nullable=True),
        sa.Column("fault_code", sa.String(), nullable=True),
        sa.Column("fault_message", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["print_sha256"],
            ["document.sha256"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    with op.batch_alter_table("mail_piece", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_piece_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "representative",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("for_person_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "guardian",
                "lawyer",
                "authorised",
                name="representative_kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["for_person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "person_id", "for_person_id"),
    )
    with op.batch_alter_table("representative", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_representative_case_id"), ["case_id"], unique=False)

    op.create_table(
        "desk_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "plan-again",
                "cancel",
                "hand-back",
                "provider-has-it",
                "provider-has-it-not",
                "try-again",
                "restore",
                "acknowledge",
                name="desk_action_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "done",
                "withdrawn",
                name="decision_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("provider_reference", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seconded_by", sa.String(), nullable=True),
        sa.Column("seconded_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("follow_up", sa.String(), nullable=True),
        sa.CheckConstraint(
            "action NOT IN ('provider-has-it', 'provider-has-it-not') OR state <> 'done' OR seconded_by IS NOT NULL",
            name="four_eyes_about_doubt",
        ),
        sa.CheckConstraint("(seconded_by IS NULL) = (seconded_at IS NULL)", name="second_is_whole"),
        sa.CheckConstraint("seconded_by IS NULL OR seconded_by <> decided_by", name="second_is_another"),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["piece_id"],
            ["mail_piece.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("desk_decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desk_decision_letter_id"), ["letter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_desk_decision_piece_id"), ["piece_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_desk_decision_problem"), ["problem"], unique=False)
        batch_op.create_index(batch_op.f("ix_desk_decision_state"), ["state"], unique=False)

    op.create_table(
        "inbound_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "assigned",
                "desk",
                "quarantine",
                name="inbound_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("document_class", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("scanned_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("box", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("proposed_case_id", sa.Integer(), nullable=True),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("match_reason", sa.String(), nullable=False),
        sa.Column("finding_code", sa.String(), nullable=True),
        sa.Column("assigned_by", sa.String(), nullable=True),
        sa.Column("filed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["scan_delivery.id"],
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["proposed_case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["document.sha256"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("delivery_id", "document_id"),
    )
    with op.batch_alter_table("inbound_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_document_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_document_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_document_letter_id"), ["letter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_document_state"), ["state"], unique=False)

    op.create_table(
        "letter_enclosure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "letter",
                "template",
                "rule",
                name="enclosure_source_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_sha256"],
            ["document.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("letter_id", "number"),
    )
    with op.batch_alter_table("letter_enclosure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_enclosure_letter_id"), ["letter_id"], unique=False)

    op.create_table(
        "mailing_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "faulty",
                "good",
                "drafted",
                "submitted",
                name="mailing_row_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("content_sha256", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_record.id"],
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"],
            ["mailing.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("letter_id"),
        sa.UniqueConstraint("mailing_id", "number"),
    )
    with op.batch_alter_table("mailing_row", schema=None) as batch_op:
        batch_op.create_index("mailing_row_by_content", ["mailing_id", "content_sha256"], unique=False)
        batch_op.create_index("mailing_row_by_state", ["mailing_id", "state"], unique=False)

    op.create_table(
        "piece_certificate",
        sa.Column("piece_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("print_sha256", sa.String(), nullable=False),
        sa.Column("clean", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["run_certificate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["piece_id"],
            ["mail_piece.id"],
        ),
        sa.ForeignKeyConstraint(
            ["print_sha256"],
            ["document.sha256"],
        ),
        sa.PrimaryKeyConstraint("piece_id"),
    )
    with op.batch_alter_table("piece_certificate", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_piece_certificate_certificate_id"), ["certificate_id"], unique=False
        )

    op.create_table(
        "posting",
        sa.Column("piece_id", sa.Integer(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("reported_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("confirmed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(confirmed_on IS NULL) = (confirmed_by_id IS NULL) AND (confirmed_on IS NULL) = (confirmed_at IS NULL)",
            name="confirmation_is_whole",
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"],
            ["user_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["piece_id"],
            ["mail_piece.id"],
        ),
        sa.PrimaryKeyConstraint("piece_id"),
    )
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posting_reported_on"), ["reported_on"], unique=False)

    op.create_table(
        "recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("copy_for", sa.String(), nullable=True),
        sa.Column("address_lines", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("salutation", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column(
            "accessible_copy",
            sa.Enum(
                "large-print", name="recipient_copy_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("document_sha256", sa.String(), nullable=True),
        sa.Column("twin_sha256", sa.String(), nullable=True),
        sa.Column("signing", sa.Integer(), nullable=False),
        sa.Column("mail_piece_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_sha256"],
            ["document.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"],
            ["letter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["mail_piece_id"],
            ["mail_piece.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["twin_sha256"],
            ["document.sha256"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("letter_id", "number"),
    )
    with op.batch_alter_table("recipient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recipient_letter_id"), ["letter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_recipient_mail_piece_id"), ["mail_piece_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_recipient_person_id"), ["person_id"], unique=False)

    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("consignment_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "staged",
                "releasing",
                "released",
                "refused",
                "in_doubt",
                "void",
                name="submission_state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("handle", sa.String(), nullable=True),
        sa.Column("provider_reference", sa.String(), nullable=True),
        sa.Column("planned_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("staged_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("releasing_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("voided_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_asked_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.CheckConstraint("(state = 'void') = (voided_at IS NOT NULL)", name="void_has_moment"),
        sa.CheckConstraint(
            "state <> 'released' OR provider_reference IS NOT NULL", name="released_has_reference"
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'refused', 'void') OR consignment_id IS NOT NULL",
            name="moves_in_a_consignment",
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'staged', 'void') OR releasing_at IS NOT NULL", name="release_was_intended"
        ),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["piece_id"],
            ["mail_piece.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_consignment_id"), ["consignment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_submission_piece_id"), ["piece_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_submission_provider_reference"), ["provider_reference"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_submission_state"), ["state"], unique=False)
        batch_op.create_index(
            "one_live_submission",
            ["piece_id"],
            unique=True,
            sqlite_where=sa.text("voided_at IS NULL"),
            postgresql_where=sa.text("voided_at IS NULL"),
        )

    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("signing", sa.Integer(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=False),
        sa.Column("approved_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by_id"],
            ["user_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["document_sha256"],
            ["document.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("recipient_id", "signing"),
    )
    op.create_table(
        "letter_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "error",
                "warning",
                "info",
                name="finding_severity_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("box_mm", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("letter_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_finding_recipient_id"), ["recipient_id"], unique=False)

    op.create_table(
        "not_bundled",
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("beside_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["beside_id"],
            ["recipient.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipient.id"],
        ),
        sa.PrimaryKeyConstraint("recipient_id"),
    )
    with op.batch_alter_table("not_bundled", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_not_bundled_beside_id"), ["beside_id"], unique=False)

    op.create_table(
        "signed_companion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("signing", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "twin",
                "enclosure",
                name="companion_kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_sha256"],
            ["document.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("recipient_id", "signing", "number"),
    )
    with op.batch_alter_table("signed_companion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signed_companion_recipient_id"), ["recipient_id"], unique=False)

    op.create_table(
        "status_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("dedup_key", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "unknown",
                "accepted",
                "in_production",
                "printed",
                "handed_to_post",
                "delivered",
                "returned",
                "failed",
                "cancelled",
                name="event_status_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("provider_status", sa.String(), nullable=False),
        sa.Column("occurred_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("raw", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submission.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider", "dedup_key"),
    )
    with op.batch_alter_table("status_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_event_submission_id"), ["submission_id"], unique=False)
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)


def _guards(dialect: str) -> list[str]:
    return [
        ONE_OPEN_RUN,
        *append_only(
            dialect,
            "approval",
            "signed_companion",
            "status_event",
            "audit_entry",
            "run_certificate",
            "piece_certificate",
        ),
        *set_once(dialect, "template_version", "bundle_sha256"),
        *set_once(dialect, "mail_piece", "print_sha256"),
        *set_once(dialect, "submission", "provider_reference"),
        *set_once(dialect, "posting", "confirmed_on"),
        # An approval of old bytes must not count again.
        *only_up(dialect, "recipient", "signing"),
    ]
