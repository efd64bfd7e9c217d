"""Legs as the engine keeps them: one INVITE dialog, or the attempt to make one. This module must never send."""

from collections import deque
from collections.abc import ItemsView
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.dialog import Dialog, DialogId
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Headers
from vorzimmer.sip.session_timer import FLOOR, Session
from vorzimmer.sip.timers import Timer
from vorzimmer.sip.transaction import Proof
from vorzimmer.sip.transaction_layer import Transaction

if TYPE_CHECKING:
    from vorzimmer.sip.attempt import Attempt
    from vorzimmer.sip.reliable import Promise


class Phase(StrEnum):
    """How far a leg is."""

    CALLING = "calling"  # our INVITE has no final response
    INVITED = "invited"  # the peer's INVITE has none
    CONFIRMED = "confirmed"
    LEAVING = "leaving"  # ended by us, BYE waits for the ACK (RFC 3261 section 15)


_EVERYBODY = frozenset({"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"})
"""What a peer that has not said what it allows may be sent."""


class Wanted:
    """A re-INVITE to be sent as soon as the dialog is free; `tries` counts the 491s and 422s it has met. A `refresh`
    changes nothing and is nobody's news (RFC 4028)."""

    __slots__ = ("body", "lines", "refresh", "tries")

    def __init__(self, body: bytes, lines: str, *, refresh: bool = False) -> None:
        self.body = body
        self.lines = lines
        self.refresh = refresh
        self.tries = 0


class Unacknowledged:
    """A 2xx of ours that is sent again until its ACK comes (RFC 3261 section 13.3.1.4)."""

    __slots__ = ("cseq", "data", "deadline", "interval", "leg", "offers", "quiet", "timer", "transaction")

    def __init__(self, leg: "Leg", transaction: Transaction, data: bytes, *, cseq: int, offers: bool) -> None:
        self.quiet = False
        """True where the re-INVITE was a mere refresh, of which nobody has heard."""
        self.leg = leg
        self.transaction = transaction
        self.data = data
        self.cseq = cseq
        self.offers = offers
        self.interval = self.deadline = 0.0
        self.timer: Timer | None = None


class Leg:
    """One leg. `to` is where its requests go; `hop` is the Hop it was made to, None for a leg bound to a flow."""

    __slots__ = (
        "acknowledged", "allow", "attempt", "dialog", "forks", "hop", "id", "interval", "least", "outgoing", "phase",
        "prolong", "promise", "proof", "reason", "retry", "sdp", "server", "session", "session_timer", "supported",
        "tag", "theirs", "to", "unacknowledged", "update_in", "updates_out", "user", "wanted",
    )  # fmt: skip

    def __init__(self, leg: LegId, phase: Phase, to: Flow | Hop) -> None:
        self.id = leg
        self.phase = phase
        self.to = to
        self.hop = to if isinstance(to, Hop) else None
        self.outgoing = phase is Phase.CALLING
        self.user = ""
        """The user part of our Contact."""
        self.tag = ""
        self.dialog: Dialog | None = None
        self.forks: dict[str, Dialog] = {}
        self.attempt: Attempt | None = None
        """Our INVITE or re-INVITE, until it is answered and acknowledged."""
        self.server: Transaction | None = None
        """The peer's INVITE or re-INVITE, until it is answered."""
        self.unacknowledged: dict[int, Unacknowledged] = {}
        self.wanted: deque[Wanted] = deque()
        self.retry: Timer | None = None
        self.prolong: Timer | None = None
        self.updates_out = 0
        self.update_in: Transaction | None = None
        self.reason = ""
        self.acknowledged = False
        """True once the first ACK for a 2xx of ours has come: from then on a BYE need not wait."""
        self.allow = _EVERYBODY
        self.supported: frozenset[str] = frozenset()
        """Methods and option tags of the peer, as it said last."""
        self.promise: Promise | None = None
        """How provisionals to the peer's INVITE are sent, where it knows 100rel."""
        self.proof: Proof | None = None
        """As whom we prove ourselves to the peer of a trunk's leg."""
        self.session: Session | None = None
        self.session_timer: Timer | None = None
        self.least, self.interval = FLOOR, 0
        """The Min-SE that a 422 has taught us; the session interval that we ask for, 0 for the configured one."""
        self.sdp = b""
        """What we said last in this session, for refreshing it by re-INVITE."""
        self.theirs = 0
        """A checksum of what the peer said last (see `essence`)."""

    def learn(self, headers: Headers) -> None:
        """Note what the peer allows and supports, where it says so."""
        if allow := headers.get_all("Allow"):
            self.allow = _methods(allow[0] if len(allow) == 1 else ",".join(allow))
        if supported := headers.get_all("Supported"):
            self.supported = _options(supported[0] if len(supported) == 1 else ",".join(supported))

    def agreed(self, ours: bytes, theirs: bytes) -> None:
        """Note what both have said; b"" leaves it as it was."""
        self.sdp = ours or self.sdp
        self.theirs = essence(theirs) if theirs else self.theirs

    @property
    def free(self) -> bool:
        """True when no INVITE is under way in either direction (RFC 3261 section 14.1)."""
        return (
            self.phase is Phase.CONFIRMED
            and self.attempt is None
            and self.server is None
            and not self.unacknowledged
            and self.retry is None
        )

    def under_way(self) -> list[Transaction]:
        """The INVITE transactions that may follow the device to a new flow: ours, theirs whose stream has closed."""
        ours = self.attempt.tx if self.attempt is not None else None
        theirs = [self.server, *(answer.transaction for answer in self.unacknowledged.values())]
        lost = [tx for tx in theirs if tx is not None and isinstance(tx.to, Hop)]
        return lost if ours is None else [ours, *lost]

    @property
    def awaits_answer(self) -> bool:
        """True while an offer of ours in a 2xx waits for the answer in its ACK."""
        return any(answer.offers for answer in self.unacknowledged.values())


