"""A scripted SIP phone on our own engine: registers, calls, answers, holds, transfers, vanishes.

For scenario tests, simulations and the demo's robots. Everything is an event or a command; nothing polls. What it plays
and hears is not its business: it only agrees on it. This module must never be kinder than a real phone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from vorzimmer.calls.ports import Signalling
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.ids import LegId
from vorzimmer.sdp import negotiate
from vorzimmer.sdp.crypto import Guard
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.plan import Format, Protection
from vorzimmer.sip.digest import Account, answer
from vorzimmer.sip.events import Event, Failed, Invited, Requested, Responded
from vorzimmer.sip.flow import Hop
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Headers, Request, Response
from vorzimmer.testing.phone_call import PhoneCall
from vorzimmer.testing.phone_watch import Watch


class Manner(Protocol):
    """What a phone does with a call that comes in."""

    def __call__(self, phone: "Phone", call: PhoneCall) -> None: ...


def answers(after: float = 1.0) -> Manner:
    """Ring, and answer after so many seconds."""

    def manner(phone: "Phone", call: PhoneCall) -> None:
        call.ring()
        phone.later(after, call.answer)

    return manner


def rings(phone: "Phone", call: PhoneCall) -> None:
    """Ring and never answer."""
    call.ring()


def declines(status: int = 603, after: float = 0.0) -> Manner:
    """Ring, then refuse: 603 declined, 486 busy, 302 (see `PhoneCall.refuse`) ..."""

    def manner(phone: "Phone", call: PhoneCall) -> None:
        if after:
            call.ring()
        phone.later(after, lambda: call.refuse(status))

    return manner


def diverts(to: str) -> Manner:
    """302 to `to`, a URI: the phone's own forwarding."""

    def manner(phone: "Phone", call: PhoneCall) -> None:
        call.refuse(302, (("Contact", f"<{to}>"),))

    return manner


def early(after: float = 2.0) -> Manner:
    """183 with SDP at once (an announcement of the far end), then the answer."""

    def manner(phone: "Phone", call: PhoneCall) -> None:
        call.ring(183, media=True)
        phone.later(after, call.answer)

    return manner


def ignores(phone: "Phone", call: PhoneCall) -> None:
    """100 and nothing more, as a phone that hangs."""


MEDIA = Address("192.0.2.99", 40000)


@dataclass(frozen=True, slots=True)
class Line:
    """`user` is the phone's own extension or account; `server` where its proxy is; `password` "" needs none;
    `contact` where the phone listens; `media` its address for audio; `srtp` how it likes that to be encrypted;
    `allow` and `supported` what its 180 says of the methods that it takes and what else it knows."""

    user: str
    server: Address
    password: str = ""
    domain: str = ""
    transport: str = "udp"
    media: Address = MEDIA
    contact: Address | None = None
    formats: tuple[Format, ...] = DEFAULT_FORMATS
    srtp: Protection = "off"
    allow: str = ""
    supported: str = ""


