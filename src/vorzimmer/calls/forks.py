"""The phones that ring for one Ring step: one leg per contact of each offered device, and what came of every offer.

This module must never leave a leg ringing or an endpoint open once its Ring is over: ``end`` is called in every case.
"""

from dataclasses import dataclass, field
from functools import partial

import msgspec

from vorzimmer.calls.confirm import Question
from vorzimmer.calls.connected import connected_to, takes_update
from vorzimmer.calls.diversion import diverted_to
from vorzimmer.calls.early import Early
from vorzimmer.calls.effects import Bye, Close
from vorzimmer.calls.entrance import Entrance
from vorzimmer.calls.invitation import Manner, spec
from vorzimmer.calls.live import Live
from vorzimmer.calls.opening import open_sound
from vorzimmer.calls.outside import Way, far_end, rest, ways_of
from vorzimmer.calls.outside import invite as out
from vorzimmer.calls.ports import Contact
from vorzimmer.calls.screen import named_badly
from vorzimmer.calls.sound import answered, first_offer, offer_like
from vorzimmer.calls.state import Leg, Party, Rung, Sound
from vorzimmer.calls.statuses import verdict
from vorzimmer.calls.talk import session_in
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.media.eager import all_at_once
from vorzimmer.media.port import MediaError, MediaEvent, SourceEnded
from vorzimmer.routing.model import Offer, OfferOutcome, Ring
from vorzimmer.sip.events import Answered, Failed, Progressed, Responded
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.gruu import names
from vorzimmer.sip.identity import ANSWERED_ELSEWHERE
from vorzimmer.sip.message import Response

STRENGTH = ("answered", "redirected", "declined", "busy", "no_answer", "unreachable", "elsewhere", "cancelled")
"""Of the legs of one offer the strongest word counts."""


FLOW_FAILED = 430
"""A proxy says that it cannot reach the phone over the flow that the Path names."""


@dataclass(slots=True)
class Fork:
    """One ringing leg. `heard` once the phone has said anything above 100, `alive` if a 100 was all in time; `outcome`
    "" while it may still answer; the rest as in ``OfferOutcome``. `taken` is the leg of somebody who has picked
    up, `shown` whom it was shown while it rang, None where that is whom its INVITE named."""

    leg: LegId
    offer: Offer
    contact: Contact
    sound: Sound | None = None
    heard: bool = False
    alive: bool = False
    early: bool = False
    outcome: str = ""
    status: int = 0
    to: str = ""
    cause: int = 0
    retry_after: int = 0
    taken: Leg | None = None
    ways: tuple[Way, ...] = ()
    """Of an outside leg: the way it takes, then those that are left."""
    question: Question | None = None
    reach_at: float = 0.0
    shown: Party | None = None


def _told(fork: Fork, shown: Party, event: Responded) -> None:
    if event.status < 300:
        fork.shown = shown


