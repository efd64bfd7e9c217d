"""Connecting somebody: one coroutine that reads from top to bottom.

It asks the Decider, performs the plan's steps and asks again with what came of them, until somebody has answered or the
plan says how it ends. *If lost* (a bug; a restart, where ``thaw`` does it from what the journal holds of ``legs``):
every leg that it rings is cancelled, the caller gets 500, the record says *interrupted*; a party that waits goes back
to the transferor or is released. This module must never choose whom to ring, and never leave a leg open.
"""

import asyncio

from vorzimmer.calls.effects import Bye, Close, HangUp
from vorzimmer.calls.entrance import Entrance
from vorzimmer.calls.forks import Forks
from vorzimmer.calls.inbox import CallerGoneError, Happening, Inbox, PickedUp
from vorzimmer.calls.live import Live
from vorzimmer.calls.progress import Progress, silent
from vorzimmer.calls.state import Leg, Party
from vorzimmer.calls.statuses import NO_CODEC, elsewhere
from vorzimmer.calls.talk import status_for
from vorzimmer.calls.words import denied
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.media.eager import at_once
from vorzimmer.media.port import DigitHeard, FellSilent, MediaError, MediaEvent, SourceEnded, Tone, WorkerLost
from vorzimmer.routing.model import Announce, Forward, Offer, Refuse, Ring, Run, Step, Tried
from vorzimmer.routing.outcome import overall
from vorzimmer.sip.events import Answered, Cancelled, Ended, Event, Failed, Progressed, Reinvited, Requested
from vorzimmer.sip.flow import Flow

RETRIED = frozenset({480, 486, 600, 603})
"""What a Retry-After of a person's phones fits to (RFC 3261 section 20.33)."""

MOST_TURNS = 60
"""Decisions in one attempt: far above what the loop guards of routing allow."""


