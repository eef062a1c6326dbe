"""Which documents were proven to fit which providers' profiles."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from gateway.db.types import moment


class ProfileCheck(SQLModel, table=True):
    """A document fits a version of a profile. `with_window`: as a letter, its address in the window; else as enclosure.

    Append-only. What has no row was not checked, or did not fit.
    """

    __tablename__ = "profile_check"

    document_sha256: str = Field(primary_key=True, foreign_key="document.sha256", max_length=64)
    profile: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    with_window: bool = Field(primary_key=True)
    checked_at: datetime = moment()
