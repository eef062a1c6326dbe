"""Tokens of other systems: made by the operator, shown once, kept as a hash.

A token acts as a user account: roles and offices hold as for people, and its scopes narrow that down further.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.people import User
from gateway.db.tokens import ApiToken
from gateway.domain.scopes import Scope
from gateway.errors import Conflict, InputError, NotFound, NotPermitted

PREFIX = "hmg_"
"""Lets scanners for leaked secrets know what they found."""
SECRET_BITS = 256
MAX_DAYS = 730
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_USED_TO_THE = timedelta(minutes=1)


@dataclass(frozen=True)
class Bearer:
    """Who holds a valid token: which token, whom it acts as, and what for."""

    token_id: int
    name: str
    login: str
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Raise `NotPermitted` ('scope-missing') without this scope."""
        if scope not in self.scopes:
            raise NotPermitted("scope-missing", f"Diesem Zugriffsschlüssel fehlt der Bereich „{scope.value}“.")


@dataclass(frozen=True)
class TokenView:
    """A token as the operator sees it; the token itself is nowhere kept."""

    name: str
    login: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def add_token(services: Services, name: str, *, login: str, scopes: Iterable[Scope], days: int) -> str:
    """Make a token for a system and return it, once and never again.

    Raises `InputError` ('token-name-invalid', 'token-scopes-missing', 'token-days-invalid'), `Conflict`
    ('token-name-taken'), `NotFound` ('user-unknown').
    """
    wanted = sorted({scope.value for scope in scopes})
    _check(name, wanted, days)
    token = f"{PREFIX}{services.random_bits(SECRET_BITS):064x}"
    now = services.clock.now()
    with services.db.transaction() as session:
        who = actor(session, login)
        if session.exec(select(ApiToken).where(ApiToken.name == name)).first() is not None:
            raise Conflict("token-name-taken", f"Einen Zugriffsschlüssel „{name}“ gab es schon.")
        session.add(
            ApiToken(
                name=name,
                sha256=_hash(token),
                user_id=who.id,
                scopes=wanted,
                created_at=now,
                expires_at=now + timedelta(days=days),
            )
        )
        audit(session, services, "operator", "token-added", name, login=login, scopes=wanted, days=days)
    return token


def list_tokens(services: Services) -> list[TokenView]:
    """All tokens, revoked ones too, by name; for the operator."""
    with services.db.reading() as session:
        query = select(ApiToken, User).join(User, col(User.id) == ApiToken.user_id).order_by(ApiToken.name)
        return [
            TokenView(
                token.name,
                user.login,
                token.scopes,
                token.created_at,
                token.expires_at,
                token.last_used_at,
                token.revoked_at,
            )
            for token, user in session.exec(query).all()
        ]


def revoke_token(services: Services, name: str) -> None:
    """End a token at once; raises `NotFound` ('token-unknown'), `Conflict` ('token-revoked')."""
    with services.db.transaction() as session:
        token = session.exec(select(ApiToken).where(ApiToken.name == name)).one_or_none()
        if token is None:
            raise NotFound("token-unknown", f"Einen Zugriffsschlüssel „{name}“ gibt es nicht.")
        if token.revoked_at is not None:
            raise Conflict("token-revoked", f"Der Zugriffsschlüssel „{name}“ ist schon gesperrt.")
        compare_and_set(
            session, ApiToken, row_id(token), expect={"revoked_at": None}, revoked_at=services.clock.now()
        )
        audit(session, services, "operator", "token-revoked", name)


def bearer(services: Services, token: str) -> Bearer | None:
    """Who holds this token; None if it is unknown, expired or revoked, or its user is locked, without saying which."""
    with services.db.reading() as session:
        found = _valid(session, token, services.clock.now())
    if found is None:
        return None
    row, user = found
    _note_use(services, row)
    return Bearer(row_id(row), row.name, user.login, frozenset(Scope(scope) for scope in row.scopes))


def _valid(session: Session, token: str, now: datetime) -> tuple[ApiToken, User] | None:
    query = (
        select(ApiToken, User)
        .join(User, col(User.id) == ApiToken.user_id)
        .where(
            ApiToken.sha256 == _hash(token),
            col(ApiToken.revoked_at).is_(None),
            ApiToken.expires_at > now,
            col(User.active),
        )
    )
    return session.exec(query).one_or_none()


def _note_use(services: Services, token: ApiToken) -> None:
    """Not at every request: a reader should not have to write."""
    now = services.clock.now()
    if token.last_used_at is None or now - token.last_used_at >= _USED_TO_THE:
        with services.db.transaction() as session:
            session.get_one(ApiToken, token.id).last_used_at = now


def _check(name: str, scopes: list[str], days: int) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(
            "token-name-invalid", "Der Name besteht aus Kleinbuchstaben, Ziffern, Punkten und Bindestrichen."
        )
    if not scopes:
        raise InputError("token-scopes-missing", "Bitte mindestens einen Bereich angeben.")
    if not 1 <= days <= MAX_DAYS:
        raise InputError("token-days-invalid", f"Die Gültigkeit liegt zwischen 1 und {MAX_DAYS} Tagen.")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
