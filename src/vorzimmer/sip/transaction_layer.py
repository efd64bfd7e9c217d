"""Runs the four tables: matching, retransmission, timers, transport errors (RFC 3261 section 17, RFC 6026).

This module must never know a dialog or a leg: it passes responses to the user of a client transaction and hands back
server transactions to whoever answers them.
"""

from collections.abc import Callable
from typing import Any

from vorzimmer.sip.arrived import Arrived
from vorzimmer.sip.compact import LIMIT, fitting
from vorzimmer.sip.core import Core
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Response
from vorzimmer.sip.transaction import Claim, ClientUser, Transaction
from vorzimmer.sip.transactions import CLIENT, INVITE_CLIENT, INVITE_SERVER, SERVER, Do, Signal, State

__all__ = ["ClientUser", "Layer", "Transaction"]

_CHALLENGES = frozenset({401, 407})


class Layer:
    """All transactions of an engine."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.on_ack: Callable[[Arrived], None] = _nobody
        """Told of an ACK that reaches a server transaction in state Accepted."""
        self.elsewhere: Callable[[Transaction], bool] = _nowhere
        """Asked before a failure is told: True where the request goes to another server instead."""
        self.challenged: Callable[[Transaction, Response], bool] = _unproved
        """Asked about a 401 or 407 to a request with a claim: True where it goes out again with credentials."""
        self._clients: dict[str, Transaction] = {}
        self._servers: dict[str, Transaction] = {}
        self._by_id: dict[str, Transaction] = {}
        self._merged: dict[tuple[str, str, int, str], Transaction] = {}
        self._by_flow: dict[Flow, dict[Transaction, None]] = {}  # in order, so that a seeded run repeats
        self._count = 0
        t1, t2, t4 = core.config.t1, core.config.t2, core.config.t4
        wait = core.waiting
        # Seconds on a datagram and on a stream (RFC 3261 table 4, RFC 6026 section 8.4 and 8.5).
        self._actions: dict[Do, Callable[[Transaction, Any], None]] = {
            Do.SEND_REQUEST: self._send,
            Do.SEND_ACK: self._send_ack,
            Do.PASS_UP: self._pass_up,
            Do.TELL_TIMEOUT: lambda tx, _: self._tell(tx, 408),
            Do.TELL_ERROR: lambda tx, _: self._tell(tx, 503),
            Do.SEND_RESPONSE: self._send_response,
            Do.RESEND: self._send,
            Do.START_A: lambda tx, _: self._again(tx, tx.interval * 2, Signal.TIMER_A),
            Do.START_E: lambda tx, _: self._again(tx, min(tx.interval * 2, t2), Signal.TIMER_E),
            Do.START_E_T2: lambda tx, _: self._again(tx, t2, Signal.TIMER_E),
            Do.START_G: lambda tx, _: None if _reliable(tx.to) else self._again(tx, t1, Signal.TIMER_G),
            Do.AGAIN_G: lambda tx, _: self._again(tx, min(tx.interval * 2, t2), Signal.TIMER_G),
            Do.START_D: lambda tx, _: self._linger(tx, 0.0 if _reliable(tx.to) else max(wait, 32.0), Signal.TIMER_D),
            Do.START_H: lambda tx, _: self._linger(tx, wait, Signal.TIMER_H),
            Do.START_I: lambda tx, _: self._linger(tx, 0.0 if _reliable(tx.to) else t4, Signal.TIMER_I),
            Do.START_J: lambda tx, _: self._linger(tx, 0.0 if _reliable(tx.to) else wait, Signal.TIMER_J),
            Do.START_K: lambda tx, _: self._linger(tx, 0.0 if _reliable(tx.to) else t4, Signal.TIMER_K),
            Do.START_L: lambda tx, _: self._linger(tx, wait, Signal.TIMER_L),
            Do.START_M: lambda tx, _: self._linger(tx, wait, Signal.TIMER_M),
            Do.STOP_RETRY: self._stop_retry,
            Do.STOP_LIMIT: self._stop_limit,
        }

    # -- client ---------------------------------------------------------------------------------------------------
    def client(
        self,
        method: str,
        branch: str,
        data: bytes,
        to: Flow | Hop,
        *,
        user: ClientUser | None,
        claim: Claim | None = None,
    ) -> Transaction:
        """Send a request and watch over it. The id is known to ``send_failed`` and ``flow_found``."""
        invite = method == "INVITE"
        tx = Transaction(INVITE_CLIENT, State.CALLING, to) if invite else Transaction(CLIENT, State.TRYING, to)
        tx.id = tx.key = f"{branch} {method}"
        if len(data) > LIMIT:
            data = fitting(data, to)
        tx.data = data
        tx.user = user
        tx.claim = claim
        self._begin(tx)
        return tx

    def _begin(self, tx: Transaction) -> None:
        self._clients[tx.key] = tx
        self._note_flow(tx, tx.to)
        self._core.send(tx.data, tx.to, tx.key)
        self._repeat(tx)
        self._linger(tx, self._core.waiting, Signal.TIMER_B if tx.table is INVITE_CLIENT else Signal.TIMER_F)

    def _repeat(self, tx: Transaction) -> None:
        if not _reliable(tx.to):
            self._again(tx, self._core.config.t1, Signal.TIMER_A if tx.table is INVITE_CLIENT else Signal.TIMER_E)

    def restart(self, tx: Transaction, branch: str, data: bytes, to: Flow | Hop) -> None:
        """Send the request of `tx` once more, as a transaction of its own: to another server (RFC 3263 section 4.3), or
        with credentials. Where an INVITE has been refused, somebody stays behind to acknowledge its repetitions."""
        method = tx.key.rpartition(" ")[2]
        if tx.state is State.COMPLETED and tx.table is INVITE_CLIENT:
            self._leave_behind(tx)
        elif tx.state is not State.TERMINATED:
            self._forget(tx)
        tx.state = State.CALLING if tx.table is INVITE_CLIENT else State.TRYING
        tx.key, tx.data, tx.to, tx.at_once, tx.spare = f"{branch} {method}", data, to, None, False
        self._begin(tx)

    def _leave_behind(self, tx: Transaction) -> None:
        left = Transaction(tx.table, tx.state, tx.to)
        left.id = left.key = tx.key
        left.outline = None if tx.outline is None else tx.outline.copy()
        lasts = tx.at_once is None
        self._forget(tx)
        if lasts:
            self._clients[left.key] = left
            self._note_flow(left, left.to)
            self._linger(left, max(self._core.waiting, 32.0), Signal.TIMER_D)

    def proceeding(self, branch: str, data: bytes, to: Flow | Hop, *, user: ClientUser | None) -> Transaction:
        """An INVITE that was sent before a restart and that nobody need repeat; nothing is sent and no timer runs."""
        tx = Transaction(INVITE_CLIENT, State.PROCEEDING, to)
        tx.id = tx.key = f"{branch} INVITE"
        tx.data = data
        tx.user = user
        self._clients[tx.key] = tx
        self._note_flow(tx, to)
        return tx

    def is_sending(self, transaction: str) -> bool:
        """Whether a client transaction of that id is not over."""
        return transaction in self._clients

    def response(self, response: Response, flow: Flow, branch: str, method: str) -> bool:
        """Hand a response to its client transaction; False for a stray one, which is dropped (RFC 3261 18.1.2)."""
        tx = self._clients.get(f"{branch} {method}")
        if tx is None:
            return False
        tx.flow = flow
        if flow.transport != "udp" and flow != tx.to and isinstance(tx.to, Flow):
            # The stream that the request went over is closed; RFC 3261 section 18.2.2 sends the answer over another.
            self.move(tx, flow)
        status = response.status
        if status < 200:
            signal = Signal.PROVISIONAL
        elif tx.table is CLIENT:
            signal = Signal.FINAL
        else:
            signal = Signal.SUCCESS if status < 300 else Signal.FAILURE
        self.feed(tx, signal, response)
        return True

    def client_of(self, transaction: str) -> Transaction | None:
        """The client transaction of that key that is not over."""
        return self._clients.get(transaction)

    def drop(self, tx: Transaction) -> None:
        """Forget a transaction whose outcome nobody waits for (RFC 3261 section 9.1: cancelled and never answered)."""
        tx.state = State.TERMINATED
        self._forget(tx)
        tx.user = None

    # -- server ---------------------------------------------------------------------------------------------------
    def find_server(self, key: str) -> Transaction | None:
        """The server transaction of that key."""
        return self._servers.get(key)

    def server_by_id(self, transaction: str) -> Transaction | None:
        """The server transaction of that id."""
        return self._by_id.get(transaction)

    def servers(self) -> int:
        """How many there are."""
        return len(self._servers)

    def is_merged(self, arrived: Arrived) -> bool:
        """True where another transaction already serves the same request on another path (RFC 3261 8.2.2.2)."""
        request = arrived.request
        return (arrived.call_id, arrived.from_tag, arrived.cseq, request.method) in self._merged

    def server(self, arrived: Arrived) -> Transaction:
        """Begin to serve a request that matched nothing."""
        self._count += 1
        method = arrived.request.method
        to = arrived.answer_to()
        if method == "INVITE":
            tx = Transaction(INVITE_SERVER, State.PROCEEDING, to)
        else:
            tx = Transaction(SERVER, State.TRYING, to)
            self._linger(tx, self._core.waiting, Signal.ABANDONED)
        tx.id = f"s{self._count}"
        tx.key = arrived.key
        tx.arrived = arrived
        tx.flow = arrived.flow
        self._servers[tx.key] = self._by_id[tx.id] = tx
        if not arrived.to_tag and method != "CANCEL":
            tx.merge = (arrived.call_id, arrived.from_tag, arrived.cseq, method)
            self._merged[tx.merge] = tx
        self._note_flow(tx, to)
        return tx

    def respond(self, tx: Transaction, status: int, data: bytes) -> None:
        """Send a response on a server transaction; what the state does not allow any more is dropped."""
        if status < 200:
            signal = Signal.SEND_PROVISIONAL
        elif tx.table is SERVER:
            signal = Signal.SEND_FINAL
        else:
            signal = Signal.SEND_SUCCESS if status < 300 else Signal.SEND_FAILURE
        self.feed(tx, signal, data)

    def again(self, tx: Transaction) -> None:
        """The request of `tx` has come once more."""
        self.feed(tx, Signal.REQUEST, None)

    def acknowledged(self, tx: Transaction, ack: Arrived) -> None:
        """An ACK with the branch of the INVITE has come."""
        self.feed(tx, Signal.ACK, ack)

    # -- transport ------------------------------------------------------------------------------------------------
    def send_failed(self, transaction: str) -> None:
        """The network could not send what this transaction asked for (RFC 3261 section 17.1.4)."""
        tx = self._clients.get(transaction)
        if tx is not None:
            self.feed(tx, Signal.TRANSPORT_ERROR, None)

    def flow_found(self, transaction: str, flow: Flow, *, spare: bool = False) -> Transaction | None:
        """The Hop of a client transaction became `flow`; gives back the transaction. `spare`: there is another server
        to try, so that a silent one is not waited for as long."""
        tx = self._clients.get(transaction)
        if tx is None or not isinstance(tx.to, Hop):
            return None
        waits = not tx.to.transport
        self.move(tx, flow)
        tx.spare = spare
        if tx.claim is not None:
            tx.claim.way = flow.remote
        if tx.state in {State.CALLING, State.TRYING}:
            if waits:
                self._repeat(tx)
            if spare:
                self._linger(
                    tx, self._core.config.failover, Signal.TIMER_B if tx.table is INVITE_CLIENT else Signal.TIMER_F
                )
        return tx

    def move(self, tx: Transaction, to: Flow | Hop) -> None:
        """What is still to be sent for `tx` goes there from now on."""
        self._unnote_flow(tx)
        tx.to = to
        if tx.state is not State.TERMINATED:
            self._note_flow(tx, to)

    def flow_closed(self, flow: Flow) -> None:
        """Requests on their way over a closed stream fail; answers find another way (RFC 3261 section 18.2.2)."""
        for tx in self._by_flow.pop(flow, ()):
            if tx.arrived is not None:
                tx.to = tx.arrived.answer_after_close()
            else:
                self.feed(tx, Signal.TRANSPORT_ERROR, None)

    def idle(self) -> bool:
        """True when no transaction is left."""
        return not (self._clients or self._servers or self._by_id or self._merged or self._by_flow)

    # -- the machine ----------------------------------------------------------------------------------------------
    def feed(self, tx: Transaction, signal: Signal, message: Any) -> None:
        """Let `signal` happen to `tx`: one row of its table, nothing where the table has none."""
        rows = tx.table.get(tx.state)
        row = None if rows is None else rows.get(signal)
        if row is None:
            return
        tx.state = row.state
        if row.state is State.TERMINATED:
            self._forget(tx)
        for action in row.actions:
            self._actions[action](tx, message)
        if tx.at_once is not None:
            signal, tx.at_once = tx.at_once, None
            self.feed(tx, signal, None)
        elif tx.state is State.TERMINATED:
            tx.user = None  # the two hold each other: without this only the garbage collector would find them

    def _forget(self, tx: Transaction) -> None:
        self._core.timers.stop(tx.retry)
        self._core.timers.stop(tx.limit)
        tx.retry = tx.limit = None
        if tx.arrived is None:
            self._clients.pop(tx.key, None)
        else:
            self._servers.pop(tx.key, None)
            self._by_id.pop(tx.id, None)
            if tx.merge is not None:
                self._merged.pop(tx.merge, None)
        self._unnote_flow(tx)

    def _unnote_flow(self, tx: Transaction) -> None:
        if isinstance(tx.to, Flow) and tx.to.transport != "udp":
            mates = self._by_flow.get(tx.to)
            if mates is not None:
                mates.pop(tx, None)
                if not mates:
                    del self._by_flow[tx.to]

    def _note_flow(self, tx: Transaction, to: Flow | Hop) -> None:
        if isinstance(to, Flow) and to.transport != "udp":
            self._by_flow.setdefault(to, {})[tx] = None

    def _send(self, tx: Transaction, _: Any) -> None:
        if tx.data:
            self._core.send(tx.data, tx.to, tx.key if tx.arrived is None else tx.id)

    def _send_response(self, tx: Transaction, data: bytes) -> None:
        tx.data = data
        self._core.send(data, tx.to, tx.id)

    def _send_ack(self, tx: Transaction, response: Response) -> None:
        if tx.outline is not None:
            self._core.send(tx.outline.ack(response.headers.get("To")), tx.to, tx.key)

    def _pass_up(self, tx: Transaction, message: Any) -> None:
        if tx.arrived is not None:
            self.on_ack(message)
        elif tx.claim is not None and message.status in _CHALLENGES and self.challenged(tx, message):
            return
        elif tx.user is not None and tx.flow is not None and not self._turned_away(tx, message.status):
            tx.user.on_response(tx, message, tx.flow)

    def _turned_away(self, tx: Transaction, status: int) -> bool:
        """True for a 503 that another server makes good; whoever has said more than 100 is the server to stay with."""
        if not tx.spare or status == 100:
            return False
        if status == 503:
            return self.elsewhere(tx)
        tx.spare = False
        return False

    def _tell(self, tx: Transaction, status: int) -> None:
        if tx.user is not None and not (tx.spare and self.elsewhere(tx)):
            tx.user.on_failure(tx, status)

    def _again(self, tx: Transaction, seconds: float, signal: Signal) -> None:
        tx.interval = seconds
        tx.retry = self._core.timers.start(self._core.now + seconds, self._fire, (tx, signal))

    def _linger(self, tx: Transaction, seconds: float, signal: Signal) -> None:
        self._core.timers.stop(tx.limit)
        if seconds:
            tx.limit = self._core.timers.start(self._core.now + seconds, self._fire, (tx, signal))
        else:
            tx.limit = None
            tx.at_once = signal

    def _fire(self, what: tuple[Transaction, Signal]) -> None:
        self.feed(what[0], what[1], None)

    def _stop_retry(self, tx: Transaction, _: Any) -> None:
        self._core.timers.stop(tx.retry)
        tx.retry = None

    def _stop_limit(self, tx: Transaction, _: Any) -> None:
        self._core.timers.stop(tx.limit)
        tx.limit = None


def _reliable(to: Flow | Hop) -> bool:
    return to.transport != "udp"


def _nobody(ack: Arrived) -> None:
    """Until the receiver is there."""


def _nowhere(tx: Transaction) -> bool:
    """Until somebody knows another server."""
    return False


def _unproved(tx: Transaction, response: Response) -> bool:
    """Until somebody knows an account."""
    return False
