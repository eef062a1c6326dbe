"""`gateway users …`: local users."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.application.access.administering import add_user, list_users
from gateway.cli.context import console, services_for
from gateway.domain.permission import Role
from gateway.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    users = typer.Typer(help="Users.", no_args_is_help=True)
    users.command("add")(_add)
    users.command("list")(_list)
    app.add_typer(users, name="users")


def _add(
    context: typer.Context,
    login: Annotated[str, typer.Argument(help="Login.")],
    name: Annotated[str, typer.Option(help="Full name, as it stands in letters.")],
    role: Annotated[list[Role], typer.Option(help="May be repeated.")],
    office: Annotated[list[str] | None, typer.Option(help="Key of an office; may be repeated.")] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="File with the password; else it is asked for.")
    ] = None,
) -> None:
    """Add a user, or change roles, offices and password of one."""
    password = _password(password_file)
    with services_for(context) as services:
        add_user(services, login, name=name, roles=role, offices=office or (), password=password)
    console.print(f"Benutzer {login} gespeichert.")


def _password(file: Path | None) -> str:
    if file is None:
        entered: str = typer.prompt("Kennwort", hide_input=True, confirmation_prompt=True)
        return entered
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError:
        raise InputError("password-file-unreadable", "Die Datei mit dem Kennwort ist nicht lesbar.") from None


def _list(context: typer.Context) -> None:
    """All users with their roles and offices."""
    table = Table("Benutzer", "Name", "Rollen", "Dienststellen")
    with services_for(context) as services:
        for user in list_users(services):
            table.add_row(user.login, user.name, ", ".join(sorted(user.roles)), ", ".join(sorted(user.offices)))
    console.print(table)
