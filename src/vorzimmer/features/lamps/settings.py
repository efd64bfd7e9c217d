"""Busy lamp fields (FEATURES.md 5.3): whom a phone's keys watch. Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section, WatchedRef


class Monitors(Section, frozen=True):
    """``monitors`` of a user; the company's limit (8 by default, at most 50) comes on top."""

    EMERGENCY: ClassVar = Emergency.PASSES
    watched: Annotated[tuple[WatchedRef, ...], Meta(max_length=50)] = ()


MONITORS = Key("monitors", Monitors, ("user", "phone"), acts=False, bare="watched")
KEYS = (MONITORS,)
