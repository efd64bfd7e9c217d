"""WS and WSS connections (RFC 6455): a SIP message is a WebSocket message (RFC 7118), text or binary.

The upgrade is answered properly, whatever comes instead of one; origins, size and silence are bounded. Extensions are
not negotiated: a few compressed bytes can be a great many. This module must never look into a SIP message.
"""

import wsproto
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from vorzimmer.net.stream import Connection, Origin, Table

SUBPROTOCOL = "sip"

UPGRADE_LIMIT = 16_384
"""Bytes of an upgrade request, cookies and all."""


class WebSocketConnection(Connection):
    """One browser or other WebSocket phone. `origins` are the web origins that may connect, empty for all; a client
    that sends no Origin is no browser and passes."""

    def __init__(self, table: Table, origin: Origin, origins: frozenset[str]) -> None:
        super().__init__(table, origin)
        self._origins = origins
        self._ws = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self._since = self._heard_at = self._pinged = table.clock.now()
        self._upgraded = False
        self._asked_for = 0
        self._parts = bytearray()
        self._begun: float | None = None

    def data_received(self, data: bytes) -> None:
        """asyncio: a piece of the upgrade or of frames."""
        if self._transport is None or self._transport.is_closing():
            return
        self._active = self._heard_at = self._table.clock.now()
        self._asked_for += 0 if self._upgraded else len(data)
        if self._asked_for > UPGRADE_LIMIT:
            self._table.counts.handshakes += 1
            self.abort()
            return
        try:
            self._ws.receive_data(data)
            for event in self._ws.events():
                self._happened(event)
                if self._transport is None or self._transport.is_closing():
                    return
        except RemoteProtocolError as error:
            self._refuse(error)
        except (UnicodeError, ValueError, LocalProtocolError):  # a Host that is none, a frame after the close
            self.abort()

    def send(self, data: bytes) -> bool:
        """One message; False if it is closing, or the peer has left too much unread, which closes it."""
        if not self._upgraded:
            return False
        try:
            event: Event = TextMessage(data.decode())
        except UnicodeDecodeError:
            event = BytesMessage(data)
        return self._put(event)

    def close(self) -> None:
        """Say goodbye, then close after what is written has gone out."""
        self._farewell(CloseReason.NORMAL_CLOSURE)

    # -- what comes in ----------------------------------------------------------------------------------------------
    def _happened(self, event: Event) -> None:
        if isinstance(event, TextMessage | BytesMessage):
            self._piece(event)
        elif isinstance(event, Ping):
            self._put(event.response())
        elif isinstance(event, Request):
            self._asked(event)
        elif isinstance(event, CloseConnection):
            if self._ws.state is ConnectionState.REMOTE_CLOSING:
                self._put(event.response())
                super().close()
            else:  # wsproto says so of frames that break the protocol, and leaves the telling to us
                self._farewell(event.code)

    def _asked(self, request: Request) -> None:
        """RFC 7118 section 4.2: only clients that speak SIP; browsers only from origins that are ours."""
        headers = {bytes(name).lower(): bytes(value) for name, value in request.extra_headers}
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if origin and self._origins and origin not in self._origins:
            self._reject(403)
        elif SUBPROTOCOL not in request.subprotocols:
            self._reject(400)
        else:
            self._upgraded = self._heard = True
            self._put(AcceptConnection(subprotocol=SUBPROTOCOL))

    def _piece(self, event: TextMessage | BytesMessage) -> None:
        data = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
        if len(self._parts) + len(data) > self._table.limits.message:
            self._farewell(CloseReason.MESSAGE_TOO_BIG)
            return
        self._parts += data
        if not event.message_finished:
            self._begun = self._table.clock.now() if self._begun is None else self._begun
            return
        whole, self._begun = bytes(self._parts), None
        self._parts.clear()
        self._table.sink().received(whole, self.flow)

    # -- what goes out ----------------------------------------------------------------------------------------------
    def _put(self, event: Event) -> bool:
        try:
            return super().send(self._ws.send(event))
        except LocalProtocolError:  # closing already
            return False

    def _refuse(self, error: RemoteProtocolError) -> None:
        """HTTP that is no upgrade (RFC 6455 section 4.4, RFC 9110 section 15.5.22), or frames that are none."""
        if self._upgraded:
            hint = error.event_hint
            self._farewell(hint.code if isinstance(hint, CloseConnection) else CloseReason.PROTOCOL_ERROR)
            return
        hint = error.event_hint
        if isinstance(hint, RejectConnection) and "Upgrade" in str(error):
            self._reject(426, ((b"Upgrade", b"websocket"), (b"Connection", b"Upgrade")))
        elif isinstance(hint, RejectConnection):
            self._reject(hint.status_code, tuple((bytes(n), bytes(v)) for n, v in hint.headers))
        else:
            self.abort()

    def _reject(self, status: int, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self._table.counts.handshakes += 1
        self._put(RejectConnection(status_code=status, headers=[*headers, (b"Connection", b"close")]))
        super().close()

    def _farewell(self, code: int) -> None:
        if self._upgraded:
            self._put(CloseConnection(code=code))
        super().close()

    # -- time -------------------------------------------------------------------------------------------------------
    def look_over(self, now: float) -> None:
        """As for streams, and a ping now and then: it keeps proxies and NAT open and finds out who is gone."""
        super().look_over(now)
        if self._upgraded and now - self._pinged >= self._table.limits.ping:
            self._pinged = now
            self._put(Ping(payload=b"vz"))

    def _overdue(self, now: float) -> str:
        limits = self._table.limits
        if not self._upgraded and now - self._since > limits.silent:
            return "silent"
        if self._upgraded and now - self._heard_at > limits.ping * 3:
            return "idle"
        return super()._overdue(now)

    def _reading_for(self, now: float) -> float:
        """Seconds since the first frame of a message that is not whole."""
        return now - self._begun if self._begun is not None else 0.0
