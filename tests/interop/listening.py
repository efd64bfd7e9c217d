"""What somebody hears right now: the end of a WAV file that a phone is still writing, and what must be in it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from vorzimmer.audio.detect import Heard, Spell, hears, silent, spells, tone

HEADER = 44
SETTLING_S = 0.4
"""What may still be under way between the phones when the signalling is done: jitter buffers and the last packets."""


@dataclass(frozen=True)
class Sound:
    """16-bit mono sound."""

    pcm: bytes
    rate: int

    @property
    def seconds(self) -> float:
        """How long."""
        return len(self.pcm) / 2 / self.rate

    @property
    def tone(self) -> Heard:
        """The strongest tone of all of it."""
        return tone(self.pcm, self.rate)

    @property
    def silent(self) -> bool:
        """Nothing arrived, or nothing that can be heard."""
        return not self.pcm or silent(self.pcm)

    def after(self, seconds: float) -> "Sound":
        """Without the first `seconds`."""
        return Sound(self.pcm[2 * int(seconds * self.rate) :], self.rate)

    def is_tone(self, hertz: float, *, seconds: float) -> bool:
        """At least `seconds` long, this pure tone within 5 Hz, and no other voice in it."""
        heard = self.tone
        return self.seconds >= seconds and abs(heard.frequency - hertz) <= 5 and heard.purity > 0.9 and not self.silent

    def has_tone(self, hertz: float) -> bool:
        """A spell of this tone is in it."""
        return hears(self.pcm, self.rate, hertz)

    def story(self) -> str:
        """For the message of a failed assertion."""
        told = [f"{s.start:.2f}-{s.end:.2f} s {s.heard.frequency:.0f} Hz ({s.heard.purity:.2f})" for s in self.spells]
        return f"{self.seconds:.2f} s: {', '.join(told) or 'silence'}"

    @property
    def spells(self) -> tuple[Spell, ...]:
        """Stretches of sound between silences."""
        return spells(self.pcm, self.rate)


def read(path: Path, start: int = HEADER, rate: int = 8000) -> Sound:
    """The sound of a file from byte `start` on; it may still be written to, so its header is not believed."""
    data = path.read_bytes()[start:]
    return Sound(data[: len(data) & ~1], rate)


def since(files: list[Path], before: dict[Path, int], rate: int = 8000) -> Sound:
    """What came into `files` since their sizes were taken, in their order."""
    parts = [read(path, max(HEADER, before.get(path, HEADER)), rate).pcm for path in files]
    return Sound(b"".join(parts), rate)


def sizes(files: list[Path]) -> dict[Path, int]:
    """How long the files are now."""
    return {path: path.stat().st_size & ~1 for path in files}


async def for_a_while(seconds: float) -> None:
    """Let a stated time of sound be recorded."""
    await asyncio.sleep(seconds)  # noqa: TID251 -- the time is what is measured; nothing is waited for
