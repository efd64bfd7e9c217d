"""Press 1: whoever answers outside is asked before the call is theirs, so that a mailbox never takes it (12.4).

Meanwhile everybody else rings on. Who does not press 1 in time, or hangs up, has not answered. This module must never
connect a leg without that digit.
"""

from dataclasses import dataclass

from vorzimmer.calls.sound import media_plan
from vorzimmer.calls.state import Leg
from vorzimmer.calls.world import World
from vorzimmer.media.port import DigitHeard, MediaError, MediaEvent, SourceEnded

ACCEPT = "1"


@dataclass(slots=True)
class Question:
    """An answered leg that is asked for its digit until monotonic `until`."""

    leg: Leg
    company: str
    prompt: str
    until: float

    async def ask(self, world: World) -> bool:
        """Let it hear the prompt, once more whenever it has ended; False where there is no media."""
        sound = self.leg.sound
        try:
            if sound.agreed is not None:
                await world.media.configure(sound.endpoint, media_plan(sound.agreed))
            await world.media.hear(sound.endpoint, world.sound_of(self.company, self.prompt, {}))
        except MediaError:
            return False
        return True

    def concerns(self, event: MediaEvent) -> bool:
        """Whether an event of media is about this leg."""
        return isinstance(event, DigitHeard | SourceEnded) and event.endpoint == self.leg.sound.endpoint

    def accepts(self, event: MediaEvent) -> bool:
        """Whether this is the digit."""
        return isinstance(event, DigitHeard) and self.concerns(event) and event.digit == ACCEPT
