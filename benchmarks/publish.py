"""What publishing one change costs in a company of 100 users and in one of 100,000 (ARCHITECTURE decision 5).

Measured is the work of the running server for one committed change: the next Snapshot and the server's book, and the
whole plan of a single edit (checks included). Figures are CPU microseconds per change, the median of many.
"""

import statistics
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from vorzimmer.admin.edit import Edit, plan_edit
from vorzimmer.admin.world import SYSTEM, Current
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.server import ServerBook
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.testing.company import world

SMALL, LARGE = 100, 100_000
REPEATS = 300


def company(users: int) -> Snapshot:
    """A company in which everybody has a device, a number and an extension."""
    length = {"min": 6, "max": 6}
    records = [
        Change("company", "c", {"id": "c", "name": "C", "sip_domain": "c.example", "extension_length": length}),
        Change("site", "s", {"id": "s", "name": "S"}),
    ]
    for n in range(users):
        number = [{"number": f"+4989{n:07d}"}]
        user = {"id": f"u{n}", "name": f"U {n}", "site": "s", "extension": f"{200000 + n}", "numbers": number}
        device = {"id": f"d{n}", "owner": f"user:u{n}", "username": f"d{n}", "password": "generated"}
        records += [Change("user", f"u{n}", user), Change("device", f"d{n}", device)]
    return Snapshot.of(SCHEMA, ZoneInfo, records)


def run() -> dict[str, float]:
    """CPU microseconds per change for both sizes, and their ratio; CPU seconds to build the books."""
    found: dict[str, float] = {}
    for name, users in (("small", SMALL), ("large", LARGE)):
        started = time.process_time()
        server = ServerBook().add(company(users))
        found[f"build_{name}_s"] = round(time.process_time() - started, 3)
        found[f"publish_{name}_us"] = median(lambda n, s=server: publish(s, n))  # type: ignore[misc]  # binds server now
        found[f"edit_{name}_us"] = median(lambda n, s=server: edit(s, n))  # type: ignore[misc]  # binds server now
    found["publish_ratio"] = round(found["publish_large_us"] / found["publish_small_us"], 2)
    found["edit_ratio"] = round(found["edit_large_us"] / found["edit_small_us"], 2)
    return found


def publish(server: ServerBook, step: int) -> None:
    """One user's change into a new server book."""
    ident = f"u{step % SMALL}"
    book = server.company("c")
    entry = book.entry(Ref("user", ident)) if book else None
    assert entry is not None
    server.apply("c", (Change("user", ident, {**entry.data, "dnd": True}),))


def edit(server: ServerBook, step: int) -> None:
    """The whole plan of one user's switch."""
    current = Current(server.company("c"), server=server)
    plan = plan_edit([Edit(Ref("user", f"u{step % SMALL}"), {"dnd": True})], current, world(), SYSTEM)
    assert len(plan.commit.changes) == 1


def median(work: Callable[[int], None]) -> float:
    """CPU microseconds, the median of REPEATS runs."""
    taken = []
    for step in range(REPEATS):
        started = time.process_time()
        work(step)
        taken.append(time.process_time() - started)
    return round(statistics.median(taken) * 1e6, 1)


if __name__ == "__main__":
    for key, value in run().items():
        print(f"{key:20} {value}")
