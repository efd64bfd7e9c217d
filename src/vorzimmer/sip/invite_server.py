"""Legs made to us: the INVITE, provisional answers, the 2xx until its ACK, refusal, CANCEL (RFC 3261 9.2, 13.3).

Serves re-INVITEs too: only their end differs. This module must never decide what to answer.
"""

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.arrived import Arrived
from vorzimmer.sip.core import Core
from vorzimmer.sip.dialog import dialog_of_uas
from vorzimmer.sip.events import Acked, Cancelled, Ended, Invited
from vorzimmer.sip.leg import Leg, Phase, Unacknowledged
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.outline import Extra, lines_of
from vorzimmer.sip.reliable import MOST_WAITING, TAG, Lines, Promise, Promises, Sent, promise_of
from vorzimmer.sip.replies import record_routes, reply
from vorzimmer.sip.sender import Sender, user_of
from vorzimmer.sip.transaction_layer import Transaction

PROLONG = 60.0
"""Seconds after which a provisional is sent again, lest a proxy gives up (RFC 3261 section 13.3.1.1)."""


class InviteServer:
    """The server half of the engine."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._core: Core = sender.core
        self._reliable = TAG in sender.core.config.supported
        self.promises = Promises(sender.core)
        self.promises.on_silence = self._unheard

    def invited(self, arrived: Arrived) -> None:
        """A new INVITE: 100 at once, a leg, and the news."""
        core = self._core
        leg = Leg(LegId(core.chance.token(8)), Phase.INVITED, arrived.flow)
        leg.tag = core.chance.token(6)
        self._begin(leg, arrived)
        self._sender.layer.respond(self._open(leg, arrived), 100, reply(arrived, 100, ""))
        core.tell(Invited(leg.id, arrived.request, arrived.flow))

    def serve(self, leg: Leg, arrived: Arrived) -> None:
        """Open the server transaction of an INVITE or re-INVITE and send 100."""
        self._sender.layer.respond(self._open(leg, arrived), 100, reply(arrived, 100, ""))

    def resume(self, leg: Leg, arrived: Arrived) -> None:
        """An INVITE from before a restart is served on; a stream that it came on is closed by now."""
        self._begin(leg, arrived)
        tx = self._open(leg, arrived)
        tx.data = reply(arrived, 100, "")
        if arrived.flow.reliable:
            self._sender.layer.move(tx, arrived.answer_after_close())

    def _begin(self, leg: Leg, arrived: Arrived) -> None:
        leg.user = user_of(arrived.request.headers.get("To"))
        leg.learn(arrived.request.headers)
        leg.dialog = dialog_of_uas(arrived, leg.tag)
        self._sender.legs.add(leg)
        self._sender.legs.know(leg, leg.dialog)

    def _open(self, leg: Leg, arrived: Arrived) -> Transaction:
        tx = self._sender.layer.server(arrived)
        tx.tag, tx.owner = leg.tag, leg
        leg.server = tx
        leg.promise = promise_of(arrived.request, self._core.chance) if self._reliable else None
        return tx

    # -- answers --------------------------------------------------------------------------------------------------
    def ring(self, leg: Leg, status: int, extra: Extra, body: bytes) -> None:
        """A provisional response with the To tag: an early dialog at the caller. Reliable ones take turns."""
        tx, promise = leg.server, leg.promise
        if tx is None or (promise is not None and promise.later is not None):
            return
        if promise is None or not (promise.required or body):
            self._sender.layer.respond(tx, status, self._dialog_reply(leg, tx, status, extra=extra, body=body))
        elif promise.sent is None:
            self._promise(leg, tx, promise, (status, tuple(extra), body))
        elif len(promise.queue) < MOST_WAITING:
            promise.queue.append((status, tuple(extra), body))
        self._core.timers.stop(leg.prolong)
        leg.prolong = self._core.timers.start(self._core.now + PROLONG, self._prolong, leg)

    def _promise(self, leg: Leg, tx: Transaction, promise: Promise, what: tuple[int, Lines, bytes]) -> None:
        """RFC 3262 section 3: the next number, and what UPDATE wants to know (RFC 3311 section 5.1)."""
        status, extra, body = what
        promise.rseq += 1
        lines = f"Require: {TAG}\r\nRSeq: {promise.rseq}\r\n{self._core.about}"
        data = self._dialog_reply(leg, tx, status, extra=extra, body=body, lines=lines)
        promise.sent = sent = Sent(leg, tx, data, rseq=promise.rseq, described=bool(body))
        promise.described = body or promise.described
        self._sender.layer.respond(tx, status, data)
        self.promises.send(sent)

    def _prolong(self, leg: Leg) -> None:
        """The last word again, without what has been agreed; a reliable one is a new one."""
        tx, promise = leg.server, leg.promise
        if tx is None:
            return
        if promise is None:
            self._sender.layer.respond(tx, 180, tx.data)
        elif promise.sent is None:
            status = int(tx.data[8:11])
            self.ring(leg, status if status > 100 else 180, (), b"")
        self._core.timers.stop(leg.prolong)
        leg.prolong = self._core.timers.start(self._core.now + PROLONG, self._prolong, leg)

    def pracked(self, leg: Leg, headers: Headers) -> bool:
        """A PRACK; False for one that acknowledges nothing."""
        return self.promises.acknowledged(leg.promise, headers) is not None

    def go_on(self, leg: Leg) -> None:
        """After a PRACK: what waited for it."""
        promise, tx = leg.promise, leg.server
        if promise is None or tx is None or promise.sent is not None:
            return
        if promise.later is not None:
            extra, body = promise.later
            self.accept(leg, extra, body)
        elif promise.queue:
            self._promise(leg, tx, promise, promise.queue.popleft())

    def _unheard(self, leg: Leg) -> None:
        """No PRACK within 64*T1 (RFC 3262 section 3)."""
        new = leg.phase is Phase.INVITED
        self.refuse(leg, 504, "PRACK Timeout", ())
        if new:
            self._core.tell(Ended(leg.id, "no-prack"))

    def accept(self, leg: Leg, extra: Extra, body: bytes) -> None:
        """2xx, sent again until the ACK or for 64*T1. It waits for the PRACK of a description (RFC 3262 section 3)."""
        tx, promise = leg.server, leg.promise
        if tx is None or tx.arrived is None or leg.dialog is None:
            return
        if promise is not None:
            if promise.sent is not None and promise.sent.described:
                promise.later = tuple(extra), body
                return
            self.promises.quiet(promise)
        core, arrived = self._core, tx.arrived
        leg.phase = Phase.CONFIRMED
        lines = self._core.about + self._sender.sessions.grant(leg, arrived.request.headers)
        data = self._dialog_reply(leg, tx, 200, extra=extra, body=body, lines=lines)
        leg.agreed(body or (promise.described if promise else b""), arrived.request.body)
        leg.dialog.refresh(arrived.request.headers)
        leg.server = None
        core.timers.stop(leg.prolong)
        waiting = Unacknowledged(leg, tx, data, cseq=arrived.cseq, offers=bool(body) and not arrived.request.body)
        waiting.deadline = core.now + core.waiting
        waiting.interval = core.config.t1
        leg.unacknowledged[arrived.cseq] = waiting
        self._sender.layer.respond(tx, 200, data)
        waiting.timer = core.timers.start(core.now + waiting.interval, self._again, waiting)

    def confirm(self, leg: Leg, arrived: Arrived) -> None:
        """A re-INVITE that says what was said before only refreshes the session: the same answer, and no news."""
        self.serve(leg, arrived)
        leg.promise = None
        self.accept(leg, (), leg.sdp)
        leg.unacknowledged[arrived.cseq].quiet = True

    def refuse(self, leg: Leg, status: int, reason: str, extra: Extra) -> None:
        """A final response from 300 up; the leg is gone unless it was a re-INVITE."""
        tx = leg.server
        if tx is None or tx.arrived is None or status < 300:
            return
        self.promises.quiet(leg.promise)
        self._sender.refuse(leg, status, reason=reason, lines=lines_of(extra))
        if leg.phase is Phase.INVITED:
            self._sender.forget(leg)

    def _dialog_reply(
        self, leg: Leg, tx: Transaction, status: int, *, extra: Extra, body: bytes, lines: str = ""
    ) -> bytes:
        arrived = tx.arrived
        assert arrived is not None
        extra = tuple(extra)
        lines = record_routes(arrived) + self._sender.contact(arrived.flow, leg.user) + lines_of(extra) + lines
        if body and not any(name.lower() == "content-type" for name, _ in extra):
            lines += "Content-Type: application/sdp\r\n"
        return reply(arrived, status, leg.tag, lines=lines, body=body)

    # -- the 2xx and its ACK --------------------------------------------------------------------------------------
    def _again(self, waiting: Unacknowledged) -> None:
        core, leg = self._core, waiting.leg
        if core.now >= waiting.deadline:
            self._never_acknowledged(leg)
            return
        self._sender.layer.respond(waiting.transaction, 200, waiting.data)
        waiting.interval = min(waiting.interval * 2, core.config.t2)
        when = min(core.now + waiting.interval, waiting.deadline)
        waiting.timer = core.timers.start(when, self._again, waiting)

    def _never_acknowledged(self, leg: Leg) -> None:
        """RFC 3261 section 13.3.1.4: the dialog is confirmed, but the session is to be ended."""
        if leg.phase is Phase.LEAVING:
            self._leave(leg)
        else:
            self._sender.over(leg, "no-ack", bye=True)

    def acknowledge(self, leg: Leg, arrived: Arrived) -> bool:
        """The ACK of a 2xx; False for a stray one."""
        answer = self._sender.acknowledged(leg, arrived.cseq)
        if answer is None:
            return False
        leg.acknowledged = True
        if answer.offers:
            leg.agreed(b"", arrived.request.body)
        if leg.phase is Phase.LEAVING:
            self._leave(leg)
        elif not answer.quiet:
            self._core.tell(Acked(leg.id, arrived.request))
        return True

    def _leave(self, leg: Leg) -> None:
        if leg.dialog is not None:
            self._sender.bye(leg, leg.dialog, leg.reason)
        self._sender.forget(leg)

    def leg_of(self, tx: Transaction) -> Leg | None:
        """The leg whose INVITE this transaction still serves; None once it has its final response."""
        leg = tx.owner
        return leg if isinstance(leg, Leg) and leg.server is tx else None

    # -- CANCEL ---------------------------------------------------------------------------------------------------
    def cancelled(self, leg: Leg, request: Request) -> None:
        """The caller gave up before our final response: 487, and the leg is gone; a cancelled re-INVITE leaves the
        session as it was."""
        new = leg.phase is Phase.INVITED
        self.refuse(leg, 487, "", ())
        if new:
            self._core.tell(Cancelled(leg.id, request))