@dataclass(slots=True)
class Forks:
    """All legs of one Ring. `until` is in monotonic seconds, as is a fork's `reach_at`."""

    live: Live
    step: Ring
    entrance: Entrance
    shown: Party
    forks: list[Fork] = field(default_factory=list)
    until: float = 0.0
    early: Early | None = None

    async def invite(self) -> None:
        """Open endpoints for everybody and send all INVITEs in one turn; raises MediaError if there is no media."""
        world = self.live.world
        found = [(offer, contact) for offer in self.step.offers for contact in self._contacts(offer)]
        # A GRUU means one phone of its user (RFC 5627 section 6); where that is not here, its fellows are rung.
        meant = [pair for pair in found if names(self.live.instance, pair[1].instance)]
        self.forks.extend(Fork(LegId(world.chance.token(8)), offer, contact) for offer, contact in meant or found)
        for offer in self.step.offers:
            if ways := ways_of(world, self.live.state.company, offer):
                self.forks.append(self._outside(offer, ways))
        if not self.forks:
            return
        await all_at_once(self.entrance.open(), *map(self._open, self.forks))

    def _contacts(self, offer: Offer) -> tuple[Contact, ...]:
        """Where a device is; who would be disturbed by a silent alert gets none (EXA-32, EXA-34)."""
        if offer.target.kind != "device":
            return ()
        world, company = self.live.world, self.live.state.company
        found = world.locations.contacts(company, offer.target.id)
        if offer.alert != "silent":
            return found
        return tuple(contact for contact in found if world.profile(company, contact).silent)

    def _outside(self, offer: Offer, ways: tuple[Way, ...]) -> Fork:
        """A fork over the first of these ways. Its channel is taken in the turn in which it was free."""
        fork = Fork(LegId(self.live.world.chance.token(8)), offer, far_end(ways[0]), ways=ways)
        self.live.home.own(fork.leg, self.live, fork.contact.device)
        return fork

    async def _open(self, fork: Fork) -> None:
        fork.sound = await open_sound(self.live, fork.leg, fork.contact.flow, fork.contact.device)

    def ring(self) -> None:
        """Send the INVITEs."""
        world = self.live.world
        now = world.signalling.now()
        self.until = now + self.step.seconds
        for fork in self.forks:
            self._send(fork)
        # Whoever rings is in the journal before it rings, so that a restart can end that.
        self.live.rings(self.rung)
        world.signalling.kick()

    def _send(self, fork: Fork) -> None:
        """The INVITE of one fork."""
        world = self.live.world
        now = world.signalling.now()
        assert fork.sound is not None
        # Who is to press 1 must be able to send it, even where the caller's phone has no events of its own.
        plan = None if fork.offer.confirm else self.entrance.plan
        fork.sound, body = (
            offer_like(fork.sound, plan, world.formats) if plan else first_offer(fork.sound, world.formats)
        )
        fork.reach_at = now + world.times.reach
        self.live.home.own(fork.leg, self.live, fork.contact.device)
        limits = (self.step.seconds, self.live.state.hops)
        if fork.ways:
            invite = out(fork.ways[0], fork.offer, body, limits)
        else:
            company = self.live.state.company
            manner = Manner(world.domain(company), *limits, world.profile(company, fork.contact))
            invite = spec(fork.offer, fork.contact, body, manner)
        if seconds := world.session(self.live.state.company, fork.contact.device):
            invite = msgspec.structs.replace(invite, session=seconds)
        world.signalling.engine.invite(fork.leg, invite, now)
        self.live.home.traced(fork.leg, self.live)

    async def go_on(self) -> None:
        """Take the next way wherever a trunk has just failed."""
        world = self.live.world
        for fork in self.ringing:
            if fork.reach_at:
                continue
            try:
                await self._open(fork)
            except MediaError:
                self.close(fork, "unreachable", 503)
                continue
            if not fork.outcome:
                self._send(fork)
                self.live.rings(self.rung)
        world.signalling.kick()

    @property
    def ringing(self) -> list[Fork]:
        """Those that may still answer."""
        return [fork for fork in self.forks if not fork.outcome]

    @property
    def rung(self) -> tuple[Rung, ...]:
        """The same, as the call's state has them."""
        return tuple(Rung(fork.leg, self._party(fork)) for fork in self.ringing)

    def find(self, leg: LegId | None) -> Fork | None:
        """The fork of a leg that may still answer."""
        return next((fork for fork in self.ringing if fork.leg == leg), None)

    def deadline(self) -> float:
        """When the next phone counts as unreachable, or all as not answering."""
        silent = [fork.reach_at for fork in self.ringing if not fork.heard and not fork.alive]
        asked = [fork.question.until for fork in self.ringing if fork.question is not None]
        return min([self.until, *silent, *asked])

    def expire(self, now: float) -> None:
        """Give up on phones that said nothing in time (BAS-2), and on all once the Ring's seconds are over."""
        for fork in self.ringing:
            if now >= fork.reach_at and not fork.heard and not fork.alive:
                fork.alive = self.live.world.signalling.engine.heard(fork.leg)
            reached = fork.heard or fork.alive
            if now >= self.until or (fork.question is not None and now >= fork.question.until):
                self.close(fork, "no_answer" if reached else "unreachable")
            elif now >= fork.reach_at and not reached:
                self.close(fork, "unreachable", 408)
                self._next_way(fork, 408)

    async def progressed(self, fork: Fork, event: Progressed) -> None:
        """It rings; the caller hears its early media, if none was there before, else is told that it rings (once, also
        after early media)."""
        fork.heard = True
        if fork.offer.confirm:
            # What a mobile network says before somebody is there would drown out the others that ring.
            self.entrance.ringing()
            return
        sound = self._agreed(fork, event.response) if event.response.body and not fork.early else None
        if sound is not None and sound.agreed is not None and self.entrance_wants(sound):
            fork.early = True
            if await self._hearing().add(fork.leg, sound, self.entrance):
                return
        self.entrance.ringing()

    def _hearing(self) -> Early:
        if self.early is None:
            self.early = Early(self.live.world)
        return self.early

    async def keep_hearing(self) -> None:
        """Whoever was heard early may ring no more."""
        if self.early is not None:
            await self.early.keep([fork.leg for fork in self.ringing], self.entrance)

    def entrance_wants(self, sound: Sound) -> bool:
        """Whether the caller could hear this phone."""
        return self.entrance.plan is not None and sound.agreed is not None

    def answered(self, fork: Fork, event: Answered) -> Leg | None:
        """The leg to be connected; None if the answer is of no use (no codec in common), which ends that leg."""
        sound = self._agreed(fork, event.response)
        if sound is None:
            self.close(fork, "unreachable", 488)
            return None
        leg = Leg(fork.leg, self._party(fork), sound, outgoing=True, shown=fork.shown or self.shown)
        if fork.offer.confirm:
            world = self.live.world
            until = world.signalling.now() + world.times.confirm
            fork.heard, fork.sound = True, sound
            fork.question = Question(leg, self.live.state.company, fork.offer.confirm, until)
            return None
        fork.outcome, fork.sound = "answered", None
        return leg

    async def ask(self, fork: Fork) -> None:
        """Ask who has answered outside to press 1."""
        if fork.question is not None and not await fork.question.ask(self.live.world) and not fork.outcome:
            self.close(fork, "unreachable", 503)

    async def heard(self, event: MediaEvent) -> Leg | None:
        """A digit, or the end of a prompt: the leg that is to be connected."""
        fork = next((f for f in self.ringing if f.question is not None and f.question.concerns(event)), None)
        if fork is None or fork.question is None:
            return None
        if fork.question.accepts(event):
            fork.outcome, fork.sound = "answered", None
            return fork.question.leg
        if isinstance(event, SourceEnded):
            await self.ask(fork)
        return None

    def swap(self, entrance: Entrance, shown: Party) -> None:
        """Somebody takes the caller's place: phones that ring and take an UPDATE show it at once, the others once they
        have answered (RFC 3311 section 4, RFC 5876)."""
        self.entrance = entrance
        if self.early is not None:
            self.early.heard = None
        world, company = self.live.world, self.live.state.company
        engine, now = world.signalling.engine, world.signalling.now()
        for fork in self.ringing:
            if not fork.heard or fork.ways or not takes_update(world, company, fork.leg, (fork.contact,)):
                continue
            if extra := connected_to(world, company, fork.leg, shown):
                sent = engine.request_in(fork.leg, "UPDATE", now, extra=extra)
                self.live.when_answered(sent, partial(_told, fork, shown))
        world.signalling.kick()

    def take(self, old: LegId, leg: Leg, flow: Flow) -> None:
        """`leg`, answered already, is here in place of `old`; whatever becomes of this Ring, it is ended with it."""
        fork = self.find(old)
        if fork is not None:
            contact = Contact(leg.party.device or "", "", flow)
            self.forks.append(Fork(leg.id, fork.offer, contact, leg.sound, heard=True, taken=leg))

    def taken(self, fork: Fork) -> Leg | None:
        """The leg of whoever has picked up, to be connected."""
        fork.outcome, fork.sound = "answered", None
        return fork.taken

    def _agreed(self, fork: Fork, response: Response) -> Sound | None:
        if fork.sound is None or fork.sound.ours is None:
            return None
        try:
            sound = answered(fork.sound, fork.sound.ours, session_in(response))
        except PeerError:
            return None
        remote = sound.agreed.remote if sound.agreed else None
        return None if named_badly(self.live.world, remote, fork.contact.flow) else sound

    def _party(self, fork: Fork) -> Party:
        who = fork.offer.user or fork.offer.target
        name, number = self.live.world.describe(self.live.state.company, who)
        return Party(ref=who, device=fork.contact.device, name=name, number=number)

    def failed(self, fork: Fork, event: Failed) -> None:
        """A final answer that is no 2xx. A diversion that may not be followed makes the phone unreachable (EXA-22)."""
        if event.status == FLOW_FAILED and not fork.ways:
            self._other_flow(fork)
        fork.outcome, fork.cause, fork.retry_after = verdict(event, rang=fork.heard)
        fork.status = event.status
        if fork.ways:
            fork.outcome = "unreachable" if fork.outcome == "redirected" else fork.outcome
            self._next_way(fork, event.status)
        elif fork.outcome == "redirected":
            response = event.response if fork.offer.may_divert else None
            fork.to = diverted_to(self.live, response, fork.contact.flow) if response is not None else ""
            fork.outcome = "redirected" if fork.to else "unreachable"
        self._closed(fork)

    def _other_flow(self, fork: Fork) -> None:
        """RFC 5626 section 7: the flow is gone, another one to the same phone takes its place; ``go_on`` sends it."""
        locations, company = self.live.world.locations, self.live.state.company
        locations.flow_failed(company, fork.contact)
        for contact in self._contacts(fork.offer):
            if contact.instance and contact.instance == fork.contact.instance:
                self.forks.append(Fork(LegId(self.live.world.chance.token(8)), fork.offer, contact))

    def _next_way(self, fork: Fork, status: int) -> None:
        """Another trunk, or another number there, takes this one's place; ``go_on`` sends it."""
        if ways := rest(fork.ways, status):
            self.forks.append(self._outside(fork.offer, ways))

    def close(self, fork: Fork, outcome: str, status: int = 0, reason: str = "") -> None:
        """End one leg of our own accord."""
        fork.outcome, fork.status = outcome, status
        self.live.perform(Bye(fork.leg, reason))
        self._closed(fork)

    def end(self, *, elsewhere: bool) -> None:
        """End whatever still rings and free what is open."""
        for fork in self.ringing:
            self.close(fork, "elsewhere" if elsewhere else "cancelled", reason=ANSWERED_ELSEWHERE if elsewhere else "")
        for fork in self.forks:
            self._closed(fork)

    def _closed(self, fork: Fork) -> None:
        if fork.outcome == "answered":
            return
        self.live.home.disown(fork.leg)
        if fork.sound is not None:
            self.live.perform(Close(fork.sound.endpoint))
            fork.sound = None

    def outcomes(self) -> tuple[OfferOutcome, ...]:
        """What came of each offer, in the plan's order; a device without a contact is unreachable."""
        others = (fork.taken.party for fork in self.forks if fork.taken is not None and fork.outcome == "answered")
        picked_up = (OfferOutcome(Ref("device", party.device or ""), "answered") for party in others)
        return (*(self._outcome(offer) for offer in self.step.offers), *picked_up)

    def _outcome(self, offer: Offer) -> OfferOutcome:
        # Of several ways that were tried in turn the last one has the last word.
        legs = [fork for fork in self.forks if fork.offer is offer and fork.outcome and not fork.taken]
        best = min(reversed(legs), key=lambda fork: STRENGTH.index(fork.outcome), default=None)
        if best is None:
            return OfferOutcome(offer.target, "unreachable")
        return OfferOutcome(
            offer.target,
            best.outcome,
            best.status,
            best.to,
            via=best.ways[0].route.trunk if best.ways else "",
            cause=best.cause,
            retry_after=best.retry_after,
        )

    @property
    def diverted(self) -> bool:
        """Whether a phone has sent the call elsewhere: its user's forwarding of every call, so nobody else rings on."""
        return any(fork.outcome == "redirected" for fork in self.forks)
