"""The notifier of RFC 6665: who is owed a NOTIFY, who has one under way, and who is gone.

At most one NOTIFY per subscription is out; what changes meanwhile is told by one more with the newest state, so that a
slow watcher costs no more than a quick one. Many are told in slices: what is owed at once is cut into turns, so that a
call gets its turn between them, and those taken up after a restart are spread over seconds. One deadline comes out.
This module must never read a clock, know a user, or look into a document.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from vorzimmer.sip.flow import Flow
from vorzimmer.sip.subscription import Subscription

SLICE = 32
"""NOTIFYs of one turn, 2 to 3 ms of work."""

STEP_S = 0.02
"""Seconds between two slices of those that a restart has brought back."""

SPREAD_S = 40.0
"""Seconds over which a restart tells everybody, so that all of 80,000 are right within 60 s."""

LEAST_PACE = 20
"""Of few, so many in each step: a thousand a second, a tenth of a core."""

AGAIN_S = 30
"""Seconds until a NOTIFY that could not be sent is tried again."""

PATIENCE_S = 600
"""The longest Retry-After that is followed."""

_SILENT = frozenset({"rejected", "noresource"})
"""Ends that tell nothing of the state any more: the right to see it is gone, or what there was to see."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a NOTIFY brings: header `lines` as they are written, a `body`, and whether there is `more` that the next
    NOTIFY has to bring."""

    lines: str
    body: bytes
    more: bool = False


@dataclass(frozen=True, slots=True)
class Outlet:
    """What the machine does to the world: `send(subscription, lines, body)` sends a NOTIFY and names its transaction,
    `render(subscription, version)` is the document, `keep(subscription)` says that it has changed and is to be written
    down (or forgotten, if it is `gone`), `lost(subscription)` that nobody knows whether the last document arrived."""

    send: Callable[[Subscription, str, bytes], str]
    render: Callable[[Subscription, int], Document]
    keep: Callable[[Subscription], None]
    lost: Callable[[Subscription], None]


class Notifier:
    """All subscriptions of this server. `life` counts its starts; it must be greater than in any life before."""

    def __init__(self, outlet: Outlet, life: int = 0) -> None:
        self.life = life
        self.sent = 0
        self._outlet = outlet
        self._by_key: dict[str, Subscription] = {}
        self._by_resource: dict[str, dict[Subscription, None]] = {}
        self._by_account: dict[str, list[Subscription]] = {}
        self._pending: dict[str, Subscription] = {}
        self._owed: deque[Subscription] = deque()
        self._late: deque[Subscription] = deque()
        self._late_at = 0.0
        self._pace = LEAST_PACE
        self._deadlines: list[tuple[float, int, Subscription]] = []
        self._order = 0

    # -- questions ------------------------------------------------------------------------------------------------
    def find(self, key: str) -> Subscription | None:
        """By our tag; None also for one that is ending."""
        found = self._by_key.get(key)
        return None if found is None or found.over else found

    def of_account(self, account: str) -> tuple[Subscription, ...]:
        """Those of one watcher's account, oldest first."""
        return tuple(self._by_account.get(account, ()))

    def of_resource(self, resource: str) -> tuple[Subscription, ...]:
        """The watchers of a resource, oldest first."""
        return tuple(self._by_resource.get(resource, ()))

    def watched(self, resource: str) -> bool:
        """Whether anybody watches it."""
        return resource in self._by_resource

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(tuple(self._by_key.values()))

    def get_timer(self) -> float | None:
        """Monotonic time of the next deadline; 0.0 for *now*; None without one."""
        if self._owed:
            return 0.0
        due = self._deadlines[0][0] if self._deadlines else None
        if self._late and (due is None or self._late_at < due):
            return self._late_at
        return due

    # -- what happens ---------------------------------------------------------------------------------------------
    def add(self, subscription: Subscription, expires: float) -> None:
        """An accepted one: its first NOTIFY is owed at once (RFC 6665 section 4.2.1.2)."""
        subscription.born = self.life
        self._put(subscription)
        self._outlet.keep(self._until(subscription, expires))
        self.owe(subscription)

    def take_up(self, subscription: Subscription, now: float) -> None:
        """One from before a restart: told in its turn, with a higher number than ever before."""
        if subscription.exhausted(self.life):
            return
        self._put(subscription)
        self._until(subscription, subscription.expires)
        subscription.stale = True
        if subscription.flow is not None:
            subscription.queued = True
            self._late.append(subscription)
            self._late_at = self._late_at or now
            self._pace = max(self._pace, int(len(self._late) * STEP_S / SPREAD_S) + 1)

    def refresh(self, subscription: Subscription, expires: float) -> None:
        """Its watcher wants it longer, and gets the full state (RFC 6665 section 4.2.1.2)."""
        self._outlet.keep(self._until(subscription, expires))
        self.owe(subscription)

    def changed(self, resource: str) -> None:
        """All watchers of a resource are owed its newest state."""
        for subscription in self._by_resource.get(resource, ()):
            self.owe(subscription)

    def owe(self, subscription: Subscription) -> None:
        """One watcher is owed the newest state."""
        subscription.stale = True
        self._queue(subscription)

    def end(self, subscription: Subscription, reason: str) -> None:
        """Terminate with one last NOTIFY, as soon as none is under way; without a way to the watcher, at once."""
        if subscription.over:
            return
        subscription.over = reason
        if subscription.flow is None:
            self.forget(subscription)
        else:
            self.owe(subscription)

    def forget(self, subscription: Subscription) -> None:
        """Drop it without a word."""
        if subscription.gone:
            return
        subscription.gone = True
        self._by_key.pop(subscription.key, None)
        self._pending.pop(subscription.pending, None)
        mates = self._by_resource.get(subscription.resource, {})
        mates.pop(subscription, None)
        if not mates:
            self._by_resource.pop(subscription.resource, None)
        siblings = self._by_account.get(subscription.account, [])
        if subscription in siblings:
            siblings.remove(subscription)
        if not siblings:
            self._by_account.pop(subscription.account, None)
        self._outlet.keep(subscription)

    def move(self, subscription: Subscription, flow: Flow | None) -> None:
        """The watcher's newest flow; None while it has none. A NOTIFY that went the old way is told anew."""
        if flow == subscription.flow:
            return
        subscription.flow = flow
        if subscription.pending:
            self._pending.pop(subscription.pending, None)
            subscription.pending = ""
            subscription.stale = True
            self._outlet.lost(subscription)
        if flow is None and subscription.over:
            self.forget(subscription)  # its last word reaches nobody
            return
        self._outlet.keep(subscription)
        if subscription.stale:
            self._queue(subscription)

    def responded(self, transaction: str, status: int, after: int | None, now: float) -> bool:
        """What became of a NOTIFY; `status` 503 stands for *could not be sent*, `after` is its Retry-After. False for a
        transaction of somebody else.

        A watcher that does not answer, or that knows nothing of the subscription, is gone (RFC 6665 section 4.2.2)."""
        subscription = self._pending.pop(transaction, None)
        if subscription is None:
            return False
        subscription.pending = ""
        if status < 300:
            if subscription.stale:
                self._queue(subscription)
        elif after is not None and status not in {408, 481}:
            subscription.stale = True
            self._outlet.lost(subscription)
            subscription.resume = now + min(max(after, 1), PATIENCE_S)
            self._remind(subscription.resume, subscription)
        else:
            self.forget(subscription)
        return True

    def handle_timer(self, now: float) -> None:
        """Do what is due, one slice of it."""
        deadlines = self._deadlines
        while deadlines and deadlines[0][0] <= now:
            when, _, subscription = heappop(deadlines)
            if not subscription.gone:
                self._due(subscription, when, now)
        for _ in range(min(SLICE, len(self._owed))):
            self._tell(self._owed.popleft(), now)
        if self._late and not self._owed and self._late_at <= now:
            for _ in range(min(self._pace, len(self._late))):
                self._tell(self._late.popleft(), now)
            self._late_at = now + STEP_S if self._late else 0.0

    # -- inside ---------------------------------------------------------------------------------------------------
    def _put(self, subscription: Subscription) -> None:
        self._by_key[subscription.key] = subscription
        self._by_resource.setdefault(subscription.resource, {})[subscription] = None
        self._by_account.setdefault(subscription.account, []).append(subscription)

    def _until(self, subscription: Subscription, expires: float) -> Subscription:
        subscription.expires = expires
        if not subscription.due or expires < subscription.due:
            subscription.due = expires
            self._remind(expires, subscription)
        return subscription

    def _remind(self, when: float, subscription: Subscription) -> None:
        self._order += 1
        heappush(self._deadlines, (when, self._order, subscription))

    def _due(self, subscription: Subscription, when: float, now: float) -> None:
        if subscription.resume and subscription.resume <= now:
            subscription.resume = 0.0
            self._queue(subscription)
        if when < subscription.due or subscription.over:
            return  # no expiry, or one that was put off
        if subscription.expires <= now:
            self.end(subscription, "timeout")
        else:
            subscription.due = subscription.expires
            self._remind(subscription.due, subscription)

    def _queue(self, subscription: Subscription) -> None:
        one = subscription
        if one.stale and not (one.queued or one.pending or one.resume or one.gone or one.flow is None):
            one.queued = True
            self._owed.append(one)

    def _tell(self, subscription: Subscription, now: float) -> None:
        subscription.queued = False
        if subscription.gone or subscription.pending or subscription.resume or subscription.flow is None:
            return
        number = subscription.number(self.life)
        if subscription.exhausted(self.life) and not subscription.over:
            subscription.over = "deactivated"
        body, more = b"", False
        if subscription.over:
            lines = f"Event: {subscription.event}\r\nSubscription-State: terminated;reason={subscription.over}\r\n"
        else:
            left = max(1, round(subscription.expires - now))
            lines = f"Event: {subscription.event}\r\nSubscription-State: active;expires={left}\r\n"
        if subscription.over not in _SILENT:
            document = self._outlet.render(subscription, number)
            lines, body, more = lines + document.lines, document.body, document.more
        subscription.stale = more
        subscription.count += 1
        subscription.dialog.local_cseq = number
        self.sent += 1
        transaction = self._outlet.send(subscription, lines, body)
        if subscription.over:
            self.forget(subscription)
        else:
            subscription.pending = transaction
            self._pending[transaction] = subscription
