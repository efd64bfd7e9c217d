"""From a record as calls write it into the journal to a row of the history.

This module must never refuse a record: one that cannot be read (written by another version) is kept with what can be
found out about it.
"""

from typing import Any

import msgspec

from vorzimmer.calls.kept import CallRow
from vorzimmer.calls.records import Record, decode_record
from vorzimmer.calls.state import PastLeg
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.model import Asked, Caller, line_of

ANSWERED = "answered"
"""The outcome of a call that somebody answered; of all others it is the reason of their end."""

MAX_COLUMN = 255


def row_of(call: str, data: bytes) -> CallRow:
    """The row of record `data` (``calls.records.encode``) with the id `call`."""
    try:
        record = decode_record(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _unreadable(call, data)
    return CallRow(
        call=call,
        company=_column(record.company),
        started=record.started,
        ended=record.ended,
        caller=_column(_who(record.asked.caller)),
        callee=_column(_what(record.asked)),
        answered_by=_column(_answerer(record)),
        outcome=ANSWERED if record.answered is not None else _column(record.reason),
        document=msgspec.json.encode(_discreet(record)),
        direction=direction_of(record),
    )


def direction_of(record: Record) -> str:
    """in, out, through (from outside to outside) or internal."""
    lines = [line for leg in record.legs if (line := line_of(leg.party.device))]
    out = any(way != "in" for _, way in lines)
    if record.asked.trunk:
        return "through" if out else "in"
    return "out" if out else "internal"


def _discreet(record: Record) -> Record:
    """Without name and number of outside parties who hide them (EXA-44): what is not stored cannot be shown."""
    caller = record.asked.caller
    if caller.ref is None and caller.private:
        asked = msgspec.structs.replace(record.asked, caller=Caller(private=True))
        record = msgspec.structs.replace(record, asked=asked)
    return msgspec.structs.replace(record, legs=tuple(_discreet_leg(leg) for leg in record.legs))


def _discreet_leg(leg: PastLeg) -> PastLeg:
    if leg.party.ref is not None or not leg.party.private:
        return leg
    return msgspec.structs.replace(leg, party=msgspec.structs.replace(leg.party, name="", number=""))


def _who(caller: Caller) -> str:
    if caller.ref is not None:
        return str(caller.ref)
    return "anonymous" if caller.private else caller.number or "unavailable"


def _what(asked: Asked) -> str:
    return str(asked.target) if asked.target is not None else asked.dialled


def _answerer(record: Record) -> str:
    return str(record.answered_by) if record.answered is not None and record.answered_by is not None else ""


def _unreadable(call: str, data: bytes) -> CallRow:
    try:
        found: Any = msgspec.msgpack.decode(data)
        document = msgspec.json.encode(found)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        found, document = {}, msgspec.json.encode({"unreadable": data})
    known = found if isinstance(found, dict) else {}
    started, ended = (_time(known.get(name)) for name in ("started", "ended"))
    company = _column(str(known.get("company", "")))
    return CallRow(call, company, started, ended, "", "", "", "unreadable", document)


def _time(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _column(text: str) -> str:
    """What every database takes: one line of valid UTF-8, bounded; callers choose part of it."""
    return safe_name(text, MAX_COLUMN)
