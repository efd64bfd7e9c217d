"""CallState: everything between attempts, as frozen values that can be written down and read back.

Parties, who hears whom, since when, and what was decided on the way. Only ``calls.apply`` makes a new state out of an
old one. This module must never hold a task, a socket, a clock or anything that msgpack cannot carry.
"""

from typing import Literal

import msgspec

from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId, JourneyId, LegId
from vorzimmer.media.port import Nothing, Source, Statistics
from vorzimmer.routing.model import Asked, Because, SoFar
from vorzimmer.sdp.crypto import Guard
from vorzimmer.sdp.message import Session
from vorzimmer.sdp.plan import Agreed, Format
from vorzimmer.sip.flow import Flow

Why = Literal["identity", "codec", "media"]
"""Why we re-invite a phone."""


class Party(msgspec.Struct, frozen=True):
    """Whoever is at the far end of a leg, as the account or the trunk says, never as From claims."""

    ref: Ref | None = None
    device: str | None = None
    name: str = ""
    number: str = ""
    private: bool = False

    def looks_like(self, other: "Party") -> bool:
        """Whether a phone would show both in the same way, whatever device they use."""
        return (self.name, self.number, self.private) == (other.name, other.number, other.private)


class Sound(msgspec.Struct, frozen=True):
    """The audio of one leg: our endpoint with its address, our last description, what was agreed, and every format
    that the phone has ever named (`can`), which tells what it could be asked for after a transfer. `numbers` are the
    dynamic payload numbers that we have given, with their meaning. `session` is the number of our SDP origin, the same
    for the whole leg; `flow` is how the phone first came; `guard` how the audio is protected (its secret and the keys
    in `ours` and `agreed` are written down with the call, since the worker goes on with them over a restart); `codecs`
    names those that its account allows, the best first, () all."""

    endpoint: EndpointId
    address: Address
    session: int = 1
    listener: str = ""
    flow: Flow | None = None
    ours: Session | None = None
    agreed: Agreed | None = None
    can: tuple[Format, ...] = ()
    numbers: tuple[Format, ...] = ()
    guard: Guard = Guard()
    holds: bool = False
    codecs: tuple[str, ...] = ()


class Offering(msgspec.Struct, frozen=True):
    """A re-INVITE of ours that is out: the description sent and why. A failed *identity* changes nothing, after a
    failed *codec* media transcodes, a failed *media* ends the call."""

    described: Session
    why: Why


class Leg(msgspec.Struct, frozen=True):
    """One confirmed dialog of a call.

    `outgoing`: we called it. `awaiting`: "ack" after our 200, "answer" if that ACK brings the SDP answer. `stale`: the
    phone has to learn something: "identity" by UPDATE, "reinvite" where it took none, "media". `shown` is whom it was
    shown last.
    """

    id: LegId
    party: Party
    sound: Sound
    outgoing: bool = False
    joined: float = 0.0
    awaiting: Literal["", "ack", "answer"] = ""
    offering: Offering | None = None
    stale: Literal["", "identity", "reinvite", "media"] = ""
    shown: Party = Party()
    probing: bool = False
    paused: bool = False
    """Put on hold by command: the phone does not know."""

    @property
    def held(self) -> bool:
        """Whether this phone has put the others on hold, or was made to."""
        return self.sound.holds or self.paused

    @property
    def silent_by_right(self) -> bool:
        """Whether this phone need not send audio, so that its silence says nothing."""
        return self.held or (self.sound.agreed is not None and not self.sound.agreed.receives)

    @property
    def busy(self) -> bool:
        """Whether an offer/answer exchange is under way, so that no other may begin (RFC 3261 section 14)."""
        return bool(self.awaiting) or self.offering is not None


class Rung(msgspec.Struct, frozen=True):
    """A leg of ours that rings now, and whose phone it is."""

    leg: LegId
    party: Party


class PastLeg(msgspec.Struct, frozen=True):
    """A leg that was in the call: for the record. Times are POSIX seconds."""

    id: LegId
    party: Party
    outgoing: bool
    endpoint: EndpointId
    joined: float
    left: float
    statistics: Statistics = Statistics()


class End(msgspec.Struct, frozen=True):
    """How a call ended: `by` is caller, callee, system or the party's reference; `reason` a key for people to read."""

    by: str
    reason: str
    at: float


class CallState(msgspec.Struct, frozen=True):
    """One call. All times are POSIX seconds. `because` is everything that was asked on the way, in order, once each.

    `parties` are the confirmed legs, the caller first; none while an attempt still connects the first caller; more than
    two all hear each other. `waiting` is what a lone party hears. `music` names the music on hold ("" for silence),
    `zone` the country of tones. `hears` is how the media graph is set up now. `back` names the call that a lone party
    returns to when its transfer is lost or fails. `tries` counts the re-INVITEs of one settling. `parting` is why the
    call ends once its last leg goes (a leg has moved to another call), "" while nobody has left. `ringing` are the
    phones that an attempt rings now.
    """

    id: CallId
    journey: JourneyId
    company: str
    asked: Asked
    started: float
    so_far: SoFar = ()
    because: tuple[Because, ...] = ()
    answered: float | None = None
    parties: tuple[Leg, ...] = ()
    waiting: Source = Nothing()
    music: str = "default"
    zone: str = "DE"
    hears: dict[str, Source] = {}
    tries: int = 0
    back: CallId | None = None
    parting: str = ""
    since: float = 0.0
    past: tuple[PastLeg, ...] = ()
    ended: End | None = None
    hops: int = 70
    ringing: tuple[Rung, ...] = ()

    def leg(self, leg: LegId) -> Leg | None:
        """The party with this leg, None if it is not (or no longer) in the call."""
        return next((p for p in self.parties if p.id == leg), None)

    def others(self, leg: LegId) -> tuple[Leg, ...]:
        """All parties but `leg`; none while that one waits alone."""
        return tuple([p for p in self.parties if p.id != leg])

    def other(self, leg: LegId) -> Leg | None:
        """The party at the other side of `leg`; None while that one waits alone, and where it has several."""
        parties = self.parties
        if len(parties) == 2:
            return parties[1] if parties[0].id == leg else parties[0]
        others = self.others(leg)
        return others[0] if len(others) == 1 else None

    def facing(self, leg: LegId) -> Leg | None:
        """Whom the phone of `leg` is shown: the other party; of several the one that it is shown already, else the
        first. None while it waits alone."""
        if len(self.parties) == 2:
            return self.other(leg)
        others, own = self.others(leg), self.leg(leg)
        known = (p for p in others if own is not None and p.party.looks_like(own.shown))
        return next(known, others[0] if others else None)

    def with_leg(self, leg: Leg) -> "CallState":
        """The same call with `leg` in place of its older value."""
        return msgspec.structs.replace(self, parties=tuple(leg if p.id == leg.id else p for p in self.parties))


def change(state: CallState, **fields: object) -> CallState:
    """A copy of `state` with other `fields`."""
    return msgspec.structs.replace(state, **fields)


def change_leg(leg: Leg, **fields: object) -> Leg:
    """A copy of `leg` with other `fields`."""
    return msgspec.structs.replace(leg, **fields)


def change_sound(sound: Sound, **fields: object) -> Sound:
    """A copy of `sound` with other `fields`."""
    return msgspec.structs.replace(sound, **fields)


def change_guard(guard: Guard) -> Guard:
    """The same protection with the next keys."""
    return msgspec.structs.replace(guard, turn=guard.turn + 1)
