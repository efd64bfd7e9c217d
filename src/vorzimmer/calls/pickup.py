"""Directed pick-up: a phone takes over a call that rings at another phone (RFC 3891 section 3, early dialogs of ours).

What rings hears *answered elsewhere*, the caller is connected with whoever has picked up. If lost, the old phones ring
on and the new one is refused. This module must never decide who may; that is for ``replace``.
"""

from vorzimmer.calls.effects import Accept
from vorzimmer.calls.state import Sound, change_leg
from vorzimmer.calls.takeover import Takeover
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.events import Invited


class PickUp(Takeover):
    """Of the ringing leg `old` in the call `live` by `party`."""

    def swap(self, event: Invited, sound: Sound) -> None:
        """Answer whoever picks up; the attempt goes on as if one of its phones had answered."""
        attempt = self._live.attempt
        if attempt is None or not attempt.rings(self._old):
            raise PeerError("Call/Transaction Does Not Exist", 481)
        caller, plan = attempt.entrance.party, attempt.entrance.plan
        leg, body = self.described(event, sound, plan.formats if plan else self._live.world.formats)
        self._say("call.picked_up")
        # It is answered as those that we call are: the record and the lamps tell of whom the caller has reached.
        attempt.picked_up(self._old, change_leg(leg, outgoing=True, shown=caller), event.flow)
        self._live.perform(Accept(event.leg, body, caller))
