"""Every play of ``sipp_plays`` with sipp at both ends: what both have counted, and what the history says."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.bench import Bench
from tests.interop.server import password
from tests.interop.sipp import Counted, Sipp
from tests.interop.sipp_plays import SENT_ON, Play
from tests.interop.sipp_races import PLAYS

AT_ONCE = 4
NUMBER_OF = {play.name: play.number for play in PLAYS}
NUMBERS = {play.name: 2000 + 2 * at for at, play in enumerate(PLAYS)}


def company() -> str:
    """Two people for each play: the caller, and the next number. Nobody has a mailbox."""
    lines = ["company: {id: plays, name: Plays GmbH, sip_domain: plays.example, extension_length: {min: 4, max: 4}}"]
    numbers = [number + more for number in NUMBERS.values() for more in (0, 1)]
    lines += ["users:", '  - {id: away, name: Away, extension: "1999"}'] + [
        f'  - {{id: u{n}, name: User {n}, extension: "{n}"}}' for n in numbers
    ]
    (to,) = (number + 1 for name, number in NUMBERS.items() if NUMBER_OF[name] == SENT_ON)
    always = f'{{always: {{enabled: true, to: "{to}"}}}}'
    lines += [f'  - {{id: sent, name: Sent, extension: "{SENT_ON}", forwarding: {always}}}']
    lines += ["devices:"]
    lines += [_device(f"{kind}{n}", n) for n in numbers for kind in "de"]
    return "\n".join(lines) + "\n"


def _device(name: str, number: int) -> str:
    return f'  - {{id: {name}, owner: "user:u{number}", kind: sip, username: {name}, password: {password(name)}}}'


class Stage:
    """Plays all plays, a few at a time; `counted` has what each script's sipp says."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.counted: dict[str, list[Counted]] = {}
        self.records: list[dict[str, Any]] = []
        self.media = [(bench.block.take(6), bench.block.take(6)) for _ in range(AT_ONCE)]

    async def play_all(self) -> None:
        turn = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._in_turn(turn, play) for play in PLAYS))
        await asyncio.sleep(1.0)  # noqa: TID251 -- records are in the history within 200 ms; nothing tells that no more come
        self.records = await self.bench.server.history()

    async def _in_turn(self, turn: asyncio.Semaphore, play: Play) -> None:
        async with turn:
            media = self.media.pop()
            self.counted[play.name] = await self._play(play, media)
            self.media.append(media)

    async def _play(self, play: Play, media: tuple[int, int]) -> list[Counted]:
        number, block = NUMBERS[play.name], self.bench.block
        caller = Sipp(self.bench, f"d{number}", block.take(), media[0])
        ends = []
        waiting = None
        if play.called is not None:
            called = Sipp(self.bench, f"d{number + 1}", block.take(), media[1])
            ends.append(await called.run("register"))
            waiting = await called.start(play.called, 1)
        beside = None
        if play.beside is not None:
            second = Sipp(self.bench, f"e{number + 1}", block.take(), block.take(6))
            ends.append(await second.run("register"))
            beside = await second.start(play.beside, 1)
        first = f"first-{number}"
        dialled = play.number or str(number + 1)
        calling = await caller.start(play.caller, 1, dialled, "-cid_str", first, *play.flags)
        if waiting is not None and play.third is not None:
            await waiting.dialog("ACK")
            other = Sipp(self.bench, f"e{number}", block.take(), block.take(6))
            ends.append(await other.run(play.third, 1, dialled, "-key", "first", first))
        if waiting is not None and play.picks is not None:
            dialog = await waiting.dialog(play.picks_at)
            other = Sipp(self.bench, f"e{number + 1}", block.take(), block.take(6))
            ends.append(await other.run(play.picks, 1, dialled, "-key", "dialog", dialog))
        if beside is not None:
            ends.append(await beside.end())
        ends.append(await calling.end())
        if waiting is not None:
            ends.append(await waiting.end())
        return ends

    def record_of(self, play: Play) -> list[dict[str, Any]]:
        """What the history says of a play."""
        return [each for each in self.records if each["from"] == f"user:u{NUMBERS[play.name]}"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    bench = Bench(tmp_path_factory.mktemp("plays"), company=company(), rtp_ports=400)
    try:
        bench.start()
        stage = Stage(bench)
        bench.run(stage.play_all(), 150)
        yield stage
    finally:
        bench.close()


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_play(stage: Stage, play: Play) -> None:
    ends = stage.counted[play.name]
    for end in ends:
        assert (end.successful, end.failed) == (1, 0), end.errors[-1500:] + end.messages[-6000:]
    for wanted, messages in ((play.heard, ends[-2:][0]), (play.rung, ends[-1])):
        if wanted is not None:
            start, method, least = wanted
            assert messages.received(start, method) >= least, messages.messages
    assert sorted(record["outcome"] for record in stage.record_of(play)) == sorted(play.outcomes)


def test_there_are_at_least_forty_plays_with_a_name_each() -> None:
    assert len(PLAYS) >= 40
    assert len({play.name for play in PLAYS}) == len(PLAYS)
