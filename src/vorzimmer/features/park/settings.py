"""Call park: the company's timers, park groups and park extensions (FEATURES.md section 3). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.schema import Key, Kind
from vorzimmer.directory.types import AlternateRef, Emergency, Extension, Ident, Name, Section, UserRef

RecallTo = Literal["parker", "parker_then_alternate", "alternate"]
ParkSeconds = Annotated[int, Meta(ge=30, le=600)]


class Park(Section, frozen=True):
    """The section ``park`` of the company (3.2). Seconds until a parked call comes back, and to whom."""

    EMERGENCY: ClassVar = Emergency.PASSES
    recall_after_s: ParkSeconds = 45
    recall_to: RecallTo = "parker"
    alternate: AlternateRef | None = None
    alternate_after_s: ParkSeconds = 45
    ring: Literal["normal", "long_long", "short_short_long", "short_long_short"] = "normal"
    display_s: Annotated[int, Meta(ge=2, le=15)] = 5
    announce: bool = True


class GroupRecall(Section, frozen=True):
    """A park group's own recall; None: as the company."""

    EMERGENCY: ClassVar = Emergency.PASSES
    to: RecallTo | None = None
    alternate: AlternateRef | None = None
    after_s: ParkSeconds | None = None
    alternate_after_s: ParkSeconds | None = None


class ParkGroup(Section, frozen=True):
    """Members in the order in which slots are tried; a user is in one park group."""

    EMERGENCY: ClassVar = Emergency.PASSES
    id: Ident
    name: Name
    members: tuple[UserRef, ...] = ()
    recall: GroupRecall = GroupRecall()


class ParkExtension(Section, frozen=True):
    """A virtual extension (orbit) to park on."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "extension": Emergency.GUARDED}
    id: Ident
    extension: Extension
    name: Annotated[str, Meta(max_length=30, extra={"name": True})] = ""


PARK = Key("park", Park, ("company",), acts=False)
PARK_GROUP = Kind("park_group", "park_groups", ParkGroup, acts=False)
PARK_EXTENSION = Kind("park", "park_extensions", ParkExtension, acts=False, dialable=True)
KEYS = (PARK,)
KINDS = (PARK_GROUP, PARK_EXTENSION)
