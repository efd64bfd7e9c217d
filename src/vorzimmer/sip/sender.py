"""Sending inside dialogs: where a request goes, with which Via and Contact, and the BYE that ends a leg.

Shared by the halves of the engine that make and that answer INVITEs. This module must never decide that a call is
over; it is told.
"""

from collections.abc import Callable

from vorzimmer.sip.arrived import MAGIC
from vorzimmer.sip.core import Core
from vorzimmer.sip.dialog import Dialog, DialogId
from vorzimmer.sip.events import Ended
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.leg import Leg, Legs, Unacknowledged
from vorzimmer.sip.message import Request, Response
from vorzimmer.sip.outline import Outline, host_text, one_line, via_of
from vorzimmer.sip.replies import reply
from vorzimmer.sip.sessions import Sessions
from vorzimmer.sip.transaction import Claim
from vorzimmer.sip.transaction_layer import ClientUser, Layer, Transaction

NEEDS_CONTACT = frozenset({"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"})
"""Requests that need a Contact (RFC 3261 section 12.2.1.1, RFC 3311, 3515, 6665)."""

_USER_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()&=+$,%")


def user_of(name_addr: str) -> str:
    """The user part of the first SIP URI in `name_addr` as it is written, "" where it would need a closer look."""
    start = name_addr.find("sip:", name_addr.rfind("<") + 1)
    end = name_addr.find("@", start)
    user = name_addr[start + 4 : end] if 0 <= start < end else ""
    return user if user and _USER_CHARS.issuperset(user) else ""


