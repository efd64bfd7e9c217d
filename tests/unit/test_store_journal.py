"""The journal over memory, in virtual time: in the database within 200 ms, and once, whatever fails."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store_contract import record_bytes

from vorzimmer.calls.kept import CallQuery
from vorzimmer.store.frames import Entry, frame, read
from vorzimmer.store.journal import Journal
from vorzimmer.store.memory import MemoryStore
from vorzimmer.store.ports import StoreFailedError
from vorzimmer.store.write_behind import WriteBehind
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.segments import MemorySegments

DOCUMENT = record_bytes("any")


class Bench:
    def __init__(self) -> None:
        self.failing = False
        self.store = MemoryStore(fails=lambda operation: self.failing)
        self.segments = MemorySegments()
        self.clock = VirtualClock()
        self.troubles: list[str] = []
        self.journal = self._journal()

    def _journal(self) -> Journal:
        return Journal(self.segments, self.store.live, self.clock, on_trouble=self.troubles.append)

    def crash(self, lost: int = 0) -> Journal:
        """kill -9: the journal object is forgotten with all it had in memory."""
        if self.journal._alarm is not None:
            self.journal._alarm.cancel()
        self.segments = self.segments.crash(lost)
        self.journal = self._journal()
        return self.journal

    async def records(self) -> list[str]:
        return [row.call for row in await self.store.calls.find(CallQuery("musterbau"))]


def test_an_entry_is_in_the_file_at_once_and_in_the_database_within_200_ms() -> None:
    async def main() -> None:
        bench = Bench()
        bench.journal.append("state", "c1", b"talking")
        assert bytes(bench.segments.files[-1]) == frame(Entry("state", "c1", b"talking"))
        await bench.clock.sleep(0.2)
        assert await bench.store.live.load("call") == {"c1": b"talking"}
        bench.journal.append("record", "c1", DOCUMENT)
        bench.journal.append("gone", "c1", b"")
        await bench.clock.sleep(0.2)
        assert await bench.store.live.load("call") == {}
        assert await bench.records() == ["c1"]
        assert [len(data) for data in bench.segments.files] == [0]
        assert bench.journal.pending == 0

    run(main())


def test_an_idle_journal_has_no_alarm() -> None:
    async def main() -> None:
        bench = Bench()
        bench.journal.append("state", "c1", b"x")
        await bench.clock.sleep(1)
        assert bench.journal._alarm is None
        assert bench.journal._task is None

    run(main())


def test_after_a_crash_states_and_records_are_there() -> None:
    async def main() -> None:
        bench = Bench()
        bench.journal.append("state", "c1", b"talking")
        bench.journal.append("state", "c2", b"talking")
        await bench.clock.sleep(0.2)
        bench.journal.append("state", "c1", b"held")
        bench.journal.append("record", "c2", DOCUMENT)
        journal = bench.crash()
        assert await journal.restore() == {"c1": b"held"}
        assert await bench.records() == ["c2"]
        assert [len(data) for data in bench.segments.files] == [0]
        assert await bench.crash().restore() == {"c1": b"held"}
        assert await bench.records() == ["c2"]

    run(main())


def test_a_torn_last_frame_is_ignored() -> None:
    async def main() -> None:
        bench = Bench()
        bench.journal.append("state", "c1", b"talking")
        bench.journal.append("record", "c1", DOCUMENT)
        journal = bench.crash(lost=1)
        assert await journal.restore() == {"c1": b"talking"}
        assert await bench.records() == []

    run(main())


def test_while_the_database_is_away_nothing_is_lost_and_later_it_is_written_once() -> None:
    async def main() -> None:
        bench = Bench()
        bench.failing = True
        bench.journal.append("record", "c1", DOCUMENT)
        await bench.clock.sleep(1)
        bench.journal.append("record", "c2", DOCUMENT)
        bench.journal.append("record", "c1", b"another document")
        await bench.clock.sleep(5)
        assert bench.troubles
        bench.failing = False
        await bench.clock.sleep(2)
        assert sorted(await bench.records()) == ["c1", "c2"]
        assert bench.journal.pending == 0
        assert [len(data) for data in bench.segments.files] == [0]

    run(main())


def test_a_crash_while_the_database_is_away_loses_nothing() -> None:
    async def main() -> None:
        bench = Bench()
        bench.failing = True
        for number in range(5):
            bench.journal.append("record", f"c{number}", DOCUMENT)
            await bench.clock.sleep(1.3)
        bench.journal.append("state", "c9", b"talking")
        journal = bench.crash()
        bench.failing = False
        assert await journal.restore() == {"c9": b"talking"}
        assert len(await bench.records()) == 5

    run(main())


def test_a_full_disk_is_reported_and_the_database_gets_it_all_the_same() -> None:
    async def main() -> None:
        bench = Bench()
        bench.segments.full = True
        bench.journal.append("record", "c1", DOCUMENT)
        await bench.clock.sleep(0.2)
        assert bench.troubles == ["journal: No space left on device"] * 2
        assert await bench.records() == ["c1"]
        bench.segments.full = False
        bench.journal.append("record", "c2", DOCUMENT)
        await bench.clock.sleep(0.2)
        assert len(await bench.records()) == 2

    run(main())


def test_closing_writes_what_is_left_and_keeps_what_the_database_refuses() -> None:
    async def main() -> None:
        bench = Bench()
        bench.journal.append("record", "c1", DOCUMENT)
        await bench.journal.close()
        assert await bench.records() == ["c1"]
        journal = bench.crash()
        bench.failing = True
        journal.append("record", "c2", DOCUMENT)
        await journal.close()
        bench.failing = False
        await bench.crash().restore()
        assert sorted(await bench.records()) == ["c1", "c2"]

    run(main())


STEPS = st.lists(
    st.tuples(st.sampled_from(["state", "record", "gone", "wait", "crash", "outage", "back"]), st.integers(0, 3)),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_fails_every_record_is_written_once_and_states_are_the_newest(steps: list[tuple[str, int]]) -> None:
    async def main() -> None:
        bench = Bench()
        states: dict[str, bytes] = {}
        ended: set[str] = set()
        for count, (step, number) in enumerate(steps):
            key = f"c{number}-{count}" if step == "state" else next(iter(sorted(states)), "")
            if step == "state":
                states[key] = b"%d" % count
                bench.journal.append("state", key, states[key])
            elif step in {"record", "gone"} and key:
                del states[key]
                ended.add(key)
                bench.journal.append("record", key, DOCUMENT)
                bench.journal.append("gone", key, b"")
            elif step == "wait":
                await bench.clock.sleep(number / 10)
            elif step in {"outage", "back"}:
                bench.failing = step == "outage"
            elif step == "crash":
                bench.failing = False
                assert await bench.crash().restore() == states
        bench.failing = False
        await bench.journal.close()
        assert await bench.store.live.load("call") == states
        assert set(await bench.records()) == ended

    run(main())


def test_bindings_follow_within_a_second_and_survive_an_outage() -> None:
    async def main() -> None:
        bench = Bench()
        behind = WriteBehind("binding", bench.store.live, bench.clock, on_trouble=bench.troubles.append)
        for number in range(3):
            behind.put("p1", b"%d" % number)
        behind.put("p2", b"x")
        behind.put("p2", None)
        await bench.clock.sleep(1)
        assert await behind.restore() == {"p1": b"2"}
        bench.failing = True
        behind.put("p1", b"old")
        behind.put("p3", b"x")
        await bench.clock.sleep(1)
        behind.put("p1", b"new")
        await bench.clock.sleep(1)
        bench.failing = False
        assert bench.troubles == ["bindings: database: told to fail at live.save"] * 2
        await behind.close()
        assert await behind.restore() == {"p1": b"new", "p3": b"x"}

    run(main())


def test_what_was_put_in_the_moment_before_a_kill_is_there_after_it() -> None:
    async def main() -> None:
        bench = Bench()
        files = MemorySegments()

        def begin(before: WriteBehind | None) -> WriteBehind:
            nonlocal files
            if before is not None and before._alarm is not None:
                before._alarm.cancel()
            files = files.crash()
            trouble = bench.troubles.append
            return WriteBehind("binding", bench.store.live, bench.clock, on_trouble=trouble, segments=files)

        first = begin(None)
        assert await first.restore() == {}
        first.put("a", b"1")
        await bench.clock.sleep(2)
        first.put("a", b"2")
        first.put("b", b"1")
        first.put("b", None)
        first.put("c", b"1")
        second = begin(first)
        second.put("d", b"1")  # before what was left has been read
        await bench.clock.sleep(2)
        bench.failing = True
        with pytest.raises(StoreFailedError):
            await second.restore()
        bench.failing = False
        assert await second.restore() == {"a": b"2", "c": b"1", "d": b"1"}
        second.put("c", None)
        third = begin(second)
        assert await third.restore() == {"a": b"2", "d": b"1"}
        assert [len(data) for data in files.files] == [0]

    run(main())


def test_a_full_disk_is_told_and_loses_nothing_that_reaches_the_database() -> None:
    async def main() -> None:
        bench, files = Bench(), MemorySegments()
        trouble = bench.troubles.append
        behind = WriteBehind("binding", bench.store.live, bench.clock, on_trouble=trouble, segments=files)
        await behind.restore()
        files.full = True
        behind.put("a", b"1")
        await bench.clock.sleep(2)
        assert bench.troubles == ["bindings: No space left on device"] * 2
        assert await behind.restore() == {"a": b"1"}
        files.full = False
        behind.put("a", b"2")
        await behind.close()
        assert await behind.restore() == {"a": b"2"}

    run(main())


def test_of_what_is_there_already_only_the_end_is_journaled() -> None:
    async def main() -> None:
        bench, files = Bench(), MemorySegments()
        trouble = bench.troubles.append
        behind = WriteBehind(
            "binding", bench.store.live, bench.clock, on_trouble=trouble, segments=files, only_new=True
        )  # fmt: skip
        await bench.store.live.save("binding", {"a": b"1"})
        await behind.restore()
        behind.put("a", b"2")
        assert len(files.files[-1]) == 0
        behind.put("b", b"1")
        behind.put("b", b"2")
        behind.put("a", None)
        behind.put("a", None)
        assert len(list(read(bytes(files.files[-1])))) == 2
        assert behind._alarm is not None
        behind._alarm.cancel()
        after = WriteBehind("binding", bench.store.live, bench.clock, on_trouble=trouble, segments=files.crash())
        assert await after.restore() == {"b": b"1"}

    run(main())
