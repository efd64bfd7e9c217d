"""The phones that ring for one Ring step: one leg per contact of each offered device, and what came of every offer.

This module must never leave a leg ringing or an endpoint open once its Ring is over: ``end`` is called in every case.
"""

import asyncio
from dataclasses import dataclass, field

from vorzimmer.calls.diversion import diverted_to
from vorzimmer.calls.effects import Bye, Close
from vorzimmer.calls.entrance import Entrance
from vorzimmer.calls.invitation import Manner, spec
from vorzimmer.calls.live import Live
from vorzimmer.calls.opening import open_sound
from vorzimmer.calls.ports import Contact
from vorzimmer.calls.screen import named_badly
from vorzimmer.calls.sound import answered, first_offer, media_plan, offer_like
from vorzimmer.calls.state import Leg, Party, Rung, Sound
from vorzimmer.calls.statuses import verdict
from vorzimmer.calls.talk import session_in
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.media.port import MediaError
from vorzimmer.routing.model import Offer, OfferOutcome, Ring
from vorzimmer.sip.events import Answered, Failed, Progressed
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.gruu import names
from vorzimmer.sip.identity import ANSWERED_ELSEWHERE
from vorzimmer.sip.message import Response

STRENGTH = ("answered", "redirected", "declined", "busy", "no_answer", "unreachable", "elsewhere", "cancelled")
"""Of the legs of one offer the strongest word counts."""


@dataclass(slots=True)
class Fork:
    """One ringing leg. `heard` once the phone has said anything above 100, `alive` if a 100 was all in time; `outcome`
    "" while it may still answer; the rest as in ``OfferOutcome``. `taken` is the leg of somebody who has picked up."""

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


@dataclass(slots=True)
class Forks:
    """All legs of one Ring. `reach_at` and `until` are monotonic seconds."""

    live: Live
    step: Ring
    entrance: Entrance
    shown: Party
    forks: list[Fork] = field(default_factory=list)
    reach_at: float = 0.0
    until: float = 0.0

    async def invite(self) -> None:
        """Open endpoints for everybody and send all INVITEs in one turn; raises MediaError if there is no media."""
        world = self.live.world
        found = [(offer, contact) for offer in self.step.offers for contact in self._contacts(offer)]
        # A GRUU means one phone of its user (RFC 5627 section 6); where that is not here, its fellows are rung.
        meant = [pair for pair in found if names(self.live.instance, pair[1].instance)]
        self.forks.extend(Fork(LegId(world.chance.token(8)), offer, contact) for offer, contact in meant or found)
        if not self.forks:
            return
        opening = [self._open(fork) for fork in self.forks]
        results = await asyncio.gather(self.entrance.open(), *opening, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _contacts(self, offer: Offer) -> tuple[Contact, ...]:
        if offer.target.kind != "device":
            return ()
        return self.live.world.locations.contacts(self.live.state.company, offer.target.id)

    async def _open(self, fork: Fork) -> None:
        fork.sound = await open_sound(self.live, fork.leg, fork.contact.flow, fork.contact.device)

    def ring(self) -> None:
        """Send the INVITEs."""
        world = self.live.world
        now = world.signalling.now()
        self.reach_at = now + world.times.reach
        self.until = now + self.step.seconds
        company = self.live.state.company
        domain = world.domain(company)
        for fork in self.forks:
            assert fork.sound is not None
            plan = self.entrance.plan
            fork.sound, body = (
                offer_like(fork.sound, plan, world.formats) if plan else first_offer(fork.sound, world.formats)
            )
            self.live.home.own(fork.leg, self.live, fork.contact.device)
            manner = Manner(domain, self.step.seconds, self.live.state.hops, world.profile(company, fork.contact))
            world.signalling.engine.invite(fork.leg, spec(fork.offer, fork.contact, body, manner), now)
            self.live.home.traced(fork.leg, self.live)
        # Whoever rings is in the journal before it rings, so that a restart can end that.
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
        silent = any(not fork.heard and not fork.alive for fork in self.ringing)
        return min(self.reach_at, self.until) if silent else self.until

    def expire(self, now: float) -> None:
        """Give up on phones that said nothing in time (BAS-2), and on all once the Ring's seconds are over."""
        for fork in self.ringing:
            if now >= self.reach_at and not fork.heard and not fork.alive:
                fork.alive = self.live.world.signalling.engine.heard(fork.leg)
            reached = fork.heard or fork.alive
            if now >= self.until:
                self.close(fork, "no_answer" if reached else "unreachable")
            elif now >= self.reach_at and not reached:
                self.close(fork, "unreachable", 408)

    async def progressed(self, fork: Fork, event: Progressed) -> None:
        """It rings; early media is relayed if the caller hears none yet, else the caller is told that it rings."""
        fork.heard = True
        sound = self._agreed(fork, event.response) if event.response.body and not fork.early else None
        if sound is not None and sound.agreed is not None and self.entrance_wants(sound):
            fork.early = True
            if await self._let_hear(sound):
                return
        self.entrance.ringing()

    async def _let_hear(self, sound: Sound) -> bool:
        """Early media; a worker that dies meanwhile costs only that (the answer brings a new endpoint)."""
        assert sound.agreed is not None
        try:
            await self.live.world.media.configure(sound.endpoint, media_plan(sound.agreed))
            return await self.entrance.early(sound.endpoint, sound.agreed.formats)
        except MediaError:
            return False

    def entrance_wants(self, sound: Sound) -> bool:
        """Whether the caller could hear this phone."""
        return self.entrance.plan is not None and sound.agreed is not None

    def answered(self, fork: Fork, event: Answered) -> Leg | None:
        """The leg to be connected; None if the answer is of no use (no codec in common), which ends that leg."""
        sound = self._agreed(fork, event.response)
        if sound is None:
            self.close(fork, "unreachable", 488)
            return None
        fork.outcome, fork.sound = "answered", None
        return Leg(fork.leg, self._party(fork), sound, outgoing=True, shown=self.shown)

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
        fork.outcome, fork.cause, fork.retry_after = verdict(event, rang=fork.heard)
        fork.status = event.status
        if fork.outcome == "redirected":
            response = event.response if fork.offer.may_divert else None
            fork.to = diverted_to(self.live, response, fork.contact.flow) if response is not None else ""
            fork.outcome = "redirected" if fork.to else "unreachable"
        self._closed(fork)

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
        legs = [fork for fork in self.forks if fork.offer is offer and fork.outcome and not fork.taken]
        best = min(legs, key=lambda fork: STRENGTH.index(fork.outcome), default=None)
        if best is None:
            return OfferOutcome(offer.target, "unreachable")
        return OfferOutcome(
            offer.target, best.outcome, best.status, best.to, cause=best.cause, retry_after=best.retry_after
        )

    @property
    def diverted(self) -> bool:
        """Whether a phone has sent the call elsewhere: its user's forwarding of every call, so nobody else rings on."""
        return any(fork.outcome == "redirected" for fork in self.forks)
