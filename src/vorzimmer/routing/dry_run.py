"""A dry run: the very code that decides, folded over assumed outcomes. Nobody's phone rings.

The default assumption is that nobody answers. This module must never decide anything itself.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.kernel.errors import LocalError
from vorzimmer.routing.decide import decide, ends
from vorzimmer.routing.live import Live, as_live
from vorzimmer.routing.model import (
    Asked,
    Because,
    LiveFacts,
    OfferOutcome,
    Ring,
    SoFar,
    Step,
    Tried,
)
from vorzimmer.routing.outcome import overall
from vorzimmer.routing.rule import Order

MAX_STEPS = 16
"""Five forwards, a ring for each target and an end fit; more would mean that deciding does not terminate."""

Outcomes = str | Callable[[Step], str]
"""What comes of every offer of a Ring: one word for all, or a function of the step."""


class Explanation(msgspec.Struct, frozen=True):
    """What would happen, or what happened: the steps in order, and everything that was asked on the way."""

    asked: Asked
    steps: tuple[Step, ...] = ()
    because: tuple[Because, ...] = ()
    alarms: tuple[str, ...] = ()


def dry_run(  # noqa: PLR0917 -- the arguments of decide, and what to assume
    order: Order, asked: Asked, book: Snapshot, live: Live | LiveFacts, now: datetime, outcomes: Outcomes = "no_answer"
) -> Explanation:
    """Fold `decide` over assumed outcomes; the clock goes on by the seconds of each Ring. Raises LocalError if the fold
    does not end, which would be a bug of the chain."""
    facts, told = as_live(live), Explanation(asked)
    so_far: SoFar = ()
    for _ in range(MAX_STEPS):
        plan = decide(order, asked, so_far, book, facts, now)
        told = _with(told, plan.steps, plan.because, plan.alarm)
        if ends(plan.steps[-1]):
            return told
        for step in plan.steps:
            tried = _tried(step, outcomes)
            if tried.outcome == "answered":
                return told
            so_far = (*so_far, tried)
            now += timedelta(seconds=step.seconds if isinstance(step, Ring) else 0)
    raise LocalError(f"deciding does not end for {asked}")


def past(asked: Asked, so_far: SoFar) -> Explanation:
    """What was decided then, from the record of a call."""
    because = tuple(why for tried in so_far for why in tried.step.because)
    return _with(Explanation(asked), tuple(tried.step for tried in so_far), because, "")


def _tried(step: Step, outcomes: Outcomes) -> Tried:
    if not isinstance(step, Ring):
        return Tried(step, "forwarded")
    word = outcomes if isinstance(outcomes, str) else outcomes(step)
    offers = tuple(OfferOutcome(offer.target, word) for offer in step.offers)
    return Tried(step, overall(offers, step), offers)


def _with(told: Explanation, steps: tuple[Step, ...], because: tuple[Because, ...], alarm: str) -> Explanation:
    new = tuple(why for why in because if why not in told.because)
    alarms = (*told.alarms, alarm) if alarm else told.alarms
    return Explanation(told.asked, told.steps + steps, told.because + new, alarms)
