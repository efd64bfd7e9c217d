"""Plays music, tones and files: one tick of 20 ms for the whole worker, however many listen.

A track is encoded once per codec, frame by frame as the first listener reaches it, and shared by all who hear it. This
module must never open a file, a socket or a clock: clips come decoded, the time comes with the tick.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.encode import Packer
from vorzimmer.media.embedded.relay import Outlet
from vorzimmer.media.port import Codec, Source

TICK = 0.02
"""Seconds of one frame, for every codec we play in."""

LATEST = 10
"""Frames that are made up for at once after the worker was held up; what is older is skipped."""


Encoder = Callable[[bytes], bytes]
"""Turns one frame of samples into a payload; keeps the codec's state."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Track:
    """One clip in one codec. `pcm` is 16 bit mono at `rate` Hz in whole frames, `encode` is used up from its start;
    an endless one goes on at frame `loop_from` after its last."""

    pcm: bytes
    rate: int
    encode: Encoder
    loop_from: int = 0
    _payloads: list[bytes] = field(default_factory=list)

    @property
    def frames(self) -> int:
        """Length in frames of 20 ms."""
        return len(self.pcm) // self._step

    def payload(self, index: int) -> bytes:
        """The payload of frame `index`, 0 <= index < frames."""
        while len(self._payloads) <= index:
            at = len(self._payloads) * self._step
            self._payloads.append(self.encode(self.pcm[at : at + self._step]))
        return self._payloads[index]

    @property
    def _step(self) -> int:
        return self.rate // 50 * 2


@dataclass(slots=True, eq=False)
class Playing:
    """One endpoint that hears a track: `loops` 0 is for ever, `ptime` ms a packet. A new codec goes on at the same
    frame."""

    source: Source
    outlet: Outlet
    track: Track
    codec: Codec
    loops: int
    index: int = 0
    ptime: int = 20
    _packer: Packer = field(init=False)

    def __post_init__(self) -> None:
        self._packer = Packer(self.codec, self.ptime)

    def step(self, now: float) -> bool:
        """Send the next frame; False when the track has been played to its end."""
        if self.index >= self.track.frames:
            if self.loops == 1 or not self.track.frames:
                self._send(self._packer.flush(), now)
                return False
            self.index = 0 if self.loops else self.track.loop_from
            self.loops -= self.loops > 0
        payload = self.track.payload(self.index)
        self.index += 1
        self._send(self._packer.add(payload), now)
        return True

    def _send(self, packets: tuple[bytes, ...], now: float) -> None:
        clock = (self.codec.rate, self._packer.ticks)
        for each in packets:
            self.outlet.play(each, self.codec.payload_type, clock, now)


@dataclass(slots=True)
class Player:
    """Everybody who hears something that we play. `ended` is told of finite sources that are over."""

    ended: Callable[[EndpointId, Source], None]
    playing: dict[EndpointId, Playing] = field(default_factory=dict)
    played: int = 0

    def start(self, endpoint: EndpointId, playing: Playing) -> None:
        """From the next tick on `endpoint` hears this."""
        self.playing[endpoint] = playing

    def stop(self, endpoint: EndpointId) -> Playing | None:
        """What was playing, so that another codec can go on from there."""
        return self.playing.pop(endpoint, None)

    def tick(self, now: float) -> None:
        """One frame for everybody."""
        over = [(endpoint, each.source) for endpoint, each in self.playing.items() if not each.step(now)]
        self.played += len(self.playing) - len(over)
        for endpoint, source in over:
            del self.playing[endpoint]
            self.ended(endpoint, source)


@dataclass(slots=True)
class Beat:
    """When ticks are due: `due` gives the ones that `now` has reached, at most LATEST frames of them; `step` seconds
    apart."""

    at: float
    step: float = TICK

    def due(self, now: float) -> Iterator[float]:
        """The times of the ticks to perform now; `at` is then the time of the next one."""
        self.at = max(self.at, now - LATEST * TICK)
        while self.at <= now:
            yield self.at
            self.at += self.step
