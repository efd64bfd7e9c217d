"""Whom of the phones that ring the caller hears before anybody has answered: the first that sent early media, as long
as it rings, and then the next.

One phone's early media never mutes another's: what was not heard is kept until it is its turn. This module must never
let a caller hear a phone that has ended.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from vorzimmer.calls.entrance import Entrance
from vorzimmer.calls.sound import media_plan
from vorzimmer.calls.state import Sound
from vorzimmer.calls.world import World
from vorzimmer.kernel.ids import LegId
from vorzimmer.media.port import MediaError


@dataclass(slots=True)
class Early:
    """Of one Ring. `sounds` are the phones with early media in the order in which they came, `heard` is whose it is."""

    world: World
    sounds: dict[LegId, Sound] = field(default_factory=dict)
    heard: LegId | None = None

    async def add(self, leg: LegId, sound: Sound, entrance: Entrance) -> bool:
        """One more; True if the caller hears it now."""
        self.sounds[leg] = sound
        if self.heard is None and await self._let_hear(sound, entrance):
            self.heard = leg
        return self.heard == leg

    async def keep(self, ringing: Collection[LegId], entrance: Entrance) -> None:
        """Let the caller hear the next one where the one it heard rings no more; ringback where there is none."""
        if not self.sounds or self.heard in ringing:
            return
        before, self.heard = self.heard, None
        for leg, sound in self.sounds.items():
            if leg in ringing and await self._let_hear(sound, entrance):
                self.heard = leg
                return
        if before is not None:
            await self._quiet(entrance)

    async def _let_hear(self, sound: Sound, entrance: Entrance) -> bool:
        """A worker that dies meanwhile costs only that (the answer brings a new endpoint)."""
        assert sound.agreed is not None
        try:
            await self.world.media.configure(sound.endpoint, media_plan(sound.agreed))
            return await entrance.early(sound.endpoint, sound.agreed.formats)
        except MediaError:
            return False

    async def _quiet(self, entrance: Entrance) -> None:
        try:
            await entrance.quiet()
        except MediaError:
            return
