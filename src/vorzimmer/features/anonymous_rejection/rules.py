"""Anonymous rejection (FEATURES.md BAS-4, PRE-4): announcement, then 433 (RFC 5079).

This module must never reject a caller whose number is merely unavailable: he asked for nothing.
"""

from vorzimmer.features.anonymous_rejection.settings import REJECT_ANONYMOUS
from vorzimmer.routing.model import Announce, Because
from vorzimmer.routing.rule import PASS, Context, Rule, Verdict, answer


def anonymous(context: Context) -> Verdict:
    """Callers who ask for privacy, from outside or with the withhold code from inside."""
    if not context.private or not context.serves or context.target is None:
        return PASS
    if not context.book.get(REJECT_ANONYMOUS, context.target).enabled:
        return PASS
    params = {"name": context.book.name_of(context.target)}
    path = context.book.setting(context.target, "reject_anonymous")
    why = Because("anonymous_rejection", "anonymous.rejected", params, path)
    return answer(Announce("say.anonymous_rejected", 433, because=(why,)))


RULE = Rule("anonymous_rejection", "PRE-4", anonymous)
