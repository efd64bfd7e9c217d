"""On which days something recurs: RRULE of RFC 5545 section 3.3.10, daily to yearly, in bounded time.

A calendar comes from outside, so every step is counted against a budget that all events of a calendar share, and what
recurs more often than daily is refused. This module must never loop over what can have no end.
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from vorzimmer.kernel.errors import VorzimmerError

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_KNOWN: Final = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
_LONGEST: Final = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
"""Frequency -> days of its longest period."""


class BadCalendarError(VorzimmerError):
    """A calendar that cannot be read, or that would take too long; the text says what and where."""


class Budget:
    """Steps that may still be taken for one calendar."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Take some. Raises BadCalendarError when there are none left."""
        self._left -= steps
        if self._left < 0:
            raise BadCalendarError("its events recur too often to be reckoned")


class Rule(NamedTuple):
    """A recurrence rule. `times` is its COUNT; `days` are (ordinal, weekday), the ordinal 0 for every one; `until` is
    as it was given."""

    frequency: str
    interval: int
    times: int | None
    until: date | datetime | None
    days: tuple[tuple[int, int], ...]
    month_days: tuple[int, ...]
    months: tuple[int, ...]
    positions: tuple[int, ...]
    week_start: int


def rule_of(parts: Mapping[str, list[Any]]) -> Rule:
    """A rule from the parts that the library has read. Raises BadCalendarError for what is not reckoned here."""
    frequency = str(parts.get("FREQ", [""])[0]).upper()
    odd = sorted(set(parts) - _KNOWN)
    if frequency not in _LONGEST or odd:
        raise BadCalendarError(f"recurrence by {', '.join(odd) or frequency or 'nothing'} is not supported")
    count, interval = parts.get("COUNT"), int(parts.get("INTERVAL", [1])[0])
    if interval < 1 or interval > 10_000:
        raise BadCalendarError("an interval is no positive number")
    until = parts.get("UNTIL")
    return Rule(
        frequency,
        interval,
        int(count[0]) if count else None,
        until[0] if until else None,
        tuple(_weekday(str(text)) for text in parts.get("BYDAY", ())),
        _numbers(parts.get("BYMONTHDAY", ()), 31),
        _numbers(parts.get("BYMONTH", ()), 12),
        _numbers(parts.get("BYSETPOS", ()), 366),
        _WEEKDAYS.index(str(parts.get("WKST", ["MO"])[0]).upper()),
    )


def _weekday(text: str) -> tuple[int, int]:
    ordinal, name = text[:-2], text[-2:].upper()
    if name not in _WEEKDAYS:
        raise BadCalendarError(f"{text[:10]} is no weekday")
    return int(ordinal or 0), _WEEKDAYS.index(name)


def _numbers(values: Iterable[Any], limit: int) -> tuple[int, ...]:
    found = tuple(int(value) for value in values)
    if not all(0 < abs(number) <= limit for number in found):
        raise BadCalendarError("a recurrence has a number that is out of range")
    return found


