"""`make demo`: robots show life within a minute, and step aside for a real phone."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.integration.socket_phone import SocketPhone
from tests.interop.ports import Block

from vorzimmer.cli.asking import ask
from vorzimmer.sip.events import Responded
from vorzimmer.testing.phone import answers

READY_S = 30.0
LIFE_S = 60.0


class Demo:
    """The demo in a process of its own; what a phone asks of a server."""

    def __init__(self, folder: Path) -> None:
        self.block = Block()
        self.state = folder / "demo"
        self.sip_port = self.block.take(2)
        self.http_port = self.block.take()
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        flags = ("--port", str(self.sip_port), "--http-port", str(self.http_port), "--state", str(self.state))
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "vorzimmer.cli.main", "demo", *flags), stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        async with asyncio.timeout(READY_S):
            while b"is ready" not in (line := await self.process.stdout.readline()):
                assert line, "the demo ended before it was ready"

    def password(self, account: str) -> str:
        lines = (self.state / "accounts.txt").read_text().splitlines()
        words = next(line.split() for line in lines if account in line.split())
        return words[words.index(account) + 1]

    async def answered(self) -> bool:
        rows: list[dict[str, Any]] = await ask(str(self.state), "history", company=None, limit=9)
        return any(row["answered_by"] for row in rows)

    async def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        _, code = await asyncio.gather(self.process.communicate(), self.process.wait())
        self.block.close()
        return code


async def outside(demo: Demo) -> list[dict[str, Any]]:
    """Calls that came from the demo's carrier and were answered."""
    rows: list[dict[str, Any]] = await ask(str(demo.state), "history", company=None, limit=20)
    return [row for row in rows if row["direction"] == "in" and row["answered_by"]]


async def line_up(demo: Demo) -> list[dict[str, Any]]:
    """The demo's trunk once it is registered."""
    rows: list[dict[str, Any]] = await ask(str(demo.state), "trunks", company=None)
    return [row for row in rows if row["up"] and row["registered_s"]]


async def by_and_by(look: Callable[[], Awaitable[list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """What somebody sees who looks now and then."""
    async with asyncio.timeout(LIFE_S):
        while not (rows := await look()):  # noqa: ASYNC110 -- there is nobody who would tell
            await asyncio.sleep(0.3)  # noqa: TID251 -- see above
    return rows


async def phone_of(demo: Demo, account: str) -> SocketPhone:
    phone = SocketPhone(demo, account)  # type: ignore[arg-type]  # of a server it only needs the port
    phone.secret = demo.password(account)
    await phone.start()
    phone.phone.manner = answers(0.5)
    return await phone.register()


def bindings(phone: SocketPhone) -> int:
    """How many phones have this account, by the newest answer to a REGISTER."""
    told = [each.response for each in phone.events if isinstance(each, Responded) and each.status == 200]
    return len(told[-1].headers.list_of("Contact")) if told and told[-1] else 0


async def alone(phone: SocketPhone) -> None:
    """Register again and again, as phones do, until the answer lists nobody else."""
    async with asyncio.timeout(LIFE_S):
        while bindings(phone) > 1:
            seen = len(phone.statuses_of("REGISTER"))
            await phone.clock.sleep(1.0)
            phone.phone.register()
            await phone.until(lambda seen=seen: len(phone.statuses_of("REGISTER")) > seen + 1)


def test_robots_call_each_other_within_a_minute_and_step_aside_for_a_real_phone(tmp_path: Path) -> None:
    async def main() -> None:
        demo = Demo(tmp_path)
        await demo.start()
        phones: list[SocketPhone] = []
        try:
            assert (demo.state / "accounts.txt").stat().st_mode & 0o777 == 0o600
            async with asyncio.timeout(LIFE_S):
                while not await demo.answered():  # noqa: ASYNC110 -- a newcomer looks now and then
                    await asyncio.sleep(0.5)  # noqa: TID251 -- the same
            phones.append(await phone_of(demo, "emil-tisch"))
            assert bindings(phones[0]) == 2
            await alone(phones[0])
            phones.append(await phone_of(demo, "anna-tisch"))
            call = phones[1].phone.call("121")
            await phones[1].phone.until(lambda: call.talking, 20)
            assert [each.talking for each in phones[0].phone.calls][-1:] == [True]
            call.hang_up()
            await phones[0].phone.until(lambda: phones[0].phone.idle, 20)
        finally:
            for phone in phones:
                await phone.close()
            code = await demo.stop()
        assert code == 0

    asyncio.run(main())


def test_the_demo_has_an_outside_that_calls_in_answers_and_plays_the_emergency_services(tmp_path: Path) -> None:
    async def main() -> None:
        demo = Demo(tmp_path)
        await demo.start()
        phones: list[SocketPhone] = []
        try:
            phones.append(await phone_of(demo, "anna-tisch"))
            await by_and_by(lambda: line_up(demo))
            for dialled in ("03023125222", "112"):
                call = phones[0].phone.call(dialled)
                await phones[0].phone.until(lambda at=call: at.talking, 20)  # type: ignore[misc]  # bound at once
                live = await ask(str(demo.state), "calls", company=None)
                assert ("out", "demo", dialled) in [(each["direction"], each["trunk"], each["to"]) for each in live]
                call.hang_up()
                await phones[0].phone.until(lambda: phones[0].phone.idle, 20)
            rows = await by_and_by(lambda: outside(demo))
            assert rows[0]["from"] == "+493023125222"
        finally:
            for phone in phones:
                await phone.close()
            code = await demo.stop()
        assert code == 0

    asyncio.run(main())
