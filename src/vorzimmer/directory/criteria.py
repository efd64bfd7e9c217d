"""The shape that selective forwarding, acceptance, rejection and the executive's filter share (FEATURES.md 1.3).

This module must never match a call: that is a rule's work.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.types import E164, Emergency, Pattern, ScheduleRef, Section, Target

Callers = Literal["any", "internal", "external", "listed"]
Numbers = Annotated[tuple[Pattern, ...], Meta(max_length=12)]


class Criterion(Section, frozen=True):
    """One condition (EXA-12). `filter` False makes it an exception, which wins (EXA-13); a *private* exception rings
    the executive alone (1.3). `callers` listed means `numbers` (patterns with ? and *). Without
    `schedule` and `holidays` it holds all day, every day. `called` empty: any number of the owner."""

    EMERGENCY: ClassVar = Emergency.PASSES
    name: Annotated[str, Meta(min_length=1, max_length=50, extra={"name": True})]
    active: bool = True
    filter: bool = True
    private: bool = False
    callers: Callers = "any"
    numbers: Numbers = ()
    schedule: ScheduleRef | None = None
    holidays: ScheduleRef | None = None
    anonymous: bool = False
    unavailable: bool = False
    called: tuple[E164, ...] = ()


class ForwardCriterion(Criterion, frozen=True):
    """A criterion of selective forwarding: where its calls go, None for the forwarding's own target."""

    EMERGENCY: ClassVar = Emergency.PASSES
    to: Target | None = None
