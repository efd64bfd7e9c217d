"""`vorzimmer account`: sign-ins of the server from the command line, also when nobody can sign in any more.

Passwords are asked for or read from standard input, never taken from the command line, where others could see them.
This module must never decide who gets what.
"""

import asyncio
import sys
from datetime import datetime
from typing import Annotated

import typer

from vorzimmer.cli.asking import ask
from vorzimmer.cli.common import DEFAULT_STATE, JsonOption, StateOption, print_json
from vorzimmer.cli.history import table

app = typer.Typer(help="Who can sign in to the portal.", no_args_is_help=True, rich_markup_mode=None)
LoginArgument = Annotated[str, typer.Argument(help="The sign-in name.")]


@app.command("list")
def accounts(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Show all accounts; an empty company is the provider."""
    rows = asyncio.run(ask(state, "accounts"))
    if as_json:
        print_json(rows)
        return
    shown = [
        [
            row["login"],
            row["company"],
            row["user"],
            row["role"],
            "yes" if row["password"] else "no",
            ", ".join(row["factors"]),
            _day(row["last_signed_in"]),
        ]
        for row in rows
    ]
    table(("login", "company", "user", "role", "password", "second factors", "last signed in"), shown)


@app.command("add")
def add(
    login: LoginArgument,
    state: StateOption = DEFAULT_STATE,
    name: Annotated[str, typer.Option("--name", help="Name of an operator.")] = "",
    email: Annotated[str, typer.Option("--email", help="Where letters to an operator go.")] = "",
    company: Annotated[str, typer.Option("--company", help="For a person of this company, with --user.")] = "",
    user: Annotated[str, typer.Option("--user", help="Their id in the company.")] = "",
    language: Annotated[str, typer.Option("--lang", help="de or en, of an operator.")] = "de",
) -> None:
    """Make an account with a password: an operator's, or with --company and --user a person's."""
    if bool(company) != bool(user):
        raise typer.BadParameter("--company and --user belong together")
    if language not in {"de", "en"}:
        raise typer.BadParameter("de or en", param_hint="--lang")
    given = {"login": login, "name": name, "email": email, "company": company, "user": user, "language": language}
    made = asyncio.run(ask(state, "account_add", password=_password(), **given))
    typer.echo(f"{made} can sign in")


@app.command("invite")
def invite(
    company: Annotated[str, typer.Argument()],
    user: Annotated[str, typer.Argument()],
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Print a link with which somebody of a company chooses a password: once, within seven days."""
    made = asyncio.run(ask(state, "account_invite", company=company, user=user))
    typer.echo(f"{made['login']}: {made['link']}")


@app.command("reset")
def reset(
    login: LoginArgument,
    state: StateOption = DEFAULT_STATE,
    factors: Annotated[bool, typer.Option("--factors", help="Remove codes, passkeys and recovery codes too.")] = False,
) -> None:
    """End all sessions and print a link for a new password: once, within an hour."""
    typer.echo(asyncio.run(ask(state, "account_reset", login=login, factors=factors)))


@app.command("remove")
def remove(
    login: LoginArgument,
    state: StateOption = DEFAULT_STATE,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Remove an account; the person stays in the directory."""
    if not yes and not typer.confirm(f"Remove the account {login}?"):
        raise typer.Exit(1)
    asyncio.run(ask(state, "account_remove", login=login))
    typer.echo(f"{login}: removed")


@app.command("setup")
def setup(state: StateOption = DEFAULT_STATE) -> None:
    """Print the link for the first account of a server, once more."""
    link = asyncio.run(ask(state, "account_setup"))
    if not link:
        typer.echo("this server has accounts already: see vorzimmer account list", err=True)
        raise typer.Exit(1)
    typer.echo(link)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}" if at else "never"
