"""Requests outside INVITE dialogs, both ways: REGISTER, OPTIONS, SUBSCRIBE, NOTIFY, MESSAGE ... (RFC 3261 section 8).

This module must never know what a method means.
"""

from vorzimmer.kernel.errors import LocalError
from vorzimmer.sip.arrived import Arrived, tag_of
from vorzimmer.sip.dialog import Dialog
from vorzimmer.sip.events import Responded
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.leg import Leg, Phase
from vorzimmer.sip.message import Request, Response
from vorzimmer.sip.outline import Extra, lines_of
from vorzimmer.sip.replies import phrase, record_routes, reply
from vorzimmer.sip.sender import NEEDS_CONTACT, Sender
from vorzimmer.sip.transaction import Claim, Proof
from vorzimmer.sip.transaction_layer import Transaction

_MAKES_DIALOG = frozenset({"SUBSCRIBE", "REFER", "NOTIFY", "UPDATE"})


class Outside:
    """Client user of the requests it sends."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._core = sender.core

    def request(self, request: Request, to: Flow | Hop, proof: Proof | None = None) -> str:
        """Complete and send; the request itself is left as it was."""
        method = request.method
        if method in {"INVITE", "ACK", "CANCEL"} or "From" not in request.headers or "To" not in request.headers:
            raise LocalError(f"{method} cannot be sent like this")
        sender, chance = self._sender, self._core.chance
        headers = request.headers.copy()
        if not tag_of(headers.get("From")):
            headers.set("From", f"{headers.get('From')};tag={chance.token(6)}")
        for name, value in (("Call-ID", ""), ("CSeq", f"1 {method}"), ("Max-Forwards", "70")):
            if name not in headers:
                headers.add(name, value or chance.token(12))
        if "User-Agent" not in headers:
            headers.add("User-Agent", self._core.config.user_agent)
        if method in NEEDS_CONTACT and "Contact" not in headers:
            headers.add("Contact", sender.contact(to, "").partition(": ")[2].rstrip())
        branch = sender.branch()
        headers.prepend("Via", sender.via(to, branch))
        claim = Claim(proof, None) if proof is not None else None
        for line in sender.proved(claim, method, request.uri, to).splitlines() if claim is not None else ():
            name, _, value = line.partition(": ")
            headers.add(name, value)
        data = Request(method, request.uri, headers, request.body).to_bytes()
        return sender.layer.client(method, branch, data, to, user=self, claim=claim).id

    def request_of(self, dialog: Dialog, method: str, to: Flow | Hop, *, lines: str, body: bytes) -> str:
        """The next request of a dialog that is kept elsewhere (a subscription); `lines` each with its line end."""
        sender = self._sender
        branch = sender.branch()
        outline = dialog.outline(method)
        outline.via = sender.via(to, branch)
        head = f"{sender.contact(to, '')}User-Agent: {self._core.config.user_agent}\r\n{lines}"
        return sender.layer.client(method, branch, outline.write(head, body), to, user=self).id

    def on_response(self, transaction: Transaction, response: Response, flow: Flow) -> None:
        """A final response ends it; provisional ones are nobody's news."""
        if response.status >= 200:
            reason = phrase(response.status, response.reason)
            self._core.tell(Responded(transaction.id, response.status, reason, response))

    def on_failure(self, transaction: Transaction, status: int) -> None:
        """408 or 503, made up."""
        self._core.tell(Responded(transaction.id, status, phrase(status)))

    # -- answering ------------------------------------------------------------------------------------------------
    def tag(self, tx: Transaction) -> str:
        """The To tag of our responses."""
        if not tx.tag:
            arrived = tx.arrived
            tx.tag = (arrived.to_tag if arrived else "") or self._core.chance.token(6)
        return tx.tag

    def respond(self, tx: Transaction, status: int, *, reason: str, extra: Extra, body: bytes) -> None:
        """Send; LocalError after a final response."""
        arrived = tx.arrived
        if arrived is None or tx.answered:
            raise LocalError(f"{tx.id} is answered")
        extra = tuple(extra)
        lines = lines_of(extra)
        method = arrived.request.method
        if method in _MAKES_DIALOG and 200 <= status < 300:
            lines = record_routes(arrived) + lines
            if method == "UPDATE":
                lines += self._updated(arrived, body)
            if not any(name.lower() == "contact" for name, _ in extra):
                lines = self._sender.contact(arrived.flow, "") + lines
            self._refresh(tx)
        if status == 405 and not any(name.lower() == "allow" for name, _ in extra):
            lines += self._allowed(method)
        elif status == 469:
            lines += "Recv-Info: \r\n"
        data = reply(arrived, status, self.tag(tx), reason=reason, lines=lines, body=body)
        self._sender.layer.respond(tx, status, data)

    def _allowed(self, refused: str) -> str:
        """What is taken in place of a method that is not (RFC 3261 section 21.4.6)."""
        return f"Allow: {', '.join(method for method in self._core.config.allow if method != refused)}\r\n"

    def _leg_of(self, arrived: Arrived) -> Leg | None:
        if not arrived.to_tag:
            return None
        return self._sender.legs.of_dialog((arrived.call_id, arrived.to_tag, arrived.from_tag))

    def _updated(self, arrived: Arrived, body: bytes) -> str:
        """An UPDATE that is accepted refreshes the session (RFC 4028 section 9)."""
        leg = self._leg_of(arrived)
        if leg is None or leg.phase is not Phase.CONFIRMED:
            return self._core.about
        leg.agreed(body, arrived.request.body)
        return self._core.about + self._sender.sessions.grant(leg, arrived.request.headers)

    def _refresh(self, tx: Transaction) -> None:
        """Target refresh by an accepted UPDATE and its like (RFC 3261 section 12.2.2)."""
        arrived = tx.arrived
        if arrived is None:
            return
        leg = self._leg_of(arrived)
        dialog = None if leg is None else leg.dialog or leg.forks.get(arrived.from_tag)
        if dialog is not None:
            dialog.refresh(arrived.request.headers)
