"""A small house for call tests: one switchboard, scripted phones, an in-memory network and the media double.

Deciding is a table here (extension to devices), so that a test of calls needs no company file. After a scenario
``check_empty`` proves that nothing is left behind. This module must never be used by the product.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from traceback import format_exception

from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.records import Record, decode_record
from vorzimmer.calls.state import Party
from vorzimmer.calls.thaw import thaw_all
from vorzimmer.calls.world import Fact, Identified, May, MediaPolicy, Refusal, World, own_call
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import LegId
from vorzimmer.net.pump import Pump
from vorzimmer.presence.bindings import Contact
from vorzimmer.routing.model import (
    Announce,
    Asked,
    Caller,
    Forward,
    Offer,
    Plan,
    Presentation,
    Refuse,
    Ring,
    Run,
    SoFar,
    Step,
)
from vorzimmer.sdp.plan import Protection
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Event
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import Replaces, parse_name_addr
from vorzimmer.sip.message import Request
from vorzimmer.sip.uri import SipUri
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.network import FAIR, Network, Weather
from vorzimmer.testing.phone import Line, Phone

SERVER = Address("192.0.2.1", 5060)
COMPANY = "muster"
WALKING = frozenset({"user", "transfer", "forward"})
"""Roles in which a phone's own diversion is its user's forwarding."""


class Bench:
    """Journal and bugs, as a test wants to see them."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.states: dict[str, bytes] = {}
        self.bugs: list[tuple[str, str]] = []

    def append(self, kind: str, key: str, value: bytes) -> None:
        """calls.ports.Journal."""
        if kind == "state":
            self.states[key] = value
        elif kind == "gone":
            self.states.pop(key, None)
        else:
            self.records.append(decode_record(value))

    def on_bug(self, doing: str, error: Exception) -> None:
        """net.pump.OnBug."""
        self.bugs.append((doing, "".join(format_exception(error))))


