"""One phone taking the place of a leg: opens media for it, answers its INVITE, swaps the legs in one turn.

If lost (a restart too), the old leg stays where it is and the new one is refused. This module must never end the old
leg before the new one can talk.
"""

import asyncio
from contextlib import suppress

from vorzimmer.calls.effects import Accept, Replaced
from vorzimmer.calls.live import Live
from vorzimmer.calls.opening import open_sound
from vorzimmer.calls.screen import named_badly
from vorzimmer.calls.sound import answer, first_offer, plan_of
from vorzimmer.calls.state import CallState, Leg, Offering, Party, Sound, change_leg
from vorzimmer.calls.talk import session_in
from vorzimmer.calls.transfer import Calls
from vorzimmer.kernel.errors import LocalError, PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.media.port import MediaError
from vorzimmer.routing.model import Because
from vorzimmer.sdp.plan import Format
from vorzimmer.sip.events import Cancelled, Ended, Event, Invited


class Takeover:
    """Of the leg `old` in the call `live` by `party`."""

    def __init__(self, calls: Calls, live: Live, old: LegId, party: Party) -> None:
        self._calls = calls
        self._live = live
        self._old = old
        self._party = party
        self._gone = False
        self._done = False
        self._task: asyncio.Task[None] | None = None

    def start(self, event: Invited) -> None:
        """Begin; the task ends by itself."""
        self._calls.own(event.leg, self._live, self._party.device)
        self._live.guests[event.leg] = self._deliver
        self._live.note()
        self._task = asyncio.get_running_loop().create_task(self._run(event))

    def _deliver(self, event: Event) -> None:
        if isinstance(event, (Cancelled, Ended)):
            self._gone = True

    async def _run(self, event: Invited) -> None:
        sound: Sound | None = None
        try:
            sound = await open_sound(self._live, event.leg, event.flow, self._party.device)
            if not self._gone:
                self.swap(event, sound)
                self._done = True
        except PeerError as error:
            self._refuse(event.leg, error.status)
        except MediaError:
            self._refuse(event.leg, 503)
        finally:
            self._live.guests.pop(event.leg, None)
            if not self._done:
                self._calls.disown(event.leg)
                if sound is not None:
                    await self._live.world.media.close(sound.endpoint)

    def swap(self, event: Invited, sound: Sound) -> None:
        """All in one turn, so that nothing can come between; raises PeerError where it cannot be."""
        old = self._live.state.leg(self._old)
        other = self._live.state.facing(self._old) if old is not None else None
        if old is None:
            raise PeerError("Call/Transaction Does Not Exist", 481)
        new, accept = self.described(event, sound, self.formats(self._live.state))
        shown = other.party if other is not None else old.shown
        self._say("call.replaced")
        self._live.feed(Replaced(self._old, change_leg(new, shown=shown), Accept(event.leg, accept, shown)))

    def formats(self, state: CallState) -> tuple[Format, ...]:
        """What the new phone is best answered in: as whoever it will talk to."""
        found = state.facing(self._old) or state.leg(self._old)
        if found is None:
            return ()
        return (*(found.sound.agreed.formats if found.sound.agreed else ()), *found.sound.can)

    def described(self, event: Invited, sound: Sound, formats: tuple[Format, ...]) -> tuple[Leg, bytes]:
        """The new leg with the body of its 200: an answer in `formats`, or our offer where its INVITE had none."""
        if not event.request.body:
            sound, body = first_offer(sound, formats, self._live.world.formats)
            assert sound.ours is not None
            return Leg(event.leg, self._party, sound, awaiting="answer", offering=Offering(sound.ours, "codec")), body
        offer = session_in(event.request)
        if named_badly(self._live.world, plan_of(offer).remote, event.flow):
            raise PeerError("Bad Media Address", 488)
        sound, body = answer(sound, offer, formats)
        return Leg(event.leg, self._party, sound, awaiting="ack"), body

    def _say(self, key: str) -> None:
        name = self._party.name or self._party.number
        self._live.because(Because("calls", key, {"name": name, "device": self._party.device or ""}))

    def _refuse(self, leg: LegId, status: int) -> None:
        signalling = self._live.world.signalling
        with suppress(LocalError):  # It may have gone in this very turn.
            signalling.engine.refuse(leg, status, signalling.now())
        signalling.kick()
