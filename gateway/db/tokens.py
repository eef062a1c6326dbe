"""Tokens of other systems for the API, and what was answered to their keys."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import json_value, moment


class ApiToken(SQLModel, table=True):
    """A bearer token: its hash, never itself. It acts as a user account, within that user's roles and offices."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    """Which system holds it; a name is never used again."""
    sha256: str = Field(unique=True, min_length=64, max_length=64)
    """Plain SHA-256 does: the secret is 256 random bits, which nobody guesses."""
    user_id: int = Field(foreign_key="user_account.id")
    scopes: list[str] = json_value()
    created_at: datetime = moment()
    expires_at: datetime = moment()
    last_used_at: datetime | None = moment(optional=True)
    """To the minute."""
    revoked_at: datetime | None = moment(optional=True)


class ApiAnswer(SQLModel, table=True):
    """An `Idempotency-Key` of a token, written in the same transaction as the effect of its request.

    `effect` is what the audit trail says was done; status and body follow, and are derived from it again if the
    process died before they were written. Neither holds names or addresses.
    """

    __tablename__ = "api_answer"
    __table_args__ = (UniqueConstraint("token_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    token_id: int = Field(foreign_key="api_token.id")
    key: str
    request_sha256: str = Field(min_length=64, max_length=64)
    made_at: datetime = moment(index=True)
    effect: dict[str, Any] | None = json_value(optional=True)
    status: int | None = None
    body: dict[str, Any] | None = json_value(optional=True)