class House:
    """`steps` may answer in place of the table: a function of (asked, so_far) that gives a step or None. `private` are
    users who withhold their number."""

    def __init__(self, seed: int = 1, weather: Weather = FAIR) -> None:
        self.clock = VirtualClock()
        self.chance = SeededChance(seed)
        self.network = Network(self.clock, SeededChance(seed + 1), weather)
        self.node = self.network.join("pbx", SERVER)
        self.media = RecordingMedia()
        self.bench = Bench()
        self.facts: list[Fact] = []
        self.phones: dict[str, list[Phone]] = {}
        self.contacts_of: dict[str, tuple[Contact, ...]] = {}
        self.pumps: list[Pump] = []
        self.seconds = 20.0
        self.steps: Callable[[Asked, SoFar], Step | None] = lambda asked, so_far: None
        self.companies: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.alarm = ""
        self.music = "default"
        self.srtp: dict[str, Protection] = {}
        self.codecs: dict[str, tuple[str, ...]] = {}
        self.sessions: dict[str, int] = {}
        self.private: set[str] = set()
        self.may: May = own_call
        self.watched: Callable[[str, Party, Replaces], LegId | None] = lambda company, who, dialog: None
        self.ours: Callable[[str, str], bool] = lambda company, host: True
        self.served: list[Run] = []
        self.asked: list[tuple[Asked, SoFar]] = []
        self.open()

    def open(self) -> None:
        """Start (again) with an empty engine and switchboard; the media double and the journal stay."""
        self.engine = Engine(EngineConfig(sent_by=lambda _: SERVER), self.chance)
        self.pump = Pump(self.engine, self.clock, self.node, on_bug=self.bench.on_bug)
        self.world = World(
            signalling=self.pump,
            media=self.media,
            clock=self.clock,
            chance=self.chance,
            locations=self,
            decide=self.decide,
            identify=self.identify,
            journal=self.bench,
            tell=self.facts.append,
            on_bug=self.bench.on_bug,
            domain=lambda company: f"{company}.example",
            describe=lambda company, ref: (self.names.get(ref.id, ref.id.title()), ref.id),
            service=self.service,
            may=self.may,
            watched=self.watched,
            ours=self.ours,
            music=lambda company: self.music,
            media_policy=self._policy,
            session=lambda company, device: self.sessions.get(device or "", 0),
            refused=lambda address, flow: self.refused.get(address.host),
        )
        self.board = Switchboard(self.world)
        self.pump.handle_with(self._handle)

    def _policy(self, company: str, device: str | None) -> MediaPolicy:
        return MediaPolicy(self.srtp.get(device or "", "optional"), self.codecs.get(device or "", ()))

    async def restart(self) -> None:
        """Everything is dropped at once and goes on from the journal's bytes, as after ``kill -9``."""
        self.board.drop_all()
        self.pump.close()
        kept = dict(self.bench.states)
        self.open()
        await thaw_all(self.board, kept)

    def _handle(self, event: Event) -> None:
        self.board.handle(event)

    # -- phones -----------------------------------------------------------------------------------------------------
    def phone(
        self,
        user: str,
        *,
        company: str = COMPANY,
        device: str = "",
        updates: bool = True,
        from_change: bool = False,
        agent: str = "",
        **line: object,
    ) -> Phone:
        """A new phone of `user` (its extension too), registered at once; without `updates` it takes no UPDATE, with
        `from_change` it shows From (RFC 4916). `agent` is the User-Agent that it registers with."""
        number = 10 + sum(len(phones) for phones in self.phones.values())
        address = Address(f"192.0.2.{number}", 5060)
        node = self.network.join(device or f"{user}-{number}", address)
        config = EngineConfig(sent_by=lambda _: address, user_agent="phone")
        if not updates:
            config = replace(config, allow=tuple(method for method in config.allow if method != "UPDATE"))
        if from_change:
            config = replace(config, supported=(*config.supported, "from-change"))
        engine = Engine(config, SeededChance(1000 + number))
        pump = Pump(engine, self.clock, node, on_bug=self.bench.on_bug)
        options = {
            "media": Address(address.host, 40000),
            "contact": address,
            "domain": f"{company}.example",
            "allow": ", ".join(config.allow),
            "supported": ", ".join(config.supported) if from_change else "",
            **line,
        }
        phone = Phone(Line(user, SERVER, **options), pump, self.clock, SeededChance(2000 + number))  # type: ignore[arg-type]
        pump.handle_with(phone.handle)
        self.pumps.append(pump)
        self.phones.setdefault(user, []).append(phone)
        self.companies[user] = company
        self._register(phone, device or f"{user}-{len(self.phones[user])}", address, agent)
        return phone

    def _register(self, phone: Phone, device: str, address: Address, agent: str) -> None:
        flow = Flow(phone.line.transport, SERVER, address, 0, "pbx")
        self.contacts_of[device] = (Contact(device, f"sip:{phone.line.user}@{address}", flow, agent=agent),)
        self._devices.setdefault(phone.line.user, []).append(device)

    @property
    def _devices(self) -> dict[str, list[str]]:
        return self.__dict__.setdefault("devices", {})  # type: ignore[no-any-return]

    # -- ports ------------------------------------------------------------------------------------------------------
    def flow_failed(self, company: str, contact: Contact) -> None:
        """calls.ports.Locations."""
        self.contacts_of[contact.device] = tuple(c for c in self.contacts(company, contact.device) if c != contact)

    def contacts(self, company: str, device: str) -> tuple[Contact, ...]:
        """calls.ports.Locations."""
        return self.contacts_of.get(device, ())

    def identify(self, request: Request, flow: Flow) -> Identified | Refusal:
        """Believes From: tests of calls are not tests of digest."""
        uri = parse_name_addr(request.headers.get("From")).uri
        user = uri.user if isinstance(uri, SipUri) else ""
        if user not in self.companies:
            return Refusal(403, "Forbidden")
        device = next(d for d in self._devices[user] if self.contacts_of[d][0].flow.remote == flow.remote)
        name = self.names.get(user, user.title())
        return Identified(
            self.companies[user], Caller(Ref("user", user), device, name=name, private=user in self.private)
        )

    async def service(self, run: Run, asked: Asked) -> Announce | Refuse:
        """calls.world.Service: says yes to everything but ``no``."""
        self.served.append(run)
        return Refuse(403, "Forbidden") if run.action == "no" else Announce("tone:confirm", 200)

    def decide(self, asked: Asked, so_far: SoFar, now: datetime) -> Plan:
        """The table: ring all devices of whoever was dialled; then the unavailable tone."""
        self.asked.append((asked, so_far))
        step = self.steps(asked, so_far) or self._usual(asked, so_far)
        return Plan((step,), step.because, self.alarm)

    def _usual(self, asked: Asked, so_far: SoFar) -> Step:
        forward = next((t.step for t in reversed(so_far) if isinstance(t.step, Forward)), None)
        to = forward.to.id if forward else asked.dialled
        last = so_far[-1] if so_far else None
        if self.companies.get(to) != asked.company:
            return Refuse(404, "Not Found")
        if last is None or isinstance(last.step, Forward):
            return self.ring(to, asked)
        status = {"busy": 486, "declined": 603, "no_answer": 480}.get(last.outcome)
        return Refuse(status, last.outcome) if status else Announce("tone:unavailable", 480)

    def ring(self, user: str, asked: Asked, **options: object) -> Ring:
        """Ring everything that `user` has."""
        caller = asked.face
        present = Presentation(caller.name, caller.ref.id if caller.ref else "", caller.private)
        offers = tuple(
            Offer(
                Ref("device", device), asked.role, Ref("user", user), present=present, may_divert=asked.role in WALKING
            )
            for device in self._devices[user]
        )
        return Ring(offers, self.seconds)

    # -- afterwards -------------------------------------------------------------------------------------------------
    def talking(self, *users: str) -> bool:
        """Whether the phones of these users (each named once for each of its phones) all hear each other, by the media
        double."""
        ends = [leg.sound.endpoint for s in self.board.live_view() for leg in s.parties if _id(leg.party.ref) in users]
        return len(ends) == len(users) and self.media.talking(*ends)

    def transcodes(self, *users: str) -> bool:
        """Whether media has to transcode between both users' phones, in either direction."""
        ends = [leg.sound.endpoint for s in self.board.live_view() for leg in s.parties if _id(leg.party.ref) in users]
        return any(self.media.transcodes(end) for end in ends)

    def heard_by(self, user: str) -> object:
        """What the phone of `user` hears."""
        ends = [leg.sound.endpoint for s in self.board.live_view() for leg in s.parties if _id(leg.party.ref) == user]
        return self.media.hears(ends[0]) if len(ends) == 1 else ends

    async def check_empty(self, records: int) -> None:
        """Nothing is left anywhere, and there are exactly so many records; takes the engine's lingering time."""
        await self.clock.sleep(400)
        assert not self.bench.bugs, "\n".join(trace for _, trace in self.bench.bugs)
        assert self.board.idle(), (self.board.live_view(), self.board.__dict__)
        assert self.media.leaks() == []
        assert self.engine.idle(), self.engine.legs()
        for phones in self.phones.values():
            for phone in phones:
                assert phone.idle, (phone.line.user, [(c.state, c.statuses) for c in phone.calls])
                assert not phone.alive or phone.signalling.engine.idle()
        assert self.bench.states == {}
        found = [(r.id, r.reason) for r in self.bench.records]
        assert len({r.id for r in self.bench.records}) == len(found) == records, found
        for pump in (self.pump, *self.pumps):
            pump.close()


def _id(ref: Ref | None) -> str:
    return ref.id if ref is not None else ""
