"""Everybody in a worker who has to be decoded, each once, whoever listens: to say it in another codec, or to mix it.

The work is spread over four slots of a frame, so that relaying never waits for all of it. This module must never touch
a socket or a clock, and never decode what nobody listens to.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.session import Session
from vorzimmer.media.embedded.voice import COMFORT_NOISE, EVENT, Frame, Voice
from vorzimmer.media.port import MediaPlan
from vorzimmer.rtp.packet import Header

SLOTS = 4
"""Parts of a frame of 20 ms; every voice has its turn in one of them."""


class Hearer(Protocol):
    """Somebody who wants a phone decoded."""

    @property
    def types(self) -> frozenset[int]:
        """The phone's payload types that are to be decoded."""

    def hear(self, frame: Frame | None, now: float) -> None:
        """20 ms more, or None in a pause. The frame may be of a type that another hearer wants."""

    def press(self, payload: bytes, header: Header, rate: int, now: float) -> None:
        """A telephone event of the phone's, in its own number and clock."""


@dataclass(slots=True, eq=False)
class _Speaker:
    session: Session
    voice: Voice
    slot: int
    hearers: dict[object, Hearer] = field(default_factory=dict)

    def put(self, data: bytes, header: Header, rate: int, now: float) -> None:
        """A packet of the phone's."""
        self.voice.put(data, header, rate, now)
        if header.payload_type == self.session.inlet.event:
            for each in self.hearers.values():
                each.press(data[header.start : header.end], header, rate, now)


def _raised(error: Exception) -> None:
    raise error


def _nothing(slot: int, now: float) -> None:
    """Nobody waits for the end of a slot."""


@dataclass(slots=True)
class Voices:
    """`failed` is told of what must not happen; `after` is called at the end of each slot, once its voices have said
    their frame."""

    failed: Callable[[Exception], None] = _raised
    after: Callable[[int, float], None] = _nothing
    decoded: int = 0
    _speakers: dict[EndpointId, _Speaker] = field(default_factory=dict)
    _slots: tuple[dict[EndpointId, _Speaker], ...] = field(default_factory=lambda: tuple({} for _ in range(SLOTS)))
    _slot: int = 0

    @property
    def busy(self) -> bool:
        """Whether there is anything to do in the slots between two frames."""
        return bool(self._speakers)

    def attend(self, speaker: Session, key: object, hearer: Hearer) -> None:
        """`hearer`, known by `key`, hears `speaker` from now on; to be said again when its types or the speaker's plan
        have changed."""
        found = self._speakers.get(speaker.endpoint)
        if found is None:
            slot = self.easiest()
            found = self._speakers[speaker.endpoint] = _Speaker(speaker, Voice({}), slot)
            self._slots[slot][speaker.endpoint] = found
        found.hearers[key] = hearer
        self._refresh(found)

    def leave(self, speaker: EndpointId, key: object) -> None:
        """The hearer of that key hears `speaker` no longer; doing this twice is fine."""
        found = self._speakers.get(speaker)
        if found is not None and found.hearers.pop(key, None) is not None:
            self._refresh(found)

    def easiest(self) -> int:
        """The slot with the fewest voices."""
        return min(range(SLOTS), key=lambda number: len(self._slots[number]))

    def tick(self, now: float) -> None:
        """A quarter of a frame has passed: those whose turn it is say 20 ms more."""
        self._slot = (self._slot + 1) % SLOTS
        for speaker in list(self._slots[self._slot].values()):
            try:
                self._say(speaker, now)
            except Exception as error:  # noqa: BLE001 -- one voice falls silent, all others go on
                self._drop(speaker)
                self.failed(error)
        self.after(self._slot, now)

    def late(self, endpoint: EndpointId) -> int:
        """Packets of this phone that came too late to be decoded."""
        found = self._speakers.get(endpoint)
        return found.voice.buffer.late if found else 0

    def _say(self, speaker: _Speaker, now: float) -> None:
        frame = speaker.voice.frame(now)
        self.decoded += frame is not None
        for each in speaker.hearers.values():
            each.hear(frame, now)

    def _drop(self, speaker: _Speaker) -> None:
        for each in speaker.hearers.values():
            each.hear(None, 0.0)
        speaker.hearers.clear()
        self._refresh(speaker)

    def _refresh(self, speaker: _Speaker) -> None:
        """What of this speaker is decoded follows from who listens."""
        session = speaker.session
        if not speaker.hearers or session.plan is None:
            self._speakers.pop(session.endpoint, None)
            self._slots[speaker.slot].pop(session.endpoint, None)
            session.inlet.silence()
            return
        wanted = frozenset[int]().union(*(each.types for each in speaker.hearers.values()))
        speaker.voice.agree(spoken(session.plan, wanted))
        session.inlet.listen(speaker.put)


def spoken(plan: MediaPlan, wanted: frozenset[int]) -> dict[int, str]:
    """What a phone may send that has to be decoded, by payload type, and what keeps its place beside."""
    names = {each.payload_type: each.name for each in plan.receive_codecs if each.payload_type in wanted}
    if plan.receive_dtmf is not None:
        names.setdefault(plan.receive_dtmf, EVENT)
    if plan.comfort_noise is not None:
        names.setdefault(plan.comfort_noise, COMFORT_NOISE)
    return names
