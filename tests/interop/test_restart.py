"""What people notice when a process of the server dies under their calls: the audio goes on, hold and hang-up work.

Fifty scripted phones with sockets and voices of their own; who hears how many packets is counted.
"""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.socket_phone import HOST, SocketPhone, connect
from tests.interop.bench import Bench
from tests.interop.server import password
from vorzimmer.testing.phone_call import PhoneCall

TALKING, HELD = 20, 5
PAIRS = TALKING + HELD
PACKETS = 20
"""400 ms of sound: more than what may still be under way."""

Pair = tuple[SocketPhone, SocketPhone, PhoneCall, PhoneCall]


def company() -> str:
    """Fifty people, one phone each."""
    people = range(2 * PAIRS)
    users = "".join(f'  - {{id: p{n}, name: Person {n}, site: s, extension: "{200 + n}"}}\n' for n in people)
    devices = "".join(
        f'  - {{id: d{n}, owner: "user:p{n}", kind: sip, username: d{n}, password: {password(f"d{n}")}}}\n'
        for n in people
    )
    return (
        "company:\n  id: last\n  name: Last GmbH\n  sip_domain: last.example\n  country: DE\n  area_code: '89'\n"
        f"sites:\n  - {{id: s, name: Eins}}\nusers:\n{users}devices:\n{devices}"
    )


class Hall:
    """A server and the phones, of which `pair` connects two."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder, host=HOST, company=company(), rtp_ports=320)
        self.phones: list[SocketPhone] = []

    async def open(self) -> None:
        """All phones register."""
        for n in range(2 * PAIRS):
            phone = await SocketPhone(self.bench.server, f"d{n}").start()
            self.phones.append(phone)
            await phone.register()

    async def pair(self, n: int) -> Pair:
        """Phone 2n calls phone 2n+1; both speak."""
        caller, callee = self.phones[2 * n], self.phones[2 * n + 1]
        caller.fresh()
        callee.fresh()
        outgoing, incoming = await connect(caller, callee, str(201 + 2 * n))
        await callee.until(lambda: incoming.talking)
        caller.speak()
        callee.speak()
        return caller, callee, outgoing, incoming

    async def close(self) -> None:
        """The phones first."""
        for phone in self.phones:
            await phone.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    try:
        hall.bench.start()
        hall.bench.run(hall.open())
        yield hall
    finally:
        hall.bench.run(hall.close())
        hall.bench.close()


async def all_hear(pairs: list[Pair], seconds: float) -> None:
    """Both phones of every pair hear so many packets more within that time."""
    await asyncio.gather(*(phone.heard(PACKETS, seconds) for pair in pairs for phone in pair[:2]))


async def held(pair: Pair) -> None:
    """The caller puts the call on hold; the other hears music from now on."""
    caller, callee, outgoing, _ = pair
    before = outgoing.statuses.count(200)
    outgoing.hold()
    await caller.until(lambda: outgoing.statuses.count(200) > before)
    await callee.heard(PACKETS)


def test_kill_9_of_control_during_20_talking_and_5_held_calls(hall: Hall) -> None:
    """Audio goes on during the outage; hold, resume and hang-up work within 5 s after it; one record each."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        pairs = [await hall.pair(n) for n in range(PAIRS)]
        talking, on_hold = pairs[:TALKING], pairs[TALKING:]
        for pair in on_hold:
            await held(pair)
        await all_hear(talking, 3.0)
        server, before = hall.bench.server, hall.bench.server.pid("control")
        server.kill("control", signal.SIGKILL)
        killed = loop.time()
        # While control is away: every voice and every piece of music goes on.
        await asyncio.gather(all_hear(talking, 2.0), *(pair[1].heard(PACKETS, 2.0) for pair in on_hold))
        assert loop.time() - killed < 2.0
        # People press keys meanwhile: one holds, one resumes, one hangs up, one on hold hangs up.
        holder, _, holding, _ = talking[0]
        resumer, _, resuming, _ = on_hold[0]
        answered = {call: call.statuses.count(200) for call in (holding, resuming)}
        holding.hold()
        resuming.resume()
        talking[1][2].hang_up()
        on_hold[1][3].hang_up()
        async with asyncio.timeout_at(killed + 5.0):
            await holder.until(lambda: holding.statuses.count(200) > answered[holding])
            await resumer.until(lambda: resuming.statuses.count(200) > answered[resuming])
            await talking[1][1].until(lambda: talking[1][3].over)
            await on_hold[1][0].until(lambda: on_hold[1][2].over)
        assert await server.restarted("control", before) != before
        assert holding.refused_reinvites == resuming.refused_reinvites == []
        await all_hear([*talking[2:], on_hold[0]], 3.0)
        for pair in pairs:
            pair[2].hang_up()
        await asyncio.gather(*(pair[1].until(lambda call=pair[3]: call.over) for pair in pairs))
        records = await hall.bench.records(PAIRS, 15)
        assert len({record["id"] for record in records}) == PAIRS
        assert {record["outcome"] for record in records} == {"answered"}

    hall.bench.run(test(), 90)


