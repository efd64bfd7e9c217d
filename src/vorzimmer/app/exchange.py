"""The exchange: engine, pump, door, bindings and switchboard joined, over whatever transports and media it is given.

Control runs it over sockets and workers, simulations over a network in memory and a double. This module must never open
a socket, read a database, or hold a rule about calls.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from msgspec.structs import replace

from vorzimmer.app.alive import Alive
from vorzimmer.app.feature_keys import FeatureKeys
from vorzimmer.app.house import House, Identifier, Published, device_key, split_key
from vorzimmer.app.lamps import LampView
from vorzimmer.app.lines import LineIdentifier, specs_of
from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.ports import Journal, NoTracing, Tracing
from vorzimmer.calls.state import CallState, Party
from vorzimmer.calls.switch_off import switch_off, withdraw
from vorzimmer.calls.world import Fact, Service, World, no_fact, no_service, prompt_source
from vorzimmer.features.roles import ROLES
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.kernel.ids import LegId
from vorzimmer.media.port import Media, Source
from vorzimmer.net.pump import OnBug, Pump, Transports
from vorzimmer.presence.bindings import Bindings, Contact
from vorzimmer.presence.door import Door
from vorzimmer.presence.publications import Ports as PublicationPorts
from vorzimmer.presence.publications import Publications
from vorzimmer.presence.registrar import Registrar
from vorzimmer.presence.subscriptions import Subscriptions
from vorzimmer.presence.trunk_line import TrunkSpec
from vorzimmer.presence.trunks import Resolve, Trunks, literal_only
from vorzimmer.presence.watch_ports import Ports as SubscriptionPorts
from vorzimmer.routing.may import Actor, CallFacts, may
from vorzimmer.sip.core import Tap
from vorzimmer.sip.digest import DigestConfig
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Event, FlowGone, Malformed, Requested, Responded
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import Replaces

RINGS_ANYWAY = frozenset(name for name, role in ROLES.items() if role.dnd == "rings")
"""Roles in which somebody rings in spite of do not disturb (FEATURES.md 12.4)."""


class Counting(Protocol):
    """What the exchange counts."""

    def malformed(self) -> None: ...


class NoCounting:
    """Nobody counts."""

    def malformed(self) -> None:
        """Nothing."""


def capabilities(config: EngineConfig) -> tuple[tuple[str, str], ...]:
    """What we can do, for who asks by OPTIONS (RFC 3261 section 11.2)."""
    supported = ("Supported", ", ".join(config.supported))
    return (("Accept", "application/sdp"), ("Allow", ", ".join(config.allow)), supported)


@dataclass(frozen=True, slots=True)
class Ports:
    """What an exchange is made of. `side(flow)` names the media side of a leg, `refused` the addresses that a peer may
    not name, `resolve(hop)` where a trunk's name leads, `keep(device, bytes or None)` stores a device's bindings,
    `keep_watch` a subscription by its key, `keep_mark` how far a company's facts are counted;
    `own(host, flow)` tells whether an address in a URI is one of ours; `expects(flow, seconds)` is told how long a
    connection may be silent, `aliased(flow, port)` where one may be used for requests to its peer; `sessions` are the
    session interval that we ask for (0: none) and the least that we take, in seconds."""

    transports: Transports
    sent_by: Callable[[Flow | Hop], Address]
    clock: Clock
    chance: Chance
    media: Media
    journal: Journal
    nonce_key: bytes
    on_bug: OnBug
    realm: str = "vorzimmer"
    own: Callable[[str, Flow], bool] = lambda host, flow: True
    expects: Callable[[Flow, float], None] = lambda flow, seconds: None
    aliased: Callable[[Flow, int], None] = lambda flow, port: None
    sessions: tuple[int, int] = (1800, 90)
    side: Callable[[Flow], str] = lambda flow: flow.listener
    refused: Callable[[Address, Flow], str | None] = lambda address, flow: None
    sound_of: Callable[[str, str, dict[str, str]], Source] = prompt_source
    tell: Callable[[Fact], None] = no_fact
    stirred: Callable[[str, str], None] = lambda company, device: None
    service: Service = no_service
    keep: Callable[[str, bytes | None], None] = lambda device, data: None
    keep_watch: Callable[[str, bytes | None], None] = lambda key, data: None
    keep_mark: Callable[[str, int], None] = lambda company, number: None
    counting: Counting = field(default_factory=NoCounting)
    resolve: Resolve = literal_only
    trace: Tracing = field(default_factory=NoTracing)
    tap: Tap | None = None


class CompanyLive:
    """routing.live.Live of one company."""

    def __init__(self, company: str, bindings: Bindings, board: Switchboard, trunks: Trunks) -> None:
        self._company = company
        self._bindings = bindings
        self._trunks = trunks
        self._board = board

    def registered(self, device: str) -> bool:
        return self._bindings.registered(device_key(self._company, device))

    def calls(self, device: str) -> int:
        return self._board.calls_of(self._company, device)

    def dnd(self, device: str) -> bool:
        # A phone's key that is kept in step sets its user's own do not disturb; no phone tells of another one.
        return False

    def trunk_up(self, trunk: str) -> bool:
        return self._trunks.up(self._company, trunk)


class Whereabouts:
    """calls.ports.Locations: companies' devices among all bindings of the server."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings

    def contacts(self, company: str, device: str) -> tuple[Contact, ...]:
        found = self._bindings.contacts(device_key(company, device))
        return tuple(replace(each, device=device) for each in found)

    def flow_failed(self, company: str, contact: Contact) -> None:
        self._bindings.flow_failed(device_key(company, contact.device), contact.uri, contact.flow)


