"""One server and our own phones for a test module, in one event loop, stopped in order."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.integration.raw_sip import RawUdp
from tests.integration.socket_phone import HOST, SocketPhone
from tests.interop.ports import Block
from tests.interop.server import Server

from vorzimmer.app.control_link import ControlLink
from vorzimmer.app.layout import Layout
from vorzimmer.kernel.address import Address

T = TypeVar("T")
DEADLINE_S = 60.0


class PhoneBench:
    """`run` runs a test; phones that were made through `phone` are closed at the end."""

    def __init__(self, folder: Path, *, company: str = "", more: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.block = Block()
        self.server = Server(folder / "server", HOST, rtp=self.block.take_range(200), company=company, more=more)
        self.server.sip_port = self.block.take(2)
        self.server.http_port = self.block.take()
        self._runner = asyncio.Runner()
        self._phones: list[SocketPhone] = []
        self._raw: list[RawUdp] = []
        self._seen: set[str] = set()

    def run(self, test: Coroutine[Any, Any, T], seconds: float = DEADLINE_S) -> T:
        """Run a test to its end; raises TimeoutError after `seconds`."""

        async def bounded() -> T:
            async with asyncio.timeout(seconds):
                return await test

        return self._runner.run(bounded())

    def start(self) -> None:
        """Start the server; nothing stays open where that fails."""
        try:
            self.run(self.server.start(), 90)
        except BaseException:
            self._runner.close()
            self.block.close()
            raise

    async def phone(self, device: str, *, register: bool = True, secret: str = "", **more: Any) -> SocketPhone:
        """A phone of `device`, registered unless told not to, with its own password unless told another."""
        phone = SocketPhone(self.server, device, **more)
        phone.secret = secret or phone.secret
        self._phones.append(await phone.start())
        return await phone.register() if register else phone

    async def raw(self, host: str = HOST, port: int = 0) -> RawUdp:
        """A socket that speaks SIP by hand; closed after the test."""
        peer = await RawUdp(Address(host, port or self.server.sip_port)).open(host)
        self._raw.append(peer)
        return peer

    def keep(self, phone: SocketPhone) -> SocketPhone:
        """Close this one too in the end."""
        self._phones.append(phone)
        return phone

    async def hang_up(self) -> None:
        """After a test: every phone hangs up and takes its registration back, no call is left, no phone failed."""
        try:
            await self._hang_up()
        finally:
            for phone in self._phones:
                await phone.close()
            for peer in self._raw:
                peer.close()
            self._phones.clear()
            self._raw.clear()

    async def _hang_up(self) -> None:
        for phone in self._phones:
            for call in phone.phone.calls:
                call.hang_up()
        async with asyncio.timeout(10):
            while await self.server.calls():  # noqa: ASYNC110 -- the same
                await asyncio.sleep(0.05)  # noqa: TID251 -- the server is asked again, until the deadline
        bugs = [bug for phone in self._phones for bug in phone.bugs]
        for phone in self._phones:
            if phone.phone.registered and phone.phone.alive:
                phone.phone.register(0)
                await phone.until(lambda at=phone: not at.phone.registered)  # type: ignore[misc]  # bound at once
        assert not bugs

    async def devices(self) -> dict[str, list[str]]:
        """Who is registered at the control process: device and contacts."""
        link = ControlLink(Layout(self.server.state).control_socket)
        try:
            return {row["device"]: row["contacts"] for row in await link.call("devices")}
        finally:
            await link.close()

    async def unregistered(self, device: str) -> None:
        """Wait until a device has no binding; raises TimeoutError."""
        async with asyncio.timeout(5):
            while device in await self.devices():  # noqa: ASYNC110 -- the same
                await asyncio.sleep(0.02)  # noqa: TID251 -- the server is asked again, until the deadline

    async def mark(self) -> None:
        """The records that exist now are old."""
        await asyncio.sleep(0.3)  # noqa: TID251 -- longer than a record takes; nothing tells that none comes
        self._seen = {record["id"] for record in await self.server.history()}

    async def records(self, count: int, seconds: float = 10.0) -> list[dict[str, Any]]:
        """The records since `mark`, oldest first, once there are `count`; never more. Raises AssertionError."""
        new: list[dict[str, Any]] = []
        try:
            async with asyncio.timeout(seconds):
                while len(new) < count or await self.server.calls():
                    await asyncio.sleep(0.05)  # noqa: TID251 -- the history is asked again, until the deadline
                    new = [row for row in await self.server.history() if row["id"] not in self._seen]
        except TimeoutError:
            raise AssertionError(f"{count} records wanted; there are {new}\n{self.server.log()}") from None
        assert len(new) == count, f"{count} records wanted, there are {new}"
        return new[::-1]

    def close(self) -> None:
        """Stop phones and server."""
        try:
            self.run(self.hang_up())
        finally:
            self.run(self.server.stop())
            self._runner.close()
            self.block.close()
