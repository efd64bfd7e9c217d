"""Requests inside dialogs, both ways: re-INVITE with glare and retry, BYE, UPDATE, others (RFC 3261 12.2, 14, 15).

This module must never answer what needs a decision: it sorts, refuses what is out of order, and passes on the rest.
"""

from vorzimmer.sip.arrived import Arrived, tag_of
from vorzimmer.sip.attempt import Attempt
from vorzimmer.sip.events import Ended, ReinviteAnswered, Reinvited, ReinviteFailed, Requested, Responded
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.invite_client import complete
from vorzimmer.sip.invite_server import InviteServer
from vorzimmer.sip.leg import Leg, Phase, Wanted, essence
from vorzimmer.sip.message import Request, Response
from vorzimmer.sip.outline import Extra, lines_of
from vorzimmer.sip.reliable import Acknowledger
from vorzimmer.sip.replies import phrase, reply, stateless_tag
from vorzimmer.sip.sender import Sender
from vorzimmer.sip.transaction_layer import Transaction

RETRIES = 3
"""How often a re-INVITE that met 491 is sent again before it is given up."""

_OTHER_USAGE = frozenset({"NOTIFY", "SUBSCRIBE"})
"""Their 408 and 481 end a subscription, not the call (RFC 5057 section 5.1)."""