def days_from(rule: Rule, first: date, window: tuple[date, date], budget: Budget) -> Iterator[date]:
    """The days within the window (both included) on which it recurs, from `first`, which is always one of them. A rule
    with a count is reckoned from its beginning."""
    low, high = window
    left = rule.times
    start = 0 if left is not None else _periods_before(rule, first, low)
    if start == 0 or low <= first:
        if first >= low and first <= high:
            yield first
        left = left - 1 if left is not None else None
    for number in _periods(rule, first, high, start):
        days = _positioned(rule, sorted(set(_of_period(rule, first, number))))
        budget.spend(1 + len(days) + _LONGEST[rule.frequency] // 8)
        for day in days:
            if left is not None and left <= 0:
                return
            if day > high:
                return
            if day > first:
                left = left - 1 if left is not None else None
                if day >= low:
                    yield day


def _periods(rule: Rule, first: date, high: date, start: int) -> Iterator[int]:
    number = start
    while (begin := _begin(rule, first, number)) is not None and begin <= high:
        yield number
        number += 1


def _periods_before(rule: Rule, first: date, low: date) -> int:
    """Periods that end before the window begins, so that nobody has to walk through centuries."""
    days = _LONGEST[rule.frequency] * rule.interval
    return max(0, (low - first).days // days - 1)


def _begin(rule: Rule, first: date, number: int) -> date | None:
    """The first day of a period; None beyond the calendar."""
    step = number * rule.interval
    try:
        if rule.frequency == "DAILY":
            return first + timedelta(days=step)
        if rule.frequency == "WEEKLY":
            return first - timedelta(days=(first.weekday() - rule.week_start) % 7) + timedelta(weeks=step)
        if rule.frequency == "MONTHLY":
            month = first.year * 12 + first.month - 1 + step
            return date(month // 12, month % 12 + 1, 1)
        return date(first.year + step, 1, 1)
    except (OverflowError, ValueError):
        return None


def _of_period(rule: Rule, first: date, number: int) -> Iterator[date]:
    begin = _begin(rule, first, number)
    assert begin is not None
    if rule.frequency == "YEARLY":
        yield from _of_year(rule, first, begin.year)
        return
    if rule.months and rule.frequency == "MONTHLY" and begin.month not in rule.months:
        return
    if rule.frequency == "MONTHLY":
        yield from _of_month(rule, first, begin)
        return
    weekdays = {weekday for _, weekday in rule.days}
    span = 1
    if rule.frequency == "WEEKLY":
        weekdays, span = weekdays or {first.weekday()}, 7
    for day in (begin + timedelta(days=step) for step in range(span)):
        fits = (not weekdays or day.weekday() in weekdays) and (not rule.months or day.month in rule.months)
        if fits and (not rule.month_days or _is_month_day(day, rule.month_days)):
            yield day


def _of_year(rule: Rule, first: date, year: int) -> Iterator[date]:
    """Ordinals of weekdays count within the month where months are named, else within the year."""
    if rule.months or (rule.month_days and not rule.days):
        for month in sorted(rule.months) or range(1, 13):
            yield from _of_month(rule, first, date(year, month, 1))
    elif rule.days:
        for day in _weekdays(rule.days, date(year, 1, 1), 366 if calendar.isleap(year) else 365):
            if not rule.month_days or _is_month_day(day, rule.month_days):
                yield day
    elif first.day <= calendar.monthrange(year, first.month)[1]:
        yield date(year, first.month, first.day)


def _of_month(rule: Rule, first: date, begin: date) -> Iterator[date]:
    length = calendar.monthrange(begin.year, begin.month)[1]
    if rule.days:
        for day in _weekdays(rule.days, begin, length):
            if not rule.month_days or _is_month_day(day, rule.month_days):
                yield day
        return
    for wanted in rule.month_days or (first.day,):
        number = wanted if wanted > 0 else length + 1 + wanted
        if 1 <= number <= length:
            yield begin.replace(day=number)


def _weekdays(days: tuple[tuple[int, int], ...], begin: date, length: int) -> Iterator[date]:
    """Weekdays of a month or year: every one, the nth, or the nth from the end."""
    for ordinal, weekday in days:
        first = (weekday - begin.weekday()) % 7
        all_of_them = range(first, length, 7)
        if ordinal == 0:
            yield from (begin + timedelta(days=offset) for offset in all_of_them)
        elif abs(ordinal) <= len(all_of_them):
            yield begin + timedelta(days=all_of_them[ordinal - 1 if ordinal > 0 else ordinal])


def _is_month_day(day: date, wanted: tuple[int, ...]) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    return day.day in wanted or day.day - length - 1 in wanted


def _positioned(rule: Rule, days: list[date]) -> list[date]:
    if not rule.positions:
        return days
    found = {days[p - 1 if p > 0 else p] for p in rule.positions if abs(p) <= len(days)}
    return sorted(found)
