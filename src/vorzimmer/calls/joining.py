"""One phone more in a call that talks (RFC 3911): opens media for it, answers its INVITE; from then on all hear all.

If lost (a restart too), the call goes on as it was and the new leg is refused. This module must never decide who may;
that is for ``replace``.
"""

from vorzimmer.calls.effects import Accept, Joined
from vorzimmer.calls.state import CallState, Party, Sound, change_leg
from vorzimmer.calls.takeover import Takeover
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import Invited

MOST_PARTIES = 50
"""What one worker mixes with ease, and what a call's written state can bear."""


class Joining(Takeover):
    """Of the call `live`, by `party`, beside its leg `old`."""

    def swap(self, event: Invited, sound: Sound) -> None:
        """Let it in, all in one turn."""
        state = self._live.state
        check_room(state, self._old)
        shown = self._shown(state)
        leg, body = self.described(event, sound, self.formats(state))
        self._say("call.joined")
        self._live.feed(Joined((change_leg(leg, shown=shown),), Accept(event.leg, body, shown)))

    def _shown(self, state: CallState) -> Party:
        """Whoever's dialog was named; for his own second phone, whom he talks to."""
        named, other = state.leg(self._old), state.facing(self._old)
        own = named is None or (named.party.ref is not None and named.party.ref == self._party.ref)
        found = other if own and other is not None else named
        return found.party if found is not None else Party()


def check_room(state: CallState, leg: LegId) -> None:
    """Whether one more fits beside `leg`; raises PeerError 481 where that leg is not in a call, 486 where nobody talks
    with it yet, or too many do."""
    if state.leg(leg) is None:
        raise PeerError("Call/Transaction Does Not Exist", 481)
    if not 2 <= len(state.parties) < MOST_PARTIES:
        raise PeerError("Busy Here", 486)
