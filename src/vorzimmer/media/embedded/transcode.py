"""Hearing across codecs: what one phone says is decoded once and encoded anew for each listener who needs it.

The work is spread over four slots of a frame, so that relaying never waits for all of it. This module must never touch
a socket or a clock, and never decode what everybody hears as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from vorzimmer.audio.stream import Decimator
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.encode import Encode, Packer, encoder, takes
from vorzimmer.media.embedded.outlet import Outlet
from vorzimmer.media.embedded.session import PLAYABLE, Session, playable
from vorzimmer.media.embedded.voice import COMFORT_NOISE, EVENT, Frame, Voice
from vorzimmer.media.port import Codec, MediaPlan

SLOTS = 4
"""Parts of a frame of 20 ms; every voice has its turn in one of them."""


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

    def _tune(self, rate: int) -> None:
        """The speaker's sound has another rate now."""
        self._rate = rate
        taken = takes(self.codec.name, rate)
        self._decimator = Decimator(rate, taken) if taken != rate else None
        self._encode = encoder(self.codec.name, taken)


@dataclass(slots=True, eq=False)
class _Speaker:
    session: Session
    voice: Voice
    slot: int
    listeners: dict[EndpointId, Translation] = field(default_factory=dict)


def _raised(error: Exception) -> None:
    raise error


@dataclass(slots=True)
class Translator:
    """Everybody in a worker who is heard in another codec than they speak. `failed` is told of what must not happen."""

    failed: Callable[[Exception], None] = _raised
    _speakers: dict[EndpointId, _Speaker] = field(default_factory=dict)
    _heard: dict[EndpointId, _Speaker] = field(default_factory=dict)
    _slots: tuple[dict[EndpointId, _Speaker], ...] = field(default_factory=lambda: tuple({} for _ in range(SLOTS)))
    _slot: int = 0
    translated: int = 0

    @property
    def busy(self) -> bool:
        """Whether there is anything to do in the slots between two frames."""
        return bool(self._speakers)

    def link(self, listener: Session, speaker: Session | None) -> None:
        """`listener` hears `speaker` (None: nobody) with the plans that both have now."""
        codec = playable(listener.plan) if listener.plan else None
        types = foreign(speaker.plan, listener.plan) if speaker and codec else frozenset[int]()
        former = self._heard.get(listener.endpoint)
        if former and not (types and former.session is speaker):
            del self._heard[listener.endpoint], former.listeners[listener.endpoint]
            self._refresh(former)
        if speaker and codec and types:
            self._join(listener, speaker, codec, types)

    def tick(self, now: float) -> None:
        """A quarter of a frame has passed: those whose turn it is say 20 ms more."""
        self._slot = (self._slot + 1) % SLOTS
        for speaker in list(self._slots[self._slot].values()):
            try:
                self._say(speaker, now)
            except Exception as error:  # noqa: BLE001 -- one voice falls silent, all others go on
                self._drop(speaker)
                self.failed(error)

    def _say(self, speaker: _Speaker, now: float) -> None:
        frame = speaker.voice.frame(now)
        self.translated += frame is not None
        for each in speaker.listeners.values():
            each.hear(frame, now)

    def _drop(self, speaker: _Speaker) -> None:
        for listener in list(speaker.listeners):
            del self._heard[listener], speaker.listeners[listener]
        self._refresh(speaker)

    def late(self, endpoint: EndpointId) -> int:
        """Packets of this phone that came too late to be decoded."""
        found = self._speakers.get(endpoint)
        return found.voice.buffer.late if found else 0

    def _join(self, listener: Session, speaker: Session, codec: Codec, types: frozenset[int]) -> None:
        found = self._speakers.get(speaker.endpoint)
        if found is None:
            slot = min(range(SLOTS), key=lambda number: len(self._slots[number]))
            found = self._speakers[speaker.endpoint] = _Speaker(speaker, Voice({}), slot)
            self._slots[slot][speaker.endpoint] = found
        ptime = listener.plan.ptime if listener.plan else 20
        known = found.listeners.get(listener.endpoint)
        if known is None or (known.codec, known.ptime) != (codec, ptime):
            known = Translation(listener.outlet, codec, ptime)
        known.types = types
        found.listeners[listener.endpoint] = known
        self._heard[listener.endpoint] = found
        self._refresh(found)

    def _refresh(self, speaker: _Speaker) -> None:
        """What of this speaker is decoded follows from who listens."""
        session = speaker.session
        if not speaker.listeners or session.plan is None:
            self._speakers.pop(session.endpoint, None)
            self._slots[speaker.slot].pop(session.endpoint, None)
            session.inlet.silence()
            return
        wanted = frozenset[int]().union(*(each.types for each in speaker.listeners.values()))
        names = spoken(session.plan, wanted)
        speaker.voice.agree(names)
        session.inlet.listen(speaker.voice.put)


def spoken(plan: MediaPlan, wanted: frozenset[int]) -> dict[int, str]:
    """What a phone may send that has to be decoded, by payload type, and what keeps its place beside."""
    names = {each.payload_type: each.name for each in plan.receive_codecs if each.payload_type in wanted}
    if plan.receive_dtmf is not None:
        names.setdefault(plan.receive_dtmf, EVENT)
    if plan.comfort_noise is not None:
        names.setdefault(plan.comfort_noise, COMFORT_NOISE)
    return names


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
