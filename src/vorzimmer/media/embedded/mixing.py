"""Conversations of many: each phone is decoded once, all who hear the same people share one sum, less themselves.

A room is a set of speakers, and lives as long as somebody listens to it. It mixes once in 20 ms, at 8 kHz for those who
hear no more than that and at 16 kHz for the others; who says nothing costs nothing. This module must never touch a
socket or a clock, let anybody hear himself, nor decide who is in a conversation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vorzimmer.audio.mixing import Mixer
from vorzimmer.audio.pcm import silence
from vorzimmer.audio.stream import Decimator, Interpolator
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.encode import Encode, Packer, encoder, takes
from vorzimmer.media.embedded.outlet import Outlet
from vorzimmer.media.embedded.session import PLAYABLE, Session, playable
from vorzimmer.media.embedded.voice import FRAMES, Frame
from vorzimmer.media.embedded.voices import SLOTS, Voices
from vorzimmer.media.port import Codec, MediaPlan
from vorzimmer.rtp.packet import Header

WIDE = 16_000
"""The highest rate that is mixed, in Hz."""

STATELESS = frozenset({"PCMA", "PCMU"})
"""Codecs whose payload depends on nothing but its own sound: encoded once for all who hear the same."""

TOGETHER = 12
"""So many listeners of a room are served in one slot; the next ones have their turn in the slots behind it."""

PRESS_SECONDS = 0.12
"""So long after a packet of a telephone event nobody else's digits are passed on: two at once would be none."""

Shared = dict[str, bytes]


@dataclass(slots=True, eq=False)
class Ear:
    """One listener of a room: frames in `codec`, `ptime` ms a packet; digits as payload type `dtmf`."""

    outlet: Outlet
    codec: Codec
    ptime: int
    dtmf: int | None
    rate: int = field(init=False)
    _packer: Packer = field(init=False)
    _encode: Encode = field(init=False)
    _paused: bool = True

    def __post_init__(self) -> None:
        self.rate = takes(self.codec.name, WIDE)
        self._packer = Packer(self.codec, self.ptime)
        self._encode = encoder(self.codec.name, self.rate)

    def fits(self, codec: Codec, plan: MediaPlan) -> bool:
        """Whether it can go on with another plan."""
        return (self.codec, self.ptime, self.dtmf) == (codec, plan.ptime, plan.dtmf)

    def hear(self, pcm: bytes, shared: Shared | None, now: float) -> None:
        """20 ms more; `shared` holds what others who hear the same have encoded already."""
        if self._paused:
            self._paused = False
            self.outlet.renew()
        for each in self._packer.add(self._payload(pcm, shared)):
            self.outlet.play(each, self.codec.payload_type, (self.codec.rate, self._packer.ticks), now)

    def pause(self) -> None:
        """Nobody is there to be heard."""
        self._paused = True

    def press(self, payload: bytes, header: Header, rate: int, now: float) -> None:
        """A digit of somebody else's."""
        if self.dtmf is not None:
            self.outlet.press(payload, header._replace(payload_type=self.dtmf), rate, now)

    def _payload(self, pcm: bytes, shared: Shared | None) -> bytes:
        if shared is None or self.codec.name not in STATELESS:
            return self._encode(pcm)
        if self.codec.name not in shared:
            shared[self.codec.name] = self._encode(pcm)
        return shared[self.codec.name]


@dataclass(slots=True, eq=False)
class Seat:
    """One speaker of a room: his last 20 ms, at each rate that somebody listens at."""

    room: "Room"
    endpoint: EndpointId
    types: frozenset[int] = frozenset()
    present: bool = False
    frames: dict[int, bytes] = field(default_factory=dict)
    _rate: int = 0
    _converters: dict[int, Decimator | Interpolator] = field(default_factory=dict)

    def hear(self, frame: Frame | None, now: float) -> None:
        """As ``voices.Hearer`` says: a phone that says nothing is present, but adds nothing to the sum."""
        self.present = frame is not None
        if frame is None or frame.pause or frame.payload_type not in self.types:
            self.frames = {}
            return
        if frame.rate != self._rate:
            self._rate, self._converters = frame.rate, {}
        self.frames = {rate: self._at(rate, frame.pcm) for rate in self.room.mixers}

    def go_on(self, former: "Seat") -> None:
        """The same speaker, in another room."""
        self.present, self.frames = former.present, former.frames

    def press(self, payload: bytes, header: Header, rate: int, now: float) -> None:
        """A digit, for all others."""
        self.room.press(self.endpoint, (payload, header, rate), now)

    def _at(self, rate: int, pcm: bytes) -> bytes:
        if rate == self._rate:
            return pcm
        if rate not in self._converters:
            kind = Interpolator if rate > self._rate else Decimator
            self._converters[rate] = kind(self._rate, rate)
        return self._converters[rate].feed(pcm)


