"""Calls that leave the company: out over a trunk, and what the caller is told when that came to nothing (12.2).

Another company on the same server is the outside, too. This module must never let a call out without a trunk that
admits it.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.routing.diversion import diverted
from vorzimmer.routing.model import Announce, Because, Offer, Presentation, Refuse, Ring, Tried
from vorzimmer.routing.rule import PASS, RING_GUARD_S, Context, Errand, Rule, Verdict, answer
from vorzimmer.sip.replies import phrase

RULE = "outside"
PRESS_1 = "say.press_1"

_KNOWN = {"busy": 486, "declined": 603, "no_answer": 480}
_TELLING = frozenset({403, 404, 410, 480, 484, 486, 600, 603, 604, 607, 608})
"""Statuses that say something about the number rather than the way there: the caller gets them as they are."""


def outside(context: Context) -> Verdict:
    """Ring an outside number; after that, tell what came of it."""
    target = context.target
    if target is None or target.kind != "number":
        return PASS
    return _out(target, context) if not context.rung else _after(target, context)


def _out(target: Ref, context: Context) -> Verdict:
    payer = context.forwards[-1].by if context.forwards else context.asked.caller.ref
    found = context.facilities.ways(context, Errand(target.id, payer))
    if not found.routes:
        why = Because(RULE, "outside.no_trunk", {"number": target.id})
        return answer(Announce("say.no_trunk", 503, because=(*found.because, why)))
    first = found.routes[0]
    offer = Offer(
        target,
        context.role_name,
        on_behalf=payer,
        present=Presentation(first.name, first.shown, first.private),
        routes=found.routes,
        diverted=diverted(context),
        confirm=PRESS_1 if context.role.press_1 else "",
    )
    why = Because(RULE, "outside.ring", {"number": target.id})
    return answer(Ring((offer,), RING_GUARD_S, (*found.because, why)))


def _after(target: Ref, context: Context) -> Verdict:
    """The number's own answer goes to the caller; where every trunk failed, he hears that."""
    status = _status(context)
    params = {"number": target.id, "status": str(status)}
    if status in _TELLING:
        return answer(Refuse(status, phrase(status), because=(Because(RULE, "outside.refused", params),)))
    return answer(Announce("say.no_trunk", 503, because=(Because(RULE, "outside.failed", params),)))


def _status(context: Context) -> int:
    last = next(tried for tried in reversed(context.since) if isinstance(tried.step, Ring))
    said = next((offer.status for offer in last.offers if offer.status in _TELLING), 0)
    return said or _KNOWN.get(context.treatment or "", 0) or _other(last)


def _other(last: Tried) -> int:
    return next((offer.status for offer in last.offers if offer.status), 503)


OUTSIDE = Rule("outside", "12.2", outside)
