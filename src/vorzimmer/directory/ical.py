"""Reads an iCalendar file (RFC 5545) into plain events, as a schedule keeps them.

Files come from outside: size, lines, events and recurrences are bounded, and whatever cannot be understood refuses the
whole file with its line, so that nothing is left out silently (FEATURES.md NF-7). The library reads lines and rules;
time zones are looked up by name, never built from what a file says of them. This module must never read a clock.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

import msgspec
from icalendar import vDuration, vRecur
from icalendar.parser import Contentline
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from vorzimmer.directory.recurrence import BadCalendarError, Budget, Rule, days_from, rule_of
from vorzimmer.directory.snapshot import Zones
from vorzimmer.directory.timetable import MAX_EVENTS, Event
from vorzimmer.kernel.text import safe_name

MAX_BYTES: Final = 1_000_000
MAX_LINES: Final = 60_000
MAX_COMPONENTS: Final = 5_000
MAX_STEPS: Final = 150_000
"""Days and periods that are looked at for all recurrences of a file together."""
_NAMES: Final = frozenset(
    {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "SUMMARY", "STATUS"}
)
_STAMP: Final = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+/-]{1,100}")
_DAY = timedelta(days=1)
When = date | datetime
"""A day, or an aware moment."""


class Imported(msgspec.Struct, frozen=True):
    """What a file holds within the window: events by their start, and the last day up to which they are all known."""

    events: tuple[Event, ...]
    known_until: str


class Window(NamedTuple):
    """What to read: the days from `first` to `last`, in the company's `zone`; `zones` knows the others by name."""

    first: date
    last: date
    zone: tzinfo
    zones: Zones


class _Line(NamedTuple):
    number: int
    name: str
    params: dict[str, str]
    value: str


class _Component(msgspec.Struct):
    """One VEVENT: its properties by name."""

    line: int
    lines: dict[str, list[_Line]] = {}

    def first(self, name: str) -> _Line | None:
        """The first property of a name."""
        return next(iter(self.lines.get(name, ())), None)

    def text(self, name: str) -> str:
        """Its value, "" where there is none."""
        found = self.first(name)
        return found.value if found else ""