class Attempt:
    """For one caller's side. `progress` hears how it goes (a transferor's NOTIFY)."""

    def __init__(self, live: Live, entrance: Entrance, shown: Party, progress: Progress = silent) -> None:
        self.live = live
        self.entrance = entrance
        self.shown = shown
        self._progress = progress
        self._inbox = Inbox(live.world.clock)
        self._task: asyncio.Task[None] | None = None
        self._lost: set[EndpointId] = set()
        self._forks: Forks | None = None
        self._concluded = False
        self._stopped: tuple[int, str] | None = None
        self._elsewhere = False
        live.attempt = self

    def start(self) -> None:
        """Begin; the task ends by itself."""
        self._task = asyncio.get_running_loop().create_task(self._guarded())

    def start_at_once(self) -> None:
        """Begin within this turn, as the last thing that is done in it."""
        self._task = at_once(self._guarded())

    # -- what happens to it (synchronously, within the turn of the event) -------------------------------------------
    def deliver(self, event: Event | MediaEvent) -> None:
        """An event of a leg that is not in the call yet, or of its media."""
        if isinstance(event, Cancelled) or (isinstance(event, Ended) and self._is_caller(event)):
            # RFC 3326: whoever cancels may say that somebody else has answered, so that nobody here has missed a call.
            self._elsewhere = event.request is not None and elsewhere(event.request)
            self._inbox.leave()
        elif isinstance(event, Requested):
            self.live.respond(event, status_for(event.request))
        elif isinstance(event, Reinvited):
            # Somebody outside who is asked to press 1: what the call will need is not known yet.
            signalling = self.live.world.signalling
            signalling.engine.refuse(event.leg, 491, signalling.now())
        elif isinstance(event, WorkerLost):
            self._lost.update(event.endpoints)
        else:
            self._inbox.put(event)

    def _is_caller(self, event: Ended) -> bool:
        return getattr(self.entrance, "leg", None) == event.leg

    def gone(self) -> None:
        """The caller's side has ended."""
        self._inbox.leave()

    def swap(self, entrance: Entrance, shown: Party, progress: Progress) -> None:
        """Somebody takes the caller's place (an attended transfer to a phone that still rings)."""
        self.entrance, self.shown, self._progress = entrance, shown, progress
        if self._forks is not None:
            self._forks.swap(entrance, shown)

    def offer_of(self, leg: LegId) -> Offer | None:
        """As what a phone is rung; None for the caller's leg and for one that does not ring (any more)."""
        fork = self._forks.find(leg) if self._forks is not None else None
        return fork.offer if fork is not None else None

    def rings(self, leg: LegId) -> bool:
        """Whether this is a phone of ours that rings now."""
        fork = self._forks.find(leg) if self._forks is not None else None
        return fork is not None and fork.taken is None

    def picked_up(self, old: LegId, new: Leg, flow: Flow) -> None:
        """`new` has taken over what rings at `old`, and is answered: the attempt is done as soon as it hears of it."""
        if self._forks is not None:
            self._forks.take(old, new, flow)
            self._inbox.put(PickedUp(new.id))

    def withdraw(self, who: Ref, spared: frozenset[str]) -> None:
        """`who` is not to be rung any more, except in the roles that are spared: those phones count as busy."""
        signalling = self.live.world.signalling
        for fork in self._forks.ringing if self._forks is not None else ():
            if who == (fork.offer.user or fork.offer.target) and fork.offer.role not in spared:
                signalling.engine.end(fork.leg, signalling.now())
                self._inbox.put(Failed(fork.leg, 486, "Withdrawn"))

    def stop(self, status: int, why: str) -> None:
        """End it from our side."""
        self._stopped = status, why
        self._inbox.leave()

    def drop(self) -> None:
        """Forget it, as a killed process does."""
        self._concluded = True
        if self._task is not None:
            self._task.cancel()

    def legs(self) -> dict[LegId, str | None]:
        """The legs that would be left open if this were lost: the caller's (None), and rung ones with their device."""
        caller = getattr(self.entrance, "leg", None)
        legs: dict[LegId, str | None] = {} if caller is None else {caller: None}
        if self._forks is not None:
            # What ``end`` has ended may not have been told yet; whoever was given up before has.
            open_ones = (fork for fork in self._forks.forks if fork.outcome in {"", "cancelled", "elsewhere"})
            legs.update({fork.leg: fork.contact.device for fork in open_ones})
        return legs

    # -- from top to bottom -----------------------------------------------------------------------------------------
    async def _guarded(self) -> None:
        try:
            await self._run()
        except Exception as error:  # noqa: BLE001 -- the caller has had its 500 and its record; somebody must know why
            self.live.world.on_bug("connecting a call", error)

    async def _run(self) -> None:
        try:
            await self._connect()
        except CallerGoneError:
            self._left()
        except MediaError:
            self._refuse(503, "Media Unavailable", "media lost")
        except PeerError as error:
            self._refuse(error.status, error.reason, "no common codec")
        finally:
            if not self._concluded:
                self._refuse(500, "Interrupted", "interrupted")
            if self.live.attempt is self:
                self.live.attempt_over()

    async def _connect(self) -> None:
        for _ in range(MOST_TURNS):
            world = self.live.world
            plan = world.decide(self.live.state.asked, self.live.state.so_far, world.clock.wall())
            self.live.decided(plan)
            for step in plan.steps:
                self._inbox.check()
                if await self._perform(step):
                    return
            if not plan.steps:
                break
        self._refuse(500, "No End", "no plan")

    async def _perform(self, step: Step) -> bool:
        """Do one step; True when the attempt is over."""
        match step:
            case Ring():
                return await self._ring(step)
            case Forward():
                self.live.tried(Tried(step, "forwarded"))
                self.entrance.forwarded()
                return False
            case Announce():
                return await self._announce(step)
            case Refuse():
                self.live.tried(Tried(step, "done"))
                self._refuse(step.status, step.reason, self._why(step.status), self._again(step.status))
                return True
            case Run():
                await self.live.world.clock.sleep(0)  # whatever a service does, it does in a task
                answer = await self.live.world.service(step, self.live.state.asked)
                self._inbox.check()
                self.live.tried(Tried(step, "done"))
                return await self._perform(answer)

    async def _ring(self, step: Ring) -> bool:
        forks = self._forks = Forks(self.live, step, self.entrance, self.shown)
        leg: Leg | None = None
        try:
            await forks.invite()
            self._inbox.check()
            forks.ring()
            self.live.home.rings(self.live.state, step)
            leg = await self._first_answer(forks)
        except CallerGoneError:
            forks.end(elsewhere=self._elsewhere)
            self.live.tried(Tried(step, "cancelled", forks.outcomes()))
            raise
        finally:
            forks.end(elsewhere=leg is not None)
        outcomes = forks.outcomes()
        if leg is not None:
            self._connected(leg, Tried(step, "answered", outcomes))
            return True
        self.live.tried(Tried(step, overall(outcomes, step), outcomes))
        await forks.keep_hearing()
        if outcomes and all(outcome.status in NO_CODEC for outcome in outcomes):
            self._refuse(488, "Not Acceptable Here", "no common codec")
            return True
        return False

    async def _first_answer(self, forks: Forks) -> Leg | None:
        """The leg that answered first, None once nobody rings any more."""
        while ringing := len(forks.ringing):
            event = await self._inbox.next(forks.deadline())
            if event is None:
                forks.expire(self.live.world.clock.now())
                await forks.go_on()
            elif (leg := await self._handle(forks, event)) is not None:
                return leg
            elif forks.diverted:
                return None
            if 0 < len(forks.ringing) < ringing:
                self.live.rings(forks.rung)
            await forks.keep_hearing()
        return None

    async def _handle(self, forks: Forks, event: Happening) -> Leg | None:
        if isinstance(event, DigitHeard | SourceEnded):
            return await forks.heard(event)
        fork = forks.find(getattr(event, "leg", None))
        if fork is None:
            return None
        if isinstance(event, PickedUp):
            return forks.taken(fork)
        if isinstance(event, Answered):
            leg = forks.answered(fork, event)
            await forks.ask(fork)
            return leg
        if isinstance(event, Failed):
            forks.failed(fork, event)
            await forks.go_on()
        elif isinstance(event, Ended):
            forks.close(fork, "no_answer")
        elif isinstance(event, Progressed):
            self._progress(180, "Ringing")
            # The caller may be swapped while this phone rings.
            forks.entrance = self.entrance
            await forks.progressed(fork, event)
        return None

    async def _announce(self, step: Announce) -> bool:
        self.live.tried(Tried(step, "done"))
        world = self.live.world
        source = world.sound_of(self.live.state.company, step.prompt, step.params)
        confirms = step.status == 200
        try:
            endpoint = await (self.entrance.serve(source) if confirms else self.entrance.play(source))
        except MediaError:
            endpoint = None  # What cannot be said is not said; the status stays what was decided.
        self._inbox.check()
        seconds = world.times.tone if isinstance(source, Tone) else world.times.prompt
        until = world.clock.now() + seconds
        while endpoint is not None:
            event = await self._inbox.next(until)
            if event is None or (isinstance(event, SourceEnded) and event.endpoint == endpoint):
                break
        if confirms:
            self._conclude(200, "OK")
            self.live.feed(HangUp("system", denied(step.status)))
        else:
            self._refuse(step.status, "", self._why(step.status))
        return True

    # -- how it ends --------------------------------------------------------------------------------------------------
    def _connected(self, leg: Leg, tried: Tried) -> None:
        self.live.tried(tried)
        self._concluded = True
        try:
            self.entrance.connect(leg)
        except PeerError as error:
            self._never(leg, error)
            return
        # From here on the call is a value; this coroutine only returns.
        self.live.attempt_over()
        self._progress(200, "OK")
        for event in self._inbox.rest():
            # A BYE may have come right behind the answer, while we were busy with something else.
            if not isinstance(event, SourceEnded | DigitHeard | FellSilent | WorkerLost | PickedUp):
                self.live.deliver(event)
        mine = tuple(p.sound.endpoint for p in self.live.state.parties if p.sound.endpoint in self._lost)
        if mine:
            self.live.feed(WorkerLost(mine))

    def _left(self) -> None:
        """The caller has gone, or somebody wants the attempt to end."""
        if self._stopped is not None:
            status, why = self._stopped
            self._refuse(status, "", why)
            return
        self._conclude(487, "Request Terminated")
        self.entrance.abandon("cancelled")

    def _never(self, leg: Leg, error: PeerError) -> None:
        """The phone that answered and the caller have no codec in common after all."""
        self.live.perform(Bye(leg.id), Close(leg.sound.endpoint))
        self.live.home.disown(leg.id)
        self._refuse(error.status, error.reason, "no common codec")

    def _refuse(self, status: int, reason: str, why: str, retry_after: int = 0) -> None:
        self._conclude(status, reason)
        self.entrance.refuse(status, reason, why, retry_after)

    def _conclude(self, status: int, reason: str) -> None:
        self._concluded = True
        self._progress(status, reason)

    def _again(self, status: int) -> int:
        """After how many seconds the caller may try again, if all that were rung last said so; 0 otherwise."""
        before = self.live.state.so_far[-2:-1]
        said = [offer.retry_after for tried in before if isinstance(tried.step, Ring) for offer in tried.offers]
        return min(said, default=0) if status in RETRIED else 0

    def _why(self, status: int) -> str:
        """What the record calls the end: the last Ring's outcome if somebody was rung, else a word for the status."""
        rings = [tried.outcome for tried in self.live.state.so_far if isinstance(tried.step, Ring)]
        return rings[-1] if rings else denied(status)
