"""From a change to its effect: checked, committed to SQLite, and in the book that control decides with.

The two halves (the admin door of web, the house of control) run in one process here, with the change encoded between
them as it is on the wire; the hop over the Unix socket is left out. This module must never look into either half.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, Result, percentile, reference
from benchmarks.publish import LARGE, SMALL, records_of
from benchmarks.targets import Row
from vorzimmer.admin.door import Door, Surroundings
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.world import SYSTEM
from vorzimmer.app import garbage
from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.house import House, Published, zone
from vorzimmer.app.layout import Layout
from vorzimmer.app.storage import open_storage
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import Commit
from vorzimmer.directory.snapshot import Change
from vorzimmer.routing.live import Facts
from vorzimmer.routing.model import LiveFacts
from vorzimmer.store.sql import SqlStore

REPEATS, RUNS = 600, 3
HOW = (
    "One user's switch, from the edit to the book that control decides with: check, SQLite transaction, encoding, next "
    "book. Wall time, so a busy computer shows; the hop between web and control is left out. Counted are the changes "
    "that were committed and those that the deciding book has. Among 100,000 users it may take twice as long as among "
    "100, and 50 ms at p99."
)


class Wire:
    """Between the halves: what the door publishes, decoded again and handed to control's house."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.arrived = 0

    def publish(self, company: str, revision: int, changes: tuple[Change, ...]) -> None:
        """directory.repository.Publisher."""
        data = msgspec.msgpack.encode(Published(company, revision, changes))
        self._house.publish(msgspec.msgpack.decode(data, type=Published))
        self.arrived += self._house.book(company).revision == revision


async def _changes(folder: str, users: int) -> tuple[list[float], tuple[int, int]]:
    """Seconds of each change, and the counts of both ends."""
    layout = Layout(Path(folder))
    with layout.locked():
        store = await open_storage(layout, None, migrating=True)
        try:
            return await _changed(store, users)
        finally:
            await store.close()


async def _changed(store: SqlStore, users: int) -> tuple[list[float], tuple[int, int]]:
    await store.companies.commit(Commit("c", 0, tuple(records_of(users))))
    house = House("bench", lambda company: Facts(LiveFacts()))
    await house.load(store.companies)
    wire = Wire(house)
    door = Door(store.companies, Surroundings(SystemChance(), zone, LoopClock().wall), wire)
    await door.open()
    garbage.settle()  # as the server's processes do once they have loaded
    taken, committed = [], 0
    for step in range(REPEATS):
        edits = [Edit(Ref("user", f"u{step % SMALL}"), {"dnd": step // SMALL % 2 == 0})]
        started = time.perf_counter()
        outcome = await door.edit("c", edits, SYSTEM)
        taken.append(time.perf_counter() - started)
        committed += outcome.committed
    return taken, (committed, wire.arrived)


def _p99s(taken: list[float]) -> list[float]:
    """p99 of each run, in ms."""
    size = REPEATS // RUNS
    return [percentile(taken[at : at + size], 99) * 1e3 for at in range(0, RUNS * size, size)]


def run(long: bool = False) -> Result:
    """Both sizes, one after the other; the same whether long or not."""
    before = reference()
    figures, rows = list[Figure](), list[Row]()
    for users in (SMALL, LARGE):
        with tempfile.TemporaryDirectory() as folder:
            taken, ends = asyncio.run(_changes(folder, users))
        text = f"p50 {percentile(taken, 50) * 1e3:.1f} ms, p99 {percentile(taken, 99) * 1e3:.1f} ms"
        figures.append(Figure(f"change to effect among {users:,} users", text, None, ends))
        rows.append(Row(f"change {users}", tuple(_p99s(taken)), f"{REPEATS // RUNS} changes a run"))
    ratios = tuple(large / small for small, large in zip(rows[0].runs, rows[1].runs, strict=True))
    rows.append(Row("change ratio", ratios, "run by run"))
    return Result("A change until it acts", HOW, tuple(figures), (before + reference()) / 2, (), tuple(rows))


if __name__ == "__main__":
    print(run())
