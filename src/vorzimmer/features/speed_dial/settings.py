"""Speed dials (FEATURES.md sections 2.4 and 19): at most 100 per user. Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Name, Section, Target


class SpeedDial(Section, frozen=True):
    """One entry; its place in the list is its number."""

    EMERGENCY: ClassVar = Emergency.PASSES
    name: Name
    number: Target


class SpeedDials(Section, frozen=True):
    """``speed_dials`` of a user."""

    EMERGENCY: ClassVar = Emergency.PASSES
    entries: Annotated[tuple[SpeedDial, ...], Meta(max_length=100)] = ()


SPEED_DIALS = Key("speed_dials", SpeedDials, ("user", "phone"), acts=False, bare="entries")
KEYS = (SPEED_DIALS,)
