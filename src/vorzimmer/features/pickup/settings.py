"""Pickup groups (FEATURES.md 5.1). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.schema import Kind
from vorzimmer.directory.types import Emergency, Ident, Name, Section, UserRef


class PickupGroup(Section, frozen=True):
    """People who may take each other's ringing calls; a user is in at most one group (PU-1)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    id: Ident
    name: Name
    members: tuple[UserRef, ...] = ()
    notify: Literal["none", "visual", "audio", "both"] = "none"
    notify_after_s: Annotated[int, Meta(ge=1, le=120)] = 6


PICKUP_GROUP = Kind("pickup", "pickup_groups", PickupGroup, acts=False)
KINDS = (PICKUP_GROUP,)
