"""Do not disturb (FEATURES.md BAS-5): off; on means busy treatment.

This module must never decide; it says what a person can set.
"""

from typing import ClassVar

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section


class Dnd(Section, frozen=True):
    """``dnd: true`` in the file. The phone's own switch comes beside it, as a live fact."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False


DND = Key("dnd", Dnd, ("user", "phone"), bare="enabled", place="reach")
KEYS = (DND,)
