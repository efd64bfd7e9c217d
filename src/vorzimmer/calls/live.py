"""A call that exists now: its state, what performs it, and the attempt that connects it, if one does.

Events of its legs come in through ``deliver``; everything about an answered call goes through the pure ``apply``. Every
new state is in the journal before the turn ends. This module must never change a state by itself.
"""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from vorzimmer.calls.alone import Alone
from vorzimmer.calls.apply import CallEvent, apply
from vorzimmer.calls.effects import Effect, HangUp, Look, OwnEvent, Probed, Unpresented
from vorzimmer.calls.perform import Performer
from vorzimmer.calls.records import Frozen, Pending, encode, record_of
from vorzimmer.calls.screen import screened
from vorzimmer.calls.state import CallState, Rung
from vorzimmer.calls.talk import status_for
from vorzimmer.calls.watch import Watch
from vorzimmer.calls.world import World
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.media.port import SourceEnded, Statistics
from vorzimmer.routing.model import Because, Caller, Plan, Ring, Tried
from vorzimmer.sip.events import Event, Requested, Responded
from vorzimmer.sip.unanswered import is_unanswered

if TYPE_CHECKING:
    from vorzimmer.calls.attempt import Attempt
    from vorzimmer.calls.notifier import Notifier


class Home(Protocol):
    """What a call needs of the switchboard."""

    def own(self, leg: LegId, live: "Live", device: str | None) -> None:
        """Events of `leg` go to `live` from now on; its device counts as having one more call."""

    def call_of(self, leg: LegId) -> "Live | None":
        """The call that a leg is in."""

    def traced(self, leg: LegId, live: "Live") -> None:
        """The leg has its dialog now: traces of it belong to `live`."""

    def disown(self, leg: LegId) -> None:
        """`leg` is over."""

    def changed(self, before: CallState, after: CallState) -> None:
        """Tell facts."""

    def rings(self, state: CallState, step: Ring) -> None:
        """Tell that somebody is rung."""

    def alarm(self, state: CallState, what: str) -> None:
        """Tell an operator."""

    def over(self, live: "Live") -> None:
        """The call has its record."""


