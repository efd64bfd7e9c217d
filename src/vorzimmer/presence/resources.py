"""What a lamp watches, and what is to be seen there: the resource model (ARCHITECTURE: Resource).

A resource is a name, its state a value; calls, bindings and published documents are projected into it by ``app``.
Lines, park slots, groups and switches get a kind each with their features. This module must never hold a right: how
much of a state somebody sees is said by ``Detail``, which ``may`` decides.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from vorzimmer.directory.ref import BadRefError, Ref

KINDS = ("user", "phone", "device")
"""What can be watched now: a user or a phone in the common area with all its devices, or one device."""


ROLL = "lamps_"
"""Before the kind of its owner: all lamps of somebody, as one list (RFC 4662)."""

FEATURES = "features_"
"""Likewise: somebody's do not disturb and forwarding."""


class Detail(StrEnum):
    """How much a watcher sees (FEATURES.md 5.3 BLF-4). `TAKE`: the party, and what takes a ringing call over."""

    STATE = "state"
    DIRECTION = "direction"
    PARTY = "party"
    TAKE = "take"


class Who(msgspec.Struct, frozen=True):
    """The other party of a call; nothing of somebody private is ever shown."""

    name: str = ""
    uri: str = ""
    private: bool = False


class Talk(msgspec.Struct, frozen=True):
    """One call of a resource. `ident` names it on this server; `initiator` where the watched side made the call."""

    ident: str
    state: Literal["early", "confirmed"]
    initiator: bool = False
    held: bool = False
    other: Who | None = None

    @property
    def takeable(self) -> bool:
        """Whether it rings there, so that another phone may take it."""
        return self.state == "early" and not self.initiator


class State(msgspec.Struct, frozen=True):
    """All of a resource at a moment: its address, whether any device of it is registered, its calls."""

    entity: str
    registered: bool = True
    talks: tuple[Talk, ...] = ()

    @property
    def word(self) -> str:
        """For people: offline, idle, ringing, talking, held."""
        if not self.talks:
            return "idle" if self.registered else "offline"
        confirmed = [talk for talk in self.talks if talk.state == "confirmed"]
        if not confirmed:
            return "ringing"
        return "held" if all(talk.held for talk in confirmed) else "talking"


def resource_key(company: str, ref: Ref) -> str:
    """The server-wide name of what is watched."""
    return f"{company}/{ref}"


def split_resource(key: str) -> tuple[str, Ref]:
    """Company and reference of a name; raises BadRefError."""
    company, slash, text = key.partition("/")
    if not slash:
        raise BadRefError(key)
    return company, Ref.parse(text)


def owned_key(company: str, prefix: str, owner: Ref) -> str:
    """The name of something that belongs to `owner`: its list (`ROLL`) or its features (`FEATURES`)."""
    return resource_key(company, Ref(prefix + owner.kind, owner.id))


def is_owned(key: str, prefix: str) -> bool:
    """Whether a name is one of those."""
    return key.partition("/")[2].startswith(prefix)


def owner_in(key: str, prefix: str) -> tuple[str, Ref]:
    """Company and owner; raises BadRefError for another name."""
    company, ref = split_resource(key)
    if not ref.kind.startswith(prefix):
        raise BadRefError(key)
    return company, Ref(ref.kind.removeprefix(prefix), ref.id)
