"""Selective acceptance and rejection (FEATURES.md BAS-3) by criteria as under executive; empty lists do nothing.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.criteria import Criterion
from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section


class Accept(Section, frozen=True):
    """Only calls that match are accepted; an empty list accepts everybody."""

    EMERGENCY: ClassVar = Emergency.PASSES
    criteria: Annotated[tuple[Criterion, ...], Meta(max_length=50)] = ()


class Reject(Section, frozen=True):
    """Calls that match hear an announcement, then 603."""

    EMERGENCY: ClassVar = Emergency.PASSES
    criteria: Annotated[tuple[Criterion, ...], Meta(max_length=50)] = ()


ACCEPT = Key("accept", Accept, ("user", "phone"), bare="criteria", place="reach")
REJECT = Key("reject", Reject, ("user", "phone"), bare="criteria", place="reach")
KEYS = (ACCEPT, REJECT)
