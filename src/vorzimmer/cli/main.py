"""The `vorzimmer` command: serve, demo, apply, export, explain, calls, history.

It parses, asks the office (over the running server's socket or in this process) and prints; exit status 0 done or
nothing to do, 1 refused, 2 bad input. This module must never hold a rule that the API could not reach.
"""

import sys
from typing import Annotated

import typer

from vorzimmer.cli import company, history, serving
from vorzimmer.kernel.errors import VorzimmerError

app = typer.Typer(
    name="vorzimmer",
    help="The cloud PBX for companies in which people answer for each other.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(serving.serve)
app.command("demo")(serving.demo)
app.command("apply")(company.apply)
app.command("export")(company.export)
app.command("explain")(history.explain)
app.command("calls")(history.calls)
app.command("history")(history.history)


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 -- only asked for here

        typer.echo(installed("vorzimmer"))
        raise typer.Exit


def main() -> None:
    """Entry point: known errors are one line on standard error, never a traceback."""
    try:
        app()
    except VorzimmerError as error:
        typer.echo(f"vorzimmer: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
