"""`make demo`: the demo company on fresh state, its accounts printed, robots that show life.

This module must never touch state that no demo has made.
"""

import os
import shutil
import sys
from pathlib import Path

import msgspec
import typer

from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.demo.carrier import CUSTOMER, Outside, place
from vorzimmer.app.demo.people import SignIn, register, sign_ins
from vorzimmer.app.demo.robots import Robot
from vorzimmer.app.layout import Layout
from vorzimmer.app.office import ApplyRequest, Office
from vorzimmer.app.options import ServeOptions, load
from vorzimmer.app.reach import public
from vorzimmer.app.reception import signin
from vorzimmer.app.storage import open_storage
from vorzimmer.app.supervisor import Supervisor
from vorzimmer.directory.keys import DEVICE
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import StartError
from vorzimmer.net.advertise import is_wildcard
from vorzimmer.store.state_dir import StateDir

COMPANY = Path(__file__).parent / "musterbau.yaml"
MARK = "vorzimmer-demo"
"""A file in the demo's state directory, so that only what a demo made is ever removed."""
ROBOTS = (("empfang-tisch", "121"), ("emil-tisch", "130"))
"""Device of a robot, and the extension that it calls."""


class Account(msgspec.Struct, frozen=True):
    """One phone that can be connected."""

    username: str
    password: str
    owner: str
    extension: str


async def run_demo(host: str, port: int, http_port: int, state: str, *, robots: bool, ws_port: int = 0) -> None:
    """Serve the demo company until interrupted; raises StartError. `ws_port` 0 means no WebSockets."""
    options = _options(host, port, http_port, state, ws_port)
    outside = Outside(place(Address(host, port)), Address(host, port), SystemChance().token(12)) if robots else None
    accounts, people = await _prepare(options, outside)
    _write(options.directory / "accounts.txt", _table(accounts, host, port) + "\n" + sign_ins(people))
    extras = _robots(options, accounts, Address(host, port)) | _carrier(options, outside) if outside else {}

    def say(line: str) -> None:
        typer.echo(line)
        if "is ready" in line:
            typer.echo(_welcome(accounts, people, Address(host, port), options))

    await Supervisor(options, say, extras).run()


def _options(host: str, port: int, http_port: int, state: str, ws_port: int) -> ServeOptions:
    if is_wildcard(host):
        raise StartError(f"phones cannot be told {host}: name one address of this computer")
    shown = f"[{host}]" if ":" in host else host
    flags = {
        "state": state,
        "sip": (f"udp:{shown}:{port}", f"tcp:{shown}:{port}"),
        "ws": (f"{shown}:{ws_port}",) if ws_port else (),
        "http": f"{shown}:{http_port}",
        "drain_s": 2.0,
        "log_level": "warning",
    }
    return load(None, flags)


async def _prepare(options: ServeOptions, outside: Outside | None) -> tuple[list[Account], list[SignIn]]:
    """Fresh state with the company in it, a trunk to the demo's carrier, and people who can sign in."""
    _clear(options.directory)
    layout = Layout(options.directory)
    with layout.locked():
        (options.directory / MARK).touch()
        store = await open_storage(layout, options, migrating=True)
        office = Office(store, (LoopClock(), SystemChance()), None, options.realm)
        await office.open()
        answer = await office.apply(ApplyRequest(COMPANY.read_text(), str(COMPANY.parent), {}))
        if answer["exit"]:
            raise StartError("the demo company cannot be applied: " + "; ".join(answer["problems"]))
        if outside is not None:
            await office.apply(ApplyRequest(outside.trunk(), str(COMPANY.parent), {}))
        book = office.book(answer["company"])
        people = await register(signin(store, office, options), book)
        await store.close()
    passwords = {ident: text for kind, ident, field, text in answer["made"] if (kind, field) == ("device", "password")}
    found: list[Account] = []
    for device in book.all(DEVICE):
        if device.kind == "sip" and device.username is not None and device.id in passwords:
            owner = Ref.parse(device.owner)
            extension = book.extension_of(owner) or ""
            found.append(Account(device.username, passwords[device.id], book.name_of(owner), extension))
    return found, people


def _clear(directory: Path) -> None:
    if not directory.exists() or not any(directory.iterdir()):
        return
    if not (directory / MARK).exists():
        raise StartError(f"{directory} is not a demo's state; remove it yourself or name another with --state")
    StateDir(directory.absolute()).lock().release()
    shutil.rmtree(directory)


def _write(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)


def _robots(options: ServeOptions, accounts: list[Account], server: Address) -> dict[str, tuple[str, ...]]:
    by_name = {account.username: account for account in accounts}
    robots = [Robot(name, by_name[name].password, other, server.host, server) for name, other in ROBOTS]
    path = options.directory / "robots.json"
    _write(path, msgspec.json.encode(robots).decode())
    return {"robots": ("-m", "vorzimmer.app.demo.robots", str(path))}


def _carrier(options: ServeOptions, outside: Outside) -> dict[str, tuple[str, ...]]:
    path = options.directory / "carrier.json"
    _write(path, msgspec.json.encode(outside).decode())
    return {"carrier": ("-m", "vorzimmer.app.demo.carrier", str(path))}


def _table(accounts: list[Account], host: str, port: int) -> str:
    head = f"{'extension':<10} {'name':<16} {'user name':<16} {'password':<26} server\n"
    rows = (
        f"{a.extension:<10} {a.owner:<16} {a.username:<16} {a.password:<26} {Address(host, port)}" for a in accounts
    )
    return head + "\n".join(rows) + "\n"


def _welcome(accounts: list[Account], people: list[SignIn], server: Address, options: ServeOptions) -> str:
    state = options.state
    try_this = (
        (f"{_command()} calls --state {state} --follow", "what happens now"),
        (f"{_command()} history --state {state}", "what happened"),
        (f"{_command()} explain --state {state} --from user:bea --to 130", "where a call would go, and why"),
        (f"{_command()} trunks --state {state}", "the line to the outside"),
        (f"curl http://{options.http}/healthz", "how the server is"),
    )
    width = max(len(command) for command, _ in try_this)
    commands = "\n".join(f"  {command:<{width}}  {what}" for command, what in try_this)
    return f"""
Musterbau GmbH is on the air. Connect any SIP phone with one of these accounts
(also in {state}/accounts.txt; over UDP or TCP, domain = server address):

{_table(accounts, server.host, server.port)}
The portal is at {public(options).origin} with these sign-ins:

{sign_ins(people)}
Empfang (130) and Emil (121) are robots that call each other; a real phone that registers there takes over.
From Bea's phone dial 130 and listen; hold, resume, transfer to 141. The outside is played by a carrier on this
computer: {CUSTOMER} (Großkunde) answers and calls in, 112 and 110 end there as well. In a second terminal:
{commands}
{_reachable(server.host)}End it with Ctrl-C."""


def _command() -> str:
    """How the command was called, so that its name can be copied: it need not be on the PATH."""
    called, name = sys.argv[0], "vorzimmer"
    return called if Path(called).name == name and shutil.which(name) != called else name


def _reachable(host: str) -> str:
    if host != "127.0.0.1":
        return ""
    return "Only phones on this computer reach 127.0.0.1; for others: make demo HOST=ADDRESS-OF-THIS-COMPUTER\n"
