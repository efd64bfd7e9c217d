"""The SIP engine: bytes and deadlines in, events and packets out (RFC 3261 sections 8 to 18, RFC 6026).

It never reads a clock, awaits, logs, knows users or features, or raises anything but LocalError on misuse; a peer's
garbage becomes an answer and a Malformed event. A leg or transaction that may have ended in this very turn is not
misuse: commands for one that is gone are ignored.

Usage: call ``receive`` / ``handle_timer`` / a command, then drain ``next_event`` and ``to_send`` and re-arm one timer
at ``get_timer``. Composed of ``receiver`` (what comes in), ``invite_client``, ``invite_server``, ``dialogs`` and
``transaction_layer``.
"""

from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.errors import LocalError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.core import Core, EngineConfig, Tap
from vorzimmer.sip.dialog import Dialog
from vorzimmer.sip.dialogs import Dialogs
from vorzimmer.sip.events import Event, FlowGone, Responded
from vorzimmer.sip.failover import Failover
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.sip.invite_client import InviteClient, InviteSpec
from vorzimmer.sip.invite_server import InviteServer
from vorzimmer.sip.kept import frozen_leg, thaw_leg
from vorzimmer.sip.leg import Leg, Legs, Phase
from vorzimmer.sip.message import Request
from vorzimmer.sip.outline import Extra
from vorzimmer.sip.outside import Outside
from vorzimmer.sip.proving import Proof, Proving
from vorzimmer.sip.receiver import Receiver
from vorzimmer.sip.reliable import Acknowledger
from vorzimmer.sip.replies import phrase
from vorzimmer.sip.sender import Sender
from vorzimmer.sip.transaction_layer import Layer
from vorzimmer.sip.unanswered import Unanswered, is_unanswered

__all__ = ["Engine", "EngineConfig", "Extra", "InviteSpec", "Proof"]


