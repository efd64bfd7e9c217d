"""Live calls and past ones as people and programs read them.

This module must never show a secret; numbers of callers who hide are left out.
"""

from typing import Any

import msgspec

from vorzimmer.calls.kept import CallRow
from vorzimmer.calls.state import CallState, Leg, Rung
from vorzimmer.routing.explain import shown_caller
from vorzimmer.routing.model import line_of


def live_call(state: CallState, now: float) -> dict[str, Any]:
    """A call that exists now; `now` and all times are POSIX seconds."""
    return {
        "id": state.id,
        "company": state.company,
        "from": str(state.asked.caller.ref or shown_caller(state.asked.caller)),
        "to": str(state.asked.target or state.asked.dialled),
        "state": _word(state),
        **_outside(state.asked.trunk, [leg.party.device for leg in state.parties], state.ringing),
        "parties": [*(_party(leg) for leg in state.parties), *(_rung(rung) for rung in state.ringing)],
        "started": state.started,
        "answered": state.answered,
        "seconds": round(now - (state.answered or state.started), 1),
    }


def _outside(arrived: str, devices: list[str | None], ringing: tuple[Rung, ...] = ()) -> dict[str, str]:
    """Whether a call came in, went out, or passed through, and over which trunks."""
    lines = [line for device in (*devices, *(rung.party.device for rung in ringing)) if (line := line_of(device))]
    out = [trunk for trunk, way in lines if way != "in"]
    direction = ("through" if out else "in") if arrived else "out" if out else "internal"
    return {"direction": direction, "trunk": " ".join(dict.fromkeys((*([arrived] if arrived else ()), *out)))}


def _word(state: CallState) -> str:
    if not state.parties:
        return "ringing"
    held = sum(leg.held for leg in state.parties)
    if held and len(state.parties) - held < 2:
        return "held"
    return "talking" if len(state.parties) > 1 else "waiting"


def _rung(rung: Rung) -> dict[str, Any]:
    who = {"who": str(rung.party.ref) if rung.party.ref else "", "device": rung.party.device}
    return who | {"ringing": True, "held": False, "codec": None}


def _party(leg: Leg) -> dict[str, Any]:
    return {
        "who": str(leg.party.ref) if leg.party.ref else "",
        "device": leg.party.device,
        "ringing": False,
        "held": leg.held,
        "codec": leg.sound.agreed.formats[0].name if leg.sound.agreed and leg.sound.agreed.formats else None,
    }


def past_call(row: CallRow) -> dict[str, Any]:
    """An ended call: what people look for first, then the whole record."""
    document: dict[str, Any] = msgspec.json.decode(row.document)
    devices = [leg.get("party", {}).get("device") for leg in document.get("legs") or ()]
    arrived = (document.get("asked") or {}).get("trunk") or ""
    return document | {
        **_outside(arrived, devices),
        "id": row.call,
        "company": row.company,
        "from": row.caller,
        "to": row.callee,
        "answered_by": row.answered_by or None,
        "outcome": row.outcome,
        "started": row.started,
        "ended": row.ended,
    }
