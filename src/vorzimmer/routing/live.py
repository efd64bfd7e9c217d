"""Live facts: who is registered, who talks, whose phone is on do-not-disturb.

Deciding sees the world through this small protocol; ``app`` hands in the real one, `explain --assume` lays assumptions
over it. This module must never look anything up itself.
"""

from collections.abc import Mapping
from typing import Protocol

from vorzimmer.directory.ref import BadRefError, Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.routing.model import LINE, LiveFacts, line_of

STATES = ("idle", "busy", "unregistered")
TRUNK_STATES = ("up", "down")


class Live(Protocol):
    """The facts of this moment about devices of one company."""

    def registered(self, device: str) -> bool:
        """Whether the device has a binding."""

    def calls(self, device: str) -> int:
        """Open calls on the device: ringing, talking, held."""

    def dnd(self, device: str) -> bool:
        """Whether the phone itself is on do-not-disturb."""

    def trunk_up(self, trunk: str) -> bool:
        """Whether the trunk is registered and answers, as far as is known."""


class BadAssumptionError(VorzimmerError):
    """An `--assume` that cannot be read; the message says what was wrong."""


class Facts:
    """Live facts from a value, for one decision."""

    def __init__(self, facts: LiveFacts) -> None:
        self._facts = facts

    def registered(self, device: str) -> bool:
        return device in self._facts.registered

    def calls(self, device: str) -> int:
        return self._facts.talking.get(device, 0)

    def dnd(self, device: str) -> bool:
        return device in self._facts.dnd

    def trunk_up(self, trunk: str) -> bool:
        return trunk not in self._facts.trunks_down


def as_live(live: Live | LiveFacts) -> Live:
    """`live` as an object to ask."""
    return Facts(live) if isinstance(live, LiveFacts) else live


class Assumed:
    """Assumptions laid over live facts: the nearest wins, device before owner before everybody."""

    def __init__(self, base: Live, states: Mapping[str, str], everybody: str | None = None) -> None:
        self._base = base
        self._states = dict(states)
        self._everybody = everybody

    def _state(self, device: str) -> str | None:
        return self._states.get(device, self._everybody)

    def registered(self, device: str) -> bool:
        state = self._state(device)
        return self._base.registered(device) if state is None else state != "unregistered"

    def calls(self, device: str) -> int:
        state = None if line_of(device) else self._state(device)
        return self._base.calls(device) if state is None else int(state == "busy")

    def dnd(self, device: str) -> bool:
        return self._state(device) is None and self._base.dnd(device)

    def trunk_up(self, trunk: str) -> bool:
        state = self._states.get(f"{LINE}:{trunk}")
        return self._base.trunk_up(trunk) if state is None else state == "up"


def assume(base: Live, book: Snapshot, assumptions: tuple[str, ...]) -> Live:
    """`base` with assumptions such as ``user:bea=busy``, ``device:bea-tisch=unregistered``, ``trunk:provider=down`` or
    ``all=idle``.

    Raises BadAssumptionError for an unknown state, a thing that has no devices, or one that does not exist.
    """
    owners: dict[str, str] = {}
    devices: dict[str, str] = {}
    everybody: str | None = None
    for text in assumptions:
        who, state = _read(text)
        if who == "all":
            everybody = state
        elif who.startswith("device:"):
            devices[_device(who, book)] = state
        elif who.startswith(f"{LINE}:"):
            devices[_trunk(who, book)] = state
        else:
            owners.update(dict.fromkeys(_devices(who, book), state))
    return Assumed(base, owners | devices, everybody) if assumptions else base


def _read(text: str) -> tuple[str, str]:
    who, equals, state = text.strip().rpartition("=")
    states = TRUNK_STATES if who.startswith(f"{LINE}:") else STATES
    if not equals or state not in states:
        raise BadAssumptionError(f"--assume {text!r}: expected WHO=STATE with a state of {', '.join(states)}")
    return who, state


def _trunk(who: str, book: Snapshot) -> str:
    if not book.exists(Ref.parse(who)):
        raise BadAssumptionError(f"--assume {who}: there is no such trunk")
    return who


def _device(who: str, book: Snapshot) -> str:
    device = who.removeprefix("device:")
    if book.owner_of(device) is None:
        raise BadAssumptionError(f"--assume {who}: there is no such device")
    return device


def _devices(who: str, book: Snapshot) -> tuple[str, ...]:
    try:
        ref = Ref.parse(who)
    except BadRefError:
        raise BadAssumptionError(f"--assume {who}: expected all, user:ID, phone:ID or device:ID") from None
    if ref.kind not in {"user", "phone"} or not book.exists(ref):
        raise BadAssumptionError(f"--assume {who}: there is no such user or phone")
    return book.devices_of(ref)
