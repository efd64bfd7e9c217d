"""sipp as phones: registration with digest, calls counted at both ends, CANCEL, busy, lost messages, garbage."""

import asyncio
import random  # noqa: TID251 -- seeded: the same garbage every time
import socket
from collections.abc import Iterator

import pytest

from tests.interop.bench import Bench
from tests.interop.office import company
from tests.interop.sipp import Counted, Sipp

CALLS = 20


class Lines:
    """Anna calls; Carl, who has no mailbox, is called."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.start()
        self.anna = self._sipp("anna-tisch")
        self.bea = self._sipp("bea-tisch")
        self.carl = self._sipp("carl-tisch")

    def _sipp(self, device: str) -> Sipp:
        block = self.bench.block
        return Sipp(self.bench, device, block.take(6), block.take(6))

    async def both(self, caller: str, called: str, calls: int = 1) -> tuple[Counted, Counted]:
        """Run the scenario of the caller against that of the called one; what each has counted."""
        waiting = await self.carl.start(called, calls)
        first = await self.anna.run(caller, calls, "141")
        return first, await waiting.end()


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    bench = Bench(tmp_path_factory.mktemp("sipp"), company=company())
    try:
        lines = Lines(bench)
        registered = bench.run(lines.carl.run("register"))
        assert (registered.successful, registered.failed) == (1, 0), registered.errors + registered.messages
        yield lines
    finally:
        bench.close()


def all_went_well(calls: int, *ends: Counted) -> None:
    """Every end has counted so many successful calls and no failed one."""
    for end in ends:
        assert (end.successful, end.failed) == (calls, 0), end.errors + end.messages[-6000:]


def test_registration_with_digest(lines: Lines) -> None:
    """401 with MD5 for a phone that reads nothing else, then 200; a wrong password is refused."""

    async def test() -> None:
        good = await lines.bea.run("register")
        all_went_well(1, good)
        assert good.received("SIP/2.0 401", "REGISTER") == 1
        bad = await lines.bea.run("register", 1, "0", "-ap", "wrong")
        assert (bad.successful, bad.failed) == (0, 1), bad.messages

    lines.bench.run(test())


def test_both_ends_count_the_same_calls(lines: Lines) -> None:
    """Twenty calls: the caller's count, the called one's and the history's are the same."""

    async def test() -> None:
        await lines.bench.fresh()
        all_went_well(CALLS, *await lines.both("uac", "uas", CALLS))
        records = await lines.bench.records(CALLS)
        assert {record["outcome"] for record in records} == {"answered"}
        assert {record["ended_by"] for record in records} == {"user:anna"}

    lines.bench.run(test(), 90)


def test_cancel_stops_the_ringing(lines: Lines) -> None:
    """The caller gets 487, the rung phone a CANCEL, the history one record without an answer."""

    async def test() -> None:
        await lines.bench.fresh()
        all_went_well(1, *await lines.both("uac_cancel", "uas_cancelled"))
        (record,) = await lines.bench.records(1)
        assert record["answered"] is None

    lines.bench.run(test())


@pytest.mark.parametrize(("caller", "called"), [("uac_busy", "uas_busy"), ("uac_declined", "uas_declines")])
def test_a_refusal_reaches_the_caller_as_it_was_meant(lines: Lines, caller: str, called: str) -> None:
    """486 stays 486, and 603 of the only device stays 603."""

    async def test() -> None:
        await lines.bench.fresh()
        all_went_well(1, *await lines.both(caller, called))
        await lines.bench.records(1)

    lines.bench.run(test())


def test_rfc3261_13_3_1_4_the_200_is_sent_until_it_is_acknowledged(lines: Lines) -> None:
    """A caller who misses the first 200 gets it again, and the call is one call at both ends."""

    async def test() -> None:
        await lines.bench.fresh()
        caller, called = await lines.both("uac_late_ack", "uas")
        all_went_well(1, caller, called)
        assert caller.received("SIP/2.0 200", "INVITE") >= 2
        (record,) = await lines.bench.records(1)
        assert record["outcome"] == "answered"

    lines.bench.run(test())


def test_rfc3261_13_2_2_4_every_200_that_comes_again_is_acknowledged_again(lines: Lines) -> None:
    """The called phone did not see the ACK and repeats its 200: another ACK, no other call."""

    async def test() -> None:
        await lines.bench.fresh()
        caller, called = await lines.both("uac", "uas_again")
        all_went_well(1, caller, called)
        assert called.received("ACK", "ACK") >= 2
        await lines.bench.records(1)

    lines.bench.run(test())


def garbage() -> list[bytes]:
    """Noise, cut and bent messages, and what other programs send to a SIP port."""
    chance = random.Random(4711)
    invite = b"INVITE sip:141@x SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKg\r\nCSeq: 1 INVITE\r\nContent-Length: "
    noise = [chance.randbytes(chance.randrange(1, 1400)) for _ in range(200)]
    return [
        *noise,
        *(invite[:cut] for cut in range(1, len(invite), 7)),
        *(invite + length + b"\r\n\r\n" for length in (b"-1", b"99999999999999999999", b"x", b"5")),
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        "INVITE sip:\u202e\x00<script> SIP/2.0\r\n\r\n".encode(),
        b"OPTIONS " + b"A" * 10000 + b" SIP/2.0\r\n\r\n",
    ]


STRANGER = "127.0.0.66"
"""Where the garbage comes from; the limits on failed requests are per source, and the phones share another one."""


async def throw(lines: Lines) -> None:
    """All of it, by UDP and TCP."""
    host, port = lines.bench.server.host, lines.bench.server.sip_port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((STRANGER, 0))
        for piece in garbage():
            wire.sendto(piece, (host, port))
            await asyncio.sleep(0)  # noqa: TID251 -- the others get their turn
    for piece in garbage()[-20:]:
        _, writer = await asyncio.open_connection(host, port, local_addr=(STRANGER, 0))
        writer.write(piece)
        writer.close()


def test_a_phone_that_sends_garbage_disturbs_nobody(lines: Lines) -> None:
    """Calls go on while somebody throws garbage at the server, and its processes are the same afterwards."""

    async def test() -> None:
        await lines.bench.fresh()
        before = [lines.bench.server.pid(name) for name in ("control", "web")]
        ends, _ = await asyncio.gather(lines.both("uac", "uas", 5), throw(lines))
        all_went_well(5, *ends)
        await lines.bench.records(5)
        assert [lines.bench.server.pid(name) for name in ("control", "web")] == before

    lines.bench.run(test())


def test_rfc6665_a_lamp_key_of_sipp_is_told_refreshed_and_ended(lines: Lines) -> None:
    """SUBSCRIBE with digest, the full state at once, Expires 0, the last word; five times, one after the other."""

    async def test() -> None:
        watched = await lines.bea.run("watch", 5, "141")
        all_went_well(5, watched)
        assert watched.received("NOTIFY", "NOTIFY") == 10

    lines.bench.run(test())
