"""Recording of calls (FEATURES.md section 19): off; always only with an announcement to every party. Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import ClassVar, Literal

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section


class Recording(Section, frozen=True):
    """The person's mode; the company's policy may forbid it."""

    EMERGENCY: ClassVar = Emergency.PASSES
    mode: Literal["off", "on_demand", "always"] = "off"


RECORDING = Key("recording", Recording, ("user", "phone"), acts=False)
KEYS = (RECORDING,)
