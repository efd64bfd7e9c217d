"""The switchboard: which call each leg belongs to, how calls begin, and what the outside may see of them.

It hands every event of the engine and of media to the call that it concerns, in the turn in which it came. It knows no
feature and decides nothing. This module must never let a leg of one company into a call of another.
"""

import asyncio

import msgspec

from vorzimmer.calls.asking import dialled, hops
from vorzimmer.calls.attempt import Attempt
from vorzimmer.calls.entrance import Inviting
from vorzimmer.calls.facts import Facts
from vorzimmer.calls.live import Live
from vorzimmer.calls.notifier import resubscribed
from vorzimmer.calls.opening import leg_of
from vorzimmer.calls.outside import proof_of
from vorzimmer.calls.past import Past
from vorzimmer.calls.records import encode, interrupted
from vorzimmer.calls.referring import refer_apart
from vorzimmer.calls.replace import names_a_dialog, take
from vorzimmer.calls.state import CallState, End, Party, change
from vorzimmer.calls.transfer import refer
from vorzimmer.calls.words import unusable
from vorzimmer.calls.world import Identified, Refusal, World
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import CallId, JourneyId, LegId
from vorzimmer.media.port import MediaEvent, WorkerLost
from vorzimmer.presence.contacts import check_contacts
from vorzimmer.routing.model import Asked, Caller, Ring, line_of
from vorzimmer.sip.events import Event, FlowGone, Invited, Malformed, Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.gruu import instance_of

OfCompany = tuple[str, str]
"""A company and one of its devices: ids of devices are unique within a company only."""


