"""`vorzimmer apply` and `vorzimmer export`: a company as one file.

This module must never judge a file; it shows what the office says of it.
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from vorzimmer.app.office import ApplyRequest, environment
from vorzimmer.cli.asking import ask
from vorzimmer.cli.common import DEFAULT_STATE, CompanyOption, StateOption


def apply(
    file: Annotated[str, typer.Argument(help="The company file (YAML), - for standard input.")],
    state: StateOption = DEFAULT_STATE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what is not in the file.")] = False,
    allow_weak_passwords: Annotated[
        bool, typer.Option("--allow-weak-passwords", help="For laboratories only.")
    ] = False,
) -> None:
    """Apply a company file. Exit 0: done or nothing to do, 1: refused, 2: bad file (nothing changed)."""
    request = ApplyRequest(
        _read(file), str(Path(file).parent.absolute()), environment(), True, prune, allow_weak_passwords
    )
    planned = _ask(state, request)
    _show(planned)
    if not planned["changed"] or dry_run:
        typer.echo("" if planned["changed"] else "no changes", nl=not planned["changed"])
        return
    if not yes and file == "-":
        typer.echo("standard input is taken by the file: say --yes to apply it", err=True)
        raise typer.Exit(1)
    if not yes and not typer.confirm("Apply this?"):
        raise typer.Exit(1)
    done = _ask(state, msgspec.structs.replace(request, dry_run=False))
    for kind, ident, field, text in done["made"]:
        typer.echo(f"{kind}:{ident} {field}: {text}")
    typer.echo(f"{done['company']}: applied")


def export(
    state: StateOption = DEFAULT_STATE,
    company: CompanyOption = None,
    with_secrets: Annotated[bool, typer.Option("--with-secrets", help="A backup that holds the passwords.")] = False,
) -> None:
    """Write a company as a file that `apply` takes."""
    typer.echo(asyncio.run(ask(state, "export", company=company, with_secrets=with_secrets)), nl=False)


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
    except UnicodeDecodeError as error:
        typer.echo(f"{file}: not UTF-8 at byte {error.start}", err=True)
    raise typer.Exit(2)


def _ask(state: str, request: ApplyRequest) -> dict[str, Any]:
    answer: dict[str, Any] = asyncio.run(ask(state, "apply", request=msgspec.to_builtins(request)))
    if answer["exit"]:
        for problem in answer["problems"]:
            typer.echo(problem, err=True)
        raise typer.Exit(answer["exit"])
    return answer


def _show(planned: dict[str, Any]) -> None:
    for line in planned["lines"]:
        typer.echo(line)
    for note in planned["notes"]:
        typer.echo(f"  {note}")
