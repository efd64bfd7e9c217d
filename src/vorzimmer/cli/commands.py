"""The commands of `vorzimmer` and what their help says.

They parse, ask the office (over the running server's socket or in this process) and print. This module must never hold
a rule that the API could not reach.
"""

from importlib.metadata import version as installed
from typing import Annotated

import typer

from vorzimmer.cli import account, api_token, certificates, company, history, privacy, schedules, serving, trace, trunks

app = typer.Typer(
    name="vorzimmer",
    help="The cloud PBX for companies in which people answer for each other.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # [@NETWORK] in a help text is meant as it stands, and an error is one line
)
app.command("serve")(serving.serve)
app.command("demo")(serving.demo)
app.command("apply")(company.apply)
app.command("export")(company.export)
app.command("explain")(history.explain)
app.command("calls")(history.calls)
app.command("history")(history.history)
app.command("watchers")(history.watchers)
app.command("trace")(trace.trace)
app.command("person")(privacy.person)
app.command("erase")(privacy.erase)
app.command("schedules")(schedules.schedules)
app.command("trunks")(trunks.trunks)
app.add_typer(account.app, name="account")
app.command("api-token")(api_token.api_token)
app.command("certificates")(certificates.certificates)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(installed("vorzimmer"))
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the command itself."""
