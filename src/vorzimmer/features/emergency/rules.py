"""Emergency calls pass every rule: this one comes first and asks nothing but where the phone stands.

Out by the site's trunk with the site's number, then by every other, past every limit; if none works, the caller is told
and the operator hears of it. It must never read a setting that a user, a site or a plan could get wrong, except to help
(ARCHITECTURE decision 9, FEATURES.md 12.2).
"""

from vorzimmer.directory.keys import DEVICE, SITE
from vorzimmer.directory.model import Site
from vorzimmer.directory.ref import Ref
from vorzimmer.routing.model import Announce, Because, Offer, Presentation, Refuse, Ring
from vorzimmer.routing.numbers import as_emergency
from vorzimmer.routing.rule import PASS, RING_GUARD_S, Context, Errand, Rule, Verdict, answer

ALARM = "emergency_failed"
PLACED = "emergency"
"""Every emergency call is told to the operator, whatever comes of it."""


def emergency(context: Context) -> Verdict:
    """An emergency number from inside. A robot never gets that far."""
    number = _dialled(context)
    if number is None:
        return PASS
    if context.asked.robot:
        why = Because("emergency", "emergency.robot", {"number": number})
        return answer(Refuse(403, "Robots Never Dial Emergency Numbers", because=(why,)))
    if context.rung:
        why = Because("emergency", "emergency.failed", {"number": number})
        return answer(Announce("say.emergency_no_trunk", 503, {"number": number}, (why,)), alarm=ALARM)
    return _out(number, context)


def _out(number: str, context: Context) -> Verdict:
    site = _site(context)
    shown = site.emergency.number if site else None
    errand = Errand(number, context.asked.caller.ref, True, site.emergency.trunk if site else None, shown)
    found = context.facilities.ways(context, errand)
    if not found.routes:
        why = Because("emergency", "emergency.no_trunk", {"number": number})
        announce = Announce("say.emergency_no_trunk", 503, {"number": number}, (*found.because, why))
        return answer(announce, alarm=ALARM)
    first = found.routes[0]
    offer = Offer(Ref("number", number), context.role_name, present=Presentation("", first.shown), routes=found.routes)
    params = {"number": number, "site": site.name if site else "–", "shown": first.shown or "–"}
    why = Because("emergency", "emergency.out", params, _path(site, context))
    return answer(Ring((offer,), RING_GUARD_S, (why, *found.because)), alarm=PLACED)


def _site(context: Context) -> Site | None:
    """Where the phone stands: its own place, its owner's site, else the first that has a number or trunk for this."""
    book, caller = context.book, context.asked.caller
    device = book.find(DEVICE, caller.device) if caller.device else None
    owner = getattr(book.entry(caller.ref), "core", None) if caller.ref else None
    for named in (device.place if device else None, getattr(owner, "site", None)):
        if named and (site := book.find(SITE, named)) is not None:
            return site
    return next((site for site in book.all(SITE) if site.emergency.number or site.emergency.trunk), None)


def _path(site: Site | None, context: Context) -> str | None:
    return context.book.setting(Ref(SITE.name, site.id), "emergency") if site else None


def _dialled(context: Context) -> str | None:
    if context.forwards or not context.asked.caller.internal:
        return None
    if context.target is None:
        return as_emergency(context.dialled, context.book.company)
    return as_emergency(context.target.id, context.book.company) if context.target.kind == "number" else None


EMERGENCY = Rule("emergency", "12.2", emergency, originating=True)
