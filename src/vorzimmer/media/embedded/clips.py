"""Where tracks come from: shipped music, the companies' files, national tones, prompts.

Files are read and resampled in a thread, so that relaying never waits for a disk. This module must never read outside
the music folder for a name that a company chose.
"""

import asyncio
import os
import wave
from collections import OrderedDict
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import numpy as np
import soxr
from numpy.typing import NDArray

from vorzimmer.media.embedded import melody
from vorzimmer.media.embedded.encode import SAMPLE_RATES, encoder
from vorzimmer.media.embedded.player import Track
from vorzimmer.media.port import Codec, File, MediaError, Music, Nothing, Peer, Source, Tone

KEPT_CLIPS = 64
"""Decoded clips that stay in memory after their last listener has gone."""

MAX_BYTES = 100 * 1024 * 1024
"""A file beyond this is refused: 50 minutes at 16 kHz."""

Key = tuple[str, ...]


@dataclass(slots=True, eq=False)
class Clip:
    """Decoded mono samples, resampled once for every rate that is asked for."""

    samples: NDArray[np.int16]
    rate: int
    whole: bool
    _at: dict[int, bytes] = field(default_factory=dict)

    def pcm(self, rate: int) -> bytes:
        """16 bit samples at `rate`, in whole frames: an endless clip is cut, a prompt filled up with silence."""
        if rate not in self._at:
            samples = self.samples if rate == self.rate else soxr.resample(self.samples, self.rate, rate)
            step = rate // 50
            rest = len(samples) % step
            if rest:
                samples = np.pad(samples, (0, step - rest)) if self.whole else samples[: len(samples) - rest]
            self._at[rate] = samples.astype("<i2").tobytes()
        return self._at[rate]


class Library:
    """All clips of a worker; `music` is the folder of the companies' files, "" for none."""

    def __init__(self, music: str = "") -> None:
        self._music = music
        self._clips: OrderedDict[Key, Clip] = OrderedDict()
        self._tracks: WeakValueDictionary[tuple[Key, str], Track] = WeakValueDictionary()

    async def load(self, source: Source) -> None:
        """Read and resample what `source` names. Raises MediaError when it is not there or no sound."""
        key = self._key(source)
        if key not in self._clips:
            loop = asyncio.get_running_loop()
            self._keep(key, await loop.run_in_executor(None, _decoded, source, key))
        self._clips.move_to_end(key)

    def track(self, source: Source, codec: Codec) -> Track:
        """The loaded source in `codec`; shared by all who hear it."""
        key = self._key(source)
        found = self._tracks.get((key, codec.name))
        if found is None:
            rate = SAMPLE_RATES[codec.name]
            found = Track(self._clip(source, key).pcm(rate), rate, encoder(codec.name))
            self._tracks[key, codec.name] = found
        return found

    def _clip(self, source: Source, key: Key) -> Clip:
        if key not in self._clips:
            self._keep(key, _decoded(source, key))
        return self._clips[key]

    def _keep(self, key: Key, clip: Clip) -> None:
        self._clips[key] = clip
        while len(self._clips) > KEPT_CLIPS:
            self._clips.popitem(last=False)

    def _key(self, source: Source) -> Key:
        """Changes with the file, so that a new upload is heard."""
        match source:
            case Music("default"):
                return ("melody",)
            case Music(name):
                return _stamped("music", self._inside(name))
            case Tone(kind, zone, repeat):
                return ("tone", kind, zone, str(repeat))
            case File(path):
                return _stamped("file", path)
            case Peer() | Nothing():
                raise MediaError("nothing to play")

    def _inside(self, name: str) -> str:
        root = os.path.realpath(self._music)
        path = os.path.realpath(os.path.join(root, name))
        if not self._music or os.path.commonpath([root, path]) != root:
            raise MediaError(f"no music {name!r}")
        return path


def _stamped(kind: str, path: str) -> Key:
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise MediaError(f"cannot read {path}: {error}") from error
    if found.st_size > MAX_BYTES:
        raise MediaError(f"{path} is too large to play")
    return kind, path, str(found.st_mtime_ns), str(found.st_size)


def _decoded(source: Source, key: Key) -> Clip:
    """Slow: runs in a thread where it can."""
    match source:
        case Music("default"):
            return Clip(melody.melody(), melody.RATE, whole=False)
        case Tone(kind, zone):
            return _tone(kind, zone)
        case Music():
            return _file(key[1], whole=False)
        case _:
            return _file(key[1], whole=True)


_CADENCES = {
    "dial": ((425, 1.0, 0.0),),
    "ringback": ((425, 1.0, 4.0),),
    "busy": ((425, 0.48, 0.48),),
    "congestion": ((425, 0.24, 0.24),),
}


def _tone(kind: str, zone: str) -> Clip:
    if kind not in _CADENCES:
        raise MediaError(f"no tone {kind!r} in {zone}")
    parts = []
    for hertz, on, off in _CADENCES[kind]:
        time = np.arange(round(on * 48000)) / 48000
        parts += [np.sin(2 * np.pi * hertz * time) * 8000, np.zeros(round(off * 48000))]
    return Clip(np.concatenate(parts).astype(np.int16), 48000, whole=False)


def _file(path: str, whole: bool) -> Clip:
    with wave.open(path) as opened:
        data = opened.readframes(opened.getnframes())
        return Clip(np.frombuffer(data, np.int16), opened.getframerate(), whole)
