"""Parallel ringing: further targets ring with the user's own devices, as one Ring (FEATURES.md BAS-7, PRE-10).

An outside number rings over a trunk, and whoever answers there must press 1, so that a mailbox never takes the call
(12.4). This module must never ring a device twice.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.features.parallel_ringing.settings import PARALLEL_RINGING
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.criteria import is_open, times
from vorzimmer.routing.diversion import diverted, sent_on
from vorzimmer.routing.model import Because, Diverted, Offer, Presentation
from vorzimmer.routing.rule import PASS, Add, Context, Errand, Pass, Rule, Verdict
from vorzimmer.routing.target import named

ROLE = "parallel"
MAX_NUMBERS = 10
PRESS_1 = "say.press_1"


def parallel(context: Context) -> Verdict:
    """Starts with the user's own ring; what cannot ring is left out with a because."""
    target = context.target
    if target is None or not context.serves or not context.offers or context.treatment is not None:
        return PASS
    settings = context.book.get(PARALLEL_RINGING, target)
    if not settings.enabled:
        return PASS
    path = context.book.setting(target, "parallel_ringing")
    if not is_open(settings.schedule, context):
        params = {"name": context.book.name_of(target), "schedule": settings.schedule or ""}
        whys = times(context.book, context.now, settings.schedule)
        return Pass((Because(ROLE, "parallel.closed", params, f"{path}.schedule"), *whys))
    if not settings.while_talking and any(context.live.calls(device) for device in context.book.devices_of(target)):
        params = {"name": context.book.name_of(target)}
        return Pass((Because(ROLE, "parallel.talking", params, f"{path}.while_talking"),))
    return _legs(settings.numbers[:MAX_NUMBERS], target, context)


def _legs(numbers: tuple[str, ...], target: Ref, context: Context) -> Add:
    path = context.book.setting(target, "parallel_ringing.numbers")
    offers: list[Offer] = []
    because: list[Because] = []
    for number in numbers:
        more, why = _leg(number, target, context)
        offers.extend(more)
        params = _params(number, target, context)
        because.extend(Because(ROLE, each, params, path) if isinstance(each, str) else each for each in why)
    return Add(tuple(because), offers=tuple(offers))


def _leg(number: str, owner: Ref, context: Context) -> tuple[tuple[Offer, ...], tuple[str | Because, ...]]:
    to = named(number, owner, context.book)
    if to is None or to.kind not in {"user", "phone", "number"} or to in {owner, context.asked.caller.ref}:
        return (), ("parallel.left_out",)
    if to.kind == "number":
        return _outside(to, owner, context)
    if context.facilities.dnd(context.book, to):
        return (), ("parallel.dnd",)
    offers = tuple(_offer(device, owner, context) for device in context.book.devices_of(to) if _free(device, context))
    return offers, ("parallel.rings" if offers else "parallel.cannot_ring",)


def _outside(to: Ref, owner: Ref, context: Context) -> tuple[tuple[Offer, ...], tuple[str | Because, ...]]:
    """An outside leg on the owner's account. A caller who is rung there himself is left out like one inside."""
    if to.id == context.asked.caller.number:
        return (), ("parallel.left_out",)
    found = context.facilities.ways(context, Errand(to.id, owner))
    if not found.routes:
        return (), (*found.because, "parallel.outside")
    confirm = context.roles[ROLE].press_1 and context.book.get(PARALLEL_RINGING, owner).confirm
    first = found.routes[0]
    present = Presentation(first.name, first.shown, first.private)
    offer = Offer(
        to,
        ROLE,
        user=owner,
        on_behalf=owner,
        present=present,
        routes=found.routes,
        diverted=_diverted(owner, context),
        confirm=PRESS_1 if confirm else "",
    )
    return (offer,), (*found.because, "parallel.rings_outside" if confirm else "parallel.rings")


def _free(device: str, context: Context) -> bool:
    """Only an idle device rings along: nobody is disturbed in a talk by somebody else's call."""
    live = context.live
    return live.registered(device) and not live.dnd(device) and live.calls(device) == 0


def _offer(device: str, owner: Ref, context: Context) -> Offer:
    first = context.offers[0]
    return Offer(
        Ref("device", device),
        ROLE,
        user=owner,
        on_behalf=owner,
        present=first.present,
        alert=first.alert,
        diverted=_diverted(owner, context),
    )


def _diverted(owner: Ref, context: Context) -> tuple[Diverted, ...]:
    """Whoever rings along was not called himself: it is `owner` whom the call is for."""
    return (sent_on(owner, "follow-me", context), *diverted(context))


def _params(number: str, owner: Ref, context: Context) -> dict[str, str]:
    to = named(number, owner, context.book)
    params = {"name": context.book.name_of(owner), "number": safe_name(number)}
    return params | {"to": str(to), "to_name": context.book.name_of(to)} if to else params | {"to": safe_name(number)}


RULE = Rule(ROLE, "BAS-7", parallel)
