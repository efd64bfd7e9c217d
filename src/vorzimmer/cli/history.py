"""`vorzimmer explain`, `calls`, `watchers` and `history`: what would happen, what happens, what happened.

This module must never work out a reason itself.
"""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.cells import cell_len, set_cell_size

from vorzimmer.cli.asking import ask, follow
from vorzimmer.cli.common import DEFAULT_STATE, CompanyOption, JsonOption, StateOption, print_json
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.explain import Question

MAX_CELL = 60
MAX_LINE = 500
"""Characters of what callers wrote that are shown."""


def explain(
    state: StateOption = DEFAULT_STATE,
    company: CompanyOption = None,
    caller: Annotated[
        str | None, typer.Option("--from", help="user:ID, phone:ID, device:ID, +E164, anonymous or unavailable.")
    ] = None,
    called: Annotated[str | None, typer.Option("--to", help="What is dialled, or a target kind:ID.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="A moment, 2026-12-24T20:15.")] = None,
    assume: Annotated[
        list[str] | None, typer.Option("--assume", help="user:bea=busy, trunk:ID=down, all=idle ...")
    ] = None,
    call: Annotated[str | None, typer.Option("--call", help="A call that was, by its id.")] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="de or en; the company's language if not given.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say where a call would go, or why one went where it went."""
    if lang not in {None, "de", "en"}:
        raise typer.BadParameter("de or en", param_hint="--lang")
    if call is not None:
        answer = asyncio.run(ask(state, "explain_call", call=call, language=lang))
    elif caller is None or called is None:
        raise typer.BadParameter("give --from and --to, or --call ID")
    else:
        question = Question(company or "", caller, called, at, tuple(assume or ()), lang)
        answer = asyncio.run(ask(state, "explain", question=msgspec.to_builtins(question)))
    if as_json:
        print_json(answer["json"])
        return
    for line in answer["lines"]:
        typer.echo(line)


def calls(
    state: StateOption = DEFAULT_STATE,
    company: CompanyOption = None,
    following: Annotated[bool, typer.Option("--follow", help="Go on and show what happens.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the calls that exist now."""
    now = asyncio.run(ask(state, "calls", company=company))
    if as_json and not following:
        print_json(now)
        return
    if not as_json:
        table(("call", "from", "to", "state", "parties", "s"), [_live_row(each) for each in now])
    if following:
        try:
            asyncio.run(_follow(state, company, as_json=as_json))
        except KeyboardInterrupt:
            return


async def _follow(state: str, company: str | None, *, as_json: bool) -> None:
    async for fact in follow(state, "follow", company=company):
        if as_json:
            typer.echo(msgspec.json.encode(fact))
        else:
            details = " ".join(f"{name}={value}" for name, value in fact["data"].items())
            typer.echo(f"{_clock(fact['at'])}  {fact['call']}  {fact['kind']:<9} {safe_name(details, MAX_LINE)}")


def history(
    state: StateOption = DEFAULT_STATE,
    company: CompanyOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="The newest so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show ended calls, the newest first."""
    rows = asyncio.run(ask(state, "history", company=company, limit=limit))
    if as_json:
        print_json(rows)
        return
    table(("call", "when", "from", "to", "answered by", "outcome", "s"), [_past_row(row) for row in rows])


def watchers(state: StateOption = DEFAULT_STATE, company: CompanyOption = None, as_json: JsonOption = False) -> None:
    """Show whose lamps watch whom."""
    rows = asyncio.run(ask(state, "watchers", company=company))
    if as_json:
        print_json(rows)
        return
    columns = ("device", "package", "what", "shows", "state", "seconds")
    table(columns, [[str(row[name]) for name in columns] for row in rows])


def _live_row(call: dict[str, Any]) -> list[str]:
    parties = ", ".join(party["who"] for party in call["parties"])
    return [call["id"], call["from"], call["to"], call["state"], parties, f"{call['seconds']:.0f}"]


def _past_row(row: dict[str, Any]) -> list[str]:
    talked = row["ended"] - row["answered"] if row.get("answered") else 0.0
    who = row["answered_by"] or ""
    when = datetime.fromtimestamp(row["started"]).astimezone()
    return [row["id"], f"{when:%Y-%m-%d %H:%M:%S}", row["from"], row["to"], who, row["outcome"], f"{talked:.0f}"]


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"


def table(heads: tuple[str, ...], rows: list[list[str]]) -> None:
    """Columns as wide as they must be, never cut or wrapped: ids are there to be copied."""
    if not rows:
        typer.echo("none")
        return
    # What callers wrote is on one line, without control characters, and never markup.
    lines = [heads, *(tuple(safe_name(cell, MAX_CELL) for cell in row) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (set_cell_size(cell, width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
