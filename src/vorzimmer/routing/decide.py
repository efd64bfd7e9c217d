"""Deciding: facts in, a plan out, and every step says because of which setting.

The chain of rules is run until one has the answer. The loop guard of FEATURES.md 12.1 PRE-0 sits here and nowhere else,
because every forward of every rule passes this place. This module must never look anything up, wait, or know a feature.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.routing.live import Live, as_live
from vorzimmer.routing.model import (
    Announce,
    Asked,
    Because,
    Forward,
    LiveFacts,
    Offer,
    Plan,
    Refuse,
    Ring,
    Run,
    SoFar,
    Step,
)
from vorzimmer.routing.rule import PASS, Add, Answer, Context, Order, Pass, Redial, Retarget, Rule, Treat, Verdict

MAX_FORWARDS = 5
"""More forwards than this end a call with a reason (PRE-0)."""

MAX_TURNS = 8
"""How often one decision may retarget or take a code off the front; far above what any dialled string needs."""

FORWARD_ROLE = "forward"


def decide(  # noqa: PLR0917 -- the signature that the architecture names; every argument is a fact
    order: Order, asked: Asked, so_far: SoFar, book: Snapshot, live: Live | LiveFacts, now: datetime
) -> Plan:
    """The steps up to the next uncertain outcome. `now` is aware; `so_far` is everything tried in this call yet."""
    context = start(order, asked, so_far, book, as_live(live), now)
    said: list[Because] = []
    for _ in range(MAX_TURNS):
        verdict, context = _run(order.rules, context, said)
        if isinstance(verdict, Answer):
            return _plan(verdict, context, said)
        if isinstance(verdict, Redial):
            context = replace(context, dialled=verdict.dialled, private=context.private or verdict.private)
            continue
        break
    return _plan(_nobody_knew(), context, said)


def start(  # noqa: PLR0917 -- see decide
    order: Order, asked: Asked, so_far: SoFar, book: Snapshot, live: Live, now: datetime
) -> Context:
    """The context before the first rule has spoken."""
    forwards = tuple(tried.step for tried in so_far if isinstance(tried.step, Forward))
    last = forwards[-1] if forwards else None
    since = _since_last_forward(so_far)
    return Context(
        asked=asked,
        so_far=so_far,
        book=book,
        live=live,
        now=now,
        facilities=order.facilities,
        roles=order.roles,
        dialled=asked.dialled,
        private=asked.caller.private or (last is not None and last.private),
        target=last.to if last else asked.target,
        role_name=FORWARD_ROLE if last else asked.role,
        forwards=forwards,
        since=since,
        treatment=_treatment(since),
    )


def _since_last_forward(so_far: SoFar) -> SoFar:
    at = max((index for index, tried in enumerate(so_far) if isinstance(tried.step, Forward)), default=-1)
    return so_far[at + 1 :]


def _treatment(since: SoFar) -> str | None:
    last = next((tried for tried in reversed(since) if isinstance(tried.step, Ring)), None)
    return last.outcome if last else None


def _run(rules: tuple[Rule, ...], context: Context, said: list[Because]) -> tuple[Verdict, Context]:
    """Run the chain until a rule answers or asks for another turn. What was dialled was said in the first plan."""
    for rule in rules:
        verdict = rule.decide(context)
        if verdict is PASS:
            continue
        if isinstance(verdict, Answer):
            return verdict, context
        if not (rule.originating and context.so_far):
            said.extend(verdict.because)
        if isinstance(verdict, Redial):
            return verdict, context
        context = _after(verdict, context)
    return Pass(), context


def _after(verdict: Verdict, context: Context) -> Context:
    if isinstance(verdict, Retarget):
        return replace(context, target=verdict.to)
    if isinstance(verdict, Treat):
        return replace(context, treatment=verdict.treatment)
    if isinstance(verdict, Add):
        kept = context.offers if verdict.keep is None else verdict.keep
        once: dict[Ref, Offer] = {}
        for offer in (*kept, *verdict.offers):
            once.setdefault(offer.target, offer)
        seconds = context.seconds if verdict.seconds is None else min(context.seconds, verdict.seconds)
        return replace(context, offers=tuple(once.values()), seconds=seconds)
    return context


def _plan(verdict: Answer, context: Context, said: list[Because]) -> Plan:
    """What was said on the way goes into the first step as well, so that a record of steps tells everything."""
    first, *rest = (_guarded(step, context) for step in verdict.steps)
    first = msgspec.structs.replace(first, because=(*said, *first.because))
    because = (*first.because, *(why for step in rest for why in step.because))
    return Plan(steps=(first, *rest), because=because, alarm=verdict.alarm)


def _guarded(step: Step, context: Context) -> Step:
    """PRE-0: the same forward twice without a digit of the caller in between, or too many, ends with a reason."""
    if not isinstance(step, Forward):
        return step
    key = "loop.too_many" if len(context.forwards) >= MAX_FORWARDS else "loop.again"
    if key == "loop.again" and _loop_key(step) not in _forwards_since_digits(context.so_far):
        return msgspec.structs.replace(step, private=context.private)
    params = {
        "by": context.book.name_of(step.by),
        "to": str(step.to),
        "to_name": context.book.name_of(step.to),
        "count": str(len(context.forwards)),
    }
    setting = step.because[-1].setting if step.because else None
    why = Because("loop", key, params, setting)
    return Refuse(482, "Loop Detected", because=(*step.because, why))


def _loop_key(step: Forward) -> tuple[Ref, Ref, str]:
    return step.by, step.to, step.rule


def _forwards_since_digits(so_far: SoFar) -> set[tuple[Ref, Ref, str]]:
    digits = max((index for index, tried in enumerate(so_far) if tried.digits), default=-1)
    return {_loop_key(tried.step) for tried in so_far[digits + 1 :] if isinstance(tried.step, Forward)}


def _nobody_knew() -> Answer:
    why = Because("routing", "routing.no_rule")
    return Answer((Announce("tone:unavailable", 404, because=(why,)),))


def ends(step: Step) -> bool:
    """Whether a step has no uncertain outcome after it: the call ends, or a feature's service takes over."""
    return isinstance(step, (Announce, Refuse, Run))
