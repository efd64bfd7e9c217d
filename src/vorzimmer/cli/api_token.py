"""`vorzimmer api-token`: the operator's own token for the API. This module must never write it anywhere else."""

from pathlib import Path

import typer

from vorzimmer.app.layout import Layout
from vorzimmer.cli.common import DEFAULT_STATE, StateOption
from vorzimmer.kernel.errors import VorzimmerError


class NoTokenError(VorzimmerError):
    """The server has not been started yet, or somebody else owns the state directory."""


def api_token(state: StateOption = DEFAULT_STATE) -> None:
    """Print the operator's token for the API (role provider); keep it as safe as the server."""
    try:
        text = Layout(Path(state)).state.api_token.read_text("ascii").strip()
    except OSError as error:
        raise NoTokenError(f"no token in {state}: {(error.strerror or 'cannot be read').lower()}") from None
    typer.echo(text)