class Engine:
    """One per control process (and one per robot phone)."""

    def __init__(self, config: EngineConfig, chance: Chance) -> None:
        self._core = Core(config, chance)
        self._legs = Legs()
        self._layer = Layer(self._core)
        self._sender = Sender(self._core, self._layer, self._legs)
        self._server = InviteServer(self._sender)
        acknowledger = Acknowledger(self._sender)
        self._client = InviteClient(self._sender, acknowledger)
        self._dialogs = Dialogs(self._sender, self._server, acknowledger)
        self._outside = Outside(self._sender)
        self._unanswered = Unanswered(self._sender, self._server, self._client)
        self._receiver = Receiver(self._sender, self._server, self._dialogs)
        self._layer.on_ack = self._receiver.on_ack
        self._failover = Failover(self._sender)
        self._proving = Proving(self._sender)

    # -- bytes and time ------------------------------------------------------------------------------------------
    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """A datagram, a WebSocket message, or any piece of a stream."""
        self._core.now = now
        self._receiver.receive(data, flow)

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A connection closed: ``FlowGone``; requests waiting on it for a first response fail with 503."""
        self._core.now = now
        self._receiver.forget(flow)
        self._core.tell(FlowGone(flow))
        self._layer.flow_closed(flow)

    def send_failed(self, transaction: str, now: float) -> None:
        """A packet of that transaction could not be sent: 503 as RFC 3261 section 8.1.3.1 says."""
        self._core.now = now
        self._layer.send_failed(transaction)

    def flow_found(self, transaction: str, flow: Flow, now: float, *, spare: bool = False) -> bytes | None:
        """The Hop of that transaction has become `flow`: repetitions, ACK, CANCEL and its dialog follow it. `spare`:
        DNS names another server, to which the request goes if this one fails (RFC 3263 section 4.3). Gives back the
        bytes to send there where they must say something else than those that were meant for the Hop."""
        self._core.now = now
        return self._failover.found(transaction, flow, spare=spare)

    def handle_timer(self, now: float) -> None:
        """Do what is due at or before `now`."""
        self._core.now = now
        self._core.timers.fire(now)

    def get_timer(self) -> float | None:
        """The monotonic time of the next deadline, None without one."""
        return self._core.timers.next()

    def next_event(self) -> Event | None:
        """The next event, None when there is no more."""
        events = self._core.events
        return events.popleft() if events else None

    def to_send(self, now: float) -> list[Packet]:
        """What is to be sent, in order; asked once, each packet is the caller's."""
        packets = self._core.packets
        if packets:
            self._core.packets = []
        return packets

    def waited(self, seconds: float, now: float) -> None:
        """A datagram has waited so long until it was looked at: the measure of overload."""
        self._core.queue.waited(seconds, now)

    def late(self, seconds: float, now: float) -> None:
        """An alarm came so late: the measure of overload where messages come over streams."""
        self._core.loop.waited(seconds, now)

    @property
    def turned_away(self) -> int:
        """Requests refused for overload."""
        return self._core.queue.refused + self._core.loop.refused

    def show(self, tap: Tap) -> None:
        """Show every whole message to `tap` from now on (tracing); it must neither wait nor raise."""
        self._core.tap = tap

    # -- legs we make ---------------------------------------------------------------------------------------------
    def invite(self, leg: LegId, spec: InviteSpec, now: float) -> None:
        """Call somebody. Raises LocalError for a leg id in use."""
        self._core.now = now
        self._client.invite(leg, spec)

    def end(self, leg: LegId, now: float, *, reason: str = "") -> None:
        """Whatever state the leg is in: CANCEL, BYE or (incoming, unanswered) 487; `reason` is a Reason value.

        Idempotent; an unknown leg is ignored (it may have ended in this very turn). A BYE for an accepted incoming leg
        waits for its ACK (RFC 3261 15). A 200 that crosses our CANCEL is acknowledged and ended by the engine. Only an
        unanswered leg of ours is heard of again (``Failed``)."""
        self._core.now = now
        found = self._legs.get(leg)
        if found is None:
            return
        if found.phase is Phase.CALLING:
            self._client.end(found, reason)
        elif found.phase is Phase.INVITED:
            self._server.refuse(found, 487, "", (("Reason", reason),) if reason else ())
        else:
            self._leave(found, reason)

    def _leave(self, leg: Leg, reason: str) -> None:
        if leg.server is not None:
            self._server.refuse(leg, 487, "", ())
        if leg.unacknowledged and not leg.outgoing and not leg.acknowledged:
            leg.phase, leg.reason = Phase.LEAVING, reason
            return
        if leg.attempt is not None and leg.attempt.done:
            self._client.ack(leg, b"")
        if leg.dialog is not None:
            self._sender.bye(leg, leg.dialog, reason)
        self._sender.forget(leg)

    def heard(self, leg: LegId) -> bool:
        """Whether anything has come back to our INVITE, a 100 included (of which no event tells). False for one that is
        gone."""
        found = self._legs.get(leg)
        return found is not None and (found.attempt is None or found.attempt.heard)

    # -- legs made to us ------------------------------------------------------------------------------------------
    def ring(self, leg: LegId, now: float, *, status: int = 180, extra: Extra = (), body: bytes = b"") -> None:
        """A provisional response (101 to 199) to the pending INVITE; repeated every minute until the next answer."""
        self._core.now = now
        if not 100 < status < 200:
            raise LocalError(f"{status} is not provisional")
        found = self._legs.get(leg)
        if found is not None:
            self._server.ring(found, status, extra, body)

    def accept(self, leg: LegId, now: float, *, extra: Extra = (), body: bytes = b"") -> None:
        """200 to the pending INVITE or re-INVITE, retransmitted until ACK (64*T1, then BYE and Ended "no-ack")."""
        self._core.now = now
        found = self._legs.get(leg)
        if found is not None:
            self._server.accept(found, extra, body)

    def refuse(self, leg: LegId, status: int, now: float, *, reason: str = "", extra: Extra = ()) -> None:
        """Final non-2xx to the pending INVITE (the leg is gone) or re-INVITE (the leg stays)."""
        self._core.now = now
        if not 300 <= status <= 699:
            raise LocalError(f"{status} refuses nothing")
        found = self._legs.get(leg)
        if found is not None:
            self._server.refuse(found, status, reason, extra)
            self._dialogs.go_on(found)

    # -- inside dialogs -------------------------------------------------------------------------------------------
    def ack(self, leg: LegId, body: bytes, now: float) -> None:
        """The ACK of a 2xx that answered an INVITE without offer; `body` is our answer to its offer."""
        self._core.now = now
        found = self._legs.get(leg)
        if found is not None:
            self._client.ack(found, body)
            self._dialogs.go_on(found)

    def reinvite(self, leg: LegId, body: bytes, now: float, *, extra: Extra = ()) -> None:
        """A re-INVITE; an empty body asks for an offer. Waits for its turn while another INVITE is under way in the
        dialog (RFC 3261 section 14.1)."""
        self._core.now = now
        found = self._legs.get(leg)
        if found is not None:
            self._dialogs.reinvite(found, body, extra)

    def request_in(
        self, leg: LegId, method: str, now: float, *, extra: Extra = (), body: bytes = b"", fork: str = ""
    ) -> str:
        """Any other request inside the dialog; gives back the transaction of its ``Responded``. For a leg that is gone
        or has no dialog yet that says 481 at once, an UPDATE whose body would cross an open offer 491 (RFC 3311 5.1).
        A body needs its Content-Type in `extra`. `fork` picks an early dialog, the newest without."""
        self._core.now = now
        if method in {"INVITE", "ACK", "CANCEL", "BYE", "PRACK"}:
            raise LocalError(f"{method} has a command of its own")
        found = self._legs.get(leg)
        status, transaction = 481, ""
        if found is not None and method == "UPDATE" and body and self._dialogs.is_open(found, fork):
            status = 491
        elif found is not None:
            transaction = self._dialogs.request(found, method, extra, body, fork=fork)
        if not transaction:
            transaction = f"none-{self._core.chance.token(8)}"
            self._core.tell(Responded(transaction, status, phrase(status), None, leg))
        return transaction

    def speak_as(self, leg: LegId, address: str) -> bool:
        """Who we are for the peer of a leg from now on: From of the requests in its dialogs, where the peer has said
        that it takes that (``from-change``, RFC 4916); whether it has. `address` is a name-addr without a tag."""
        found = self._legs.get(leg)
        if found is None or "from-change" not in found.supported:
            return False
        for dialog in (found.dialog,) if found.dialog is not None else found.forks.values():
            dialog.speak_as(address)
        return True

    def allows(self, leg: LegId, method: str) -> bool:
        """Whether the peer of a leg has said, in its newest Allow, that it takes `method`; without an Allow it takes
        what everybody must."""
        found = self._legs.get(leg)
        return found is not None and method in found.allow

    def supports(self, leg: LegId, option: str) -> bool:
        """Whether the peer of a leg has named this option tag in its newest Supported."""
        found = self._legs.get(leg)
        return found is not None and option in found.supported

    def prove(self, leg: LegId, proof: Proof) -> None:
        """As whom we answer challenges in the dialogs of a trunk's leg from now on; with the same account, what its
        challenges have taught stays."""
        found = self._legs.get(leg)
        if found is not None and (found.proof is None or found.proof.account != proof.account):
            found.proof = proof

    def expect(self, leg: LegId, seconds: int) -> None:
        """The session interval that we ask for in the dialogs of a leg from now on (RFC 4028)."""
        found = self._legs.get(leg)
        if found is not None:
            found.interval = seconds

    def refreshed(self, leg: LegId, flow: Flow) -> None:
        """The device's newest flow: requests inside the dialog use it from now on (ARCHITECTURE: Leg), and so does what
        is still to be sent for an INVITE under way (CANCEL, once more if its stream had closed; a response)."""
        found = self._legs.get(leg)
        if found is not None:
            found.to, found.hop = flow, None
            for transaction in found.under_way():
                self._layer.move(transaction, flow)
            if found.attempt is not None:
                found.attempt.moved()

    # -- outside dialogs ------------------------------------------------------------------------------------------
    def request(self, request: Request, to: Flow | Hop, now: float, *, proof: Proof | None = None) -> str:
        """Any request but INVITE, ACK and CANCEL; ``Responded`` follows. `proof`: as whom a challenge is answered.

        Fills Via, From tag, Call-ID, CSeq, Max-Forwards if missing, and Contact where the method needs one. Raises
        LocalError without From and To."""
        self._core.now = now
        return self._outside.request(request, to, proof)

    def request_of(
        self, dialog: Dialog, method: str, to: Flow | Hop, now: float, *, lines: str = "", body: bytes = b""
    ) -> str:
        """A request inside a dialog that somebody else keeps (a subscription's NOTIFY); ``Responded`` follows. `lines`
        are header lines as they are written; a body needs its Content-Type among them."""
        self._core.now = now
        return self._outside.request_of(dialog, method, to, lines=lines, body=body)

    def respond(
        self, transaction: str, status: int, now: float, *, reason: str = "", extra: Extra = (), body: bytes = b""
    ) -> None:
        """Answer a ``Requested``. Raises LocalError for a second final response; one that is gone is ignored."""
        self._core.now = now
        tx = self._layer.server_by_id(transaction)
        if tx is not None:
            self._outside.respond(tx, status, reason=reason, extra=extra, body=body)

    def local_tag(self, transaction: str) -> str:
        """The To tag that our response to a ``Requested`` carries: our tag of the dialog it makes (SUBSCRIBE). "" for a
        transaction that is gone."""
        tx = self._layer.server_by_id(transaction)
        return "" if tx is None else self._outside.tag(tx)

    # -- dialogs as values ----------------------------------------------------------------------------------------
    def find(self, call_id: str, local_tag: str, remote_tag: str) -> LegId | None:
        """The leg of a dialog, early ones included (Replaces, Join, Target-Dialog)."""
        leg = self._legs.of_dialog((call_id, local_tag, remote_tag))
        return None if leg is None or leg.phase is Phase.LEAVING else leg.id

    def ended(self, call_id: str, local_tag: str, remote_tag: str) -> LegId | None:
        """The leg of a dialog that has ended, None for one that is alive, never was, or ended long ago."""
        return self._legs.past((call_id, local_tag, remote_tag))

    def call_id(self, leg: LegId) -> str:
        """The Call-ID of a leg, "" for one that is gone."""
        found = self._legs.get(leg)
        if found is None:
            return ""
        if found.dialog is not None:
            return found.dialog.call_id
        if found.server is not None and found.server.arrived is not None:
            return found.server.arrived.call_id
        return found.attempt.outline.call_id if found.attempt is not None and found.attempt.tx is not None else ""

    def dialog_ids(self, leg: LegId) -> tuple[str, str, str] | None:
        """Call-ID, local tag, remote tag; of the newest early dialog where there is no other. None without a dialog."""
        found = self._legs.get(leg)
        dialog = None if found is None else found.dialog or next(reversed(found.forks.values()), None)
        return None if dialog is None else dialog.id

    def freeze(self, leg: LegId) -> bytes | None:
        """A confirmed dialog as bytes (msgpack of a frozen struct): ids, CSeqs, targets, route set, flow; or a leg
        without a final answer (see ``is_unanswered``). None if there is no such leg, or it is being ended."""
        found = self._legs.get(leg)
        if found is None:
            return None
        if found.dialog is None or found.phase is not Phase.CONFIRMED:
            return self._unanswered.freeze(found)
        return frozen_leg(found, self._core.now)

    def thaw(self, leg: LegId, frozen: bytes, now: float) -> None:
        """A dialog from its bytes; the local CSeq skips ahead by 1000. Or a leg without a final answer: an INVITE to us
        is answered, cancelled and absorbed as before; one of ours is repeated until a provisional response has come.
        Raises LocalError for a leg id in use."""
        self._core.now = now
        if self._legs.get(leg) is not None:
            raise LocalError(f"leg {leg} is in use")
        if is_unanswered(frozen):
            self._unanswered.thaw(leg, frozen)
        else:
            thaw_leg(self._sender, leg, frozen)

    def legs(self) -> list[LegId]:
        """All legs that are not gone."""
        return [name for name, leg in self._legs.items() if leg.phase is not Phase.LEAVING]

    def idle(self) -> bool:
        """True when no transaction, dialog or timer is left (for leak checks)."""
        return self._layer.idle() and not len(self._legs) and not len(self._core.timers) and not self._sender.closing
