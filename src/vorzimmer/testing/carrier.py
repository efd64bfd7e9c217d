"""A carrier for tests, simulations and the demo: a registrar with accounts, and outside persons who call and answer.

It speaks over whatever signalling it is given (virtual time or real sockets) and challenges like a real one: REGISTER
with 401, INVITE with 407. This module must never be kinder than a carrier, nor reach anything real: emergency numbers
end at a person of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vorzimmer.calls.ports import Signalling
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.net.pump import OnBug, Pump
from vorzimmer.sip.digest import Authenticator, Credentials, DigestConfig, Granted
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Event, Invited, Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import NameAddr, Star, parse_contacts
from vorzimmer.sip.message import Request
from vorzimmer.sip.uri import SipUri, parse
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.network import Network
from vorzimmer.testing.phone import Line, Phone
from vorzimmer.testing.phone_call import PhoneCall


@dataclass(frozen=True, slots=True)
class Binding:
    """Where an account can be reached, and until when (monotonic seconds)."""

    contact: str
    flow: Flow
    expires: float


@dataclass(slots=True)
class Site:
    """Where a carrier stands: its SIP address and the host of its persons' audio, its domain and its realm."""

    address: Address
    media: Address
    domain: str = "carrier.example"
    realm: str = "carrier"


@dataclass(slots=True)
class Mood:
    """How it behaves now. `trouble` answers every INVITE with that status, `deaf` OPTIONS and REGISTER not at all,
    `asks` challenges INVITEs, `asks_inside` UPDATEs in a call, `asks_health` OPTIONS, `service_route` is told at
    registration (RFC 3608), `granted` is the most seconds of a registration, `least` the fewest."""

    trouble: int = 0
    deaf: bool = False
    asks: bool = True
    asks_inside: bool = False
    asks_health: bool = False
    service_route: str = ""
    granted: int = 3600
    least: int = 60
    refuses: int = 0
    extra: tuple[tuple[str, str], ...] = ()