def permitted(actor: Party, action: str, call: CallState) -> bool:
    """calls.world.May by the rules of ``routing.may``; who made a call is a party of it. Companies were compared."""
    if actor.ref is None:
        return False
    refs = [leg.party.ref for leg in call.parties] + [call.asked.caller.ref]
    parties = tuple(ref for ref in refs if ref is not None)
    rung = tuple(ring.party.ref for ring in call.ringing if ring.party.ref is not None)
    return may(Actor(call.company, actor.ref, actor.device), action, CallFacts(call.company, parties, rung)) is None


class Exchange:
    """One per control process, one per simulated server."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.bindings = Bindings()
        self.house = House(ports.realm, self.live)
        self._config = EngineConfig(
            ports.sent_by,
            vital=self.house.vital,
            session_expires=ports.sessions[0],
            min_se=ports.sessions[1],
            aliased=ports.aliased,
        )
        self.engine = Engine(self._config, ports.chance)
        if ports.tap is not None:
            self.engine.show(ports.tap)
        self.pump = Pump(self.engine, ports.clock, ports.transports, on_bug=ports.on_bug)
        self.door = Door(DigestConfig(ports.realm), ports.nonce_key, self.house.account, ports.chance)
        self.trunks = Trunks(self.pump, (ports.clock, ports.chance), ports.sent_by, ports.resolve, self._line_told)
        self._lines_open = False
        self.board = Switchboard(self._world())
        self._registrar = Registrar(self.door, self.bindings, self.engine, ports.chance, ports.refused)
        self._registrar.expects = ports.expects
        self._expiry: Alarm | None = None
        self.alive = Alive(self.bindings, ports.clock, ports.transports)
        self.lamps = LampView(self.house, self.board, self.bindings, ports.clock)
        self.watching = Subscriptions(self._subscription_ports())
        self.publications = Publications(self._publication_ports())
        self.lamps.look, self.lamps.published = self.watching.look, self.publications.talks
        self.lamps.held_by = self.watching.notifier.of_account
        self.lamps.anybody = lambda: len(self.watching.notifier) > 0
        self.bindings.listen(lambda device, registered: self._moved(*split_key(device)))
        self.bindings.watch(self._bindings_changed)
        self.pump.handle_with(self.handle)

    def _world(self) -> World:
        ports = self.ports
        return World(
            signalling=self.pump,
            media=ports.media,
            clock=ports.clock,
            chance=ports.chance,
            locations=Whereabouts(self.bindings),
            decide=self.house.decide,
            identify=LineIdentifier(
                self.house,
                self.trunks,
                self._calls_of,
                Identifier(self.house, self.door, ports.clock.now, ports.own),
            ),
            lines=self.trunks,
            journal=ports.journal,
            service=ports.service,
            refused=ports.refused,
            tell=ports.tell,
            keep_mark=ports.keep_mark,
            sound_of=ports.sound_of,
            domain=self.house.domain,
            ours=self.house.ours,
            profile=self.house.profile,
            describe=self.house.describe,
            on_bug=ports.on_bug,
            may=permitted,
            music=self.house.music,
            media_policy=self.house.media_policy,
            session=self.house.session,
            zone=self.house.zone,
            side=ports.side,
            trace=ports.trace,
            moved=self._moved,
            watched=self._watched,
        )

    def _moved(self, company: str, device: str) -> None:
        self.lamps.moved(company, device)
        self.ports.stirred(company, device)

    def _watched(self, company: str, who: Party, dialog: Replaces) -> LegId | None:
        return self.lamps.named(company, who, dialog)

    def _subscription_ports(self) -> SubscriptionPorts:
        ports = self.ports
        return SubscriptionPorts(
            self.pump, ports.clock, ports.chance, self.door, self.bindings, self.lamps, self._own, ports.keep_watch,
            ports.refused, FeatureKeys(self.house, ports.service),
        )  # fmt: skip

    def _publication_ports(self) -> PublicationPorts:
        ports = self.ports
        return PublicationPorts(
            self.door, self.engine, ports.clock, ports.chance, self._own, lambda key: self.lamps.moved(*split_key(key))
        )

    def _own(self, account: str, host: str) -> bool:
        return self.house.ours(split_key(account)[0], host)

    def live(self, company: str) -> CompanyLive:
        """The live facts of a company's devices."""
        return CompanyLive(company, self.bindings, self.board, self.trunks)

    # -- trunks -----------------------------------------------------------------------------------------------------
    def open_lines(self) -> None:
        """Listeners are open: register and ask all trunks of all companies."""
        self._lines_open = True
        for company in self.house.companies:
            self.trunks.configure(company, specs_of(self.house, company))
        self.board.lines_known()

    def _calls_of(self, company: str, device: str) -> int:
        return self.board.calls_of(company, device)

    def _line_told(self, spec: TrunkSpec, up: bool, why: str) -> None:
        """A trunk went down, which an operator must hear of, or came up again."""
        self.board.line_told(spec.company, spec.id, "up" if up else "down", why)

    # -- events -----------------------------------------------------------------------------------------------------
    def handle(self, event: Event) -> None:
        """Everything the engine tells, to whom it concerns."""
        if isinstance(event, Malformed):
            self._malformed(event)
        elif isinstance(event, FlowGone):
            self.watching.flow_gone(event.flow)
            self.bindings.flow_gone(event.flow)
            self.trunks.flow_gone(event.flow)
        elif isinstance(event, Responded) and self.trunks.handle(event):
            pass
        elif isinstance(event, Requested) and event.leg is None and event.request.method == "REGISTER":
            self._registrar.handle(event, self.pump.now())
            self.pump.kick()
        elif isinstance(event, Responded) and event.leg is None and self.watching.responded(event, self.pump.now()):
            return
        elif not self.board.handle(event) and isinstance(event, Requested):
            self._other(event)

    def _malformed(self, event: Malformed) -> None:
        """Counted, and held against a stranger like a wrong password; not against an address that phones of ours are
        behind: one broken phone must not keep an office from calling."""
        self.ports.counting.malformed()
        source = event.flow.remote.host
        if not self.bindings.has_source(source) and not self.trunks.at(event.flow):
            self.door.limits.failed(source, "", self.pump.now(), known=False, why="malformed")

    def _other(self, event: Requested) -> None:
        """Who watches, who publishes, OPTIONS to the server (RFC 3261 section 11.2). We subscribe to nothing, so that a
        NOTIFY belongs to no subscription of ours (RFC 6665 section 4.1.3)."""
        engine, now = self.engine, self.pump.now()
        if event.request.method == "SUBSCRIBE":
            self.watching.handle(event, now)
        elif event.request.method == "PUBLISH":
            self.publications.handle(event, now)
        elif event.request.method == "OPTIONS":
            events = ("Allow-Events", ", ".join(self.watching.names))
            engine.respond(event.transaction, 200, now, extra=(*capabilities(self._config), events))
        elif event.request.method == "NOTIFY":
            engine.respond(event.transaction, 481, now)
        else:
            engine.respond(event.transaction, 405, now)
        self.pump.kick()

    # -- bindings ---------------------------------------------------------------------------------------------------
    def _bindings_changed(self, device: str) -> None:
        self.ports.keep(device, self.bindings.frozen(device, self.pump.now()))
        for contact in self.bindings.contacts(device):
            self.board.refreshed(*split_key(device), contact.flow)
            break
        self.alive.changed(device)
        self._arm()

    def publish(self, change: Published) -> None:
        """A committed change acts at the next decision; what takes something away, at once (FEATURES.md 0.5)."""
        before = self.house.quiet(change)
        seen = self.lamps.concerned(change)
        for device in self.house.publish(change):
            self.device_off(change.company, device)
        for who in sorted(self.house.quiet(change) - before):
            withdraw(self.board, change.company, who, RINGS_ANYWAY)
        self.watching.recheck(seen | self.lamps.concerned(change))
        if self._lines_open:
            self.trunks.configure(change.company, specs_of(self.house, change.company))
            if change.trunk_passwords:
                self.board.lines_known()

    def remove_company(self, company: str) -> None:
        """A company is gone: its phones, trunks and calls end at once. An empty book stays until the next start, so
        that what is still on its way finds one."""
        change = self.house.emptied(company)
        if change is None:
            return
        self.publish(change)
        for state in self.board.live_view(company):
            live = self.board.call(state.id)
            if live is not None:
                live.hang_up("shutdown")

    def device_off(self, company: str, device: str) -> None:
        """A device may not be registered any more: its bindings and legs end at once (FEATURES.md 0.5)."""
        key = device_key(company, device)
        self.watching.device_off(key)
        self.publications.forget(key)
        self.bindings.remove(key)
        switch_off(self.board, company, device)

    def restore_bindings(self, saved: dict[str, bytes]) -> None:
        """Take up the bindings of before a restart; what cannot be read is dropped (the phone registers again)."""
        for device, data in saved.items():
            self.bindings.thaw(device, data, self.pump.now())
        self._arm()

    def restore_subscriptions(self, saved: dict[str, bytes], life: int) -> None:
        """Take up the subscriptions of before a restart, bit by bit; `life` counts the starts of this server. To be
        called after the bindings are there; until then (see ``starting``) refreshes are put off."""
        self.watching.restore(saved, life)

    def _arm(self) -> None:
        due = self.bindings.next_expiry()
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = None if due is None else self.ports.clock.call_at(due, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        self.bindings.expire(self.pump.now())
        self._arm()

    def close(self) -> None:
        """Leave no alarm behind."""
        self.trunks.close()
        self.pump.close()
        self.alive.close()
        self.lamps.close()
        self.watching.close()
        self.publications.close()
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