class Switchboard:
    """All calls of this process. Events that are not about calls are left to others: ``handle`` says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.draining = False
        self._calls: dict[CallId, Live] = {}
        self._legs: dict[LegId, Live] = {}
        self._devices: dict[LegId, OfCompany] = {}
        self._busy: dict[OfCompany, set[LegId]] = {}
        self._lost: dict[LegId, OfCompany] = {}
        """Phones that rang when a restart came, until they have been made to stop."""
        self.facts = Facts(world)
        self._past = Past()
        self._empty: asyncio.Event | None = None
        world.media.on_event(self.media_event)

    # -- events -----------------------------------------------------------------------------------------------------
    def handle(self, event: Event) -> bool:
        """Take an event of the engine; False if it is none of ours (REGISTER, SUBSCRIBE, OPTIONS to the server ...)."""
        if isinstance(event, Invited):
            self._invited(event)
            return True
        if isinstance(event, (FlowGone, Malformed)):
            return False
        leg = event.leg
        live = self._legs.get(leg) if leg is not None else None
        if live is None:
            return self._stray(event)
        if isinstance(event, Requested) and event.request.method == "REFER":
            if line_of(self._devices.get(event.leg or LegId(""), ("", ""))[1]):
                live.respond(event, 403)  # Nobody outside sends our calls about.
            else:
                refer(self, live, event)
        elif isinstance(event, Requested) and event.request.method == "SUBSCRIBE" and resubscribed(live, event):
            pass
        else:
            live.deliver(event)
        return True

    def _stray(self, event: Event) -> bool:
        """Something of a leg that is over already (crossing messages): answered, else forgotten."""
        if not isinstance(event, Requested):
            leg: LegId | None = getattr(event, "leg", None)
            if leg is not None:
                self._lost.pop(leg, None)
            return leg is not None
        if event.leg is None and event.request.method not in {"REFER", "INFO", "UPDATE", "MESSAGE"}:
            return False
        if event.leg is None and event.request.method == "REFER":
            refer_apart(self, event)
            return True
        status = 481 if event.leg is not None else 405
        signalling = self.world.signalling
        signalling.engine.respond(event.transaction, status, signalling.now())
        signalling.kick()
        return True

    def media_event(self, event: MediaEvent) -> None:
        """An event of media, for the call that the endpoint belongs to."""
        endpoints = event.endpoints if isinstance(event, WorkerLost) else (event.endpoint,)
        concerned = {id(live): live for e in endpoints if (live := self._legs.get(leg_of(e))) is not None}
        for live in concerned.values():
            live.feed(event)
            if live.attempt is not None:
                live.attempt.deliver(event)

    # -- a new call ---------------------------------------------------------------------------------------------------
    def _invited(self, event: Invited) -> None:
        if self.draining:
            self._refuse(event.leg, 503, (("Retry-After", str(self.world.times.drain)),))
            return
        try:
            who = self.world.identify(event.request, event.flow)
        except Exception:
            # A bug of ours must not leave a phone without an answer; the pump reports it.
            self._refuse(event.leg, 500)
            raise
        if isinstance(who, Refusal):
            self._refuse(event.leg, who.status, who.headers, who.reason)
            return
        try:
            check_contacts(event.request, event.flow, self.world.refused)
            if names_a_dialog(event.request):
                take(self, event, who, self.party(who))
            else:
                self._start(event, who)
        except PeerError as error:
            self._refuse(event.leg, error.status, reason=error.reason)

    def _start(self, event: Invited, who: Identified) -> None:
        wanted = who.dialled or dialled(event.request.uri)
        asked = Asked(who.company, who.caller, dialled=wanted, robot=who.robot, trunk=who.trunk, diverted=who.diverted)
        live = self.begin(change(self.fresh(asked), hops=hops(event.request)))
        live.instance = instance_of(event.request.uri)
        party = self.party(who)
        try:
            entrance = Inviting(live, event.leg, party, (event.request, event.flow))
        except PeerError as error:
            self._refuse(event.leg, error.status, reason=error.reason)
            live.hang_up(unusable(error))
            return
        self.own(event.leg, live, party.device)
        attempt = Attempt(live, entrance, party)
        live.note()
        attempt.start_at_once()

    def _refuse(self, leg: LegId, status: int, headers: tuple[tuple[str, str], ...] = (), reason: str = "") -> None:
        signalling = self.world.signalling
        signalling.engine.refuse(leg, status, signalling.now(), reason=reason, extra=headers)
        signalling.kick()

    def fresh(self, asked: Asked) -> CallState:
        """The state of a call that begins a journey."""
        ident = self.world.chance.token(8)
        world, company = self.world, asked.company
        return CallState(
            CallId(ident),
            JourneyId(ident),
            company,
            asked,
            world.wall(),
            music=world.music(company),
            zone=world.zone(company),
        )

    def party(self, who: Identified) -> Party:
        """The caller as the others see it."""
        caller: Caller = who.caller
        name, number = self.world.describe(who.company, caller.ref) if caller.ref else ("", "")
        return Party(caller.ref, caller.device, caller.name or name, number or caller.number or "", caller.private)

    # -- Home and Calls -----------------------------------------------------------------------------------------------
    def begin(self, state: CallState) -> Live:
        """A new call; who begins it notes it as soon as its first leg is known."""
        live = Live(self.world, self, state)
        self._calls[state.id] = live
        self.facts.started(state)
        return live

    def call(self, ident: CallId) -> Live | None:
        """A call that exists now."""
        return self._calls.get(ident)

    def call_of(self, leg: LegId) -> Live | None:
        """The call that a leg is in."""
        return self._legs.get(leg)

    def legs_in(self, company: str) -> list[LegId]:
        """All legs of a company's calls."""
        return [leg for leg, live in self._legs.items() if live.state.company == company]

    def own(self, leg: LegId, live: Live, device: str | None) -> None:
        """Events of `leg` go to `live` from now on; its device counts as having one more call."""
        self.disown(leg)
        self._legs[leg] = live
        self.traced(leg, live)
        if device is not None:
            self._devices[leg] = (live.state.company, device)
            self._busy.setdefault(self._devices[leg], set()).add(leg)
            self.world.moved(*self._devices[leg])
            if line_of(device) is not None:
                self._proves(leg, *self._devices[leg])
            if seconds := self.world.session(*self._devices[leg]):
                self.world.signalling.engine.expect(leg, seconds)

    def lines_known(self) -> None:
        """Trunks are there (again, after a restart): calls that go on over them know as whom."""
        for leg, device in self._devices.items():
            self._proves(leg, *device)

    def _proves(self, leg: LegId, company: str, device: str) -> None:
        """The carrier of an outside leg may ask who we are in the middle of a call."""
        trunk = line_of(device)
        for line in self.world.lines.lines(company, trunk[0])[:1] if trunk is not None else ():
            if (proof := proof_of(line)) is not None:
                self.world.signalling.engine.prove(leg, proof)

    def traced(self, leg: LegId, live: Live) -> None:
        """Traces of this leg's dialog belong to `live` from now on."""
        self.world.trace.leg(live.state.id, self.world.signalling.engine.call_id(leg))

    def disown(self, leg: LegId) -> None:
        """`leg` is over; doing this twice is fine."""
        live = self._legs.pop(leg, None)
        if live is not None:
            self._past.note(leg, live.state.company)
        device = self._devices.pop(leg, None)
        if device is not None:
            self._busy[device].discard(leg)
            if not self._busy[device]:
                del self._busy[device]
            self.world.moved(*device)

    def changed(self, before: CallState, after: CallState) -> None:
        """Tell the facts that follow from a change of state."""
        self.facts.changed(before, after)
        if before.parties is not after.parties and _seen(before) != _seen(after):
            for leg in after.parties:
                if leg.party.device is not None:
                    self.world.moved(after.company, leg.party.device)

    def rings(self, state: CallState, step: Ring) -> None:
        """Somebody is rung."""
        self.facts.ringing(state, step)

    def alarm(self, state: CallState, what: str) -> None:
        """An operator must hear of it at once."""
        self.facts.alarm(state, what)

    def line_told(self, company: str, trunk: str, state: str, why: str) -> None:
        """A trunk is up or down."""
        self.facts.line(company, {"trunk": trunk, "state": state, "why": why})

    def over(self, live: Live) -> None:
        """The call has its record."""
        self._calls.pop(live.state.id, None)
        self.facts.ended(live.state)
        if self._empty is not None and not self._calls:
            self._empty.set()

    # -- what the outside sees --------------------------------------------------------------------------------------
    def live_view(self, company: str | None = None) -> list[CallState]:
        """The calls that exist now, oldest first."""
        return [c.state for c in self._calls.values() if company is None or c.state.company == company]

    def calls_of(self, company: str, device: str) -> int:
        """Open calls of a company's device: ringing, talking, held (a live fact for routing)."""
        return len(self._busy.get((company, device), ()))

    def legs_of(self, company: str, device: str) -> tuple[LegId, ...]:
        """The legs of a company's device, in a stable order."""
        return tuple(sorted(self._busy.get((company, device), ())))

    def refreshed(self, company: str, device: str, flow: Flow) -> None:
        """A device has registered again: requests inside its dialogs use its newest flow from now on, also after a
        restart."""
        for leg in self.legs_of(company, device):
            self.world.signalling.engine.refreshed(leg, flow)
            self._legs[leg].note()
        for leg in [leg for leg, of in self._lost.items() if of == (company, device)]:
            self.world.signalling.engine.refreshed(leg, flow)

    def idle(self) -> bool:
        """True when no call, leg or count is left (for leak checks)."""
        return not (self._calls or self._legs or self._busy or self._devices or self._lost)

    def was_in(self, leg: LegId, company: str) -> bool:
        """Whether a leg that has ended was one of this company's."""
        return self._past.of.get(leg) == company

    # -- drain, freeze, thaw ------------------------------------------------------------------------------------------
    async def drain(self) -> None:
        """No new calls from now on (503); returns once the last call has ended. The caller sets the limit."""
        self.draining = True
        self._empty = asyncio.Event()
        if self._calls:
            await self._empty.wait()

    def hang_up_all(self, reason: str) -> None:
        """End every call from our side (after the drain's limit)."""
        for live in list(self._calls.values()):
            live.hang_up(reason)

    def freeze_all(self) -> dict[CallId, bytes]:
        """Every call as bytes, as the journal has it."""
        return {ident: encode(live.frozen()) for ident, live in self._calls.items()}

    def drop_all(self) -> None:
        """Forget every call at once, as a killed process does: nothing is sent or recorded (simulations)."""
        for live in self._calls.values():
            live.drop()
        self._calls.clear()
        self._legs.clear()
        self._devices.clear()
        self._busy.clear()
        self._lost.clear()

    def lost(self, state: CallState) -> None:
        """A call that a restart has ended, or that had just ended, gets its one record."""
        record = interrupted(state, self.world.wall())
        self.world.journal.append("record", record.id, encode(record))
        self.world.journal.append("gone", record.id, b"")
        self.facts.ended(msgspec.structs.replace(state, ended=End(record.ended_by, record.reason, record.ended)))

    def silence(self, leg: LegId, company: str, device: str) -> None:
        """A phone that rang when a restart came is told to stop; should it come back over another flow, there too."""
        self._lost[leg] = company, device

    def adopt(self, state: CallState) -> Live:
        """A call back from bytes; its dialogs are in the engine again."""
        live = Live(self.world, self, state)
        self._calls[state.id] = live
        for leg in state.parties:
            self.own(leg.id, live, leg.party.device)
        live.wake()
        return live


def _seen(state: CallState) -> list[tuple[LegId, bool, Party]]:
    """What a lamp can show of a call."""
    return [(leg.id, leg.held, leg.party) for leg in state.parties]
