"""A party that waits in a call of its own while somebody is rung for it: the caller's side of a transfer.

It hears music, then ringback in band, then who answers. If nobody does, whoever transferred it gets it back if still
there. This module must never answer the transferor; that is for ``transfer``.
"""

from collections.abc import Callable

from vorzimmer.calls.effects import HangUp, Joined, Waits
from vorzimmer.calls.live import Live
from vorzimmer.calls.sound import keys
from vorzimmer.calls.state import Leg, Party
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import Peer, Source, Tone
from vorzimmer.sdp.plan import AudioPlan, Format

Back = Callable[[], bool]
"""Takes the party back to where it came from; False where nobody is there any more."""


class Waiting:
    """An ``Entrance``; `live` has the waiting party, or several who talk with each other meanwhile."""

    def __init__(self, live: Live, back: Back) -> None:
        self._live = live
        self._back = back
        self._hears_early = False

    @property
    def party(self) -> Party:
        """Who waits."""
        return self._live.state.parties[0].party

    @property
    def plan(self) -> AudioPlan | None:
        """What its phone can do, what it uses now first."""
        leg = self._live.state.parties[0]
        agreed = leg.sound.agreed
        if agreed is None:
            return None
        rest = tuple(f for f in leg.sound.can if f.key not in keys(agreed.formats))
        return AudioPlan(remote=agreed.remote, formats=(*agreed.formats, *rest))

    async def open(self) -> None:
        """Its endpoint is open since it called."""

    def ringing(self) -> None:
        """Ringback in band (FEATURES.md 0.6)."""
        if not self._hears_early:
            self._live.feed(Waits(Tone("ringback", self._live.state.zone)))

    def forwarded(self) -> None:
        """Nothing to tell: music or ringback go on."""

    async def early(self, endpoint: EndpointId, formats: tuple[Format, ...]) -> bool:
        """Its codec is settled only after the answer; until then media transcodes."""
        self._hears_early = True
        self._live.feed(Waits(Peer(endpoint)))
        return True

    async def quiet(self) -> None:
        """Ringback again."""
        self._hears_early = False
        self.ringing()

    async def play(self, source: Source) -> EndpointId | None:
        """The announcement instead of the music; those who talk with each other meanwhile are not interrupted."""
        self._live.feed(Waits(source))
        return self._live.state.parties[0].sound.endpoint if len(self._live.state.parties) == 1 else None

    async def serve(self, source: Source) -> EndpointId | None:
        """It is answered already: the same as any announcement."""
        return await self.play(source)

    def connect(self, callee: Leg) -> None:
        """Somebody has answered."""
        self._live.feed(Joined((callee,)))

    def refuse(self, status: int, reason: str, why: str, retry_after: int = 0) -> None:
        """Back to the transferor; or the end, unless several wait and have each other."""
        if not self._back() and len(self._live.state.parties) < 2:
            self._live.feed(HangUp("system", why))

    def abandon(self, why: str) -> None:
        """Its BYE has ended the call already."""