class Live:
    """One call."""

    def __init__(self, world: World, home: Home, state: CallState) -> None:
        self.world = world
        self.home = home
        self.state = state
        self.instance = ""
        """The one phone that the caller meant, where a GRUU was dialled (RFC 5627)."""
        self.attempt: Attempt | None = None
        self.guests: dict[LegId, Callable[[Event], None]] = {}
        self.refers: Counter[LegId] = Counter()
        self.notifiers: dict[LegId, list[Notifier]] = {}
        """Who is told how a REFER goes, by the transferor's leg."""
        self._final: dict[EndpointId, Statistics] | None = None
        self._recorded = False
        self._noting = False
        self._responses: dict[str, Callable[[Responded], None]] = {}
        self._watch = Watch(world.clock, world.times.watch)
        self._alone = Alone(world.clock, world.times.outside)
        self._performer = Performer(world, lambda: self.state, self._performed, self._finished)

    def deliver(self, event: Event) -> None:
        """An event of one of our legs, of an answered one or of one that the attempt still connects."""
        if isinstance(event, Responded):
            self._responded(event)
            return
        leg = getattr(event, "leg", None)
        if leg is not None and self.state.leg(leg) is not None:
            self.feed(screened(self.world, self.state, event))
        elif leg is not None and leg in self.guests:
            self.guests[leg](event)
        elif self.attempt is not None:
            self.attempt.deliver(event)
        elif isinstance(event, Requested):
            self.respond(event, status_for(event.request))

    def feed(self, event: CallEvent) -> None:
        """Apply `event`, write the new state down, do what it asks for."""
        before = self.state
        self.state, effects = apply(before, event, self.world.wall())
        if self.state is not before:
            self._noted(before)
        self._performer.perform(effects)
        self.wake()

    def tried(self, tried: Tried) -> None:
        """The attempt has performed a step: nobody rings any more."""
        tried = msgspec.structs.replace(tried, at=self.world.wall())
        self._change(so_far=(*self.state.so_far, tried), ringing=())

    def rings(self, ringing: tuple[Rung, ...]) -> None:
        """Who rings now. It is in the journal at once: a restart has to make them stop, and to call nobody again that
        has been told to stop."""
        self._change(ringing=ringing)

    def shows(self, caller: Caller) -> None:
        """Phones that are rung from now on show `caller`."""
        self._change(asked=msgspec.structs.replace(self.state.asked, shown=caller))

    def calls_from(self, device: str | None) -> None:
        """The caller calls from this phone from now on."""
        caller = msgspec.structs.replace(self.state.asked.caller, device=device)
        self._change(asked=msgspec.structs.replace(self.state.asked, caller=caller))

    def because(self, why: Because) -> None:
        """Something that somebody did to the call, for the record."""
        self._change(because=(*self.state.because, why))

    def hang_up(self, reason: str, status: int = 503) -> None:
        """End the call from our side, whatever it is doing; a caller who still waits for an answer gets `status`."""
        if self.attempt is not None:
            self.attempt.stop(status, reason)
        else:
            self.feed(HangUp("system", reason))

    def decided(self, plan: Plan) -> None:
        """The Decider has spoken: its reasons go into the record, its alarm to the operator."""
        fresh = tuple(because for because in plan.because if because not in self.state.because)
        if fresh:
            self.world.trace.decided(self.state.id, fresh)
            self._change(because=(*self.state.because, *fresh))
        if plan.alarm:
            self.home.alarm(self.state, plan.alarm)

    def linked(self, other: "Live") -> None:
        """This call goes on with the journey of `other`."""
        self._change(journey=other.state.journey)

    def perform(self, *effects: Effect) -> None:
        """For attempts: media and signalling in the call's own order."""
        self._performer.perform(effects)

    def respond(self, event: Requested, status: int, extra: tuple[tuple[str, str], ...] = ()) -> None:
        """Answer a request inside a dialog."""
        signalling = self.world.signalling
        signalling.engine.respond(event.transaction, status, signalling.now(), extra=extra)
        signalling.kick()

    def when_answered(self, transaction: str, then: Callable[[Responded], None]) -> None:
        """Call `then` with the final response to a request of ours inside a dialog."""
        self._responses[transaction] = then

    def frozen(self) -> Frozen:
        """The call as it can be written down."""
        engine = self.world.signalling.engine
        trying = self.attempt.legs() if self.attempt is not None else {}
        dialogs: dict[LegId, bytes] = {}
        pending: dict[LegId, Pending] = {}
        for leg in {**trying, **dict.fromkeys(leg.id for leg in self.state.parties), **dict.fromkeys(self.guests)}:
            data = engine.freeze(leg)
            if data is not None and is_unanswered(data):
                pending[leg] = Pending(data, trying.get(leg))
            elif data is not None and self.state.leg(leg) is not None:
                dialogs[leg] = data
        return Frozen(self.state, dialogs, pending)

    def wake(self) -> None:
        """Set the alarms that the state needs, also when it is back from bytes."""
        self._watch.update(self.state, self._look)
        self._alone.update(self.state, self)

    def soon_over(self) -> None:
        """calls.alone.Told."""
        self.home.alarm(self.state, "outside_alone")

    def too_long(self) -> None:
        """calls.alone.Told."""
        self.feed(HangUp("system", "time limit"))

    def _look(self) -> None:
        self.feed(Look())

    def drop(self) -> None:
        """Forget everything at once, as a killed process does; nothing is sent or recorded (simulations)."""
        self._recorded = True  # Nothing more is written.
        self._performer.drop()
        self._watch.stop()
        self._alone.stop()
        if self.attempt is not None:
            self.attempt.drop()

    def note(self) -> None:
        """Write the state down before this turn's packets leave, once for all its changes; also how the call ended, or
        its legs would come back with the next start."""
        if not self._noting and not self._recorded:
            self._noting = True
            self.world.signalling.before_sending(self._write)

    def _write(self) -> None:
        self._noting = False
        if not self._recorded:
            self.world.journal.append("state", self.state.id, encode(self.frozen()))

    def _change(self, **fields: object) -> None:
        before, self.state = self.state, msgspec.structs.replace(self.state, **fields)
        self._noted(before)

    def _noted(self, before: CallState) -> None:
        kept = {leg.id for leg in self.state.parties}
        for leg in {*(p.id for p in before.parties), *(p.id for p in self.state.past)} - kept:
            # A leg that has moved on belongs to another call by now.
            if self.home.call_of(leg) is self:
                self.home.disown(leg)
        self.home.changed(before, self.state)
        self.note()
        if self.state.ended is not None and self.attempt is not None:
            self.attempt.gone()

    def _performed(self, event: OwnEvent | SourceEnded) -> None:
        """What came of an effect."""
        if self.attempt is not None and isinstance(event, SourceEnded):
            self.attempt.deliver(event)
        self.feed(event)

    def _responded(self, event: Responded) -> None:
        leg = self._performer.probes.pop(event.transaction, None)
        if leg is not None:
            self.feed(Probed(leg, alive=event.status not in {408, 481, 503}))
        leg = self._performer.updates.pop(event.transaction, None)
        if leg is not None and event.status >= 300:
            self.feed(Unpresented(leg))
        then = self._responses.pop(event.transaction, None)
        if then is not None:
            then(event)

    def attempt_over(self) -> None:
        """The attempt has connected somebody, or has ended; a record may have waited for its last word."""
        self.attempt = None
        if self._final is not None:
            self._finished(self._final)

    def _finished(self, statistics: dict[EndpointId, Statistics]) -> None:
        self._final = statistics
        if self.attempt is not None:
            return
        self._recorded = True
        record = record_of(self.state, statistics)
        self.world.journal.append("record", self.state.id, encode(record))
        self.world.journal.append("gone", self.state.id, b"")
        self.notifiers.clear()
        self.home.over(self)
        self._performer.release(self.state)
