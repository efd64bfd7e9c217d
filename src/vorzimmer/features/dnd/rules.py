"""Do not disturb: busy treatment, set in the settings or with the phone's own key (FEATURES.md BAS-5, PRE-8).

It must never touch a leg on which the target's own services do not act.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.dnd.settings import DND
from vorzimmer.routing.model import Because
from vorzimmer.routing.rule import PASS, Add, Context, Rule, Treat, Verdict


def is_on(book: Snapshot, user: Ref) -> bool:
    """Whether the user or common-area phone has set do not disturb."""
    return book.get(DND, user).enabled


def dnd(context: Context) -> Verdict:
    """PRE-8: after forward always, before selective forwarding; the caller is treated as if the user were busy."""
    target = context.target
    if target is None or not context.serves or context.role.dnd != "acts" or context.treatment == "busy":
        return PASS
    if not is_on(context.book, target):
        return PASS
    params = {"name": context.book.name_of(target)}
    return Treat("busy", (Because("dnd", "dnd.on", params, context.book.setting(target, "dnd")),))


def phones(context: Context) -> Verdict:
    """BAS-5: a phone whose own key is set does not ring; if that leaves none, the user is busy."""
    if not context.offers or context.treatment is not None or context.role.dnd == "rings":
        return PASS
    keep = tuple(offer for offer in context.offers if not context.live.dnd(offer.target.id))
    if len(keep) == len(context.offers):
        return PASS
    quiet = tuple(
        Because("dnd.phones", "dnd.phone", {"device": offer.target.id}) for offer in context.offers if offer not in keep
    )
    return Add(quiet, keep=keep) if keep else Treat("busy", quiet)


RULE = Rule("dnd", "PRE-8", dnd)
PHONES = Rule("dnd.phones", "PRE-9", phones)
