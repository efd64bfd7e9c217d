"""Busy lamp fields (FEATURES.md 5.3): whom a phone's keys watch, and what colleagues see on theirs.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section, WatchedRef


class Monitors(Section, frozen=True):
    """``monitors`` of a user, the list that his phones get as ``sip:lamps@DOMAIN``; the company's limit (8 by default,
    at most 50) comes on top."""

    EMERGENCY: ClassVar = Emergency.PASSES
    watched: Annotated[tuple[WatchedRef, ...], Meta(max_length=50)] = ()


class Lamp(Section, frozen=True):
    """What colleagues' lamps show of somebody (BLF-4): nothing at all, that he talks, who began the call too, or with
    whom. His own phones show everything."""

    EMERGENCY: ClassVar = Emergency.PASSES
    shows: Literal["nothing", "state", "direction", "party"] = "direction"


MONITORS = Key("monitors", Monitors, ("user", "phone"), bare="watched")
LAMP = Key("lamp", Lamp, ("user", "phone"), bare="shows", place="calls")
KEYS = (MONITORS, LAMP)
