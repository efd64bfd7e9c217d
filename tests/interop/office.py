"""The company of the interop tests: the demo company with what these tests want to see acting, and three baresips.

Bea's mailbox takes over after five seconds; Carl has no mailbox and no call waiting. Anna speaks with 500 Hz, Bea with
700 Hz, Carl with 900 Hz.
"""

import asyncio
from pathlib import Path

from tests.interop.baresip import Baresip
from tests.interop.bench import Bench
from tests.interop.listening import Sound
from tests.interop.server import company_text

ANNA, BEA, CARL = 500, 700, 900
MELODY = (130.0, 1100.0)
"""Hertz between which every note of the shipped music has its strongest part."""


def company() -> str:
    """The demo company with Bea's patience and Carl's refusal of waiting calls."""
    text = company_text()
    bea = "    voicemail: {enabled: true, pin: generated}\n    assistant:"
    assert text.count(bea) == 1
    text = text.replace(bea, bea.replace("    assistant", "    forwarding: {no_answer: {after_s: 5}}\n    assistant"))
    carl = "{id: carl, name: Carl Vogt,"
    assert text.count(carl) == 1
    return text.replace(carl, f"{carl} call_waiting: false,")


class Office:
    """The server with Anna, Bea and Carl at their desks."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder, company=company())

    def start(self) -> None:
        """Server first, then the phones."""
        self.bench.start()
        self.anna = self.bench.baresip("anna-tisch", ANNA)
        self.bea = self.bench.baresip("bea-tisch", BEA)
        self.carl = self.bench.baresip("carl-tisch", CARL)

    @property
    def phones(self) -> tuple[Baresip, Baresip, Baresip]:
        """All three."""
        return self.anna, self.bea, self.carl

    async def fresh(self) -> None:
        """A new test begins."""
        for phone in self.phones:
            await phone.forget()
        await self.bench.fresh()

    async def connect(self, caller: Baresip, callee: Baresip, number: str) -> None:
        """`caller` dials, `callee` answers, both are established."""
        calls, answered = caller.count("CALL_ESTABLISHED"), callee.count("CALL_ESTABLISHED")
        ringing = callee.count("CALL_INCOMING")
        await caller.dial(number)
        await callee.wait("CALL_INCOMING", ringing + 1)
        await callee.command("accept")
        await caller.wait("CALL_ESTABLISHED", calls + 1)
        await callee.wait("CALL_ESTABLISHED", answered + 1)

    async def idle(self) -> None:
        """Nobody has a call any more, as the phones themselves count."""
        assert [await phone.calls() for phone in self.phones] == [0, 0, 0]


async def both_hear(one: Baresip, other: Baresip, seconds: float = 1.0) -> tuple[Sound, Sound]:
    """What two phones hear at the same time."""
    first, second = await asyncio.gather(one.hears(seconds), other.hears(seconds))
    return first, second


def rules(record: dict[str, object]) -> set[str]:
    """The rules that had a say."""
    because = record["because"]
    assert isinstance(because, list)
    return {each["rule"] for each in because}