@lru_cache(maxsize=256)
def _methods(text: str) -> frozenset[str]:
    return frozenset(word.strip().upper() for word in text.split(",")[:100])


@lru_cache(maxsize=256)
def _options(text: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in text.split(",")[:100])


def essence(body: bytes) -> int:
    """A checksum of a description with its version: one that is counted on may mean a change (RFC 4028 section 7.4)."""
    return crc32(body) + (len(body) << 32)


MOST_PAST = 4096
"""Dialogs that are remembered after their end."""


class Legs:
    """All legs, by our id and by dialog id."""

    __slots__ = ("_by_dialog", "_by_id", "_past")

    def __init__(self) -> None:
        self._by_id: dict[LegId, Leg] = {}
        self._by_dialog: dict[DialogId, Leg] = {}
        self._past: dict[DialogId, LegId] = {}
        """Confirmed dialogs that have ended, the oldest first (RFC 3891 section 3 tells them from unknown ones)."""

    def past(self, dialog: DialogId) -> LegId | None:
        """The leg that a dialog was, None for one that never was or ended long ago."""
        return self._past.get(dialog)

    def _remember(self, leg: Leg, dialog: Dialog) -> None:
        if len(self._past) >= MOST_PAST:
            del self._past[next(iter(self._past))]
        self._past[dialog.id] = leg.id

    def get(self, leg: LegId) -> Leg | None:
        """The leg of that id unless it is gone or leaving."""
        found = self._by_id.get(leg)
        return None if found is None or found.phase is Phase.LEAVING else found

    def add(self, leg: Leg) -> None:
        """Keep a leg."""
        self._by_id[leg.id] = leg

    def know(self, leg: Leg, dialog: Dialog) -> None:
        """Messages of `dialog` belong to `leg`."""
        self._by_dialog[dialog.id] = leg

    def unknow(self, dialog: Dialog) -> None:
        """They do no longer."""
        self._by_dialog.pop(dialog.id, None)

    def of_dialog(self, dialog: DialogId) -> Leg | None:
        """The leg of that dialog, leaving ones included."""
        return self._by_dialog.get(dialog)

    def remove(self, leg: Leg) -> None:
        """Forget a leg and its dialogs."""
        self._by_id.pop(leg.id, None)
        if leg.dialog is not None:
            self.unknow(leg.dialog)
            self._remember(leg, leg.dialog)
        for dialog in leg.forks.values():
            self.unknow(dialog)
        leg.forks.clear()

    def items(self) -> ItemsView[LegId, Leg]:
        """All of them."""
        return self._by_id.items()

    def __len__(self) -> int:
        return len(self._by_id)
