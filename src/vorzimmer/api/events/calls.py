"""Which call is whose, followed from the facts of control: whom an event about a call concerns.

It knows the calls that exist and nothing of them but who is in them. This module must never keep a call that has ended.
"""

from typing import Any

import msgspec

from vorzimmer.api.events.ring import Draft
from vorzimmer.api.history import named
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot

Refs = tuple[Ref, ...]


class Known(msgspec.Struct, frozen=True):
    """A call that exists."""

    caller: str = ""
    to: str = ""
    parties: Refs = ()
    rung: Refs = ()


class CallsKnown:
    """Of all companies."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], Known] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def begin(self, rows: list[dict[str, Any]]) -> None:
        """The calls that control has now, as it tells them."""
        self._calls.clear()
        for row in rows:
            inside = _refs([row["from"], *(one["who"] for one in row["parties"] if not one["ringing"])])
            rung = _refs([one["who"] for one in row["parties"] if one["ringing"]])
            self._calls[row["company"], row["id"]] = Known(row["from"], row["to"], inside, rung)

    def take(self, fact: dict[str, Any], book: Snapshot) -> Draft:
        """What a fact about a call tells, and to whom: those it concerned before and those it concerns after it."""
        key, data = (fact["company"], fact["call"]), fact["data"]
        before = self._calls.get(key, Known())
        after = _next(before, fact["kind"], data, book)
        if fact["kind"] == "ended":
            self._calls.pop(key, None)
        else:
            self._calls[key] = after
        told = {
            "call": fact["call"],
            "from": named(book, after.caller),
            "to": named(book, after.to),
            "parties": [str(ref) for ref in after.parties],
            "ringing": [str(ref) for ref in after.rung],
            "by": data.get("by") or None,
            "reason": data.get("reason") or None,
        }
        about = tuple(dict.fromkeys((*before.parties, *after.parties)))
        return Draft(f"call.{fact['kind']}", told, about, tuple(dict.fromkeys((*before.rung, *after.rung))))


def _next(before: Known, kind: str, data: dict[str, str], book: Snapshot) -> Known:
    change: dict[str, Any] = {}
    if kind == "started":
        change = {"caller": data["from"], "to": data["to"], "parties": _refs([data["from"]])}
    elif kind == "ringing":
        change = {"rung": _owners(data["targets"].split(), book)}
    elif kind == "answered":
        caller = _refs([before.caller])
        change = {"parties": tuple(dict.fromkeys((*caller, *_refs(data["by"].split())))), "rung": ()}
    elif kind == "changed":
        change = {"parties": _refs(data["parties"].split()), "rung": ()}
    elif kind == "ended":
        change = {"rung": ()}
    return msgspec.structs.replace(before, **change)


def _owners(targets: list[str], book: Snapshot) -> Refs:
    devices = (ref.id for ref in _refs(targets) if ref.kind == "device")
    return tuple(dict.fromkeys(owner for device in devices if (owner := book.owner_of(device)) is not None))


def _refs(texts: list[str]) -> Refs:
    split = (text.partition(":") for text in texts)
    return tuple(Ref(kind, ident) for kind, colon, ident in split if colon and ident)