@dataclass(slots=True)
class Expectation:
    """A condition that somebody waits for."""

    holds: Callable[[], bool]
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Phone:
    """One phone with one line. `handle` takes the events of its engine (give it to the pump). `refuses` are statuses
    for requests inside calls by method, where it does not answer as usual, `answers` those to its own, by id."""

    def __init__(self, line: Line, signalling: Signalling, clock: Clock, chance: Chance) -> None:
        self.line = line
        self.clock = clock
        self.manner: Manner = answers()
        self.calls: list[PhoneCall] = []
        self.watches: list[Watch] = []
        self.registered = False
        self.alive = True
        self.requests: list[Request] = []
        self.refuses: dict[str, int] = {}
        self.answers: dict[str, Response] = {}
        self._signalling = signalling
        self._chance = chance
        self._registering: tuple[str, Request] | None = None
        self._call_id = chance.token(8)
        self._cseq = 0
        self._expectations: list[Expectation] = []

    @property
    def signalling(self) -> Signalling:
        """Engine and time."""
        return self._signalling

    @property
    def ours(self) -> negotiate.Ours:
        """The phone's end of audio."""
        guard = Guard()
        if self.line.srtp != "off":
            guard = Guard(self.line.srtp, bytes.fromhex(self._chance.token(32)), hints=True)
        return negotiate.Ours(self.line.media, 1000 + len(self.calls), guard=guard)

    @property
    def registering(self) -> bool:
        """Whether a REGISTER is under way."""
        return self._registering is not None

    # -- doing ------------------------------------------------------------------------------------------------------
    def register(self, expires: int = 300) -> None:
        """REGISTER; a challenge is answered. `registered` tells what came of it."""
        self._register(expires, ())

    def call(self, dialled: str, *, late: bool = False, extra: tuple[tuple[str, str], ...] = ()) -> PhoneCall:
        """Call somebody; `late` sends no offer."""
        call = PhoneCall(self, LegId(f"{self.line.user}-{self._chance.token(4)}"), outgoing=True)
        self.calls.append(call)
        call.dial(dialled, late=late, extra=extra)
        return call

    def watch(
        self, extension: str, event: str = "dialog", expires: int = 600, *, lines: tuple[tuple[str, str], ...] = ()
    ) -> Watch:
        """A lamp key for somebody: SUBSCRIBE, and what NOTIFYs tell. `extension` may be a whole URI."""
        target = extension if ":" in extension else f"sip:{extension}@{self.line.domain or self.line.server}"
        watch = Watch(self, target, event, self._chance.token(8), expires)
        self.watches.append(watch)
        watch.lines = lines
        watch.subscribe()
        return watch

    def vanish(self) -> None:
        """Pull the plug: nothing is answered any more."""
        self.alive = False

    @property
    def last(self) -> PhoneCall:
        """The newest call."""
        return self.calls[-1]

    @property
    def idle(self) -> bool:
        """True when every call is over."""
        return all(call.over for call in self.calls)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after so many seconds, unless the phone has vanished."""
        self.clock.call_at(self.clock.now() + seconds, lambda: act() if self.alive else None)

    async def until(self, holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until `holds` is true after an event of this phone; raises AssertionError after `seconds`."""
        if holds():
            return
        expectation = Expectation(holds)
        self._expectations.append(expectation)
        alarm = self.clock.call_at(self.clock.now() + seconds, lambda: self._too_late(expectation))
        try:
            await expectation.done
        finally:
            alarm.cancel()
            self._expectations.remove(expectation)

    def _too_late(self, expectation: Expectation) -> None:
        if not expectation.done.done():
            told = [(call.state, call.statuses) for call in self.calls]
            expectation.done.set_exception(AssertionError(f"{self.line.user} waited in vain: {told}"))

    # -- events -----------------------------------------------------------------------------------------------------
    def handle(self, event: Event) -> None:
        """Take an event of the engine."""
        if not self.alive:
            return
        self._handle(event)
        for expectation in self._expectations:
            if not expectation.done.done() and expectation.holds():
                expectation.done.set_result(None)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Invited):
            self._invited(event)
            return
        if isinstance(event, Responded) and self._registering and event.transaction == self._registering[0]:
            self._register_answered(event)
            return
        if isinstance(event, Responded) and any(watch.responded(event) for watch in self.watches):
            return
        if isinstance(event, Responded) and event.response is not None:
            self.answers[event.transaction] = event.response
        leg = getattr(event, "leg", None)
        call = next((c for c in self.calls if c.leg == leg), None) if leg else None
        if isinstance(event, Failed) and call is not None and event.status in {401, 407} and self._again(call, event):
            return
        if call is not None:
            call.handle(event)
        elif isinstance(event, Requested):
            self._asked(event)

    def _asked(self, event: Requested) -> None:
        if event.request.method == "NOTIFY" and event.leg is None and self.watches:
            if not any(watch.notified(event) for watch in self.watches):
                self.respond(event, 481)
            return
        self.requests.append(event.request)
        self.respond(event, 200)

    def _invited(self, event: Invited) -> None:
        call = PhoneCall(self, event.leg, outgoing=False, request=event.request)
        replaced = event.request.headers.get("Replaces")
        self.calls.append(call)
        if replaced:
            call.answer()
        else:
            self.manner(self, call)

    def respond(
        self, event: Requested, status: int, extra: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> None:
        """Answer a request."""
        self._signalling.engine.respond(event.transaction, status, self._signalling.now(), extra=extra, body=body)
        self._signalling.kick()

    # -- registering and authentication -----------------------------------------------------------------------------
    @property
    def hop(self) -> Hop:
        """Where everything goes."""
        server = self.line.server
        return Hop(self.line.transport, server.host, server.port)

    @property
    def address(self) -> str:
        """The phone's own address of record."""
        return f"sip:{self.line.user}@{self.line.domain or self.line.server}"

    def _register(self, expires: int, extra: tuple[tuple[str, str], ...]) -> None:
        self._cseq += 1
        contact = f"<sip:{self.line.user}@{self.line.contact or self.line.media.host};transport={self.line.transport}>"
        headers = Headers(
            (
                ("From", f"<{self.address}>"),
                ("To", f"<{self.address}>"),
                ("Call-ID", self._call_id),
                ("CSeq", f"{self._cseq} REGISTER"),
                ("Contact", contact),
                ("Expires", str(expires)),
                *extra,
            )
        )
        request = Request("REGISTER", f"sip:{self.line.domain or self.line.server}", headers)
        transaction = self._signalling.engine.request(request, self.hop, self._signalling.now())
        self._registering = transaction, request
        self._signalling.kick()

    def _register_answered(self, event: Responded) -> None:
        assert self._registering is not None
        request = self._registering[1]
        self._registering = None
        tried = "Authorization" in request.headers or "Proxy-Authorization" in request.headers
        expires = int(request.headers.get("Expires", "0"))
        if event.status in {401, 407} and event.response is not None and not tried:
            reply = self.credentials(event.response.headers, request)
            if reply is not None:
                self._register(expires, (reply,))
            return
        self.registered = event.status == 200 and expires > 0

    def _again(self, call: PhoneCall, event: Failed) -> bool:
        if call.challenged or call.over or event.response is None:
            return False
        request = Request("INVITE", call.uri)
        reply = self.credentials(event.response.headers, request)
        if reply is None:
            return False
        call.leg = LegId(f"{self.line.user}-{self._chance.token(4)}")
        call.challenged = True
        call.redial(reply)
        return True

    def credentials(self, challenge: Headers, request: Request) -> tuple[str, str] | None:
        """The line that answers a challenge, None without a password."""
        if not self.line.password:
            return None
        return answer(challenge, request, Account(self.line.user, self.line.password), self._chance.token(8))


def display_of(request: Request) -> str:
    """Who the phone shows: the asserted name, else From."""
    text = request.headers.get("P-Asserted-Identity") or request.headers.get("From")
    return parse_name_addr(text).display
