"""What a feature code changes, as a table: the action of a Run step -> the settings that it writes, and what is said.

The change goes through the one door for changes (admin), in the caller's name and with the caller's rights. This module
must never write anything itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.codes.settings import CodeName
from vorzimmer.kernel.errors import LocalError

TOGGLE = "toggle"


@dataclass(frozen=True, slots=True)
class Action:
    """One row: the setting below the caller's record and its new value. `to` is the field that a dialled number goes
    to; `because` and `confirm` are message keys, `confirm_off` the one after switching over to off."""

    name: str
    path: tuple[str, ...]
    value: bool | str
    because: str
    confirm: str
    confirm_off: str = ""
    to: tuple[str, ...] | None = None


class SettingChange(msgspec.Struct, frozen=True):
    """One setting to write: whose, where (below the record), what."""

    owner: Ref
    path: tuple[str, ...]
    value: bool | str


class CodeChange(msgspec.Struct, frozen=True):
    """What a code changes, and the announcement that confirms it."""

    changes: tuple[SettingChange, ...]
    confirm: str

    @property
    def values(self) -> dict[str, Any]:
        """All of it as keys of the owner's record."""
        found: dict[str, Any] = {}
        for one in self.changes:
            inside = found
            for name in one.path[:-1]:
                inside = inside.setdefault(name, {})
            inside[one.path[-1]] = one.value
        return found


def _forward(case: str, on: bool) -> Action:
    word = "on" if on else "off"
    where = ("forwarding", case)
    to = (*where, "to") if on else None
    because, confirm = f"code.forward_{case}_{word}", f"say.forward_{word}"
    return Action(f"forwarding.{case}.{word}", (*where, "enabled"), on, because, confirm, to=to)


ACTIONS: Mapping[CodeName, Action] = {
    "forward_always_on": _forward("always", True),
    "forward_always_off": _forward("always", False),
    "forward_busy_on": _forward("busy", True),
    "forward_busy_off": _forward("busy", False),
    "forward_no_answer_on": _forward("no_answer", True),
    "forward_no_answer_off": _forward("no_answer", False),
    "forward_unreachable_on": _forward("unreachable", True),
    "forward_unreachable_off": _forward("unreachable", False),
    "dnd_on": Action("dnd.on", ("dnd",), True, "code.dnd_on", "say.dnd_on"),
    "dnd_off": Action("dnd.off", ("dnd",), False, "code.dnd_off", "say.dnd_off"),
    "call_waiting": Action(
        "call_waiting.toggle",
        ("call_waiting",),
        TOGGLE,
        "code.call_waiting_toggle",
        "say.call_waiting_on",
        "say.call_waiting_off",
    ),
}
"""Every code that changes a setting now."""

_BY_NAME = {action.name: action for action in ACTIONS.values()}


def changes_for(action: str, params: Mapping[str, str], caller: Ref, book: Snapshot) -> CodeChange:
    """What the Run step `action` with `params` changes for `caller`. Raises LocalError for an action of nobody."""
    row = _BY_NAME.get(action)
    if row is None:
        raise LocalError(f"no feature code has the action {action!r}")
    value = not _is_on(row, caller, book) if row.value == TOGGLE else row.value
    changes = [SettingChange(caller, row.path, value)]
    if row.to is not None and "to" in params:
        changes.insert(0, SettingChange(caller, row.to, params["to"]))
    return CodeChange(tuple(changes), row.confirm if value or not row.confirm_off else row.confirm_off)


def _is_on(row: Action, caller: Ref, book: Snapshot) -> bool:
    """The present value of a switch that stands bare in the record (``call_waiting: true``)."""
    key = book.schema.keys_on[caller.kind][row.path[0]]
    return bool(getattr(book.get(key, caller), key.bare or "", False))
