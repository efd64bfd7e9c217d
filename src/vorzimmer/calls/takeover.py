"""One phone taking the place of a leg: opens media for it, answers its INVITE, swaps the legs in one turn.

If lost (a restart too), the old leg stays where it is and the new one is refused. This module must never end the old
leg before the new one can talk.
"""

import asyncio
from contextlib import suppress

from vorzimmer.calls.effects import Accept, Replaced
from vorzimmer.calls.live import Live
from vorzimmer.calls.opening import open_sound
from vorzimmer.calls.sound import answer
from vorzimmer.calls.state import Leg, Party, Sound
from vorzimmer.calls.talk import session_in
from vorzimmer.calls.transfer import Calls
from vorzimmer.kernel.errors import LocalError, PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.media.port import MediaError
from vorzimmer.sip.events import Cancelled, Ended, Event, Invited


class Takeover:
    """Of the leg `old` in the call `live` by `party`."""

    def __init__(self, calls: Calls, live: Live, old: LegId, party: Party) -> None:
        self._calls = calls
        self._live = live
        self._old = old
        self._party = party
        self._gone = False
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
            self._swap(event, sound)
        except PeerError as error:
            self._refuse(event.leg, error.status)
        except MediaError:
            self._refuse(event.leg, 503)
        finally:
            self._live.guests.pop(event.leg, None)
            if sound is not None and self._live.state.leg(event.leg) is None:
                self._calls.disown(event.leg)
                await self._live.world.media.close(sound.endpoint)

    def _swap(self, event: Invited, sound: Sound) -> None:
        """All in one turn, so that nothing can come between."""
        if self._gone:
            return
        old = self._live.state.leg(self._old)
        other = self._live.state.other(self._old) if old is not None else None
        if old is None:
            raise PeerError("Call/Transaction Does Not Exist", 481)
        agreed = other.sound.agreed if other is not None else old.sound.agreed
        can = other.sound.can if other is not None else old.sound.can
        formats = (*(agreed.formats if agreed else ()), *can)
        sound, body = answer(sound, session_in(event.request), formats)
        shown = other.party if other is not None else old.shown
        new = Leg(event.leg, self._party, sound, awaiting="ack", shown=shown)
        self._live.feed(Replaced(self._old, new, Accept(event.leg, body, shown)))

    def _refuse(self, leg: LegId, status: int) -> None:
        signalling = self._live.world.signalling
        with suppress(LocalError):  # It may have gone in this very turn.
            signalling.engine.refuse(leg, status, signalling.now())
        signalling.kick()
