"""Who sent a call on, so that whoever is rung can see whom it was meant for (RFC 5806, RFC 7044, FEATURES.md EXA-43).

This module must never decide where a call goes, nor show a private caller's number as a diverter's.
"""

from msgspec.structs import replace

from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.model import Diverted
from vorzimmer.routing.rule import Context


def diverted(context: Context) -> tuple[Diverted, ...]:
    """The last one first (RFC 5806 section 4.1): forwards of ours, then what the carrier says of those before."""
    if not context.forwards and not context.asked.diverted:
        return ()
    ours = (sent_on(step.by, step.reason, context) for step in reversed(context.forwards))
    return (*ours, *(_kept_quiet(one, context) for one in context.asked.diverted))


def sent_on(by: Ref, reason: str, context: Context) -> Diverted:
    """One of ours who sends a call on; whoever withholds his number (BAS-14) does so here, too."""
    book = context.book
    number, withheld = context.facilities.outgoing(book, by)
    number = number or book.company.main_number or ""
    return Diverted(number, reason, withheld, safe_name(book.name_of(by)), book.extension_of(by) or "")


def _kept_quiet(one: Diverted, context: Context) -> Diverted:
    caller = context.asked.caller
    if caller.private and caller.number and one.number == caller.number:
        return replace(one, number="", name="", private=True)
    return one
