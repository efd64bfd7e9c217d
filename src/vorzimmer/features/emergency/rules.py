"""Emergency calls pass every rule: this one comes first and asks nothing but the company's country.

It must never read a setting that a user, a site or a plan could get wrong (ARCHITECTURE decision 9, FEATURES.md 12.2).
"""

from vorzimmer.routing.model import Announce, Because, Refuse
from vorzimmer.routing.numbers import as_emergency
from vorzimmer.routing.rule import PASS, Context, Rule, Verdict, answer

ALARM = "emergency_failed"


def emergency(context: Context) -> Verdict:
    """An emergency number from inside: out by the site's trunk. There are no trunks yet, so the caller is told clearly,
    gets 503, and the operator an alarm. A robot never gets that far."""
    number = _dialled(context)
    if number is None:
        return PASS
    if context.asked.robot:
        why = Because("emergency", "emergency.robot", {"number": number})
        return answer(Refuse(403, "Robots Never Dial Emergency Numbers", because=(why,)))
    why = Because("emergency", "emergency.no_trunk", {"number": number})
    return answer(Announce("say.emergency_no_trunk", 503, {"number": number}, (why,)), alarm=ALARM)


def _dialled(context: Context) -> str | None:
    if context.forwards or not context.asked.caller.internal:
        return None
    if context.target is None:
        return as_emergency(context.dialled, context.book.company)
    return as_emergency(context.target.id, context.book.company) if context.target.kind == "number" else None


EMERGENCY = Rule("emergency", "12.2", emergency, originating=True)
