"""Users: added by an administrator, or by the operator who owns the machine."""

from collections.abc import Sequence

from sqlmodel import col, select

from gateway.application.access.authorising import Actor, actor, audit, hash_password
from gateway.application.access.importing import set_roles
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.people import User
from gateway.domain.permission import Action, Role
from gateway.errors import InputError

MIN_PASSWORD_LENGTH = 12


def add_user(
    services: Services,
    login: str,
    *,
    name: str,
    roles: Sequence[Role],
    offices: Sequence[str] = (),
    password: str | None = None,
    by: str | None = None,
) -> None:
    """Add a user or change one: name, roles, offices, and the password if one is given."""
    if password is not None and len(password) < MIN_PASSWORD_LENGTH:
        raise InputError(
            "password-too-short", f"Das Kennwort braucht mindestens {MIN_PASSWORD_LENGTH} Zeichen."
        )
    with services.db.transaction() as session:
        if by is not None:
            actor(session, by).require(Action.MANAGE_USERS)
        user = session.exec(select(User).where(User.login == login)).one_or_none() or User(
            login=login, name=name
        )
        user.name = name
        if password is not None:
            user.password_hash = hash_password(password)
        session.add(user)
        session.flush()
        set_roles(session, row_id(user), roles, offices)
        audit(session, services, by or "operator", "user-changed", login, roles=[role.value for role in roles])


def list_users(services: Services) -> list[Actor]:
    """All active users with roles and offices, by login; for the operator."""
    with services.db.reading() as session:
        logins = session.exec(select(User.login).where(col(User.active)).order_by(User.login)).all()
        return [actor(session, login) for login in logins]