@dataclass(slots=True, eq=False)
class Room:
    """The speakers of `seats` for the listeners of `ears`; it mixes in `slot`."""

    slot: int
    seats: dict[EndpointId, Seat] = field(default_factory=dict)
    ears: dict[EndpointId, Ear] = field(default_factory=dict)
    mixers: dict[int, Mixer] = field(default_factory=dict)
    _due: tuple[list[tuple[Ear, bytes, Shared | None]], ...] = field(
        default_factory=lambda: tuple([] for _ in range(SLOTS))
    )
    _pressing: tuple[EndpointId, float] = (EndpointId(""), 0.0)

    def listen(self, listener: EndpointId, ear: Ear) -> None:
        """One more listener, or another way to serve one."""
        self.ears[listener] = ear
        self._tune()

    def leave(self, listener: EndpointId) -> None:
        """One listener less."""
        self.ears.pop(listener, None)
        self._tune()

    def tick(self, slot: int, now: float) -> None:
        """A quarter of a frame has passed."""
        part = (slot - self.slot) % SLOTS
        if part == 0:
            self._mix()
        due = self._due[part]
        for ear, pcm, shared in due:
            ear.hear(pcm, shared, now)
        due.clear()

    def press(self, speaker: EndpointId, event: tuple[bytes, Header, int], now: float) -> None:
        """A telephone event of `speaker`: to all others, unless somebody else is pressing."""
        who, until = self._pressing
        if who != speaker and now < until:
            return
        self._pressing = speaker, now + PRESS_SECONDS
        for listener, ear in self.ears.items():
            if listener != speaker:
                ear.press(*event, now)

    def _tune(self) -> None:
        """Mix at the rates that somebody listens at."""
        rates = {ear.rate for ear in self.ears.values()}
        self.mixers = {rate: self.mixers.get(rate) or Mixer() for rate in sorted(rates)}

    def _mix(self) -> None:
        seats = [seat for seat in self.seats.values() if seat.present]
        if not seats:
            for ear in self.ears.values():
                ear.pause()
            return
        turn = 0
        for rate, mixer in self.mixers.items():
            listening = [(listener, ear) for listener, ear in self.ears.items() if ear.rate == rate]
            talking = [seat for seat in seats if rate in seat.frames]
            own = {seat.endpoint: number for number, seat in enumerate(talking)}
            mixed = mixer.mix(
                [seat.frames[rate] for seat in talking],
                everybody=any(listener not in own for listener, _ in listening),
            ) or (silence(rate // FRAMES),)
            shared: Shared = {}
            for listener, ear in listening:
                number = own.get(listener)
                heard = (ear, mixed[-1], shared) if number is None else (ear, mixed[number], None)
                self._due[turn // TOGETHER % SLOTS].append(heard)
                turn += 1
        for seat in seats:
            seat.frames = {}


@dataclass(slots=True)
class Rooms:
    """All conversations of a worker."""

    voices: Voices
    _rooms: dict[frozenset[EndpointId], Room] = field(default_factory=dict)
    _heard: dict[EndpointId, frozenset[EndpointId]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.voices.after = self.tick

    def __len__(self) -> int:
        return len(self._rooms)

    def link(self, listener: Session, speakers: Iterable[Session]) -> None:
        """`listener` hears the mix of `speakers` (none: nothing mixed) with the plans that all have now."""
        present = {each.endpoint: each for each in speakers}
        members = frozenset(present)
        former = self._heard.pop(listener.endpoint, None)
        ear = self._rooms[former].ears.get(listener.endpoint) if former is not None else None
        codec = playable(listener.plan) if listener.plan else None
        if members and listener.plan and codec:
            if ear is None or not ear.fits(codec, listener.plan):
                ear = Ear(listener.outlet, codec, listener.plan.ptime, listener.plan.dtmf)
            self._room(members, present, former).listen(listener.endpoint, ear)
            self._heard[listener.endpoint] = members
        if former is not None and former != self._heard.get(listener.endpoint):
            self._rooms[former].leave(listener.endpoint)
            self._tidy(former)

    def replanned(self, speaker: Session) -> None:
        """The speaker's phone has agreed something else."""
        for room in self._rooms.values():
            if seat := room.seats.get(speaker.endpoint):
                self._take(speaker, seat)

    def audience(self, speaker: EndpointId) -> tuple[EndpointId, ...]:
        """Who hears `speaker` in a mix."""
        return tuple(listener for listener, members in self._heard.items() if speaker in members)

    def tick(self, slot: int, now: float) -> None:
        """A quarter of a frame has passed, and those whose turn it was have spoken."""
        for members, room in list(self._rooms.items()):
            try:
                room.tick(slot, now)
            except Exception as error:  # noqa: BLE001 -- one conversation falls silent, all others go on
                for listener in list(room.ears):
                    del self._heard[listener]
                room.ears.clear()
                self._tidy(members)
                self.voices.failed(error)

    def _room(
        self, members: frozenset[EndpointId], present: dict[EndpointId, Session], former: frozenset[EndpointId] | None
    ) -> Room:
        """The room of `members`; a new one goes on where `former` was, so that nobody hears a gap."""
        room = self._rooms.get(members)
        if room is None:
            before = self._rooms.get(former) if former is not None else None
            room = self._rooms[members] = Room(before.slot if before else self.voices.easiest())
            for endpoint in sorted(members):
                seat = room.seats[endpoint] = Seat(room, endpoint)
                if before and endpoint in before.seats:
                    seat.go_on(before.seats[endpoint])
                self._take(present[endpoint], seat)
        return room

    def _take(self, speaker: Session, seat: Seat) -> None:
        plan = speaker.plan
        seat.types = (
            frozenset(each.payload_type for each in plan.receive_codecs if (each.name, each.rate) in PLAYABLE)
            if plan and plan.receives
            else frozenset()
        )
        if seat.types:
            self.voices.attend(speaker, seat.room, seat)
        else:
            self.voices.leave(speaker.endpoint, seat.room)
            seat.hear(None, 0.0)

    def _tidy(self, members: frozenset[EndpointId]) -> None:
        """A room without listeners is closed."""
        room = self._rooms[members]
        if not room.ears:
            del self._rooms[members]
            for endpoint in room.seats:
                self.voices.leave(endpoint, room)
