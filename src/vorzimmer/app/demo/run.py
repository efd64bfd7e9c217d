"""`make demo`: the demo company on fresh state, its accounts printed, robots that show life.

Placeholder robots come with ``robots.py``. This module must never touch state that it did not make.
"""

import asyncio
import os
import shutil
from pathlib import Path

import typer

from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.layout import Layout
from vorzimmer.app.office import ApplyRequest, Office
from vorzimmer.app.options import ServeOptions, load
from vorzimmer.app.storage import open_storage
from vorzimmer.app.supervisor import Supervisor
from vorzimmer.kernel.errors import StartError

COMPANY = Path(__file__).parent / "musterbau.yaml"
MARK = "vorzimmer-demo"
"""A file in the demo's state directory, so that only what a demo made is ever removed."""


async def run_demo(host: str, port: int, http_port: int, state: str, *, robots: bool) -> None:
    """Serve the demo company until interrupted; raises StartError."""
    options = _options(host, port, http_port, state)
    accounts = await _prepare(options)
    supervisor = Supervisor(options, lambda line: _say(line, options, accounts, host, port))
    await supervisor.run()


def _options(host: str, port: int, http_port: int, state: str) -> ServeOptions:
    shown = f"[{host}]" if ":" in host else host
    flags = {
        "state": state,
        "sip": (f"udp:{shown}:{port}", f"tcp:{shown}:{port}"),
        "http": f"{shown}:{http_port}",
        "drain_s": 2.0,
    }
    return load(None, flags)


async def _prepare(options: ServeOptions) -> dict[str, str]:
    """Fresh state with the company in it; the passwords by account."""
    _clear(options.directory)
    layout = Layout(options.directory)
    with layout.locked():
        (options.directory / MARK).touch()
        store = await open_storage(layout, options, migrating=True)
        office = Office(store, LoopClock(), SystemChance(), None, options.realm)
        answer = await office.apply(ApplyRequest(COMPANY.read_text(), str(COMPANY.parent), dict(os.environ)))
        await store.close()
    if answer["exit"]:
        raise StartError("the demo company cannot be applied: " + "; ".join(answer["problems"]))
    accounts = {ident: text for kind, ident, field, text in answer["made"] if (kind, field) == ("device", "password")}
    file = options.directory / "accounts.txt"
    lines = "".join(f"{name} {password}\n" for name, password in accounts.items())
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(lines)
    return accounts


def _clear(directory: Path) -> None:
    if not directory.exists() or not any(directory.iterdir()):
        return
    if not (directory / MARK).exists():
        raise StartError(f"{directory} is not a demo's state; remove it yourself or name another with --state")
    shutil.rmtree(directory)


def _say(line: str, options: ServeOptions, accounts: dict[str, str], host: str, port: int) -> None:
    typer.echo(line)
    for name, password in accounts.items():
        typer.echo(f"  {name:<16} {password}   sip:{name}@{host}:{port}")


async def _forever() -> None:
    await asyncio.Event().wait()
