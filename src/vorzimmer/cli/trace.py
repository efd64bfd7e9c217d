"""`vorzimmer trace`: what crossed the wire for one call, as a ladder, in full, or as a capture file.

This module must never show anything that the server has not redacted.
"""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from vorzimmer.cli.asking import ask
from vorzimmer.cli.common import DEFAULT_STATE, JsonOption, StateOption, print_json
from vorzimmer.kernel.text import safe_name

MAX_LINE = 4_000


def trace(
    call: Annotated[str, typer.Argument(help="The id of a call (see calls and history), or a SIP Call-ID.")],
    state: StateOption = DEFAULT_STATE,
    pcap: Annotated[Path | None, typer.Option("--pcap", help="Write a capture file for Wireshark.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Print the messages, too.")] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="de or en, for the reasons.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the SIP ladder of a call with the decisions in it."""
    if lang not in {None, "de", "en"}:
        raise typer.BadParameter("de or en", param_hint="--lang")
    answer = asyncio.run(ask(state, "trace", name=call, language=lang))
    if pcap is not None:
        _write(pcap, answer["pcap"])
    if as_json:
        print_json(answer["messages"])
        return
    for line in answer["lines"]:
        typer.echo(safe_line(line))
    for message in answer["messages"] if full else ():
        _show(message)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--pcap") from error


def _show(message: dict[str, Any]) -> None:
    typer.echo(f"\n--- {message['from']} -> {message['to']} ({message['transport']})")
    for line in str(message["text"]).splitlines():
        typer.echo(safe_name(line, MAX_LINE))


def safe_line(line: str) -> str:
    """A line of the ladder: its columns stay, control characters do not."""
    return "".join(char if char.isprintable() else "?" for char in line)
