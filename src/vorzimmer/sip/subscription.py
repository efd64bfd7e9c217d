"""What a SUBSCRIBE asks for, and what is kept of an accepted one (RFC 6665).

One dialog, one resource, one package; small, because there are many. This module must never decide who may watch, hold
more than one subscription, or read a clock.
"""

from dataclasses import dataclass

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.arrived import tag_of
from vorzimmer.sip.dialog import Dialog, contact_uri, freeze, thaw
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_cseq
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.text import is_number, is_token
from vorzimmer.sip.validate import RefusedError, accepts

COUNT_BITS = 18
"""So many bits of a NOTIFY's number count within one life of the server; the bits above count the lives."""

MOST_LIVES = (1 << (31 - COUNT_BITS)) - 1
"""Restarts that a subscription survives: beyond, its numbers would leave the range of a CSeq (RFC 3261 8.1.1.5)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds in seconds. `shorten` is the greatest part taken off a granted time, so that phones do not come back in
    step after a restart."""

    least: int = 60
    most: int = 3600
    usual: int = 3600
    shorten: float = 0.2


@dataclass(frozen=True, slots=True)
class Event:
    """An event package with the id that tells subscriptions of one dialog apart; `text` is the header's value."""

    package: str
    text: str


def event_of(headers: Headers, packages: tuple[str, ...]) -> Event:
    """The Event of a SUBSCRIBE or PUBLISH; raises RefusedError 489 with Allow-Events (RFC 6665 section 4.2.1.1 and
    8.2.1)."""
    package, *params = (part.strip() for part in headers.get("Event").split(";"))
    package = package.lower()
    if package not in packages:
        raise RefusedError("Bad Event", 489, (("Allow-Events", ", ".join(packages)),))
    ident = next((p[3:] for p in params if p[:3].lower() == "id="), "")
    return Event(package, f"{package};id={ident}" if ident and len(ident) <= 64 and is_token(ident) else package)


def check_accept(headers: Headers, kind: str) -> None:
    """Raise RefusedError 406 where the watcher cannot read `kind`."""
    if not accepts(headers, kind):
        raise RefusedError("Not Acceptable", 406, (("Accept", kind),))


def granted(headers: Headers, policy: Policy, fraction: float) -> int:
    """Seconds of a subscription or publication, 0 for its end; raises RefusedError 423 with Min-Expires (RFC 6665
    section 4.2.1.1). What is malformed counts as missing."""
    text = headers.get("Expires")
    asked = min(int(text[:12]), 2**32 - 1) if is_number(text) else policy.usual
    if asked == 0:
        return 0
    if asked < policy.least:
        raise RefusedError("Interval Too Brief", 423, (("Min-Expires", str(policy.least)),))
    seconds = min(asked, policy.most)
    return max(round(seconds * (1 - policy.shorten * fraction)), policy.least)


def dialog_of(request: Request, tag: str) -> Dialog:
    """The dialog that our 200 with `tag` to an initial SUBSCRIBE makes (RFC 6665 section 4.4.1); raises PeerError 400
    without a Contact that can be read."""
    headers = request.headers
    target = contact_uri(headers)
    if not target:
        raise PeerError("Missing Contact")
    dialog = Dialog(headers.get("Call-ID"), f"{headers.get('To')};tag={tag}", headers.get("From"))
    dialog.remote_cseq = parse_cseq(headers.get("CSeq")).number
    dialog.target = target
    dialog.route = tuple(headers.list_of("Record-Route"))
    return dialog


def retry_after(headers: Headers) -> int | None:
    """Seconds of a Retry-After, None without one that can be read."""
    digits = headers.get("Retry-After").partition(";")[0].partition("(")[0].strip()
    return int(digits[:9]) if is_number(digits) else None


class Subscription:
    """An accepted SUBSCRIBE. `account` and `resource` are keys that the layer above chose, `detail` how much this
    watcher may see; `flow` is None while there is no way to the watcher.

    `stale`: a NOTIFY is owed. `pending`: the transaction of the one that is out. `over`: why it ends, "" while it is
    active. `resume`: not before (monotonic seconds). `born`: the server's life in which it was accepted.
    """

    __slots__ = (
        "account", "born", "count", "detail", "dialog", "due", "event", "expires", "flow", "gone", "over", "package",
        "pending", "queued", "resource", "resume", "stale",
    )  # fmt: skip

    def __init__(self, dialog: Dialog, event: Event, flow: Flow | None) -> None:
        self.dialog = dialog
        self.event = event.text
        self.package = event.package
        self.flow = flow
        self.account = self.resource = self.detail = self.pending = self.over = ""
        self.born = self.count = 0
        self.expires = self.due = self.resume = 0.0
        self.stale = self.queued = self.gone = False

    @property
    def key(self) -> str:
        """Our tag, which no other subscription has."""
        return self.dialog.local_tag

    def is_for(self, request: Request) -> bool:
        """Whether a request with our tag belongs to this dialog."""
        headers, dialog = request.headers, self.dialog
        return headers.get("Call-ID") == dialog.call_id and tag_of(headers.get("From")) == dialog.remote_tag

    def number(self, life: int) -> int:
        """The number of its next NOTIFY in the server's `life`: CSeq and the version of the document are made of it.

        Lives only grow, and within a life `count` does, so that numbers never go back, though none of them is ever
        written down."""
        return ((life - self.born) << COUNT_BITS) + self.count

    def exhausted(self, life: int) -> bool:
        """True where the next number is the last one of its range."""
        return self.count >= (1 << COUNT_BITS) - 1 or life - self.born >= MOST_LIVES


class _Frozen(msgspec.Struct, frozen=True, array_like=True):
    """The persistent form; `now` is the moment of saving, by which a clock that started anew is seen."""

    now: float
    expires: float
    born: int
    account: str
    resource: str
    detail: str
    package: str
    event: str
    dialog: bytes


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Frozen)


def frozen(subscription: Subscription, now: float) -> bytes:
    """A subscription as bytes; its flow only where it outlives the process."""
    one, flow = subscription, subscription.flow
    kept = flow if flow is not None and not flow.reliable else None
    dialog = freeze(one.dialog, outgoing=False, user="", flow=kept, hop=None)
    return _ENCODER.encode(
        _Frozen(now, one.expires, one.born, one.account, one.resource, one.detail, one.package, one.event, dialog)
    )


def thawed(data: bytes, now: float) -> Subscription:
    """A subscription from its bytes, expired ones too. Raises msgspec.DecodeError for bytes that are none of ours."""
    saved = _DECODER.decode(data)
    dialog, kept = thaw(saved.dialog)
    found = Subscription(dialog, Event(saved.package, saved.event), kept.flow)
    found.expires = saved.expires + (now - saved.now if now < saved.now else 0.0)
    found.born, found.account, found.resource, found.detail = saved.born, saved.account, saved.resource, saved.detail
    return found
