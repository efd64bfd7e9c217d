"""Who is where and doing what, as control knows it: facts for whoever puts them beside the settings.

What it costs goes with what happens now, never with the size of a company. This module must never decide what somebody
may see.
"""

from typing import Any

from vorzimmer.app.house import device_key, split_key
from vorzimmer.calls.state import CallState
from vorzimmer.presence.bindings import Bindings
from vorzimmer.sip.registration import Binding

STRONGEST = ("talking", "held", "ringing")
"""Of several things that somebody does the first counts."""


def doing(calls: list[CallState]) -> dict[str, dict[str, str]]:
    """``{"who": {"user:anna": "talking"}, "devices": {"anna-tisch": "talking"}}`` for everybody in one of these calls;
    whoever is in none is not in the answer."""
    who: dict[str, str] = {}
    devices: dict[str, str] = {}
    for call in calls:
        rows = [(leg.party, "held" if leg.held else "talking") for leg in call.parties]
        rows += [(rung.party, "ringing") for rung in call.ringing]
        for party, state in rows:
            if party.ref is not None:
                _keep(who, str(party.ref), state)
            if party.device is not None:
                _keep(devices, party.device, state)
        caller = call.asked.caller
        if not call.parties and caller.ref is not None:
            _keep(who, str(caller.ref), "talking")
            if caller.device is not None:
                _keep(devices, caller.device, "talking")
    return {"who": who, "devices": devices}


def _keep(known: dict[str, str], name: str, state: str) -> None:
    before = known.get(name)
    if before is None or STRONGEST.index(state) < STRONGEST.index(before):
        known[name] = state


def registered(bindings: Bindings, company: str) -> list[str]:
    """The registered devices of a company."""
    keys = (split_key(key) for key in bindings.devices())
    return sorted(device for owner, device in keys if owner == company)


def registrations(bindings: Bindings, company: str, devices: list[str], now: float) -> list[dict[str, Any]]:
    """Every binding of these devices; `now` in monotonic seconds."""
    return [
        _registration(device, binding, now)
        for device in devices
        for binding in bindings.bindings(device_key(company, device))
    ]


def _registration(device: str, binding: Binding, now: float) -> dict[str, Any]:
    flow = binding.flow
    return {
        "device": device,
        "contact": binding.uri,
        "agent": binding.agent,
        "transport": flow.transport,
        "address": str(flow.remote),
        "instance": binding.instance,
        "expires_s": max(0, round(binding.expires - now)),
    }
