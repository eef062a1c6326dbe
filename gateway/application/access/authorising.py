"""Who acts, and may they? Every use case asks here first: role and office, both."""

from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.people import AuditEntry, Office, User, UserOffice, UserRole
from gateway.domain.permission import Action, Role, may
from gateway.errors import NotFound, NotPermitted

SYSTEM = "system"
"""Actor of what the gateway does by itself, such as the nightly run."""

OPERATOR = "operator"
"""Actor of whoever owns the machine, at the command line without a login."""
ONCE_IN = timedelta(minutes=10)
"""Within this time, the same look is one entry of the audit trail."""

_hasher = PasswordHasher()


@dataclass(frozen=True)
class Actor:
    """A user with what they may do."""

    id: int
    login: str
    name: str
    phone: str
    room: str
    roles: frozenset[Role]
    offices: frozenset[str]
    """Keys of the offices in which the user acts."""

    def may(self, action: Action, office: str | None = None) -> bool:
        """Whether the user may do `action` on something of `office`."""
        return may(self.roles, action, offices=self.offices, office=office)

    def require(self, action: Action, office: str | None = None) -> None:
        """Raise `NotPermitted` unless the user may do `action` on something of `office`."""
        if not self.may(action, office):
            raise NotPermitted(
                "not-permitted",
                "Dafür fehlt die Berechtigung (Rolle oder Dienststelle). Bitte an die Administration wenden.",
            )


def actor(session: Session, login: str) -> Actor:
    """The active user `login`; raises `NotFound` ('user-unknown')."""
    user = session.exec(select(User).where(User.login == login, col(User.active))).one_or_none()
    if user is None or user.id is None:
        raise NotFound("user-unknown", f"Den Benutzer „{login}“ gibt es nicht oder er ist gesperrt.")
    roles = session.exec(select(UserRole.role).where(UserRole.user_id == user.id)).all()
    offices = session.exec(
        select(Office.key)
        .join(UserOffice, col(UserOffice.office_id) == Office.id)
        .where(UserOffice.user_id == user.id)
    ).all()
    return Actor(
        user.id,
        user.login,
        user.name,
        user.phone,
        user.room,
        frozenset(Role(role) for role in roles),
        frozenset(offices),
    )


def readable_offices(session: Session, who: Actor) -> list[str]:
    """Keys of the offices whose cases a user may read."""
    return [key for key in session.exec(select(Office.key).order_by(Office.key)) if who.may(Action.READ, key)]


def sign_in(services: Services, login: str, password: str) -> Actor:
    """The user, if the password is right; raises `NotPermitted` ('sign-in-failed') without saying what was wrong."""
    with services.db.reading() as session:
        user = session.exec(select(User).where(User.login == login, col(User.active))).one_or_none()
        stored = user.password_hash if user else None
        if not _password_fits(stored, password):
            raise NotPermitted("sign-in-failed", "Benutzername oder Kennwort stimmen nicht.")
        return actor(session, login)


def hash_password(password: str) -> str:
    """Argon2id hash of a password."""
    return _hasher.hash(password)


def _password_fits(stored: str | None, password: str) -> bool:
    """Verify, taking as long for an unknown user as for a known one."""
    try:
        _hasher.verify(stored or _UNKNOWN_USER_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


_UNKNOWN_USER_HASH = _hasher.hash("no user has this hash")


def audit(
    session: Session,
    services: Services,
    who: str,
    action: str,
    subject: str,
    *,
    reason: str = "",
    **details: object,
) -> None:
    """Append to the audit trail, in the caller's transaction. `details` hold references, never personal content."""
    session.add(
        AuditEntry(
            at=services.clock.now(), actor=who, action=action, subject=subject, reason=reason, details=details
        )
    )


def note_read(services: Services, who: str, action: str, subject: str, **details: object) -> None:
    """Write down a look, in a transaction of its own. For use cases that asked for permission.

    The same person at the same thing through the same door within ten minutes makes one entry: so neither a page
    with many pictures nor a reload floods the trail, and reading is slowed by one insert at most.
    """
    told = {"door": services.door.value, **details}
    with services.db.reading() as session:
        query = select(AuditEntry.details).where(
            AuditEntry.subject == subject,
            AuditEntry.actor == who,
            AuditEntry.action == action,
            col(AuditEntry.at) > services.clock.now() - ONCE_IN,
        )
        if told in session.exec(query).all():
            return
    with services.db.transaction() as session:
        audit(session, services, who, action, subject, reason="", door=services.door.value, **details)
