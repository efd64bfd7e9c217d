"""The one record of an ended call: who called whom, what was decided and why, who talked, how it ended.

A record is a frozen value in the journal; the store turns it into history. This module must never hold more than the
call itself knew, and never be written twice for one call.
"""

import msgspec

from vorzimmer.calls.state import CallState, End, PastLeg
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.ids import CallId, EndpointId, JourneyId, LegId
from vorzimmer.media.port import Statistics
from vorzimmer.routing.model import Asked, Because, SoFar
from vorzimmer.sip.pack import pack


class Record(msgspec.Struct, frozen=True):
    """Times are POSIX seconds; `answered` None means that nobody answered. `answered_by` is the first who did.

    `ended_by` and `reason` are keys to be rendered; `so_far` (what was done) and `because` (everything that was asked
    on the way, in order) answer why the call went where it went.
    """

    id: CallId
    journey: JourneyId
    company: str
    asked: Asked
    so_far: SoFar
    started: float
    answered: float | None
    ended: float
    ended_by: str
    reason: str
    because: tuple[Because, ...] = ()
    answered_by: Ref | None = None
    legs: tuple[PastLeg, ...] = ()

    @property
    def seconds(self) -> float:
        """How long people talked."""
        return self.ended - self.answered if self.answered is not None else 0.0


class Pending(msgspec.Struct, frozen=True):
    """A leg without a final answer as the engine froze it. `device` is whom we ring, None for who calls us."""

    data: bytes
    device: str | None = None


class Frozen(msgspec.Struct, frozen=True):
    """A call as it is written down: its state, its dialogs as the engine froze them, and what has no answer yet."""

    state: CallState
    dialogs: dict[LegId, bytes] = {}
    pending: dict[LegId, Pending] = {}


def record_of(state: CallState, statistics: dict[EndpointId, Statistics]) -> Record:
    """The record of an ended call."""
    end = state.ended or End("system", "interrupted", state.since)
    legs = tuple(_measured(leg, statistics) for leg in state.past)
    return Record(
        id=state.id,
        journey=state.journey,
        company=state.company,
        asked=state.asked,
        so_far=state.so_far,
        started=state.started,
        answered=state.answered,
        ended=end.at,
        ended_by=end.by,
        reason=end.reason,
        because=state.because,
        answered_by=_first_answer(legs),
        legs=legs,
    )


def _first_answer(legs: tuple[PastLeg, ...]) -> Ref | None:
    """Who answered first, whoever has come and gone since."""
    first = min((leg for leg in legs if leg.outgoing), key=lambda leg: leg.joined, default=None)
    return first.party.ref if first is not None else None


def _measured(leg: PastLeg, statistics: dict[EndpointId, Statistics]) -> PastLeg:
    return msgspec.structs.replace(leg, statistics=statistics.get(leg.endpoint, leg.statistics))


def interrupted(state: CallState, at: float) -> Record:
    """The record of a call that a restart has ended; of one that had ended already, as it did."""
    if state.ended is not None:
        return record_of(state, {})
    past = tuple(PastLeg(leg.id, leg.party, leg.outgoing, leg.sound.endpoint, leg.joined, at) for leg in state.parties)
    ended = msgspec.structs.replace(
        state, parties=(), past=(*state.past, *past), ended=End("system", "interrupted", at)
    )
    return record_of(ended, {})


_FROZEN = msgspec.msgpack.Decoder(Frozen)
_RECORD = msgspec.msgpack.Decoder(Record)


def encode(value: Record | Frozen) -> bytes:
    """As bytes for the journal, whatever a phone wrote into its messages."""
    return pack(value)


def decode_frozen(data: bytes) -> Frozen:
    """Back from ``encode``; raises msgspec.ValidationError."""
    return _FROZEN.decode(data)


def decode_record(data: bytes) -> Record:
    """Back from ``encode``; raises msgspec.ValidationError."""
    return _RECORD.decode(data)
