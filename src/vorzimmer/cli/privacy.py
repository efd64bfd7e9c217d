"""`vorzimmer person` and `vorzimmer erase`: what is known of a person as a file, and taking the person out.

This module must never decide what is known.
"""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from vorzimmer.admin.person_file import as_json, as_zip
from vorzimmer.cli.asking import ask
from vorzimmer.cli.common import DEFAULT_STATE, CompanyOption, StateOption

UserArgument = Annotated[str, typer.Argument(help="The id of the user.")]


def person(
    user: UserArgument,
    output: Annotated[Path | None, typer.Option("--output", help="A file; .zip: one document for each part.")] = None,
    state: StateOption = DEFAULT_STATE,
    company: CompanyOption = None,
) -> None:
    """Write everything that is kept of a person, without secrets."""
    told = asyncio.run(ask(state, "person", company=company, user=user))
    if output is None:
        typer.echo(as_json(told).decode())
        return
    data = as_zip(told) if output.suffix == ".zip" else as_json(told)
    try:
        with open(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from error


def erase(
    user: UserArgument,
    state: StateOption = DEFAULT_STATE,
    company: CompanyOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Remove a user and take the person out of history and audit; it cannot be undone."""
    found = asyncio.run(ask(state, "erase", company=company, user=user, dry_run=True))
    typer.echo(f"{user}: {found['records']} records, {found['calls']} calls, {found['audit']} changes in the audit")
    if dry_run:
        return
    if not yes and not typer.confirm("Erase for good?"):
        raise typer.Exit(1)
    done = asyncio.run(ask(state, "erase", company=company, user=user, dry_run=False))
    typer.echo(f"erased: {done['calls']} calls and {done['audit']} changes no longer name the person")