class Sender:
    """What client and server side share."""

    def __init__(self, core: Core, layer: Layer, legs: Legs) -> None:
        self.core = core
        self.layer = layer
        self.legs = legs
        self.sessions = Sessions(core)
        self.closing: set[DialogId] = set()
        """Dialogs whose BYE is under way: a crossing BYE is answered 200."""
        self.proved: Callable[[Claim, str, str, Flow | Hop], str] = _unproved
        """Header lines with credentials for a request inside a dialog with a trunk."""

    # -- addresses ------------------------------------------------------------------------------------------------
    def branch(self) -> str:
        """A new branch (RFC 3261 section 8.1.1.7)."""
        return MAGIC + self.core.chance.token(10)

    def via(self, to: Flow | Hop, branch: str, *, opened: bool = False) -> str:
        """Our Via as that peer must see it. Over TLS to a Hop (or to a flow that we have `opened`) it says that the
        connection may be used for requests to us as well (RFC 5923 section 6)."""
        alias = ";alias" if to.transport == "tls" and (opened or isinstance(to, Hop)) else ""
        return via_of(to.transport, self.core.config.sent_by(to), branch) + alias

    def contact(self, to: Flow | Hop, user: str) -> str:
        """Our Contact as that peer must see it, with its line end."""
        host, port = self.core.config.sent_by(to)
        transport = to.transport
        param = "" if transport in {"udp", ""} else ";transport=ws" if transport == "wss" else f";transport={transport}"
        at = f"{user}@" if user else ""
        return f"Contact: <sip:{at}{host_text(host)}:{port}{param}>\r\n"

    def where(self, leg: Leg, dialog: Dialog) -> Flow | Hop:
        """Where a request inside the dialog goes.

        A leg bound to a flow (a phone, perhaps behind NAT): that flow, whatever its Contact says. A leg made to a Hop
        (a trunk): the topmost Route or the remote target (RFC 3261 section 8.1.2), by the known flow if it leads there.
        """
        hop = leg.hop
        if hop is None:
            return leg.to
        there = dialog.next_hop()
        if there is None:
            return leg.to
        transport = there.transport or leg.to.transport
        same = (there.transport or hop.transport, there.host, there.port) == (hop.transport, hop.host, hop.port)
        if same or (isinstance(leg.to, Flow) and (there.host, there.port) == leg.to.remote):
            return leg.to
        return Hop(transport, there.host, there.port, hop.listener)

    # -- requests -------------------------------------------------------------------------------------------------
    def request(
        self, leg: Leg, dialog: Dialog, method: str, *, lines: str = "", body: bytes = b"", user: ClientUser | None
    ) -> Transaction:
        """Send the next request of a dialog."""
        to = self.where(leg, dialog)
        branch = self.branch()
        outline = dialog.outline(method)
        outline.via = self.via(to, branch, opened=leg.hop is not None)
        contact = self.contact(to, leg.user) if method in NEEDS_CONTACT else ""
        lines = f"{contact}User-Agent: {self.core.config.user_agent}\r\n{lines}"
        claim = None
        if leg.proof is not None:
            claim = Claim(leg.proof, dialog)
            outline.proof = self.proved(claim, method, outline.uri, to)
            lines += outline.proof
        tx = self.layer.client(method, branch, outline.write(lines, body), to, user=user, claim=claim)
        tx.outline = outline
        return tx

    def ack(self, leg: Leg, dialog: Dialog, invite: Outline, body: bytes = b"") -> tuple[bytes, Flow | Hop]:
        """Acknowledge a 2xx to `invite` (RFC 3261 section 13.2.2.4); gives back what was sent, to be sent again for
        another 2xx."""
        to = self.where(leg, dialog)
        outline: Outline = dialog.outline("ACK")
        outline.cseq = invite.cseq
        outline.via = self.via(to, self.branch(), opened=leg.hop is not None)
        data = outline.write(invite.proof + ("Content-Type: application/sdp\r\n" if body else ""), body)
        self.core.send(data, to)
        return data, to

    def bye(self, leg: Leg, dialog: Dialog, reason: str = "") -> None:
        """End a dialog; nobody is told what becomes of it."""
        self.closing.add(dialog.id)
        lines = f"Reason: {one_line(reason)}\r\n" if reason else ""
        self.request(leg, dialog, "BYE", lines=lines, user=_Farewell(self.closing, dialog.id))

    # -- ends -----------------------------------------------------------------------------------------------------
    def forget(self, leg: Leg) -> None:
        """The leg is gone: its timers stop, its dialogs are unknown."""
        timers = self.core.timers
        for answer in leg.unacknowledged.values():
            timers.stop(answer.timer)
        leg.unacknowledged.clear()
        timers.stop(leg.retry)
        timers.stop(leg.prolong)
        leg.retry = leg.prolong = None
        self.sessions.stop(leg)
        if leg.promise is not None and leg.promise.sent is not None:
            timers.stop(leg.promise.sent.timer)
        leg.wanted.clear()
        if leg.server is not None:
            self.refuse(leg, 487)
        if leg.attempt is not None:
            leg.attempt.abandon()
            leg.attempt = None
        self.legs.remove(leg)

    def refuse(self, leg: Leg, status: int, *, reason: str = "", lines: str = "") -> None:
        """A final response from 300 up to the pending INVITE of a leg."""
        tx, leg.server = leg.server, None
        self.core.timers.stop(leg.prolong)
        leg.prolong = None
        if tx is not None and tx.arrived is not None:
            data = reply(tx.arrived, status, leg.tag, reason=reason, lines=lines)
            self.layer.respond(tx, status, data)

    def over(self, leg: Leg, cause: str, request: Request | None = None, *, bye: bool = False) -> None:
        """A confirmed leg is over, and not because we ended it."""
        if bye and leg.dialog is not None:
            self.bye(leg, leg.dialog)
        self.forget(leg)
        self.core.tell(Ended(leg.id, cause, request))

    def acknowledged(self, leg: Leg, cseq: int) -> Unacknowledged | None:
        """The ACK of our 2xx numbered `cseq` is here: stop sending it. None for a stray or repeated ACK."""
        answer = leg.unacknowledged.pop(cseq, None)
        if answer is not None:
            self.core.timers.stop(answer.timer)
        return answer


class _Farewell:
    """Waits for the end of a BYE."""

    __slots__ = ("_closing", "_dialog")

    def __init__(self, closing: set[DialogId], dialog: DialogId) -> None:
        self._closing = closing
        self._dialog = dialog

    def on_response(self, transaction: Transaction, response: Response, flow: Flow) -> None:
        if response.status >= 200:
            self._closing.discard(self._dialog)

    def on_failure(self, transaction: Transaction, status: int) -> None:
        self._closing.discard(self._dialog)


def _unproved(claim: Claim, method: str, uri: str, to: Flow | Hop) -> str:
    """Until somebody knows an account."""
    return ""
