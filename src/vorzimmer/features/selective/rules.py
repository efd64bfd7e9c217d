"""Selective rejection and acceptance (FEATURES.md BAS-3, PRE-4).

This module must never match what a caller's phone only claims: criteria see the asserted number.
"""

from vorzimmer.features.selective.settings import ACCEPT, REJECT
from vorzimmer.routing.criteria import first_match, when
from vorzimmer.routing.model import Announce, Because
from vorzimmer.routing.rule import PASS, Context, Rule, Verdict, answer


def reject(context: Context) -> Verdict:
    """A call that matches hears an announcement, then 603."""
    if not context.serves or context.target is None:
        return PASS
    found = first_match(context.book.get(REJECT, context.target).criteria, context)
    if found is None:
        return PASS
    params = {"name": context.book.name_of(context.target), "criterion": found.name}
    why = Because("selective.reject", "selective.rejected", params, context.book.setting(context.target, "reject"))
    return answer(Announce("say.rejected", 603, because=(why, *when(found, context))))


def accept(context: Context) -> Verdict:
    """With a list of accepted calls, any other call is rejected."""
    if not context.serves or context.target is None:
        return PASS
    criteria = context.book.get(ACCEPT, context.target).criteria
    if not any(criterion.active for criterion in criteria) or first_match(criteria, context):
        return PASS
    params = {"name": context.book.name_of(context.target)}
    why = Because("selective.accept", "selective.not_accepted", params, context.book.setting(context.target, "accept"))
    return answer(Announce("say.rejected", 603, because=(why,)))


REJECTION = Rule("selective.reject", "PRE-4", reject)
ACCEPTANCE = Rule("selective.accept", "PRE-4", accept)
