"""The SIP engine: bytes and deadlines in, events and packets out (RFC 3261 sections 8 to 18, RFC 6026).

CONTRACT SKETCH - names and signatures are fixed; the owner of this module fills them in (and splits it into
transactions.py (tables), dialog.py, registration etc.; the engine composes them).

It never reads a clock, awaits, logs, knows users or features, or raises anything but LocalError on misuse; a peer's
garbage becomes an answer and a Malformed event.

Usage: call ``receive`` / ``handle_timer`` / a command, then drain ``next_event`` and ``to_send`` and re-arm one timer
at ``get_timer``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import Event
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.sip.message import Request, Response

Extra = Iterable[tuple[str, str]]
"""Header lines to add, in order."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`sent_by(flow or hop) -> Address` gives our address as that peer must see it (--advertise; Via and Contact)."""

    sent_by: Callable[[Flow | Hop], Address]
    user_agent: str = "Vorzimmer"
    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    timer_c: float = 180.0
    allow: tuple[str, ...] = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "REFER", "NOTIFY", "SUBSCRIBE", "INFO", "UPDATE", "MESSAGE")
    supported: tuple[str, ...] = ("replaces",)


@dataclass(frozen=True, slots=True)
class InviteSpec:
    """An INVITE of ours. `uri`: Request-URI (the phone's Contact); `to`: Flow of the binding or a Hop; `local` and
    `remote`: From and To as name-addr text without tag; `route`: Route set; `extra`: PAI, Privacy, Alert-Info,
    History-Info, Replaces ...; empty `body` is a late offer."""

    uri: str
    to: Flow | Hop
    local: str
    remote: str
    body: bytes = b""
    content_type: str = "application/sdp"
    route: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


class Engine:
    """One per control process (and one per robot phone)."""

    def __init__(self, config: EngineConfig, chance: Chance) -> None: ...

    # -- bytes and time ------------------------------------------------------------------------------------------
    def receive(self, data: bytes, flow: Flow, now: float) -> None: ...  # a datagram, or any piece of a stream
    def flow_closed(self, flow: Flow, now: float) -> None: ...  # FlowGone; transactions on it may fail
    def send_failed(self, transaction: str, now: float) -> None: ...  # -> 503 as RFC 3261 8.1.3.1
    def flow_found(self, transaction: str, flow: Flow, now: float) -> None: ...  # net opened a Hop: the flow it became
    def handle_timer(self, now: float) -> None: ...
    def get_timer(self) -> float | None: ...
    def next_event(self) -> Event | None: ...
    def to_send(self, now: float) -> list[Packet]: ...

    # -- legs we make ---------------------------------------------------------------------------------------------
    def invite(self, leg: LegId, spec: InviteSpec, now: float) -> None: ...
    def end(self, leg: LegId, now: float, *, reason: str = "") -> None:
        """Whatever state the leg is in: CANCEL, BYE or (incoming, unanswered) 487/refuse 480; `reason` is a Reason value.
        Idempotent; an unknown leg is ignored (it may have ended in this very turn). A BYE for an accepted incoming leg
        waits for its ACK (RFC 3261 15). A 200 that crosses our CANCEL is acknowledged and ended by the engine."""

    # -- legs made to us ------------------------------------------------------------------------------------------
    def ring(self, leg: LegId, now: float, *, status: int = 180, extra: Extra = (), body: bytes = b"") -> None: ...
    def accept(self, leg: LegId, now: float, *, extra: Extra = (), body: bytes = b"") -> None:
        """200 to the pending INVITE or re-INVITE, retransmitted until ACK (64*T1, then BYE and Ended "no-ack")."""
    def refuse(self, leg: LegId, status: int, now: float, *, reason: str = "", extra: Extra = ()) -> None:
        """Final non-2xx to the pending INVITE (the leg is gone) or re-INVITE (the leg stays)."""

    # -- inside dialogs -------------------------------------------------------------------------------------------
    def ack(self, leg: LegId, body: bytes, now: float) -> None: ...  # the answer to an offer in a 2xx
    def reinvite(self, leg: LegId, body: bytes, now: float, *, extra: Extra = ()) -> None: ...  # empty body: late offer
    def request_in(self, leg: LegId, method: str, now: float, *, extra: Extra = (), body: bytes = b"") -> str: ...
    def refreshed(self, leg: LegId, flow: Flow) -> None:
        """The device's newest flow: requests inside the dialog use it from now on (ARCHITECTURE: Leg)."""

    # -- outside dialogs ------------------------------------------------------------------------------------------
    def request(self, request: Request, to: Flow | Hop, now: float) -> str: ...  # fills Via, From tag, Call-ID, CSeq, Max-Forwards if missing
    def respond(self, transaction: str, status: int, now: float, *, reason: str = "", extra: Extra = (), body: bytes = b"") -> None: ...

    # -- dialogs as values ----------------------------------------------------------------------------------------
    def find(self, call_id: str, local_tag: str, remote_tag: str) -> LegId | None: ...  # for Replaces, Join, target-dialog
    def dialog_ids(self, leg: LegId) -> tuple[str, str, str] | None: ...  # call_id, local tag, remote tag
    def freeze(self, leg: LegId) -> bytes | None:
        """A confirmed dialog as bytes (msgpack of a frozen struct): ids, CSeqs, targets, route set, flow. None if not confirmed."""
    def thaw(self, leg: LegId, frozen: bytes, now: float) -> None: ...  # local CSeq skips ahead by 1000
    def legs(self) -> list[LegId]: ...
    def idle(self) -> bool: ...  # True when no transaction, dialog or timer is left (for leak checks)
