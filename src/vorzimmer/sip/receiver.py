"""What comes in: framing, parsing, the checks of RFC 3261 section 8.2, and sorting to whoever serves it.

A peer's garbage ends here, as an answer where one is possible and a Malformed event. This module must never raise on
what a peer sends, and keeps no state but stream buffers.
"""

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip import stun
from vorzimmer.sip.admission import Admission
from vorzimmer.sip.arrived import Arrived, branch_of
from vorzimmer.sip.dialogs import Dialogs
from vorzimmer.sip.events import Malformed, Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.framing import PING, KeepAlive, StreamBuffer
from vorzimmer.sip.invite_server import InviteServer
from vorzimmer.sip.leg import Leg
from vorzimmer.sip.message import MessageError, NotSipError, Request, Response, parse
from vorzimmer.sip.outline import lines_of
from vorzimmer.sip.registration import SUPPORTED
from vorzimmer.sip.replies import reply, reply_unread, stateless_tag
from vorzimmer.sip.sender import Sender
from vorzimmer.sip.stun import is_stun
from vorzimmer.sip.validate import RefusedError, check_request, check_response, check_support

_STREAMS = frozenset({"tcp", "tls"})

_SUBSCRIPTION = frozenset({"SUBSCRIBE", "NOTIFY"})
"""Their dialogs may belong to ``presence``, which answers 481 itself."""

_REFRESHES = frozenset({"INVITE", "UPDATE"})

KNOWN = frozenset({
    "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "REFER", "NOTIFY", "SUBSCRIBE", "INFO", "UPDATE",
    "MESSAGE", "PRACK", "PUBLISH",
})  # fmt: skip
"""Methods that exist: one of these that is not allowed gets 405, any other 501."""


