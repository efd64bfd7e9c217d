"""Call waiting (FEATURES.md BAS-6): on, at most two waiting per device.

This module must never decide; it says what a person can set.
"""

from typing import ClassVar, Final

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section

MAX_WAITING: Final = 2
"""Calls that may wait at one device."""


class CallWaiting(Section, frozen=True):
    """``call_waiting: true`` in the file."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = True


CALL_WAITING = Key("call_waiting", CallWaiting, ("user", "phone"), bare="enabled", place="reach")
KEYS = (CALL_WAITING,)
