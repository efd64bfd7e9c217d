"""Events of a real server over a real web socket: phones register and talk, control is killed, a watcher resumes."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import msgspec
import wsproto
from tests.integration.socket_phone import SocketPhone, connect
from tests.interop.server import Server
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

HOST = "127.0.0.1"


class EventClient:
    """A program that follows."""

    def __init__(self, server: Server, query: str = "") -> None:
        self._server, self._path = server, f"/api/v1/events{query}"
        self._ws = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self.told: list[dict[str, Any]] = []
        self._text = ""

    async def open(self) -> "EventClient":
        token = (self._server.state / "api.token").read_text().strip()
        self._reader, self._writer = await asyncio.open_connection(HOST, self._server.http_port)
        headers = [(b"Authorization", f"Bearer {token}".encode())]
        self._writer.write(self._ws.send(Request(host="localhost", target=self._path, extra_headers=headers)))
        await self.hear("ready")
        return self

    async def hear(self, kind: str, **data: Any) -> dict[str, Any]:
        """The first event of this type with these data, from now or before."""
        async with asyncio.timeout(20.0):
            while True:
                for event in self.told:
                    if event["type"] == kind and data.items() <= event["data"].items():
                        return event
                await self._read()

    async def _read(self) -> None:
        data = await self._reader.read(65_536)
        assert data, "the server has gone"
        self._ws.receive_data(data)
        for event in self._ws.events():
            if isinstance(event, TextMessage):
                self._text += event.data
                if event.message_finished:
                    self.told.append(msgspec.json.decode(self._text))
                    self._text = ""
            elif isinstance(event, Ping):
                self._writer.write(self._ws.send(event.response()))
            else:
                assert isinstance(event, AcceptConnection), event

    async def close(self) -> None:
        self._writer.write(self._ws.send(CloseConnection(code=1000)))
        self._writer.close()


def test_what_phones_do_is_told_as_it_happens_and_a_watcher_who_was_away_resumes(tmp_path: Path) -> None:
    async def main() -> None:
        server = Server(tmp_path, HOST)
        await server.start()
        anna, bea = SocketPhone(server, "anna-tisch"), SocketPhone(server, "bea-tisch")
        try:
            client = await EventClient(server, "?company=musterbau").open()
            for phone in (anna, bea):
                await (await phone.start()).register()
            await client.hear("registration.added", device="anna-tisch", owner="user:anna")
            await client.hear("presence.changed", ref="user:bea", state="idle")
            call, _ = await connect(anna, bea, "140")
            answered = await client.hear("call.answered", parties=["user:anna", "user:bea"])
            await client.hear("presence.changed", ref="user:anna", state="talking")
            number = answered["number"]
            await client.close()
            call.hang_up()
            again = await EventClient(server, f"?company=musterbau&since={number}").open()
            await again.hear("call.ended", call=answered["data"]["call"])
            numbers = [event["number"] for event in again.told]
            assert numbers == list(range(number, number + len(numbers)))
            before = server.pid("control")
            server.kill("control", signal.SIGKILL)
            gap = await again.hear("gap", reason="control")
            assert "calls" in gap["data"]["load"]
            await server.restarted("control", before)
            await again.close()
        finally:
            await anna.close()
            await bea.close()
            await server.stop()

    asyncio.run(main())
