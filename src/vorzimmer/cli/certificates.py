"""`vorzimmer certificates`: what the TLS listeners show, and reading it again. This module must never show a key."""

import asyncio
from typing import Annotated

import typer

from vorzimmer.cli.asking import ask
from vorzimmer.cli.common import DEFAULT_STATE, JsonOption, StateOption, print_json
from vorzimmer.kernel.text import safe_name


def certificates(
    state: StateOption = DEFAULT_STATE,
    reload: Annotated[bool, typer.Option("--reload", help="Look at the files now, not within a minute.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the certificates in use and when they end."""
    rows = asyncio.run(ask(state, "certificates", reload=reload))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        names = ", ".join(safe_name(name) for name in row["names"]) or "(no name)"
        typer.echo(f"{names}: until {row['expires']} ({row['chain']})")
    if not rows:
        typer.echo("no TLS listener is open")
