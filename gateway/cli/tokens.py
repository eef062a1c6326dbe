"""`gateway tokens …`: tokens of other systems for the API."""

from typing import Annotated

import typer

from gateway.application.access.tokens import TokenView, add_token, list_tokens, revoke_token
from gateway.cli.context import console, notes, print_json, services_for
from gateway.cli.options import Json
from gateway.domain.scopes import Scope

Name = Annotated[str, typer.Argument(help="Which system holds the token.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    tokens = typer.Typer(help="Tokens of other systems.", no_args_is_help=True)
    tokens.command("add")(_add)
    tokens.command("list")(_list)
    tokens.command("revoke")(_revoke)
    app.add_typer(tokens, name="tokens")


def _add(
    context: typer.Context,
    name: Name,
    login: Annotated[str, typer.Option("--as", help="Login of the user account as which it acts.")],
    scope: Annotated[list[Scope], typer.Option(help="May be repeated.")],
    days: Annotated[int, typer.Option(help="How long it is valid.")] = 365,
    json: Json = False,
) -> None:
    """Make a token and show it, once; only its hash is kept."""
    with services_for(context) as services:
        token = add_token(services, name, login=login, scopes=scope, days=days)
    if json:
        print_json({"name": name, "token": token})
        return
    notes.print("Der Zugriffsschlüssel wird nur dieses eine Mal gezeigt:")
    console.print(token)


def _list(context: typer.Context, json: Json = False) -> None:
    """All tokens: whose, what for, until when, last used."""
    with services_for(context) as services:
        tokens = list_tokens(services)
    if json:
        print_json([_as_json(token) for token in tokens])
        return
    for token in tokens:
        console.print(f"{token.name}  als {token.login}  ({', '.join(token.scopes)})")
        days = {"bis": token.expires_at, "zuletzt benutzt": token.last_used_at, "gesperrt": token.revoked_at}
        console.print(
            "  " + ", ".join(f"{what} {services.day_of(at):%d.%m.%Y}" for what, at in days.items() if at)
        )


def _revoke(context: typer.Context, name: Name) -> None:
    """End a token at once."""
    with services_for(context) as services:
        revoke_token(services, name)
    console.print(f"Zugriffsschlüssel {name} gesperrt.")


def _as_json(token: TokenView) -> dict[str, object]:
    moments = {
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
    iso = {name: moment.isoformat() if moment else None for name, moment in moments.items()}
    return {"name": token.name, "as": token.login, "scopes": token.scopes, **iso}
