"""How long a company keeps what it knows of people (FEATURES.md BAS-15).

This module must never decide; it says what an administrator can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section

Kept = Annotated[int, Meta(ge=1, le=3650)]


class Privacy(Section, frozen=True):
    """Days after which ended calls and the audit of changes are forgotten; once a day."""

    EMERGENCY: ClassVar = Emergency.PASSES
    history_days: Kept = 180
    audit_days: Annotated[int, Meta(ge=30, le=3650)] = 730


PRIVACY = Key("privacy", Privacy, ("company",))
KEYS = (PRIVACY,)
