"""What publishing one change costs in a company of 100 users and in one of 100,000 (ARCHITECTURE decision 5).

Measured is the work of the running server for one committed change: the next Snapshot and the server's book, and the
whole plan of a single edit (checks included). Figures are CPU microseconds per change, the median of many.
"""

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from benchmarks.figures import Figure, Result, percentile, reference
from vorzimmer.admin.edit import Edit, plan_edit
from vorzimmer.admin.world import SYSTEM, Current
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.server import ServerBook
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.testing.company import world

SMALL, LARGE = 100, 100_000
REPEATS = 300
HOW = (
    "CPU time of one committed change in the server: *planning* is the whole check of a single edit, *publishing* the "
    "next book and the server's index of it. A change among 100,000 users may cost at most twice as much as among 100."
)


def records_of(users: int) -> list[Change]:
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
    return records


def company(users: int) -> Snapshot:
    """Its book."""
    return Snapshot.of(SCHEMA, ZoneInfo, records_of(users))


def run(long: bool = False) -> Result:
    """Both sizes, one after the other; the same whether long or not."""
    before = reference()
    figures: list[Figure] = []
    medians: dict[tuple[str, int], float] = {}
    for users in (SMALL, LARGE):
        started = time.process_time()
        server = ServerBook().add(company(users))
        built = time.process_time() - started
        figures.append(Figure(f"building the book of {users:,} users", f"{built:.2f} s"))
        for name, work in (("publishing", publish), ("planning", edit)):
            taken = times(lambda n, w=work, s=server: w(s, n))  # type: ignore[misc]  # binds both now
            medians[name, users] = percentile(taken, 50)
            figures.append(Figure(f"{name} one change among {users:,} users", both(taken), len(taken) / sum(taken)))
    ratios = {name: medians[name, LARGE] / medians[name, SMALL] for name in ("publishing", "planning")}
    wrong = tuple(f"{name} among {LARGE:,} users takes {r:.1f} times as long" for name, r in ratios.items() if r > 2)
    return Result("Publishing a change", HOW, tuple(figures), (before + reference()) / 2, wrong)


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


def times(work: Callable[[int], None]) -> list[float]:
    """CPU-seconds of each of REPEATS runs."""
    taken = []
    for step in range(REPEATS):
        started = time.process_time()
        work(step)
        taken.append(time.process_time() - started)
    return taken


def both(taken: list[float]) -> str:
    """p50 and p99 for people."""
    return f"p50 {percentile(taken, 50) * 1e3:.2f} ms, p99 {percentile(taken, 99) * 1e3:.2f} ms"


if __name__ == "__main__":
    print(run())