class Carrier:
    """Give its `handle` to the pump. `invites`, `registers` and `others` (OPTIONS, UPDATE) are what arrived, in
    order."""

    def __init__(self, site: Site, signalling: Signalling, clock: Clock, chance: Chance) -> None:
        self.site = site
        self.mood = Mood()
        self.invites: list[Request] = []
        self.registers: list[Request] = []
        self.others: list[Request] = []
        self.persons: dict[str, Phone] = {}
        self.bindings: dict[str, Binding] = {}
        self._signalling = signalling
        self._clock = clock
        self._chance = chance
        self._accounts: dict[str, Credentials] = {}
        self._auth = Authenticator(DigestConfig(site.realm), b"carrier" * 8, self._accounts.get, chance)
        self.seen: Callable[[Event], None] = lambda event: None

    # -- filling ----------------------------------------------------------------------------------------------------
    def account(self, username: str, password: str) -> None:
        """Somebody who may register and call."""
        self._accounts[username] = Credentials.of(username, self.site.realm, password)

    def person(self, number: str, pbx: Address, **line: object) -> Phone:
        """Somebody outside with a number; `pbx` is where their calls to the company go."""
        options = {"domain": self.site.domain, "media": self.site.media, **line}
        phone = Phone(Line(number, pbx, **options), self._signalling, self._clock, self._chance)  # type: ignore[arg-type]  # as Line takes them
        self.persons[number] = phone
        return phone

    # -- calls in ---------------------------------------------------------------------------------------------------
    def call(self, number: str, called: str, *, extra: tuple[tuple[str, str], ...] = ()) -> PhoneCall:
        """The person with `number` calls the company's `called`, asserted by P-Asserted-Identity."""
        phone = self.persons[number]
        asserted = ("P-Asserted-Identity", f"<sip:{number}@{self.site.domain}>")
        return phone.call(f"sip:{called}@{phone.line.server}", extra=extra or (asserted,))

    def call_account(self, number: str, username: str, called: str) -> PhoneCall:
        """The same to the Contact that an account has registered; the number is in P-Called-Party-ID."""
        phone = self.persons[number]
        extra = (("P-Called-Party-ID", f"<sip:{called}@{self.site.domain}>"),)
        return phone.call(self.bindings[username].contact, extra=extra)

    # -- events -----------------------------------------------------------------------------------------------------
    def handle(self, event: Event) -> None:
        """Take an event of the engine."""
        self.seen(event)
        if isinstance(event, Invited):
            self._invited(event)
        elif isinstance(event, Requested) and event.leg is None:
            self._requested(event)
        elif isinstance(event, Requested) and event.request.method == "UPDATE" and self._asks(event):
            pass
        else:
            leg = getattr(event, "leg", None)
            phone = next((p for p in self.persons.values() if any(c.leg == leg for c in p.calls)), None)
            if phone is not None:
                phone.handle(event)

    def _invited(self, event: Invited) -> None:
        self.invites.append(event.request)
        status, extra = self._turned(event.request)
        if status:
            engine = self._signalling.engine
            engine.refuse(event.leg, status, self._signalling.now(), extra=extra)
            self._signalling.kick()
            return
        self.persons[_user(event.request.uri)].handle(event)

    def _turned(self, request: Request) -> tuple[int, tuple[tuple[str, str], ...]]:
        """Why an INVITE gets no further: trouble, a challenge, an unknown number."""
        if self.mood.trouble:
            return self.mood.trouble, self.mood.extra
        if self.mood.asks:
            verdict = self._auth.check(request, self._signalling.now(), proxy=True)
            if not isinstance(verdict, Granted):
                return verdict.status, verdict.headers
        if _user(request.uri) not in self.persons:
            return 404, ()
        return 0, ()

    def _requested(self, event: Requested) -> None:
        if event.request.method == "REGISTER":
            self._registered(event)
        elif event.request.method == "OPTIONS" and not self.mood.deaf:
            self.others.append(event.request)
            if not (self.mood.asks_health and self._unproved(event)):
                self._respond(event, 200)

    def _asks(self, event: Requested) -> bool:
        self.others.append(event.request)
        return self.mood.asks_inside and self._unproved(event)

    def _unproved(self, event: Requested) -> bool:
        """Challenge a request unless it has an answer that fits."""
        verdict = self._auth.check(event.request, self._signalling.now())
        if isinstance(verdict, Granted):
            return False
        self._respond(event, verdict.status, verdict.headers)
        return True

    def _registered(self, event: Requested) -> None:
        request, now = event.request, self._signalling.now()
        self.registers.append(request)
        if self.mood.deaf:
            return
        if self.mood.refuses:
            self._respond(event, self.mood.refuses, self.mood.extra)
            return
        verdict = self._auth.check(request, now)
        if not isinstance(verdict, Granted):
            self._respond(event, verdict.status, verdict.headers)
            return
        asked = int(request.headers.get("Expires", "3600"))
        if 0 < asked < self.mood.least:
            self._respond(event, 423, (("Min-Expires", str(self.mood.least)),))
            return
        self._bind(event, verdict.username, min(asked, self.mood.granted))

    def _bind(self, event: Requested, username: str, seconds: int) -> None:
        contacts = parse_contacts(event.request.headers)
        if isinstance(contacts, Star) or not seconds:
            self.bindings.pop(username, None)
            self._respond(event, 200)
            return
        contact = contacts[0]
        self.bindings[username] = Binding(contact.uri_text, event.flow, self._signalling.now() + seconds)
        line = str(NameAddr("", contact.uri_text, (("expires", str(seconds)),)))
        route = (("Service-Route", self.mood.service_route),) if self.mood.service_route else ()
        self._respond(event, 200, (("Contact", line), *route))

    def _respond(self, event: Requested, status: int, extra: tuple[tuple[str, str], ...] = ()) -> None:
        self._signalling.engine.respond(event.transaction, status, self._signalling.now(), extra=extra)
        self._signalling.kick()

    # -- afterwards -------------------------------------------------------------------------------------------------
    @property
    def idle(self) -> bool:
        """Whether nobody outside is on the phone."""
        return all(phone.idle for phone in self.persons.values())


def _user(uri: str) -> str:
    found = parse(uri)
    return found.user.partition(";")[0] if isinstance(found, SipUri) else ""


def join(network: Network, clock: Clock, address: Address, *, seed: int = 7, on_bug: OnBug) -> Carrier:
    """A carrier at `address` of a simulated network."""
    node = network.join(f"carrier-{address.host}", address)
    engine = Engine(EngineConfig(node.sent_by, user_agent="carrier"), SeededChance(seed))
    pump = Pump(engine, clock, node, on_bug=on_bug)
    carrier = Carrier(Site(address, Address(address.host, 40000)), pump, clock, SeededChance(seed + 1))
    pump.handle_with(carrier.handle)
    return carrier
