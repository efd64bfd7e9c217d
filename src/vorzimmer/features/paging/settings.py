"""Paging groups (FEATURES.md 3.5). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.schema import Kind
from vorzimmer.directory.types import Emergency, Extension, Ident, Name, PageableRef, Section


class PagingGroup(Section, frozen=True):
    """One page to at most 50 members. `spare_dnd` leaves out who is on do not disturb."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "extension": Emergency.GUARDED}
    id: Ident
    name: Name
    extension: Extension | None = None
    members: Annotated[tuple[PageableRef, ...], Meta(max_length=50)] = ()
    mode: Literal["one_way", "talk_back"] = "one_way"
    spare_dnd: bool = True
    allowed_callers: Literal["internal", "members", "anyone"] = "internal"


PAGING_GROUP = Kind("paging", "paging_groups", PagingGroup, acts=False, dialable=True)
KINDS = (PAGING_GROUP,)
