"""`vorzimmer schedules`: which hold now and why, what is broken, the coming days of one, and calendars brought along.

This module must never work out a time itself.
"""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from vorzimmer.cli.asking import ask
from vorzimmer.cli.common import DEFAULT_STATE, CompanyOption, JsonOption, StateOption, print_json
from vorzimmer.cli.history import table
from vorzimmer.kernel.text import safe_name


def schedules(
    schedule: Annotated[str | None, typer.Argument(help="Show the coming days of this one.")] = None,
    state: StateOption = DEFAULT_STATE,
    company: CompanyOption = None,
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="So many days.")] = 14,
    calendar: Annotated[Path | None, typer.Option("--import", help="An iCalendar file for this one.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --import: change nothing.")] = False,
    lang: Annotated[str, typer.Option("--lang", help="de or en.")] = "de",
    as_json: JsonOption = False,
) -> None:
    """Show which schedules hold now, or the coming days of one."""
    if lang not in {"de", "en"}:
        raise typer.BadParameter("de or en", param_hint="--lang")
    if calendar is not None:
        _bring(state, company, schedule, calendar, dry_run=dry_run)
        return
    answer = asyncio.run(ask(state, "schedules", company=company, schedule=schedule, days=days))
    if as_json:
        print_json(answer)
    elif schedule is None:
        table(("schedule", "now", "until", "why"), [_state(row, lang) for row in answer])
        for row in answer:
            if row["alarm"]:
                typer.echo(f"{row['id']}: BROKEN: {safe_name(row['alarm'], 200)}")
    else:
        table(("day", "", "holds", "what"), [_day(row, lang) for row in answer])


def _bring(state: str, company: str | None, schedule: str | None, calendar: Path, *, dry_run: bool) -> None:
    if schedule is None:
        raise typer.BadParameter("say which schedule takes it", param_hint="--import")
    try:
        data = calendar.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{calendar}: {error.strerror}", param_hint="--import") from error
    params = {"company": company, "schedule": schedule, "data": data, "dry_run": dry_run}
    told = asyncio.run(ask(state, "bring_calendar", **params))
    done = "nothing new" if not told["changed"] else "would be taken" if dry_run else "taken"
    typer.echo(f"{told['count']} events, known until {told['known_until']}: {done}")


def _state(row: dict[str, Any], lang: str) -> list[str]:
    now = "BROKEN" if row["alarm"] else "holds" if row["holds"] else "rests"
    return [row["id"], now, row["until"] or "-", row["why"][lang]]


def _day(row: dict[str, Any], lang: str) -> list[str]:
    blocks = ", ".join(f"{block['from']}-{block['to']}" for block in row["blocks"])
    names = [row["own"] or "", row["holiday"][lang] if row["holiday"] else ""]
    what = ", ".join(name for name in (*names, *(event["name"] for event in row["events"])) if name)
    return [row["day"], row["weekday"], blocks or "-", what]
