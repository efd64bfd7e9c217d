"""Hunt groups (FEATURES.md section 4). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.model import NumberSpec
from vorzimmer.directory.schema import Kind
from vorzimmer.directory.types import Emergency, Extension, Ident, Name, Section, SiteRef, Target, UserRef


class Member(Section, frozen=True):
    """A member; `weight` in percent counts with policy *weighted* only, `signed_in` is switched in daily use."""

    EMERGENCY: ClassVar = Emergency.PASSES
    user: UserRef
    weight: Annotated[int, Meta(ge=0, le=100)] = 0
    signed_in: bool = True


class HuntNoAnswer(Section, frozen=True):
    """`advance_rings` None: a member rings on (off); `timeout_s` None: nobody is tried for a limited time only."""

    EMERGENCY: ClassVar = Emergency.PASSES
    advance_rings: Annotated[int, Meta(ge=1, le=20)] | None = None
    timeout_s: Annotated[int, Meta(ge=0, le=7200)] | None = None
    forward_to: Target | None = None


class HuntBusy(Section, frozen=True):
    """What callers get when all are busy, and group busy (4.3)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    redirect_to: Target | None = None
    group_busy: bool = False
    members_may_control: bool = False
    for_members_too: bool = False


class HuntUnreachable(Section, frozen=True):
    """When no member can be reached."""

    EMERGENCY: ClassVar = Emergency.PASSES
    forward_to: Target | None = None
    make_busy: bool = False


class HuntGroup(Section, frozen=True):
    """A number that many answer. Members' own forwarding and voicemail never act."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "extension": Emergency.GUARDED, "numbers": Emergency.SERVES}
    id: Ident
    name: Name
    extension: Extension | None = None
    site: SiteRef | None = None
    numbers: Annotated[tuple[NumberSpec, ...], Meta(max_length=11)] = ()
    policy: Literal["circular", "regular", "simultaneous", "uniform", "weighted"] = "circular"
    members: tuple[Member, ...] = ()
    no_answer: HuntNoAnswer = HuntNoAnswer()
    busy: HuntBusy = HuntBusy()
    unreachable: HuntUnreachable = HuntUnreachable()
    call_waiting: bool = False
    name_in_display: bool = True
    number_for_members: bool = False


HUNT_GROUP = Kind("hunt", "hunt_groups", HuntGroup, acts=False, dialable=True)
KINDS = (HUNT_GROUP,)