class Receiver:
    """The entrance."""

    def __init__(self, sender: Sender, server: InviteServer, dialogs: Dialogs) -> None:
        self._sender = sender
        self._core = sender.core
        self._layer = sender.layer
        self._server = server
        self._dialogs = dialogs
        self._admission = Admission(sender.core)
        self._streams: dict[Flow, StreamBuffer] = {}
        config = sender.core.config
        self._supported = frozenset(option.lower() for option in (*config.supported, *config.understood))
        self._allowed = frozenset(sender.core.config.allow)

    def forget(self, flow: Flow) -> None:
        """The stream is closed."""
        self._streams.pop(flow, None)

    # -- bytes ----------------------------------------------------------------------------------------------------
    def receive(self, data: bytes, flow: Flow) -> None:
        """A datagram, a WebSocket message, or a piece of a stream."""
        if flow.transport not in _STREAMS:
            self._whole(data, flow)
            return
        stream = self._streams.get(flow)
        if stream is None:
            stream = self._streams[flow] = StreamBuffer()
        try:
            pieces = stream.feed(data)
        except PeerError as error:
            self._broken(error, flow)
            return
        for piece in pieces:
            if not isinstance(piece, KeepAlive):
                self._message(piece, flow)
            elif piece is PING:
                self._core.send(b"\r\n", flow)
        if stream.failure is not None:
            self._broken(stream.failure, flow)

    def _whole(self, data: bytes, flow: Flow) -> None:
        """A datagram or a WebSocket message."""
        if data and data[0] < 2 and is_stun(data):
            if found := stun.answer(data, flow.remote):
                self._core.send(found, flow)
        elif not data.strip(b"\r\n\0"):
            if flow.reliable and data == b"\r\n\r\n":
                self._core.send(b"\r\n", flow)
        elif flow.reliable or not self._admission.turns_away_unread(data, flow, self._layer.find_server):
            self._message(data, flow)

    def _broken(self, error: PeerError, flow: Flow) -> None:
        """The stream cannot be read on: answer if that is possible; whoever holds the socket closes it."""
        self._refuse_unread(error, flow)
        self._core.tell(Malformed(flow, error, fatal=True))

    def _message(self, data: bytes, flow: Flow) -> None:
        if self._core.tap is not None:
            self._core.tap(data, flow, False)
        try:
            message = parse(data)
            if isinstance(message, Request):
                self._request(message, flow)
            else:
                self._response(message, flow)
        except PeerError as error:
            self._refuse_unread(error, flow)
            self._core.tell(Malformed(flow, error, fatal=flow.transport in _STREAMS and isinstance(error, NotSipError)))

    def _refuse_unread(self, error: PeerError, flow: Flow) -> None:
        if isinstance(error, MessageError) and error.answerable and error.partial is not None:
            self._refuse(error.partial, flow, error)

    def _refuse(self, request: Request, flow: Flow, error: PeerError) -> None:
        """Answer a request that is not served, without keeping state (RFC 3261 section 8.2.7). An ACK never is."""
        if request.method == "ACK":
            return
        lines = lines_of(error.extra) if isinstance(error, RefusedError) else ""
        tag = stateless_tag(request)
        try:
            arrived = Arrived(request, flow)
        except PeerError:
            self._core.send(reply_unread(request, error.status, tag, reason=error.reason), flow)
            return
        data = reply(arrived, error.status, tag, reason=error.reason, lines=lines)
        self._core.send(data, arrived.answer_to())

    # -- responses ------------------------------------------------------------------------------------------------
    def _response(self, response: Response, flow: Flow) -> None:
        """To its transaction; a stray one is dropped, and counted if it is not even well-formed."""
        headers = response.headers
        method = headers.get("CSeq").rpartition(" ")[2]
        if not self._layer.response(response, flow, branch_of(headers), method):
            check_response(response)

    # -- requests -------------------------------------------------------------------------------------------------
    def _request(self, request: Request, flow: Flow) -> None:
        try:
            if request.method != "ACK":  # which has no answer, and of which nothing but its ids is used
                check_request(request)
            arrived = Arrived(request, flow)
        except PeerError as error:
            if error.answerable:
                self._refuse(request, flow, error)
            self._core.tell(Malformed(flow, error))
            return
        if flow.peer_names and flow.transport == "tls" and arrived.via.alias:
            self._core.config.aliased(flow, arrived.via.port or 5061)
        tx = self._layer.find_server(arrived.key)
        if request.method == "ACK":
            if tx is not None:
                self._layer.acknowledged(tx, arrived)
            else:
                self.on_ack(arrived)
        elif tx is not None:
            self._layer.again(tx)
        elif request.method == "CANCEL":
            self._cancel(arrived)
        elif arrived.to_tag or not self._admission.turns_away(arrived):
            self._new(arrived)

    def on_ack(self, arrived: Arrived) -> None:
        """An ACK of a 2xx; a stray one is dropped."""
        leg = self._leg_of(arrived)
        if leg is not None and self._server.acknowledge(leg, arrived):
            self._dialogs.go_on(leg)

    def _leg_of(self, arrived: Arrived) -> Leg | None:
        return self._sender.legs.of_dialog((arrived.call_id, arrived.to_tag, arrived.from_tag))

    def _cancel(self, arrived: Arrived) -> None:
        """RFC 3261 section 9.2: 481 without an INVITE to cancel, else 200, and 487 if that has no final response."""
        target = self._layer.find_server(arrived.key_for("INVITE"))
        if target is None or target.arrived is None:
            self._dialogs.answer(arrived, 481)
            return
        leg = self._server.leg_of(target)
        self._dialogs.answer(arrived, 200, tag=target.tag)
        if leg is not None:
            self._server.cancelled(leg, arrived.request)
            self._dialogs.go_on(leg)

    def _new(self, arrived: Arrived) -> None:
        request = arrived.request
        try:
            self._check(arrived)
        except PeerError as error:
            lines = lines_of(error.extra) if isinstance(error, RefusedError) else ""
            self._dialogs.answer(arrived, error.status, reason=error.reason, lines=lines)
            return
        if arrived.to_tag:
            self._inside(arrived)
        elif self._crowded(request.method):
            self._admission.refuse(arrived)
        elif self._layer.is_merged(arrived):
            self._dialogs.answer(arrived, 482)
        elif request.method == "INVITE":
            self._server.invited(arrived)
        elif request.method in {"BYE", "UPDATE", "INFO", "PRACK"}:
            self._dialogs.answer(arrived, 481)
        else:
            self._ask(arrived)

    def _inside(self, arrived: Arrived) -> None:
        leg = self._leg_of(arrived)
        if leg is not None:
            self._dialogs.arrived(leg, arrived)
            return
        dialog = (arrived.call_id, arrived.to_tag, arrived.from_tag)
        method = arrived.request.method
        if method == "BYE" and dialog in self._sender.closing:
            self._dialogs.answer(arrived, 200)
        elif method in _SUBSCRIPTION and not self._crowded(method):
            self._ask(arrived)
        else:
            self._dialogs.answer(arrived, 481)

    def _ask(self, arrived: Arrived) -> None:
        tx = self._layer.server(arrived)
        self._core.tell(Requested(tx.id, arrived.request, arrived.flow))

    def _check(self, arrived: Arrived) -> None:
        """Method and extensions (RFC 3261 sections 8.2.1 to 8.2.3); raises PeerError 405, 406, 415, 420, 501."""
        request = arrived.request
        if request.method not in self._allowed:
            if request.method in KNOWN:
                raise RefusedError("Method Not Allowed", 405, (("Allow", self._core.allow),))
            raise RefusedError("Not Implemented", 501, (("Allow", self._core.allow),))
        supported = self._supported | SUPPORTED if request.method == "REGISTER" else self._supported
        check_support(request, supported, self._core.config.accept)
        if request.method in _REFRESHES:
            self._sender.sessions.check(request.headers)

    def _crowded(self, method: str) -> bool:
        config = self._core.config
        full = method == "INVITE" and len(self._sender.legs) >= config.max_legs
        return full or self._layer.servers() >= config.max_transactions
