"""Matching criteria: the shared shape of selective services and filters (FEATURES.md 1.3, EXA-12 to EXA-18).

Criteria see who calls as the account or the network asserts it. This module must never change a decision itself.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from vorzimmer.directory.agenda import Reason, What
from vorzimmer.directory.criteria import Criterion
from vorzimmer.directory.keys import SCHEDULE
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.routing.model import Because, Caller
from vorzimmer.routing.numbers import as_e164
from vorzimmer.routing.rule import Context

C = TypeVar("C", bound=Criterion)
_HOLDS: dict[What, str] = {
    "weekly": "schedule.week",
    "holiday": "schedule.holiday",
    "own": "schedule.own_day",
    "event": "schedule.event",
}
_RESTS: dict[What, str] = {
    "outside": "schedule.outside",
    "holiday": "schedule.holiday_rests",
    "own": "schedule.own_day_rests",
    "event": "schedule.event_rests",
}


def first_match(criteria: Sequence[C], context: Context) -> C | None:
    """EXA-13: inactive ones are ignored; a matching exception (`filter` False) wins over everything; otherwise the
    first one that matches; None if none does."""
    found: C | None = None
    for criterion in criteria:
        if not criterion.active or not matches(criterion, context):
            continue
        if not criterion.filter:
            return None
        found = found or criterion
    return found


def matches(criterion: Criterion, context: Context) -> bool:
    """Whether caller, called number and time all fit."""
    return (
        _caller_fits(criterion, context)
        and _called_fits(criterion, context)
        and is_open(criterion.schedule, context)
        and is_open(criterion.holidays, context)
    )


def is_open(schedule: str | None, context: Context) -> bool:
    """Whether a schedule holds now; without one it always does, and one that is gone never does."""
    if schedule is None:
        return True
    agenda = context.book.agenda(schedule)
    return agenda is not None and agenda.holds(context.now)


def when(criterion: Criterion, context: Context) -> tuple[Because, ...]:
    """Why a criterion that matches does so at this time."""
    return times(context.book, context.now, criterion.schedule, criterion.holidays)


def times(book: Snapshot, now: datetime, *schedules: str | None) -> tuple[Because, ...]:
    """What each schedule says now and why, for whoever asks where a call went (*holiday: German Unity Day*)."""
    found = [(ident, book.agenda(ident)) for ident in schedules if ident is not None]
    return tuple(_time(book, ident, agenda.why(now), now) for ident, agenda in found if agenda is not None)


def _time(book: Snapshot, ident: str, why: Reason, now: datetime) -> Because:
    ref = Ref(SCHEDULE.name, ident)
    key = _HOLDS[why.what] if why.holds else _RESTS[why.what]
    what = {"feast": why.name} if why.what == "holiday" else {"event": why.name or book.local(now).date().isoformat()}
    named = why.what not in {"weekly", "outside"}
    return Because("schedule", key, {"schedule": book.name_of(ref)} | (what if named else {}), book.setting(ref))


def _caller_fits(criterion: Criterion, context: Context) -> bool:
    """EXA-14: anonymous and unavailable callers from outside fit by their own boxes; `any` takes everybody."""
    caller = context.asked.caller
    if criterion.callers == "any":
        return True
    if criterion.callers == "internal":
        return caller.internal
    if context.private:
        return criterion.anonymous and (not caller.internal or criterion.callers == "listed")
    if not caller.internal and caller.number is None:
        return criterion.unavailable
    if criterion.callers == "external":
        return not caller.internal
    return any(_fits(pattern, caller, context) for pattern in criterion.numbers)


def _called_fits(criterion: Criterion, context: Context) -> bool:
    """An empty list means any number of the owner; an extension counts as the primary number."""
    if not criterion.called or context.target is None:
        return True
    called = as_e164(context.dialled, context.book.company)
    if called not in {entry.number for entry in context.book.numbers_of(context.target)}:
        called = next((entry.number for entry in context.book.numbers_of(context.target)), None)
    return called in criterion.called


def _fits(pattern: str, caller: Caller, context: Context) -> bool:
    """Whether one of the caller's numbers, or the extension of somebody inside, fits a pattern."""
    extension = context.book.extension_of(caller.ref) if caller.ref else None
    own = [entry.number for entry in context.book.numbers_of(caller.ref)] if caller.ref else []
    return any(number and number_fits(pattern, number) for number in (caller.number, extension, *own))


def number_fits(pattern: str, number: str) -> bool:
    """``?`` is any one digit, ``*`` in last position any trailing digits (0.4)."""
    head, star = (pattern[:-1], True) if pattern.endswith("*") else (pattern, False)
    if len(number) < len(head) or (not star and len(number) != len(head)):
        return False
    return all(p in (n, "?") for p, n in zip(head, number, strict=False))
