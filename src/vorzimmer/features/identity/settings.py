"""The number shown on outgoing calls (FEATURES.md BAS-14): never one that the company may not use.

This module must never decide; it says what a person can set.
"""

from typing import ClassVar, Literal

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import E164, Emergency, Section


class Outgoing(Section, frozen=True):
    """`number` None: the primary one. `show` picks the person's, the site's or the group's. `clir` withholds it."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "number": Emergency.SERVES}
    number: E164 | None = None
    clir: bool = False
    show: Literal["own", "site", "group"] = "own"


OUTGOING = Key("outgoing", Outgoing, ("user", "phone"), place="calls")
KEYS = (OUTGOING,)
