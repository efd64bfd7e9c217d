"""One server and its phones for a whole test module: started once, on ports of their own, stopped by their ids.

Each test runs in the same event loop as the processes were started in, within a deadline.
"""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tests.interop.baresip import Baresip
from tests.interop.ports import Block
from tests.interop.server import Server, password

T = TypeVar("T")
DEADLINE_S = 60.0


class Stoppable(Protocol):
    """What the bench ends when the module is through."""

    async def stop(self) -> None:
        """End the process and wait for it."""


class Bench:
    """`run` runs a test; what `started` was told of is stopped at the end, the newest first."""

    def __init__(
        self, folder: Path, *, host: str = "", company: str = "", more: tuple[str, ...] = (), rtp_ports: int = 200
    ) -> None:
        self.folder = folder
        self.block = Block()
        self.media = Block()
        rtp = self.media.take_range(rtp_ports)
        self.server = Server(folder / "server", host, rtp=rtp, company=company, more=more)
        self.server.sip_port = self.block.take(2)
        self.server.http_port = self.block.take()
        self._runner = asyncio.Runner()
        self._running: list[Stoppable] = []
        self._seen: set[str] = set()

    def run(self, test: Coroutine[Any, Any, T], seconds: float = DEADLINE_S) -> T:
        """Run a test to its end; raises TimeoutError after `seconds`."""

        async def bounded() -> T:
            async with asyncio.timeout(seconds):
                return await test

        return self._runner.run(bounded())

    def start(self) -> None:
        """Start the server."""
        self._running.append(self.server)
        self.run(self.server.start(), 90)

    def baresip(self, device: str, hertz: int, **more: Any) -> Baresip:
        """Start a baresip for `device`; it is registered afterwards."""
        phone = Baresip(
            self.folder / device,
            device,
            password(device),
            self.server.address,
            hertz,
            self.block.take(6),
            self.block.take(),
            self.block.take_range(20),
            **more,
        )
        self._running.append(phone)
        self.run(phone.start())
        return phone

    def started(self, what: Stoppable) -> None:
        """Somebody else started something that has to be stopped in the end."""
        self._running.append(what)

    async def fresh(self) -> None:
        """Before a test: no call is left, the records that exist already are old."""
        async with asyncio.timeout(10):
            while await self.server.calls():  # noqa: ASYNC110 -- the same
                await asyncio.sleep(0.1)  # noqa: TID251 -- the server is asked again, until the deadline
        # The record of a call that has just ended is in the history within 200 ms.
        await asyncio.sleep(0.4)  # noqa: TID251 -- twice the promised time; nothing tells that no record comes
        self._seen = {record["id"] for record in await self.server.history()}

    async def records(self, count: int, seconds: float = 10.0) -> list[dict[str, Any]]:
        """The records since `fresh`, oldest first, as soon as there are `count` and no call is left; never more."""
        new: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    new = [r for r in await self.server.history() if r["id"] not in self._seen]
                    if len(new) >= count and not await self.server.calls():
                        break
                    await asyncio.sleep(0.1)  # noqa: TID251 -- the history is asked again, until the deadline
        except TimeoutError:
            live = await self.server.calls()
            raise AssertionError(
                f"{count} records wanted; there are {new}; live: {live}\n{self.server.log()}"
            ) from None
        assert len(new) == count, f"{count} records wanted, there are {new}"
        return new[::-1]

    def close(self) -> None:
        """Stop everything; every process gets its turn even if one fails to end."""
        failures: list[BaseException] = []
        for each in reversed(self._running):
            try:
                self.run(each.stop())
            except (AssertionError, TimeoutError) as failure:
                failures.append(failure)
        self._runner.close()
        self.block.close()
        self.media.close()
        if failures:
            raise failures[0]
