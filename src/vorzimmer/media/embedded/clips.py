"""Where tracks come from: shipped music, the companies' files, national tones, prompts.

Files are read and resampled in a thread, so that relaying never waits for a disk. This module must never read outside
the music folder for a name that a company chose.
"""

import asyncio
import os
from collections import OrderedDict
from dataclasses import dataclass, field
from math import lcm
from typing import Protocol
from weakref import WeakValueDictionary

from vorzimmer.audio import tones, wav
from vorzimmer.audio.pcm import resample
from vorzimmer.kernel.errors import LocalError, PeerError
from vorzimmer.media.embedded.encode import SAMPLE_RATES, encoder
from vorzimmer.media.embedded.player import Track
from vorzimmer.media.port import Codec, File, MediaError, Music, Source, Tone

KEPT_CLIPS = 64
"""Decoded clips that stay in memory after their last listener has gone."""

MAX_BYTES = 100 * 1024 * 1024
"""A file beyond this is refused: 50 minutes at 16 kHz."""

FRAME_MS = 20

SHIPPED_MUSIC = os.path.join(os.path.dirname(__file__), "..", "sounds", "default.wav")
"""Composed for this project, so it is free of collecting-society fees (FEATURES.md 0.6)."""

Stamp = tuple[str, ...]
"""Path, time of change and size of a file; empty for what needs no file."""


class Clip(Protocol):
    """Something that can be played, at any rate. What is endless goes on at frame `loop_from` after its last."""

    @property
    def loop_from(self) -> int: ...

    def pcm(self, rate: int) -> bytes:
        """16 bit samples at `rate` Hz, in whole frames of 20 ms."""


@dataclass(slots=True, eq=False)
class Recording:
    """A file or the melody, resampled once for every rate. A prompt is filled up with silence, music is cut."""

    sound: wav.Sound
    prompt: bool
    loop_from: int = 0
    _at: dict[int, bytes] = field(default_factory=dict)

    def pcm(self, rate: int) -> bytes:
        if rate not in self._at:
            samples = resample(self.sound.pcm, self.sound.rate, rate)
            frame = rate // 50 * 2
            rest = len(samples) % frame
            if rest:
                samples = samples + bytes(frame - rest) if self.prompt else samples[:-rest]
            self._at[rate] = samples
        return self._at[rate]


@dataclass(slots=True, eq=False)
class National:
    """A tone: its introduction, then as many cadences as are a whole number of frames."""

    tone: Tone

    @property
    def loop_from(self) -> int:
        """The first frame after the introduction."""
        return -(-self._lengths()[0] // FRAME_MS)

    def pcm(self, rate: int) -> bytes:
        intro, loop = self._lengths()
        kind, zone = self.tone.kind, self.tone.zone
        if not self.tone.repeat:
            frames = -(-(intro + loop) // FRAME_MS)
            return tones.frame(kind, zone, 0, tones.once(kind, zone, rate), rate=rate).ljust(
                frames * rate // 50 * 2, b"\0"
            )
        frames = self.loop_from + lcm(loop, FRAME_MS) // FRAME_MS
        return tones.frame(kind, zone, 0, frames * (rate // 50), rate=rate)

    def _lengths(self) -> tuple[int, int]:
        """Of introduction and cadence, in ms. Raises LocalError for an unknown kind."""
        found = tones.pattern(self.tone.kind, self.tone.zone)
        return sum(part.milliseconds for part in found.intro), sum(part.milliseconds for part in found.loop)


class Library:
    """All clips of a worker; `music` is the folder of the companies' files, "" for none."""

    def __init__(self, music: str = "") -> None:
        self._music = music
        self._clips: OrderedDict[Source, tuple[Stamp, Clip]] = OrderedDict()
        self._tracks: WeakValueDictionary[tuple[Source, Stamp, str], Track] = WeakValueDictionary()

    async def load(self, source: Source, codec: Codec | None) -> None:
        """Read what `source` names and resample it for `codec`. Raises MediaError when it is not there or no sound."""
        stamp = self._stamp(source)
        loop = asyncio.get_running_loop()
        if source not in self._clips or self._clips[source][0] != stamp:
            self._keep(source, stamp, await loop.run_in_executor(None, _decoded, source, stamp))
        self._clips.move_to_end(source)
        if codec:
            await loop.run_in_executor(None, self._clips[source][1].pcm, SAMPLE_RATES[codec.name])

    def track(self, source: Source, codec: Codec) -> Track:
        """The loaded source in `codec`; shared by all who hear it. Raises MediaError when it is gone meanwhile."""
        if source not in self._clips:
            stamp = self._stamp(source)
            self._keep(source, stamp, _decoded(source, stamp))
        stamp, clip = self._clips[source]
        key = (source, stamp, codec.name)
        found = self._tracks.get(key)
        if found is None:
            rate = SAMPLE_RATES[codec.name]
            found = Track(clip.pcm(rate), rate, encoder(codec.name), clip.loop_from)
            self._tracks[key] = found
        return found

    def _keep(self, source: Source, stamp: Stamp, clip: Clip) -> None:
        self._clips[source] = (stamp, clip)
        while len(self._clips) > KEPT_CLIPS:
            self._clips.popitem(last=False)

    def _stamp(self, source: Source) -> Stamp:
        """The file behind a source, and what changes when another one is uploaded in its place."""
        match source:
            case Tone():
                return ()
            case Music("default"):
                return _stamped(SHIPPED_MUSIC)
            case Music(name):
                return _stamped(self._inside(name))
            case File(path):
                return _stamped(path)
            case _:
                raise MediaError("nothing to play")

    def _inside(self, name: str) -> str:
        root = os.path.realpath(self._music)
        path = os.path.realpath(os.path.join(root, name.replace("\0", "")))
        if not self._music or "\0" in name or os.path.commonpath([root, path]) != root:
            raise MediaError(f"no music {name!r}")
        return path


def _stamped(path: str) -> Stamp:
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise MediaError(f"cannot read {path}: {error}") from error
    if found.st_size > MAX_BYTES:
        raise MediaError(f"{path} is too large to play")
    return path, str(found.st_mtime_ns), str(found.st_size)


def _recording(path: str, prompt: bool) -> Recording:
    with open(path, "rb") as opened:
        sound = wav.read(opened.read())
    if len(sound.pcm) < sound.rate // 25:
        raise MediaError(f"{path} is shorter than {FRAME_MS} ms")
    return Recording(sound, prompt)


def _decoded(source: Source, stamp: Stamp) -> Clip:
    """Slow: runs in a thread where it can. Raises MediaError."""
    try:
        match source:
            case Tone(kind, zone):
                tones.pattern(kind, zone)
                return National(source)
            case _:
                return _recording(stamp[0], prompt=isinstance(source, File))
    except (LocalError, PeerError, OSError) as error:
        raise MediaError(f"cannot play {source}: {error}") from error
