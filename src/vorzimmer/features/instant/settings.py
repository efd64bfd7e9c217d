"""Instant group calls (FEATURES.md section 6). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.model import NumberSpec
from vorzimmer.directory.schema import Kind
from vorzimmer.directory.types import Emergency, Extension, Ident, MemberRef, Name, Section


class InstantGroup(Section, frozen=True):
    """At most 20 members ring at once and meet (IGC-1). `answer_timeout_min` None: ring until the caller leaves."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "extension": Emergency.GUARDED, "numbers": Emergency.SERVES}
    id: Ident
    name: Name
    extension: Extension | None = None
    numbers: Annotated[tuple[NumberSpec, ...], Meta(max_length=11)] = ()
    members: Annotated[tuple[MemberRef, ...], Meta(max_length=20)] = ()
    answer_timeout_min: Annotated[int, Meta(ge=1, le=60)] | None = None
    allowed_callers: Literal["internal", "members", "anyone"] = "internal"
    ends_with_caller: bool = True


INSTANT_GROUP = Kind("instant", "instant_groups", InstantGroup, acts=False, dialable=True)
KINDS = (INSTANT_GROUP,)