def test_kill_9_of_a_media_worker_costs_a_second_of_sound(hall: Hall) -> None:
    """A killed worker is replaced within 1 s; its calls get new sessions by re-INVITE and are heard again."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        pairs = [await hall.pair(n) for n in range(6)]
        await all_hear(pairs, 3.0)
        server = hall.bench.server
        before, invited = server.pid("media-0"), [pair[3].reinvited + pair[2].reinvited for pair in pairs]
        server.kill("media-0", signal.SIGKILL)
        killed = loop.time()
        await server.restarted("media-0", before)
        assert loop.time() - killed < 1.0
        # Phones speak to where the re-INVITE tells them.
        async with asyncio.timeout(10):
            while True:
                for caller, callee, outgoing, incoming in pairs:
                    caller.ear.speak(outgoing.agreed)
                    callee.ear.speak(incoming.agreed)
                heard = [phone.ear.heard for pair in pairs for phone in pair[:2]]
                await asyncio.sleep(0.3)  # noqa: TID251 -- sound is counted again, until the deadline
                if all(
                    p.ear.heard >= was + 10 for p, was in zip((p for x in pairs for p in x[:2]), heard, strict=True)
                ):
                    break
        again = [pair[3].reinvited + pair[2].reinvited for pair in pairs]
        assert 0 < sum(now > was for now, was in zip(again, invited, strict=True)) < len(pairs), (
            "only the worker's calls"
        )
        for pair in pairs:
            pair[2].hang_up()
        await asyncio.gather(*(pair[1].until(lambda call=pair[3]: call.over) for pair in pairs))
        await hall.bench.records(len(pairs))

    hall.bench.run(test())


def test_sigterm_takes_no_new_calls_and_lets_the_old_ones_end(hall: Hall) -> None:
    """After SIGTERM a new call gets 503, the old one is heard until it ends, and the server ends cleanly."""

    async def test() -> None:
        pair = await hall.pair(0)
        await all_hear([pair], 3.0)
        stopping = asyncio.ensure_future(hall.bench.server.stop())
        newcomer = hall.phones[4]

        def refused() -> bool:
            return newcomer.phone.last.over and 503 in newcomer.phone.last.statuses

        # The signal needs a moment to arrive; what is called before that is a call like any other, and is given up.
        async with asyncio.timeout(5):
            while True:
                call = newcomer.call("205")
                await newcomer.until(lambda call=call: call.over or 180 in call.statuses)
                if refused():
                    break
                call.hang_up()
        await all_hear([pair], 3.0)
        assert not stopping.done()
        pair[2].hang_up()
        await pair[1].until(lambda: pair[3].over)
        await asyncio.wait_for(stopping, 10)
        assert hall.bench.server.exit_code == 0

    hall.bench.run(test())
