"""Night forwarding of sites, and everybody's own rule against it (FEATURES.md section 7). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import ClassVar, Literal

from vorzimmer.directory.schema import Key, Kind
from vorzimmer.directory.types import Emergency, ScheduleRef, Section, SiteRef, Target


class Night(Section, frozen=True):
    """``night: group`` in the file: as the site does, always (forced) or never."""

    EMERGENCY: ClassVar = Emergency.PASSES
    mode: Literal["group", "forced", "never"] = "group"


class NightForwarding(Section, frozen=True):
    """Where a site's outside calls go at night. `auto`: outside `schedule` or on a day of `holidays`."""

    EMERGENCY: ClassVar = Emergency.PASSES
    site: SiteRef
    mode: Literal["forced", "never", "auto"] = "never"
    schedule: ScheduleRef | None = None
    holidays: ScheduleRef | None = None
    to: Target | None = None


NIGHT = Key("night", Night, ("user", "phone", "hunt", "attendant"), acts=False, bare="mode")
NIGHT_FORWARDING = Kind("night_forwarding", "night_forwarding", NightForwarding, acts=False, id_field="site")
KEYS = (NIGHT,)
KINDS = (NIGHT_FORWARDING,)
