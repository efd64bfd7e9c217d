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

REPEATS = 200
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
        edits = [Edit(Ref("user", f"u{step % SMALL}"), {"dnd": step < SMALL})]
        started = time.perf_counter()
        outcome = await door.edit("c", edits, SYSTEM)
        taken.append(time.perf_counter() - started)
        committed += outcome.committed
    return taken, (committed, wire.arrived)


def run() -> Result:
    """Both sizes, one after the other."""
    before = reference()
    figures: list[Figure] = []
    p50: list[float] = []
    for users in (SMALL, LARGE):
        with tempfile.TemporaryDirectory() as folder:
            taken, ends = asyncio.run(_changes(folder, users))
        p50.append(percentile(taken, 50))
        text = f"p50 {p50[-1] * 1e3:.1f} ms, p99 {percentile(taken, 99) * 1e3:.1f} ms"
        figures.append(Figure(f"change to effect among {users:,} users", text, None, ends))
    slower = p50[1] / p50[0]
    wrong = (f"a change among {LARGE:,} users takes {slower:.1f} times as long",) if slower > 2 else ()
    return Result("A change until it acts", HOW, tuple(figures), (before + reference()) / 2, wrong)


if __name__ == "__main__":
    print(run())
