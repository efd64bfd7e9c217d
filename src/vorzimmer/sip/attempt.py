"""One INVITE or re-INVITE of ours under way: its ACKs, its patience (timer C), its CANCEL.

This module must never tell the layer above anything; the owner of the attempt does.
"""

from collections.abc import Callable
from typing import Protocol

from vorzimmer.sip.arrived import tag_of
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.leg import Leg, Wanted
from vorzimmer.sip.message import Response
from vorzimmer.sip.outline import Outline, one_line
from vorzimmer.sip.sender import Sender
from vorzimmer.sip.timers import Timer
from vorzimmer.sip.transaction_layer import Transaction
from vorzimmer.sip.transactions import State


class Owner(Protocol):
    """Who made the attempt."""

    def progressed(self, attempt: "Attempt", response: Response, flow: Flow) -> None:
        """A provisional response above 100."""

    def answered(self, attempt: "Attempt", response: Response, flow: Flow) -> None:
        """A 2xx with a new To tag."""

    def failed(self, attempt: "Attempt", status: int, response: Response | None) -> None:
        """No 2xx will come: a final response, 408, 503, or 487 for an attempt that was cancelled. Told once."""


class Early:
    """What is known of one fork of an INVITE: the last reliable provisional, and the answer that came with one."""

    __slots__ = ("answer", "rseq")

    def __init__(self) -> None:
        self.rseq = 0
        self.answer: tuple[bytes, str] | None = None


class Attempt:
    """Client user of one INVITE transaction.

    `offers` is True where the INVITE carried a body, so that the ACK has none. `acks` holds, per To tag, the ACK to
    send again for a repeated 2xx, None while the answer is still to come from above.
    """

    __slots__ = (
        "_asked", "_owner", "_sender", "acks", "again", "ahead", "body", "cancelled", "done", "early", "leg", "offers",
        "patience", "reason", "status", "tx", "wanted",
    )  # fmt: skip

    def __init__(self, sender: Sender, owner: Owner, leg: Leg, *, offers: bool, wanted: Wanted | None = None) -> None:
        self._sender = sender
        self._owner = owner
        self._asked = False
        self.leg = leg
        self.offers = offers
        self.wanted = wanted
        self.acks: dict[str, tuple[bytes, Flow | Hop] | None] = {}
        self.early: dict[str, Early] = {}
        """Per To tag, where reliable provisionals have come."""
        self.ahead = 0
        """How far the CSeqs of its dialogs begin above its own: they may have been used before a restart."""
        self.again: Callable[[Response], None] | None = None
        """Sends the INVITE once more after a 422 (RFC 4028 section 7.3)."""
        self.body = b""
        """What it offers."""
        self.cancelled = False
        self.done = False
        self.status = 487
        self.reason = ""
        self.patience: Timer | None = None
        self.tx: Transaction | None = None

    @property
    def outline(self) -> Outline:
        """The INVITE's outline."""
        assert self.tx is not None
        assert self.tx.outline is not None
        return self.tx.outline

    @property
    def heard(self) -> bool:
        """Whether any response has come yet."""
        return self.tx is not None and self.tx.state is not State.CALLING

    @property
    def refreshes(self) -> bool:
        """True for a re-INVITE that only keeps the session alive."""
        return self.wanted is not None and self.wanted.refresh

    def cancel(self, *, status: int = 487, reason: str = "") -> None:
        """Want no answer any more. CANCEL goes out at once, or with the first provisional (RFC 3261 section 9.1)."""
        if self.cancelled or self.done or self.tx is None:
            return
        self.cancelled, self.status, self.reason = True, status, reason
        if self.tx.state is State.PROCEEDING:
            self._send_cancel()

    def abandon(self) -> None:
        """The leg is gone: whatever comes of this INVITE is nobody's news, but it still comes to its end."""
        if not self.done:
            self.cancel()
            self.done = True

    def wait(self) -> None:
        """Be patient for the time of timer C from now (RFC 3261 section 16.6 item 11)."""
        core = self._sender.core
        core.timers.stop(self.patience)
        self.patience = core.timers.start(core.now + core.config.timer_c, self._on_timer_c, None)

    def moved(self) -> None:
        """The way to the phone is another one: a CANCEL that the old one has swallowed is sent again."""
        if self._asked and not self.done and self.tx is not None and self.tx.state is State.PROCEEDING:
            branch = self.tx.branch
            if not self._sender.layer.is_sending(f"{branch} CANCEL"):
                self._send_cancel()

    def on_response(self, transaction: Transaction, response: Response, flow: Flow) -> None:
        """What the table passes up. A phone that has lost its stream answers over another, and is found there."""
        if flow.transport != "udp" and isinstance(self.leg.to, Flow) and flow != self.leg.to:
            self.leg.to = flow
            self.moved()
        if response.status < 200:
            self._on_provisional(response, flow)
        elif response.status < 300:
            self._on_success(response, flow)
        else:
            self._fail(self.status if self.cancelled and response.status == 487 else response.status, response)

    def on_failure(self, transaction: Transaction, status: int) -> None:
        """Nothing came, or nothing could be sent."""
        self._fail(self.status if self.cancelled else status, None)

    def _on_provisional(self, response: Response, flow: Flow) -> None:
        if self.cancelled:
            if not self._asked:
                self._send_cancel()
            return
        self.wait()
        if response.status > 100:
            self._owner.progressed(self, response, flow)

    def _on_success(self, response: Response, flow: Flow) -> None:
        self._sender.core.timers.stop(self.patience)
        tag = tag_of(response.headers.get("To"))
        if tag not in self.acks:
            self._owner.answered(self, response, flow)
        elif (ack := self.acks[tag]) is not None:
            self._sender.core.send(*ack)

    def _fail(self, status: int, response: Response | None) -> None:
        self._sender.core.timers.stop(self.patience)
        if not self.done:
            self.done = True
            self._owner.failed(self, status, response)

    def _send_cancel(self) -> None:
        self._asked = True
        tx, sender = self.tx, self._sender
        assert tx is not None
        assert tx.outline is not None
        lines = f"Reason: {one_line(self.reason)}\r\n" if self.reason else ""
        branch = tx.branch
        sender.layer.client("CANCEL", branch, tx.outline.cancel(lines), tx.to, user=None)
        core = sender.core
        core.timers.stop(self.patience)
        self.patience = core.timers.start(core.now + core.waiting, self._on_unanswered, None)

    def _on_timer_c(self, _: None) -> None:
        self.cancel(status=408)

    def _on_unanswered(self, _: None) -> None:
        """RFC 3261 section 9.1: 64*T1 after the CANCEL the INVITE is over even without a final response. It is listened
        for somewhat longer: a 200 that comes yet is acknowledged and ended, or that phone would believe in a call."""
        core = self._sender.core
        self.patience = core.timers.start(core.now + core.waiting, self._give_up, None)
        if not self.done:
            self.done = True
            self._owner.failed(self, self.status, None)

    def _give_up(self, _: None) -> None:
        if self.tx is not None:
            self._sender.layer.drop(self.tx)