def read_calendar(data: bytes, window: Window) -> Imported:
    """The events of a file. Raises BadCalendarError."""
    if len(data) > MAX_BYTES:
        raise BadCalendarError(f"more than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCalendarError(f"not UTF-8 at byte {error.start}") from None
    components = _components(_lines(text))
    found = sorted(set(_all(components, window)), key=lambda event: (event.from_, event.to, event.name))
    if len(found) <= MAX_EVENTS:
        return Imported(tuple(found), window.last.isoformat())
    known = date.fromisoformat(found[MAX_EVENTS].from_[:10]) - _DAY
    return Imported(tuple(found[:MAX_EVENTS]), known.isoformat())


# -- lines and components -------------------------------------------------------------------------------------------
def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Unfolded lines with their numbers (RFC 5545 section 3.1)."""
    held, at = "", 0
    raw = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(raw) > MAX_LINES:
        raise BadCalendarError(f"more than {MAX_LINES} lines")
    parts: list[str] = []
    for number, line in enumerate(raw, start=1):
        if line[:1] in {" ", "\t"} and parts:
            parts.append(line[1:])
            continue
        if held := "".join(parts):
            yield at, held
        parts, at = [line], number
    if held := "".join(parts):
        yield at, held


def _components(lines: Iterator[tuple[int, str]]) -> list[_Component]:
    """All VEVENTs. Raises BadCalendarError for a file that is none, or is cut off."""
    stack: list[str] = []
    found: list[_Component] = []
    whole = False
    for number, line in lines:
        name = re.split("[;:]", line, maxsplit=1)[0].upper()
        if name == "BEGIN":
            stack.append(line[6:].strip().upper())
            _begun(stack, found, number)
        elif not stack or stack[0] != "VCALENDAR":
            raise BadCalendarError(f"line {number}: no calendar begins here")
        elif name == "END":
            if stack.pop() != line[4:].strip().upper():
                raise BadCalendarError(f"line {number}: what ends here has not begun")
            whole = not stack
        elif stack[-1] == "VEVENT" and name in _NAMES:
            found[-1].lines.setdefault(name, []).append(_parsed(number, name, line))
    if stack or not whole:
        raise BadCalendarError("the calendar is cut off" if stack else "this is no calendar")
    return found


def _begun(stack: list[str], found: list[_Component], number: int) -> None:
    if len(stack) > 4 or len(found) > MAX_COMPONENTS:
        raise BadCalendarError(f"line {number}: too many events, or too deep inside each other")
    if stack[-1] == "VEVENT":
        found.append(_Component(number, {}))


def _parsed(number: int, name: str, line: str) -> _Line:
    try:
        _, params, value = Contentline(line).parts()  # type: ignore[no-untyped-call]  # the library has no types
    except ValueError as error:
        raise BadCalendarError(f"line {number}: {safe_name(str(error))}") from None
    return _Line(number, name, {key.upper(): str(text) for key, text in params.items()}, str(value))


# -- events ---------------------------------------------------------------------------------------------------------
def _all(components: list[_Component], window: Window) -> Iterator[Event]:
    """Events with their recurrences; a changed instance takes the place of the one that it names."""
    budget, changed = Budget(MAX_STEPS), _changed(components, window)
    total = 0
    for component in components:
        if component.text("STATUS").upper() == "CANCELLED":
            continue
        try:
            for event in _events(component, window, changed.get(component.text("UID"), frozenset()), budget):
                total += 1
                if total > 4 * MAX_EVENTS:
                    raise BadCalendarError(f"more than {4 * MAX_EVENTS} events until {window.last}")
                yield event
        except (ValueError, OverflowError) as error:
            name = safe_name(component.text("SUMMARY"), 40)
            raise BadCalendarError(f"line {component.line}, {name}: {safe_name(str(error))}") from None


def _changed(components: list[_Component], window: Window) -> dict[str, frozenset[When]]:
    found: dict[str, frozenset[When]] = {}
    for component in components:
        line = component.first("RECURRENCE-ID")
        if line is not None:
            uid = component.text("UID")
            found[uid] = found.get(uid, frozenset()) | {_when(line, line.value, window)}
    return found


def _events(component: _Component, window: Window, changed: frozenset[When], budget: Budget) -> Iterator[Event]:
    line = component.first("DTSTART")
    if line is None:
        raise BadCalendarError(f"line {component.line}: an event without a beginning")
    start = _when(line, line.value, window)
    length = _length(component, start, window)
    name = safe_name(component.text("SUMMARY"))
    single = component.first("RECURRENCE-ID") is not None
    gone = {_when(each, text, window) for each in component.lines.get("EXDATE", ()) for text in each.value.split(",")}
    gone |= set() if single else changed
    starts: Iterable[When] = (start,) if single else _starts(component, start, length, window, budget)
    for each in starts:
        if each not in gone and (event := _event(each, length, name, window)) is not None:
            yield event


def _starts(component: _Component, start: When, length: timedelta, window: Window, budget: Budget) -> Iterator[When]:
    """When the event begins, again and again."""
    rule = component.first("RRULE")
    if rule is None:
        yield start
    else:
        yield from _recurring(_rule(rule), start, length, window, budget)
    for line in component.lines.get("RDATE", ()):
        for text in line.value.split(","):
            yield _when(line, text.partition("/")[0], window)


def _recurring(rule: Rule, start: When, length: timedelta, window: Window, budget: Budget) -> Iterator[When]:
    first = start.date() if isinstance(start, datetime) else start
    low, high = window.first - length - 2 * _DAY, window.last + _DAY
    for day in days_from(rule, first, (low, high), budget):
        moment: When = day
        if isinstance(start, datetime):
            moment = datetime.combine(day, start.timetz())
        if rule.until is not None and _is_after(moment, rule.until):
            return
        yield moment


def _is_after(moment: When, until: When) -> bool:
    if isinstance(moment, datetime) and isinstance(until, datetime):
        return moment > (until if until.tzinfo is not None else until.replace(tzinfo=moment.tzinfo))
    day = moment.date() if isinstance(moment, datetime) else moment
    return day > (until.date() if isinstance(until, datetime) else until)


def _rule(line: _Line) -> Rule:
    return rule_of({key.upper(): list(values) for key, values in vRecur.from_ical(line.value).items()})


def _length(component: _Component, start: When, window: Window) -> timedelta:
    """How long it lasts, on the clock; a day without an end lasts that day, a moment without one no time at all."""
    ends, lasts = component.first("DTEND"), component.first("DURATION")
    if ends is not None:
        end = _when(ends, ends.value, window)
        if isinstance(end, datetime) and isinstance(start, datetime):
            return end.astimezone(start.tzinfo).replace(tzinfo=None) - start.replace(tzinfo=None)
        if isinstance(end, datetime) or isinstance(start, datetime):
            raise BadCalendarError(f"line {ends.number}: begins with a day and ends with a time, or the other way")
        return end - start
    if lasts is not None:
        length: timedelta = vDuration.from_ical(lasts.value)  # type: ignore[no-untyped-call]  # the library has no types
        return length
    return timedelta() if isinstance(start, datetime) else _DAY


def _event(start: When, length: timedelta, name: str, window: Window) -> Event | None:
    """The event as a schedule keeps it; None if it lies outside of the window, or lasts no time."""
    if length <= timedelta():
        return None
    if not isinstance(start, datetime):
        last = start + length - _DAY
        return Event(start.isoformat(), last.isoformat(), name) if _inside(start, last, window) else None
    end = (start.replace(tzinfo=None) + length).replace(tzinfo=start.tzinfo)
    if not _inside(start.date(), end.date(), window):
        return None
    return Event(_stamp(start), _stamp(end), name)


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _inside(first: date, last: date, window: Window) -> bool:
    return first <= window.last and last >= window.first and last >= first


def _when(line: _Line, text: str, window: Window) -> When:
    """A day, or a moment: in UTC, in a named zone, or on the company's clock."""
    found = _STAMP.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        day = datetime.strptime(found.group(1), "%Y%m%d").date()  # noqa: DTZ007 -- a day has no zone
        if found.group(2) is None:
            return day
        clock = time.fromisoformat(":".join(re.findall("..", re.sub("60$", "59", found.group(2)))))
    except ValueError:
        raise BadCalendarError(f"line {line.number}: {safe_name(text, 30)} is no time") from None
    zone = UTC if found.group(3) else _zone(line, window)
    return datetime.combine(day, clock, zone)


def _zone(line: _Line, window: Window) -> tzinfo:
    name = line.params.get("TZID", "")
    if not name:
        return window.zone
    name = WINDOWS_TO_OLSON.get(name, name)
    tails = ["/".join(name.split("/")[-parts:]) for parts in (2, 3)]  # "/makers.example/2024/Europe/Berlin"
    for wanted in (name, *tails):
        if _ZONE.fullmatch(wanted) and not wanted.startswith("/"):
            try:
                return window.zones(wanted)
            except (KeyError, ValueError, OSError):
                continue
    raise BadCalendarError(f"line {line.number}: the time zone {safe_name(name, 60)} is not known")