class Dialogs:
    """Owner of re-INVITE attempts and answerer of what arrives inside a dialog."""

    def __init__(self, sender: Sender, server: InviteServer, acknowledger: Acknowledger) -> None:
        self._sender = sender
        self._server = server
        self._acknowledger = acknowledger
        self._core = sender.core
        sender.sessions.on_refresh = self._refresh
        sender.sessions.on_over = self._expired

    # -- ours -----------------------------------------------------------------------------------------------------
    def reinvite(self, leg: Leg, body: bytes, extra: Extra) -> None:
        """Send a re-INVITE as soon as no other INVITE is under way (RFC 3261 section 14.1)."""
        leg.wanted.append(Wanted(body, lines_of(extra)))
        self.go_on(leg)

    def go_on(self, leg: Leg) -> None:
        """Send the next wanted re-INVITE if the dialog is free."""
        if not leg.wanted or not leg.free or leg.dialog is None:
            return
        wanted = leg.wanted.popleft()
        sender, core = self._sender, self._core
        kind = "Content-Type: application/sdp\r\n" if wanted.body else ""
        leg.attempt = attempt = Attempt(sender, self, leg, offers=bool(wanted.body), wanted=wanted)
        about = core.about if wanted.body else core.about_late
        lines = about + sender.sessions.lines(leg) + wanted.lines + kind
        attempt.tx = sender.request(leg, leg.dialog, "INVITE", lines=lines, body=wanted.body, user=attempt)

    def request(self, leg: Leg, method: str, extra: Extra, body: bytes, *, fork: str = "") -> str:
        """Any other request; gives back the transaction whose ``Responded`` follows, "" without a dialog yet."""
        dialog = leg.dialog or (leg.forks.get(fork) if fork else next(reversed(leg.forks.values()), None))
        if dialog is None:
            return ""
        lines = lines_of(extra)
        if method == "UPDATE":
            leg.updates_out += 1
            lines += self._about(leg)
        user = _Inside(self, leg, method, body)
        return self._sender.request(leg, dialog, method, lines=lines, body=body, user=user).id

    def _about(self, leg: Leg) -> str:
        """What an UPDATE of ours says of us and of the session."""
        session = self._sender.sessions.lines(leg) if leg.phase is Phase.CONFIRMED else ""
        return self._core.about + session

    def is_open(self, leg: Leg, fork: str = "") -> bool:
        """True while an offer of either side has no answer (RFC 3311 section 5.1)."""
        if leg.updates_out or self._offering(leg, fork) or leg.awaits_answer or self._asked(leg):
            return True
        return leg.update_in is not None and not leg.update_in.answered

    # -- session timers -------------------------------------------------------------------------------------------
    def _refresh(self, leg: Leg) -> None:
        """UPDATE where the peer takes it, else a re-INVITE that says what was said (RFC 4028 section 7.4)."""
        if leg.dialog is None or leg.phase is not Phase.CONFIRMED:
            return
        if "UPDATE" in leg.allow:
            lines = self._about(leg)
            self._sender.request(leg, leg.dialog, "UPDATE", lines=lines, user=_Refreshing(self, leg))
        elif leg.sdp and not any(wanted.refresh for wanted in leg.wanted):
            leg.wanted.append(Wanted(leg.sdp, "", refresh=True))
            self.go_on(leg)

    def refreshed(self, leg: Leg, status: int, response: Response | None) -> None:
        """The end of an UPDATE that only refreshed. Whoever answers is alive; who does not know it gets a re-INVITE."""
        if leg.phase is not Phase.CONFIRMED or self._sender.legs.get(leg.id) is not leg:
            return
        sessions = self._sender.sessions
        if response is None and status == 503:
            sessions.later(leg)
        elif status in {408, 481}:
            self._dead(leg, status)
        elif response is not None and status < 300:
            if leg.dialog is not None:
                leg.dialog.refresh(response.headers)
            sessions.answered(leg, response.headers)
        elif status in {405, 501}:
            leg.allow -= {"UPDATE"}
            self._refresh(leg)
        elif response is not None and status == 422 and sessions.too_small(leg, response.headers):
            self._refresh(leg)
        elif status in {491, 500}:
            sessions.later(leg)
        else:
            sessions.alive(leg)

    def _expired(self, leg: Leg) -> None:
        """RFC 4028 section 10."""
        if leg.phase is Phase.CONFIRMED:
            self._sender.over(leg, "timeout", bye=True)

    # -- owner of re-INVITE attempts ------------------------------------------------------------------------------
    def progressed(self, attempt: Attempt, response: Response, flow: Flow) -> None:
        """A provisional to a re-INVITE tells nobody anything; a reliable one is acknowledged all the same."""
        self._acknowledger.take(attempt, attempt.leg.dialog, response)

    def answered(self, attempt: Attempt, response: Response, flow: Flow) -> None:
        """The 2xx: target refresh, ACK (or wait for the answer), and the news."""
        leg, dialog = attempt.leg, attempt.leg.dialog
        if dialog is None:
            return
        tag = dialog.remote_tag
        if attempt.done or leg.attempt is not attempt:
            attempt.acks[tag] = self._sender.ack(leg, dialog, attempt.outline)
            return
        attempt.done = True
        dialog.refresh(response.headers)
        self._agreed(attempt, response)
        if attempt.offers:
            attempt.acks[tag] = self._sender.ack(leg, dialog, attempt.outline)
            leg.attempt = None
        else:
            attempt.acks[tag] = None
        if not attempt.refreshes:
            self._core.tell(ReinviteAnswered(leg.id, response))
        self.go_on(leg)

    def _agreed(self, attempt: Attempt, response: Response) -> None:
        leg, wanted = attempt.leg, attempt.wanted
        complete(response, attempt.early.get(tag_of(response.headers.get("To"))))
        leg.learn(response.headers)
        leg.agreed(wanted.body if wanted else b"", response.body)
        self._sender.sessions.answered(leg, response.headers)

    def failed(self, attempt: Attempt, status: int, response: Response | None) -> None:
        """491 is retried after a random time; 408 and 481 end the leg; anything else leaves the session as it was."""
        leg, wanted = attempt.leg, attempt.wanted
        leg.attempt = None
        if wanted is not None and wanted.tries < RETRIES and self._again(leg, wanted, status, response):
            return
        if attempt.refreshes:
            self._not_refreshed(leg, status, response)
        else:
            self._failed(leg, status, response)

    def _again(self, leg: Leg, wanted: Wanted, status: int, response: Response | None) -> bool:
        """Whether a re-INVITE that was refused is sent once more: later, or with a longer session interval."""
        if status == 491:
            self._retry_later(leg, wanted)
            return True
        if status != 422 or response is None or not self._sender.sessions.too_small(leg, response.headers):
            return False
        wanted.tries += 1
        leg.wanted.appendleft(wanted)
        self.go_on(leg)
        return True

    def _not_refreshed(self, leg: Leg, status: int, response: Response | None) -> None:
        if status in {408, 481}:
            self._dead(leg, status)
            return
        if response is None:
            self._sender.sessions.later(leg)
        else:
            self._sender.sessions.alive(leg)
        self.go_on(leg)

    def _failed(self, leg: Leg, status: int, response: Response | None) -> None:
        self._core.tell(ReinviteFailed(leg.id, status, phrase(status, response.reason if response else ""), response))
        if status in {408, 481}:
            self._dead(leg, status)
        else:
            self.go_on(leg)

    def _retry_later(self, leg: Leg, wanted: Wanted) -> None:
        """RFC 3261 section 14.1, in units of 10 ms: the owner of the Call-ID waits longer."""
        wanted.tries += 1
        chance = self._core.chance
        wait = chance.number(210, 400) if leg.outgoing else chance.number(0, 200)
        leg.wanted.appendleft(wanted)
        leg.retry = self._core.timers.start(self._core.now + wait / 100, self._retry, leg)

    def _retry(self, leg: Leg) -> None:
        leg.retry = None
        self.go_on(leg)

    def _dead(self, leg: Leg, status: int) -> None:
        """RFC 3261 section 12.2.1.2. After a 481 there is nobody left to send a BYE to."""
        self._sender.over(leg, "gone" if status == 481 else "timeout", bye=status == 408)

    def responded(
        self, leg: Leg, transaction: Transaction, status: int, response: Response | None, *, inside: "_Inside"
    ) -> None:
        """The end of a request of ours inside a dialog."""
        method = inside.method
        if method == "UPDATE":
            leg.updates_out -= 1
            here = self._sender.legs.get(leg.id) is leg  # else the answer has come after the end
            if response is not None and 200 <= status < 300 and leg.dialog is not None and here:
                leg.dialog.refresh(response.headers)
                leg.learn(response.headers)
                leg.agreed(inside.body, response.body)
                self._sender.sessions.answered(leg, response.headers)
        reason = phrase(status, response.reason if response else "")
        self._core.tell(Responded(transaction.id, status, reason, response, leg.id))
        alive = leg.phase is Phase.CONFIRMED and self._sender.legs.get(leg.id) is leg
        if alive and status in {408, 481} and method not in _OTHER_USAGE:
            self._dead(leg, status)

    # -- theirs ---------------------------------------------------------------------------------------------------
    def arrived(self, leg: Leg, arrived: Arrived) -> None:
        """A request inside the dialog of `leg`; not ACK, not CANCEL."""
        method = arrived.request.method
        dialog = leg.dialog or leg.forks.get(arrived.from_tag)
        if dialog is None or (leg.phase is Phase.LEAVING and method != "BYE"):
            self.answer(arrived, 481)
        elif not dialog.accepts(arrived.cseq):
            self.answer(arrived, 500, reason="CSeq out of order")
        else:
            self._follow(leg, arrived.flow)
            if method == "BYE":
                self._on_bye(leg, arrived)
            elif method == "INVITE":
                self._on_reinvite(leg, arrived)
            elif method == "UPDATE":
                self._on_update(leg, arrived)
            elif method == "PRACK":
                self._on_prack(leg, arrived)
            else:
                self._pass_on(leg, arrived)

    def answer(self, arrived: Arrived, status: int, *, reason: str = "", lines: str = "", tag: str = "") -> None:
        """Answer at once, in a transaction so that a repeated request gets the same answer; in a flood without."""
        layer = self._sender.layer
        if layer.servers() >= self._core.config.max_transactions:
            data = reply(arrived, status, tag or stateless_tag(arrived.request), reason=reason, lines=lines)
            self._core.send(data, arrived.answer_to())
            return
        tx = layer.server(arrived)
        tx.tag = tag or self._core.chance.token(6)
        layer.respond(tx, status, reply(arrived, status, tx.tag, reason=reason, lines=lines))

    def _follow(self, leg: Leg, flow: Flow) -> None:
        """The peer of a flow-bound leg speaks from a new place (reconnected, new NAT binding): answer there."""
        if leg.hop is None:
            leg.to = flow

    def _on_bye(self, leg: Leg, arrived: Arrived) -> None:
        self.answer(arrived, 200)
        if leg.server is not None:
            invited = leg.phase is Phase.INVITED
            self._server.cancelled(leg, arrived.request)
            if invited:
                return
        leaving = leg.phase is Phase.LEAVING
        if leg.phase is Phase.CALLING:
            # A BYE inside one early dialog of ours: its INVITE still gets its final response (RFC 3261 section 15).
            return
        self._sender.forget(leg)
        if not leaving:
            self._core.tell(Ended(leg.id, "bye", arrived.request))

    def _on_reinvite(self, leg: Leg, arrived: Arrived) -> None:
        if leg.server is not None:
            self._try_later(arrived)
        elif leg.attempt is not None or leg.phase is not Phase.CONFIRMED or leg.awaits_answer:
            self.answer(arrived, 491)
        else:
            leg.learn(arrived.request.headers)
            if self._says_nothing_new(leg, arrived.request):
                self._server.confirm(leg, arrived)
                return
            self._server.serve(leg, arrived)
            self._core.tell(Reinvited(leg.id, arrived.request))

    def _says_nothing_new(self, leg: Leg, request: Request) -> bool:
        """A session refresh with the description of before (RFC 4028 section 9): the other leg need not hear of it."""
        headers = request.headers
        if not (request.body and leg.sdp and "Session-Expires" in headers):
            return False
        return essence(request.body) == leg.theirs and "P-Asserted-Identity" not in headers

    def _on_prack(self, leg: Leg, arrived: Arrived) -> None:
        """RFC 3262 section 3. What a PRACK offers is judged above; the provisional counts as heard all the same."""
        if not self._server.pracked(leg, arrived.request.headers):
            self.answer(arrived, 481)
            return
        if arrived.request.body:
            self._pass_on(leg, arrived)
        else:
            self.answer(arrived, 200)
        self._server.go_on(leg)

    def _on_update(self, leg: Leg, arrived: Arrived) -> None:
        """RFC 3311 section 5.2: one at a time, and no offer while one of ours is open."""
        leg.learn(arrived.request.headers)
        if leg.update_in is not None and not leg.update_in.answered:
            self._try_later(arrived)
        elif arrived.request.body and (leg.updates_out or self._offering(leg, arrived.from_tag)):
            self.answer(arrived, 491)
        elif arrived.request.body and self._asked(leg):
            self._try_later(arrived)
        else:
            leg.update_in = self._pass_on(leg, arrived)

    def _offering(self, leg: Leg, fork: str) -> bool:
        """True while an offer of ours in an INVITE is not answered; a reliable provisional may have (RFC 3262 5)."""
        attempt = leg.attempt
        if attempt is None or not attempt.offers or attempt.done:
            return False
        early = attempt.early.get(fork)
        return early is None or early.answer is None

    def _asked(self, leg: Leg) -> bool:
        """True while an offer of theirs in an INVITE is not answered."""
        tx, promise = leg.server, leg.promise
        if tx is None or tx.arrived is None or not tx.arrived.request.body:
            return False
        return promise is None or not promise.agreed

    def _try_later(self, arrived: Arrived) -> None:
        wait = self._core.chance.number(0, 10)
        self.answer(arrived, 500, reason="Overlapping Request", lines=f"Retry-After: {wait}\r\n")

    def _pass_on(self, leg: Leg, arrived: Arrived) -> Transaction:
        tx = self._sender.layer.server(arrived)
        self._core.tell(Requested(tx.id, arrived.request, arrived.flow, leg.id))
        return tx


class _Inside:
    """Client user of one request inside a dialog."""

    __slots__ = ("_dialogs", "_leg", "body", "method")

    def __init__(self, dialogs: Dialogs, leg: Leg, method: str, body: bytes) -> None:
        self._dialogs = dialogs
        self._leg = leg
        self.method = method
        self.body = body

    def on_response(self, transaction: Transaction, response: Response, flow: Flow) -> None:
        if response.status >= 200:
            self._dialogs.responded(self._leg, transaction, response.status, response, inside=self)

    def on_failure(self, transaction: Transaction, status: int) -> None:
        self._dialogs.responded(self._leg, transaction, status, None, inside=self)


class _Refreshing:
    """Client user of an UPDATE that keeps a session alive."""

    __slots__ = ("_dialogs", "_leg")

    def __init__(self, dialogs: Dialogs, leg: Leg) -> None:
        self._dialogs = dialogs
        self._leg = leg

    def on_response(self, transaction: Transaction, response: Response, flow: Flow) -> None:
        if response.status >= 200:
            self._dialogs.refreshed(self._leg, response.status, response)

    def on_failure(self, transaction: Transaction, status: int) -> None:
        self._dialogs.refreshed(self._leg, status, None)
