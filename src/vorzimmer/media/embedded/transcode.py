"""Hearing across codecs: what one phone says is encoded anew for each listener who needs it.

This module must never touch a socket or a clock, and never translate what a listener takes as it is.
"""

from dataclasses import dataclass, field

from vorzimmer.audio.stream import Decimator
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.encode import Encode, Packer, encoder, takes
from vorzimmer.media.embedded.outlet import Outlet
from vorzimmer.media.embedded.session import PLAYABLE, Session, playable
from vorzimmer.media.embedded.voice import Frame
from vorzimmer.media.embedded.voices import Voices
from vorzimmer.media.port import Codec, MediaPlan
from vorzimmer.rtp.packet import Header


@dataclass(slots=True, eq=False)
class Translation:
    """What one listener hears of somebody whose codec it does not know: frames in `codec`, `ptime` ms a packet.

    `types` are the speaker's payload types that are translated; all others have been relayed.
    """

    outlet: Outlet
    codec: Codec
    ptime: int
    types: frozenset[int] = frozenset()
    _packer: Packer = field(init=False)
    _encode: Encode | None = None
    _decimator: Decimator | None = None
    _rate: int = 0
    _paused: bool = True

    def __post_init__(self) -> None:
        self._packer = Packer(self.codec, self.ptime)

    def hear(self, frame: Frame | None, now: float) -> None:
        """20 ms more, or None in a pause. What the listener takes as it is has been relayed to it already."""
        if frame is None or frame.payload_type not in self.types:
            self._paused = True
            return
        if self._paused:
            self._paused = False
            self.outlet.renew()
        if frame.rate != self._rate:
            self._tune(frame.rate)
        pcm = self._decimator.feed(frame.pcm) if self._decimator else frame.pcm
        payload = self._encode(pcm) if self._encode else b""
        for each in self._packer.add(payload):
            self.outlet.play(each, self.codec.payload_type, (self.codec.rate, self._packer.ticks), now)

    def press(self, payload: bytes, header: Header, rate: int, now: float) -> None:
        """Digits are relayed to it as they come."""

    def _tune(self, rate: int) -> None:
        """The speaker's sound has another rate now."""
        self._rate = rate
        taken = takes(self.codec.name, rate)
        self._decimator = Decimator(rate, taken) if taken != rate else None
        self._encode = encoder(self.codec.name, taken)


@dataclass(slots=True)
class Translator:
    """Everybody in a worker who hears somebody in another codec than that one speaks."""

    voices: Voices
    _heard: dict[EndpointId, tuple[EndpointId, Translation]] = field(default_factory=dict)

    def link(self, listener: Session, speaker: Session | None) -> None:
        """`listener` hears `speaker` (None: nobody) with the plans that both have now."""
        codec = playable(listener.plan) if listener.plan else None
        types = foreign(speaker.plan, listener.plan) if speaker and codec else frozenset[int]()
        former, known = self._heard.pop(listener.endpoint, (None, None))
        if former and not (types and speaker and former == speaker.endpoint):
            self.voices.leave(former, listener.endpoint)
            known = None
        if speaker is None or codec is None or not types:
            return
        ptime = listener.plan.ptime if listener.plan else 20
        if known is None or (known.codec, known.ptime) != (codec, ptime):
            known = Translation(listener.outlet, codec, ptime)
        known.types = types
        self._heard[listener.endpoint] = speaker.endpoint, known
        self.voices.attend(speaker, listener.endpoint, known)


def foreign(speaker: MediaPlan | None, listener: MediaPlan | None) -> frozenset[int]:
    """The payload types of `speaker` that have to be translated for `listener`."""
    if speaker is None or listener is None or not listener.sends or not speaker.receives:
        return frozenset()
    known = {(each.name, each.rate, each.channels) for each in listener.codecs}
    return frozenset(
        each.payload_type
        for each in speaker.receive_codecs
        if (each.name, each.rate) in PLAYABLE and (each.name, each.rate, each.channels) not in known
    )
