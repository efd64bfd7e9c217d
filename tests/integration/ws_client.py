"""The browser's side of a SIP WebSocket: transports for our scripted phone, and a raw client for hostile tests.

This module must never send to anybody but the server it was given.
"""

import asyncio
import ssl
from pathlib import Path

import wsproto
from tests.integration.socket_phone import SocketPhone
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

from vorzimmer.kernel.address import Address
from vorzimmer.net.certificates import client_context
from vorzimmer.net.pump import Pump, Sink
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.testing.phone import Line, Phone, rings

Headers = tuple[tuple[bytes, bytes], ...]


class RawWebSocket:
    """One connection; `next` gives what comes as wsproto's events, whole messages only."""

    def __init__(self, there: Address, tls: ssl.SSLContext | None = None) -> None:
        self.there = there
        self.tls = tls
        self.ws = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._events: list[Event] = []
        self._text = b""

    async def open(
        self, *, protocols: tuple[str, ...] = ("sip",), headers: Headers = (), name: str = "localhost"
    ) -> Event:
        """Connect and ask for the upgrade; the answer."""
        self.reader, self.writer = await asyncio.open_connection(
            *self.there, ssl=self.tls, server_hostname=name if self.tls else None
        )
        self.put(Request(host=str(self.there), target="/", subprotocols=list(protocols), extra_headers=list(headers)))
        return await self.next()

    def put(self, event: Event) -> None:
        self.writer.write(self.ws.send(event))

    async def next(self) -> Event:
        """The next event; pings are answered on the way. Raises EOFError when the server has closed."""
        while True:
            while self._events:
                event = self._events.pop(0)
                if isinstance(event, TextMessage | BytesMessage):
                    data = event.data
                    self._text += data.encode() if isinstance(data, str) else bytes(data)
                    if not event.message_finished:
                        continue
                    whole, self._text = self._text, b""
                    return BytesMessage(whole)
                if isinstance(event, Ping):
                    self.put(event.response())
                return event
            data = await self.reader.read(65536)
            if not data:
                raise EOFError
            self.ws.receive_data(data)
            self._events.extend(self.ws.events())

    async def close(self) -> None:
        if self.ws.state is ConnectionState.OPEN:
            self.put(CloseConnection(1000))
        self.writer.close()


class BrowserTransports:
    """net.pump.Transports over one WebSocket to one server."""

    NAME = Address("df7jal23ls0d.invalid", 80)
    """What a browser calls itself (RFC 7118 section 5), since it knows no address."""

    def __init__(self, transport: str, there: Address) -> None:
        tls = client_context(verify=False) if transport == "wss" else None
        self.flow = Flow(transport, self.NAME, there, 1, "browser")
        self.socket = RawWebSocket(there, tls)
        self._sink: Sink | None = None
        self._task: asyncio.Task[None] | None = None
        self.binary = False

    def attach(self, sink: Sink) -> None:
        self._sink = sink

    async def open(self) -> None:
        assert isinstance(await self.socket.open(), AcceptConnection)
        self._task = asyncio.create_task(self._listen())

    def send(self, packet: Packet) -> None:
        assert self._sink is not None
        if isinstance(packet.to, Hop) and packet.transaction:
            self._sink.found(packet.transaction, self.flow)
        event = BytesMessage(packet.data) if self.binary else TextMessage(packet.data.decode())
        self.socket.put(event)

    def close_flow(self, flow: Flow) -> None:
        self.socket.writer.close()

    def sent_by(self, to: Flow | Hop) -> Address:
        return self.NAME

    async def close(self) -> None:
        await self.socket.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        assert self._sink is not None
        try:
            while True:
                event = await self.socket.next()
                if isinstance(event, BytesMessage):
                    self._sink.received(bytes(event.data), self.flow)
        except (EOFError, ConnectionError):
            self._sink.closed(self.flow)


class WebPhone(SocketPhone):
    """Our scripted phone in a browser, as far as signalling goes; audio is plain RTP."""

    async def start(self, folder: Path | None = None, *, port: int = 0) -> "WebPhone":
        there = Address(self.host, port)
        self.transports = BrowserTransports(self.transport, there)  # type: ignore[assignment]
        self.engine = Engine(EngineConfig(self.transports.sent_by, user_agent=self.user_agent), self.chance)
        self.pump = Pump(self.engine, self.clock, self.transports, on_bug=self._bug)
        await self.transports.open()  # type: ignore[attr-defined]
        media = await self.ear.open(self.host)
        line = Line(
            self.device,
            there,
            self.secret,
            transport=self.transport,
            media=media,
            contact=BrowserTransports.NAME,
            formats=self.codecs,
        )
        self.phone = Phone(line, self.pump, self.clock, self.chance)
        self.phone.manner = rings
        self.pump.handle_with(self._handle)
        return self


__all__ = ["BytesMessage", "Pong", "RawWebSocket", "RejectConnection", "TextMessage", "WebPhone"]
