"""Protection against barging in (FEATURES.md 5.2): exempt unless switched off. Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import ClassVar

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section


class BargeInExempt(Section, frozen=True):
    """``barge_in_exempt: true`` in the file: nobody barges into this person's calls."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = True


BARGE_IN_EXEMPT = Key("barge_in_exempt", BargeInExempt, ("user", "phone"), acts=False, bare="enabled")
KEYS = (BARGE_IN_EXEMPT,)
