"""What people say about times: weekly blocks, holidays, single days, a calendar, in the words of the company file.

This module must never reckon; ``agenda.py`` does.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from vorzimmer.directory.feasts import FEASTS
from vorzimmer.directory.types import Block, Day, Emergency, Ident, Label, Name, Section

MAX_EVENTS = 2_000
"""Events of a calendar that one schedule keeps."""

WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
Days = Annotated[
    str,
    Meta(
        pattern=r"^(mo|tu|we|th|fr|sa|su)(-(mo|tu|we|th|fr|sa|su))?(,(mo|tu|we|th|fr|sa|su)(-(mo|tu|we|th|fr|sa|su))?)*\Z",
        extra={"says": "days like mo, mo-th or mo,we"},
    ),
]
AnyDay = Annotated[
    str,
    Meta(
        pattern=rf"^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{2}}-[0-9]{{2}}|{'|'.join(FEASTS)})\Z",
        extra={"says": "a day like 2026-12-24, 12-24 of each year, or a feast of the table below", "day": True},
    ),
]
"""One day, the same day of each year, or a feast that is not public everywhere (``feasts.py``)."""
Moment = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?\Z",
        extra={"says": "a day like 2026-12-24 or a moment like 2026-12-24T08:00:00Z", "day": True},
    ),
]
Mode = Literal["holds", "rests"]
"""Whether the schedule holds on such days, or rests on them."""


class Holidays(Section, frozen=True):
    """Public holidays of a region (``BY`` in the company's country), `also` more days, `without` some. `mode`: the
    schedule holds on them the whole day, or it rests on them."""

    EMERGENCY: ClassVar = Emergency.PASSES
    region: (
        Annotated[str, Meta(pattern=r"^[A-Z0-9]{1,3}\Z", extra={"says": "a region like BY", "region": True})] | None
    ) = None
    also: Annotated[tuple[AnyDay, ...], Meta(max_length=400)] = ()
    without: Annotated[tuple[AnyDay, ...], Meta(max_length=400)] = ()
    mode: Mode = "holds"


class OwnDay(Section, frozen=True):
    """A day, or all days from `on` to `to`, with hours of its own in place of everything else that is said about it;
    without hours the schedule rests. Of two that fit the first counts."""

    EMERGENCY: ClassVar = Emergency.PASSES
    on: AnyDay
    to: AnyDay | None = None
    hours: Annotated[tuple[Block, ...], Meta(max_length=24)] = ()
    name: Label = ""


class Event(Section, frozen=True, rename={"from_": "from"}):
    """Something in a calendar: whole days (`to` is the last one), or from one moment (UTC) until another."""

    EMERGENCY: ClassVar = Emergency.PASSES
    from_: Moment
    to: Moment
    name: Label = ""


class Calendar(Section, frozen=True):
    """Events of an iCalendar file or address. The server writes `events` and `known_until`: recurrences are reckoned
    up to that day. With `url` it reads the calendar again every `every_min` minutes; a calendar that cannot be read
    changes nothing and raises an alarm."""

    EMERGENCY: ClassVar = Emergency.PASSES
    mode: Mode = "holds"
    url: (
        Annotated[str, Meta(pattern=r"^https?://[^\s]{1,1990}\Z", extra={"says": "an address like https://…"})] | None
    ) = None
    every_min: Annotated[int, Meta(ge=15, le=10_080)] = 60
    known_until: Day | None = None
    events: Annotated[tuple[Event, ...], Meta(max_length=MAX_EVENTS, extra={"merge": "whole"})] = ()


class Schedule(Section, frozen=True):
    """When something holds, in the company's time zone: weekly blocks (one may go over midnight), holidays, days with
    hours of their own, a calendar. What is said of a single day counts before the calendar, that before holidays, those
    before the week (0.4)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    id: Ident
    name: Name
    weekly: Annotated[dict[Days, tuple[Block, ...]], Meta(extra={"merge": "whole"})] = field(default_factory=dict)
    holidays: Holidays | None = None
    days: Annotated[tuple[OwnDay, ...], Meta(max_length=200, extra={"merge": "whole"})] = ()
    calendar: Calendar | None = None
