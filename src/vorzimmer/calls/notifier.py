"""Tells a transferor how its REFER goes (RFC 3515 section 2.4.4): inside the call, or in the REFER's own dialog.

One NOTIFY at a time: two that overtake each other would be refused for their CSeq. What is news by then is told. This
module must never decide what becomes of a transfer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vorzimmer.calls.effects import HangUp
from vorzimmer.calls.live import Live
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.dialog import Dialog
from vorzimmer.sip.events import Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_cseq
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.outline import lines_of
from vorzimmer.sip.text import is_number

FRAG = ("Content-Type", "message/sipfrag;version=2.0")
USUAL_S, LONGEST_S = 180, 3600
Lines = tuple[tuple[str, str], ...]


class Way(Protocol):
    """How NOTIFYs reach a transferor."""

    def send(self, lines: Lines, body: bytes, then: Callable[[], None]) -> bool:
        """Send one, `then` once it is answered; False where nobody is there any more."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The dialog of the transferor's own leg."""

    live: Live
    leg: LegId

    def send(self, lines: Lines, body: bytes, then: Callable[[], None]) -> bool:
        """As the port says."""
        if self.live.state.leg(self.leg) is None:
            return False
        signalling = self.live.world.signalling
        sent = signalling.engine.request_in(self.leg, "NOTIFY", signalling.now(), extra=lines, body=body)
        self.live.when_answered(sent, lambda _: then())
        signalling.kick()
        return True


@dataclass(frozen=True, slots=True)
class Apart:
    """The dialog that a REFER outside all calls has made, about the call of `leg`; nobody waits for answers there."""

    live: Live
    leg: LegId
    dialog: Dialog
    flow: Flow

    def send(self, lines: Lines, body: bytes, then: Callable[[], None]) -> bool:
        """As the port says."""
        signalling = self.live.world.signalling
        more = lines_of(lines)
        signalling.engine.request_of(self.dialog, "NOTIFY", self.flow, signalling.now(), lines=more, body=body)
        signalling.kick()
        then()
        return True


class Notifier:
    """Tells one transferor; once that is done, its leg is ended (RFC 5589 section 6.1)."""

    def __init__(self, live: Live, leg: LegId, request: Request, apart: Apart | None = None) -> None:
        self._live = live
        self._leg = leg
        self._way: Way = apart or Inside(live, leg)
        live.refers[leg] += 1
        self._cseq = str(parse_cseq(request.headers.get("CSeq")).number)
        # RFC 3515 section 2.4.6: from the second REFER on its CSeq tells the notifications apart.
        again = live.refers[leg] > 1 and apart is None
        self._event = f"refer;id={self._cseq}" if again else "refer"
        self._wanted = request.headers.get("Refer-Sub").strip().lower() != "false"
        self._seconds = USUAL_S
        self._last, self._reason = 0, ""
        self._under_way = self._owed = False
        if self._wanted and apart is None:
            live.notifiers.setdefault(leg, []).append(self)

    def __call__(self, status: int, reason: str) -> None:
        """A provisional status, or the final one."""
        if self._last >= 200 or status == self._last:
            return
        self._last, self._reason = status, reason
        self._tell()

    def is_meant(self, ident: str) -> bool:
        """Whether an Event with that id ("" without) means this one; without an id the first REFER is meant."""
        return ident == self._cseq if ident else self._event == "refer"

    def resubscribed(self, seconds: int) -> None:
        """The transferor goes on listening, or (0) does not want to hear more (RFC 6665 section 4.2.1): either way it
        is told how things stand."""
        if self._last < 200:
            self._seconds = seconds
            self._tell()

    def _tell(self) -> None:
        if not self._wanted:
            self._done()
        elif self._under_way:
            self._owed = True
        else:
            self._notify()

    def _notify(self) -> None:
        over = self._last >= 200
        state = f"active;expires={self._seconds}"
        if over or not self._seconds:
            state = f"terminated;reason={'noresource' if over else 'timeout'}"
            self._wanted = False
            self._forget()
        lines = (("Event", self._event), ("Subscription-State", state), FRAG)
        self._owed, self._under_way = False, True
        body = f"SIP/2.0 {self._last} {self._reason}\r\n".encode()
        self._under_way = self._way.send(lines, body, self._answered) and self._under_way

    def _answered(self) -> None:
        self._under_way = False
        if not self._wanted:
            self._done()
        elif self._owed:
            self._notify()

    def _done(self) -> None:
        """The transferor has been told of the end: a call in which nobody else is left is over."""
        if self._last < 200 or self._under_way:
            return
        self._forget()
        leg = self._live.state.leg(self._leg)
        if leg is not None and not self._live.state.others(leg.id):
            self._live.feed(HangUp(str(leg.party.ref or "caller"), "transferred"))

    def _forget(self) -> None:
        mine = self._live.notifiers.get(self._leg, [])
        if self in mine:
            mine.remove(self)


def resubscribed(live: Live, event: Requested) -> bool:
    """Answer a SUBSCRIBE that refreshes or ends the subscription of a REFER in the same dialog; False for another."""
    package, *params = (part.strip() for part in event.request.headers.get("Event").split(";"))
    if package.lower() != "refer" or event.leg is None:
        return False
    ident = next((each[3:] for each in params if each.lower().startswith("id=")), "")
    found = next((each for each in live.notifiers.get(event.leg, []) if each.is_meant(ident)), None)
    if found is None:
        live.respond(event, 481)
        return True
    seconds = _seconds(event.request.headers)
    live.respond(event, 200, (("Expires", str(seconds)),))
    found.resubscribed(seconds)
    return True


def _seconds(headers: Headers) -> int:
    text = headers.get("Expires")
    return min(int(text[:9]), LONGEST_S) if is_number(text) else USUAL_S
