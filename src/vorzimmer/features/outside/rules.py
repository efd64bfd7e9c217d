"""Calls that leave the company. There are no trunks yet, so they are refused with a clear word.

Another company on the same server is the outside, too. This module must never let a call out without a trunk that
admits it.
"""

from vorzimmer.routing.model import Announce, Because
from vorzimmer.routing.rule import PASS, Context, Rule, Verdict, answer


def outside(context: Context) -> Verdict:
    """An outside number: announcement and 503 while there is no trunk."""
    if context.target is None or context.target.kind != "number":
        return PASS
    why = Because("outside", "outside.no_trunk", {"number": context.target.id})
    return answer(Announce("say.no_trunk", 503, because=(why,)))


OUTSIDE = Rule("outside", "12.2", outside)
