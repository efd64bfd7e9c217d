"""Call waiting: who talks may still be rung, within limits (FEATURES.md BAS-6, PRE-9).

It must never ring a device beyond its limit, whoever asks.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.features.call_waiting.settings import CALL_WAITING, MAX_WAITING
from vorzimmer.routing.model import Because, Offer
from vorzimmer.routing.rule import PASS, Add, Context, Rule, Treat, Verdict


def call_waiting(context: Context) -> Verdict:
    """With call waiting off, a user who talks on any device is busy; with it on, a device takes two waiting calls."""
    if context.target is None or not context.offers or context.treatment is not None:
        return PASS
    owner = _owner(context.target, context)
    talking = [device for device in context.book.devices_of(owner) if context.live.calls(device) > 0]
    if not talking:
        return PASS
    if not context.book.get(CALL_WAITING, owner).enabled:
        params = {"name": context.book.name_of(owner), "device": talking[0]}
        return Treat("busy", (Because("call_waiting", "call_waiting.off", params, _path(owner, context)),))
    return _within_limits(context, owner)


def _owner(target: Ref, context: Context) -> Ref:
    owner = context.book.owner_of(target.id) if target.kind == "device" else target
    return owner or target


def _within_limits(context: Context, owner: Ref) -> Verdict:
    keep = tuple(offer for offer in context.offers if context.live.calls(offer.target.id) <= MAX_WAITING)
    full = tuple(_full(offer, context) for offer in context.offers if offer not in keep)
    if not keep:
        return Treat("busy", full)
    waits = any(context.live.calls(offer.target.id) > 0 for offer in keep)
    note = Because("call_waiting", "call_waiting.waits", {"name": context.book.name_of(owner)}, _path(owner, context))
    return Add((*full, note) if waits else full, keep=keep)


def _full(offer: Offer, context: Context) -> Because:
    params = {"device": offer.target.id, "count": str(context.live.calls(offer.target.id))}
    return Because("call_waiting", "call_waiting.full", params)


def _path(owner: Ref, context: Context) -> str:
    return context.book.setting(owner, "call_waiting")


RULE = Rule("call_waiting", "PRE-9", call_waiting)
