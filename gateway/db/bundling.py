"""Why letters of one night to the same person did not travel together."""

from sqlmodel import Field, SQLModel


class NotBundled(SQLModel, table=True):
    """A copy that got an envelope of its own although another one for the same person went the same night.

    Written with the plan, one row for each envelope more; what a code says is in `gateway.domain.pieces.bundling`.
    """

    __tablename__ = "not_bundled"

    recipient_id: int = Field(foreign_key="recipient.id", primary_key=True)
    beside_id: int = Field(foreign_key="recipient.id", index=True)
    """A copy in the envelope that had most in common with this one."""
    code: str
