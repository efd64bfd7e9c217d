"""Legs without a final answer as bytes, and back: what a restart needs to end them as RFC 3261 wants it.

Of an INVITE to us: what its final response is made of. Of one of ours: its bytes, from which its repetitions, CANCEL
and ACK follow. This module must never write down what a phone proves its identity with, and never end a leg.
"""

import msgspec

from vorzimmer.kernel.errors import LocalError, PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.arrived import Arrived, branch_of
from vorzimmer.sip.attempt import Attempt
from vorzimmer.sip.dialog import SKIP_AHEAD
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import parse_cseq
from vorzimmer.sip.invite_client import InviteClient
from vorzimmer.sip.invite_server import InviteServer
from vorzimmer.sip.leg import Leg, Phase
from vorzimmer.sip.message import Request, parse
from vorzimmer.sip.outline import Outline, lines_of, seal
from vorzimmer.sip.sender import Sender, user_of
from vorzimmer.sip.transactions import State

_ANSWERED_WITH = (
    "Via", "From", "To", "Call-ID", "CSeq", "Contact", "Record-Route", "Allow", "Supported", "Session-Expires",
    "Min-SE",
)  # fmt: skip
"""What responses and the dialog are made of; nothing else of the caller's INVITE is kept."""


class FrozenInvited(msgspec.Struct, frozen=True, tag="invited"):
    """An INVITE to us in state Proceeding; `tag` is our To tag. `later` is the 2xx that waits for a PRACK: header lines
    and body (RFC 3262 section 3)."""

    request: bytes
    flow: Flow
    tag: str
    later: tuple[tuple[tuple[bytes, bytes], ...], bytes] | None = None


class FrozenCalling(msgspec.Struct, frozen=True, tag="calling"):
    """An INVITE of ours; `heard` once a provisional response has come."""

    request: bytes
    heard: bool
    flow: Flow | None = None
    hop: Hop | None = None


Frozen = FrozenInvited | FrozenCalling


class Unanswered:
    """Freezes and thaws such legs."""

    def __init__(self, sender: Sender, server: InviteServer, client: InviteClient) -> None:
        self._sender = sender
        self._server = server
        self._client = client

    def freeze(self, leg: Leg) -> bytes | None:
        """As msgpack; None for a leg that has its final answer."""
        if leg.phase is Phase.INVITED and leg.server is not None and leg.server.arrived is not None:
            arrived = leg.server.arrived
            return _ENCODER.encode(FrozenInvited(_lean(arrived), arrived.flow, leg.tag, _later(leg)))
        tx = leg.attempt.tx if leg.attempt is not None else None
        if leg.phase is not Phase.CALLING or tx is None or tx.state not in {State.CALLING, State.PROCEEDING}:
            return None
        flow = leg.to if isinstance(leg.to, Flow) else None
        return _ENCODER.encode(FrozenCalling(tx.data, tx.state is State.PROCEEDING, flow, leg.hop))

    def thaw(self, leg: LegId, data: bytes) -> None:
        """The leg is in the engine again. Raises LocalError for bytes that are none."""
        try:
            frozen = _DECODER.decode(data)
            request = parse(frozen.request)
            if not isinstance(request, Request):
                raise LocalError(f"leg {leg} is no request")
            if isinstance(frozen, FrozenInvited):
                self._invited(leg, frozen, request)
            else:
                self._calling(leg, frozen, request)
        except (msgspec.DecodeError, PeerError) as error:
            raise LocalError(f"leg {leg} cannot be thawed") from error

    def _invited(self, name: LegId, frozen: FrozenInvited, request: Request) -> None:
        leg = Leg(name, Phase.INVITED, frozen.flow)
        leg.tag = frozen.tag
        self._server.resume(leg, Arrived(request, frozen.flow))
        if leg.dialog is not None:
            leg.dialog.local_cseq = SKIP_AHEAD  # An UPDATE of ours may have used a number before.
        if frozen.later is not None:
            lines, body = frozen.later
            # What it waited for is not known any more; a PRACK that still comes is answered 481, which ends nothing.
            self._server.accept(leg, tuple((_text(name), _text(value)) for name, value in lines), body)

    def _calling(self, name: LegId, frozen: FrozenCalling, request: Request) -> None:
        to = frozen.flow or frozen.hop
        if to is None:
            raise LocalError(f"leg {name} leads nowhere")
        outline = _outline(request)
        leg = Leg(name, Phase.CALLING, to)
        leg.hop, leg.user = frozen.hop, user_of(outline.from_)
        leg.attempt = attempt = Attempt(self._sender, self._client, leg, offers=bool(request.body))
        attempt.body, attempt.ahead = request.body, SKIP_AHEAD
        self._sender.legs.add(leg)
        branch, layer = branch_of(request.headers), self._sender.layer
        # A stream has brought the INVITE to the phone, and breaks with a restart: there is nothing to repeat.
        if frozen.heard or to.transport != "udp":
            attempt.tx = layer.proceeding(branch, frozen.request, to, user=attempt)
            attempt.wait()
        else:
            attempt.tx = layer.client("INVITE", branch, frozen.request, to, user=attempt)
        attempt.tx.outline = outline


def _later(leg: Leg) -> tuple[tuple[tuple[bytes, bytes], ...], bytes] | None:
    promise = leg.promise
    if promise is None or promise.later is None:
        return None
    lines, body = promise.later
    return tuple((_wire(name), _wire(value)) for name, value in lines), body


def _wire(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(wire: bytes) -> str:
    return wire.decode("utf-8", "surrogateescape")


def _lean(arrived: Arrived) -> bytes:
    if not arrived.lean:
        request = arrived.request
        kept = [(name, value) for name in _ANSWERED_WITH for value in request.headers.lines(name)]
        arrived.lean = seal(f"{request.method} {request.uri} SIP/2.0\r\n{lines_of(kept)}", b"")
    return arrived.lean


def _outline(request: Request) -> Outline:
    headers = request.headers
    outline = Outline("INVITE", request.uri, parse_cseq(headers.get("CSeq")).number, headers.get("Call-ID"))
    outline.via, outline.from_, outline.to = headers.get("Via"), headers.get("From"), headers.get("To")
    outline.route = tuple(headers.get_all("Route"))
    outline.max_forwards = int(headers.get("Max-Forwards", "70"))
    return outline


def is_unanswered(data: bytes) -> bool:
    """Whether frozen bytes are of a leg without a final answer, not of a dialog."""
    if data.startswith(_DIALOG, 1):
        return False
    try:
        return bool(_KIND.decode(data).type)
    except msgspec.DecodeError:
        return False


class _Kind(msgspec.Struct):
    """What both frozen forms have in common: a dialog has no type."""

    type: str = ""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Frozen)
_KIND = msgspec.msgpack.Decoder(_Kind)
_DIALOG = b"\xa7call_id"
"""How a frozen dialog goes on after its first byte: it need not be read to be told apart."""
