"""`vorzimmer trunks`: which lines to the outside are up, and why not.

This module must never work out a state itself.
"""

import asyncio
from typing import Any

from vorzimmer.cli.asking import ask
from vorzimmer.cli.common import DEFAULT_STATE, CompanyOption, JsonOption, StateOption, print_json
from vorzimmer.cli.history import table


def trunks(state: StateOption = DEFAULT_STATE, company: CompanyOption = None, as_json: JsonOption = False) -> None:
    """Show the trunks of a running server: up or down, registered for how long, calls in and out."""
    rows = asyncio.run(ask(state, "trunks", company=company))
    if as_json:
        print_json(rows)
        return
    table(("company", "trunk", "state", "registered", "servers", "in", "out", "why not"), [_row(row) for row in rows])


def _row(row: dict[str, Any]) -> list[str]:
    left = row["registered_s"]
    registered = "-" if left is None else f"{left} s" if left else "no"
    calls = row["calls"]
    servers = f"{row['alive']}/{row['servers']}"
    state = "up" if row["up"] else "DOWN"
    out = str(calls["out"] + calls["sos"])
    return [row["company"], row["trunk"], state, registered, servers, str(calls["in"]), out, row["why"]]
