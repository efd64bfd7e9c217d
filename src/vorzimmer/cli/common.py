"""What all commands share: the state directory, and how an answer is asked for and printed.

This module must never decide anything.
"""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import msgspec
import typer

T = TypeVar("T")

StateOption = Annotated[
    str, typer.Option("--state", envvar="VORZIMMER_STATE", help="The server's state directory.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
CompanyOption = Annotated[
    str | None, typer.Option("--company", help="The company; may be left out where there is only one.")
]
DEFAULT_STATE = "./vorzimmer-state"


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run one command's work."""
    return asyncio.run(main)


def print_json(value: Any) -> None:
    """Two-space indented JSON."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
