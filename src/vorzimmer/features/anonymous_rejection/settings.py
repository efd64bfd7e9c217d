"""Anonymous rejection (FEATURES.md BAS-4): off; on means an announcement, then 433 (RFC 5079).

This module must never decide; it says what a person can set.
"""

from typing import ClassVar

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section


class RejectAnonymous(Section, frozen=True):
    """``reject_anonymous: true`` in the file. A call-back of an emergency centre passes (12.1)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False


REJECT_ANONYMOUS = Key("reject_anonymous", RejectAnonymous, ("user", "phone"), bare="enabled", place="reach")
KEYS = (REJECT_ANONYMOUS,)
