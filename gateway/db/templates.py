"""Versions of letter templates that left their author's desk; what they are made of is in the document store."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.templates.publishing import VersionState


class TemplateVersion(SQLModel, table=True):
    """A *Vorlagenversion*: proposed, published, withdrawn. Letters can only be written from a published one.

    A draft is what lies in the template folder and has no row. Each step's time and name stay until the step is
    taken anew; all of them are in the audit trail.
    """

    __tablename__ = "template_version"
    __table_args__ = (
        UniqueConstraint("template", "version"),
        CheckConstraint(
            "state <> 'published' OR (published_at IS NOT NULL AND published_by IS NOT NULL)",
            name="published_has_moment",
        ),
        CheckConstraint(
            "state <> 'withdrawn' OR (withdrawn_at IS NOT NULL AND withdrawal_reason IS NOT NULL)",
            name="withdrawn_has_reason",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    template: str = Field(index=True)
    version: str
    title: str
    bundle_sha256: str = Field(min_length=64, max_length=64)
    """Everything the version needs to be rendered, as one archive in the document store."""
    state: VersionState = choice(VersionState, "template_version_state_known", index=True)
    findings: list[dict[str, str]] = json_value()
    """What the lint said when it was proposed: severity, code, message. Never an error."""
    note: str = ""
    """What changed, in the author's words."""
    proposed_at: datetime = moment()
    proposed_by: str
    published_at: datetime | None = moment(optional=True)
    published_by: str | None = None
    legal_release: str | None = None
    """Who released the text legally; asked where the template is provisional."""
    withdrawn_at: datetime | None = moment(optional=True)
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = None
