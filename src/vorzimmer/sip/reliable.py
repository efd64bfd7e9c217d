"""Reliable provisional responses (RFC 3262): ours until their PRACK, a phone's in order and acknowledged once.

A caller that requires 100rel gets every provisional reliably, one that only knows it those that carry a description.
One is under way at a time, later ones wait. This module must never judge a description.
"""

from collections import deque
from collections.abc import Callable

from vorzimmer.kernel.chance import Chance
from vorzimmer.sip.attempt import Attempt, Early
from vorzimmer.sip.core import Core
from vorzimmer.sip.dialog import Dialog
from vorzimmer.sip.leg import Leg
from vorzimmer.sip.message import Headers, Request, Response
from vorzimmer.sip.sender import Sender
from vorzimmer.sip.text import is_number
from vorzimmer.sip.timers import Timer
from vorzimmer.sip.transaction_layer import Transaction

TAG = "100rel"

MOST_WAITING = 16
"""Provisionals that wait behind an unacknowledged one; calls make two or three."""

Lines = tuple[tuple[str, str], ...]


class Sent:
    """A reliable provisional of ours that waits for its PRACK."""

    __slots__ = ("cseq", "data", "deadline", "described", "interval", "leg", "rseq", "timer", "transaction")

    def __init__(self, leg: Leg, transaction: Transaction, data: bytes, *, rseq: int, described: bool) -> None:
        self.leg = leg
        self.transaction = transaction
        self.data = data
        self.rseq = rseq
        self.described = described
        self.cseq = transaction.arrived.cseq if transaction.arrived else 0
        self.interval = self.deadline = 0.0
        self.timer: Timer | None = None


class Promise:
    """How the provisionals of one INVITE to us are to be sent. `later` is a 2xx that waits for a PRACK; `described`
    what a provisional has said, `agreed` once its PRACK is here."""

    __slots__ = ("agreed", "described", "later", "queue", "required", "rseq", "sent")

    def __init__(self, *, required: bool, rseq: int) -> None:
        self.required = required
        self.rseq = rseq
        self.sent: Sent | None = None
        self.queue: deque[tuple[int, Lines, bytes]] = deque()
        self.later: tuple[Lines, bytes] | None = None
        self.described = b""
        self.agreed = False


def promise_of(request: Request, chance: Chance) -> Promise | None:
    """None where the caller does not know 100rel (RFC 3262 section 3).

    Nor for an INVITE without an offer: the first reliable response would have to make one (RFC 3261 section 13.2.1),
    and nobody above has one before the answer. Such a caller hears an ordinary 180, which breaks nobody.
    """
    if not request.body:
        return None
    required = _has(request.headers, "Require")
    if not required and not _has(request.headers, "Supported"):
        return None
    return Promise(required=required, rseq=chance.number(1, 2**24))


def _has(headers: Headers, name: str) -> bool:
    return any(TAG in value.lower() for value in headers.get_all(name)) and TAG in map(str.lower, headers.list_of(name))


def rack_of(headers: Headers) -> tuple[int, int, str] | None:
    """RSeq, CSeq and method that a PRACK acknowledges; None where that cannot be read."""
    words = headers.get("RAck").split()
    if len(words) != 3 or not (is_number(words[0]) and is_number(words[1])) or len(words[0] + words[1]) > 20:
        return None
    return int(words[0]), int(words[1]), words[2]


class Promises:
    """Our side as UAS. `on_silence` is told of a leg whose PRACK never came."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.on_silence: Callable[[Leg], None] = _nobody

    def send(self, sent: Sent) -> None:
        """A provisional has just gone out; repeat it with doubled pauses, for 64*T1 (RFC 3262 section 3)."""
        core = self._core
        sent.interval = core.config.t1
        sent.deadline = core.now + core.waiting
        sent.timer = core.timers.start(core.now + sent.interval, self._again, sent)

    def _again(self, sent: Sent) -> None:
        core = self._core
        if core.now >= sent.deadline:
            sent.timer = None
            self.on_silence(sent.leg)
            return
        core.send(sent.data, sent.transaction.to, sent.transaction.id)
        sent.interval *= 2
        sent.timer = core.timers.start(min(core.now + sent.interval, sent.deadline), self._again, sent)

    def quiet(self, promise: Promise | None) -> None:
        """A final response is out: repeat nothing, send nothing more; a PRACK that still comes is answered."""
        if promise is not None:
            promise.queue.clear()
            promise.later = None
            if promise.sent is not None:
                self._core.timers.stop(promise.sent.timer)
                promise.sent.timer = None

    def acknowledged(self, promise: Promise | None, headers: Headers) -> Sent | None:
        """What a PRACK acknowledges; None for one that matches nothing (481)."""
        sent = promise.sent if promise is not None else None
        if promise is None or sent is None or rack_of(headers) != (sent.rseq, sent.cseq, "INVITE"):
            return None
        self._core.timers.stop(sent.timer)
        promise.sent = None
        promise.agreed = promise.agreed or sent.described
        return sent


class Acknowledger:
    """Our side as UAC."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def take(self, attempt: Attempt, dialog: Dialog | None, response: Response) -> bool:
        """Whether a provisional is news: unreliable, or the next reliable one of its fork, which gets its PRACK.

        A repetition or one that has overtaken another is not (RFC 3262 section 4). An INVITE of ours without an offer
        does not say that we know 100rel: its PRACK would have to carry an answer.
        """
        number = response.headers.get("RSeq")
        if dialog is None or not attempt.offers or not is_number(number) or not _has(response.headers, "Require"):
            return True
        early = attempt.early.get(dialog.remote_tag)
        if early is None:
            early = attempt.early[dialog.remote_tag] = Early()
        rseq = int(number[:12])
        if early.rseq and rseq != early.rseq + 1:
            return False
        early.rseq = rseq
        if response.body and early.answer is None:
            early.answer = response.body, response.headers.get("Content-Type")
        lines = f"RAck: {rseq} {attempt.outline.cseq} INVITE\r\n"
        self._sender.request(attempt.leg, dialog, "PRACK", lines=lines, user=None)
        return True


def _nobody(leg: Leg) -> None:
    """Until the server is there."""
