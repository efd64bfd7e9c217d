"""Parallel ringing (FEATURES.md BAS-7): up to ten further numbers ring with the user's own devices; off.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, ScheduleRef, Section, Target


class ParallelRinging(Section, frozen=True):
    """`numbers` are outside numbers, extensions or ``user:ID``. `confirm`: an outside leg must press 1. `while_talking`
    False: they stay silent while the user talks."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    numbers: Annotated[tuple[Target, ...], Meta(max_length=10)] = ()
    schedule: ScheduleRef | None = None
    confirm: bool = True
    while_talking: bool = True


PARALLEL_RINGING = Key("parallel_ringing", ParallelRinging, ("user",), place="reach")
KEYS = (PARALLEL_RINGING,)
