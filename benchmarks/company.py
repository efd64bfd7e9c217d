"""A generated company, written straight into the store of a server that does not run yet.

A company file of 10,000 users takes minutes to read and check, and that is not what most benchmarks measure. What is
written is what `vorzimmer apply` would write. This module must never touch the database of a running server.
"""

from collections.abc import Iterable
from pathlib import Path

from vorzimmer.app.layout import Layout
from vorzimmer.app.storage import open_storage
from vorzimmer.directory.repository import Claim, Commit, SecretWrite
from vorzimmer.directory.snapshot import Change

COMPANY, DOMAIN = "bench", "bench.example"


def account(number: int) -> str:
    """The account and device of extension `number`."""
    return f"d{number}"


def password(number: int) -> str:
    """Its password."""
    return f"Bench-{number}-4711"


def commit(numbers: Iterable[int]) -> Commit:
    """A company in which each of `numbers` is a user with one phone."""
    about = {"id": COMPANY, "name": "Bench GmbH", "sip_domain": DOMAIN, "area_code": "89"}
    changes = [Change("company", COMPANY, about | {"extension_length": {"min": 4, "max": 6}})]
    changes.append(Change("site", "haus", {"id": "haus", "name": "Haus"}))
    secrets, claims = [], [Claim("domain", DOMAIN, COMPANY)]
    for n in numbers:
        user = {"id": f"u{n}", "name": f"User {n}", "site": "haus", "extension": str(n)}
        device = {"id": account(n), "owner": f"user:u{n}", "kind": "sip", "username": account(n)}
        changes.append(Change("user", f"u{n}", user))
        changes.append(Change("device", account(n), device | {"password": "generated"}))
        secrets.append(SecretWrite("device", account(n), "password", password(n)))
        claims.append(Claim("account", account(n), account(n)))
    return Commit(COMPANY, 0, tuple(changes), tuple(secrets), tuple(claims))


def _new(state: Path) -> Layout:
    state.mkdir(mode=0o700, exist_ok=True)
    return Layout(state)


async def fill(state: Path, numbers: Iterable[int]) -> None:
    """Make the state directory of a server with this company."""
    layout = _new(state)
    with layout.locked():
        store = await open_storage(layout, None, migrating=True)
        try:
            await store.companies.commit(commit(numbers))
        finally:
            await store.close()


def newcomers(numbers: Iterable[int]) -> str:
    """The file with which so many more people are imported; who is not in it stays."""
    numbers = tuple(numbers)
    lines = ["company:", f"  id: {COMPANY}", "users:"]
    lines += [f'  - {{id: u{n}, name: User {n}, site: haus, extension: "{n}"}}' for n in numbers]
    lines.append("devices:")
    device = '  - {{id: d{n}, owner: "user:u{n}", kind: sip, username: {user}, password: {word}}}'
    lines += [device.format(n=n, user=account(n), word=password(n)) for n in numbers]
    return "\n".join(lines) + "\n"
