"""Shared-line delegation and VIP contacts (FEATURES.md section 2). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import E164, Emergency, Note, PersonRef, ScheduleRef, Section

Right = Literal[
    "place",
    "answer",
    "answer_vip",
    "pickup_held",
    "join",
    "opt_in_out",
    "override_hours",
    "manage_vip",
    "change_settings",
]


class Delegate(Section, frozen=True):
    """One who answers and places calls for somebody. `opted_in` False: pauses; `hours`: own business hours (2.3)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    delegate: PersonRef
    rights: tuple[Right, ...] = ("place", "answer")
    state: Literal["invited", "active"] = "invited"
    opted_in: bool = True
    hours: ScheduleRef | None = None


class Delegates(Section, frozen=True):
    """The list ``delegates`` of a delegator (2.1)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    delegates: tuple[Delegate, ...] = ()


class VipContact(Section, frozen=True):
    """A caller who gets through."""

    EMERGENCY: ClassVar = Emergency.PASSES
    number: E164
    note: Note = ""


class Vip(Section, frozen=True):
    """How VIP contacts and everybody else reach the delegator (2.5); off."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    mode: Literal["delegator", "delegator_then_delegates", "delegates", "delegates_then_delegator"] = "delegator"
    escalate_after_s: Annotated[int, Meta(ge=5, le=120)] = 20
    delegates_are_vips: bool = True
    contacts: Annotated[tuple[VipContact, ...], Meta(max_length=500)] = ()
    others: Literal["normal", "delegates", "voicemail"] = "normal"


DELEGATES = Key("delegates", Delegates, ("user", "phone"), acts=False, bare="delegates")
VIP = Key("vip", Vip, ("user", "phone"), acts=False)
KEYS = (DELEGATES, VIP)
