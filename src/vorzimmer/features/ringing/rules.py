"""Ringing a user's own devices, and what is said when nobody can be had (FEATURES.md 12.1 PRE-9 to PRE-11, BAS-8).

Other features add to the Ring or take from it before it is rung. This module must never ring a device that is not
registered.
"""

from msgspec.structs import replace

from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.diversion import diverted
from vorzimmer.routing.model import Because, Offer, Presentation, Refuse, Ring, Tried
from vorzimmer.routing.outcome import declined_everywhere
from vorzimmer.routing.rule import PASS, Add, Context, Rule, Treat, Verdict, answer


def devices(context: Context) -> Verdict:
    """PRE-10, BAS-2: an offer for each registered device of the target; without any it is unreachable."""
    target = context.target
    if target is None or target.kind not in {"user", "phone", "device"} or context.treatment is not None:
        return PASS
    known = _devices(target, context)
    here = tuple(device for device in known if context.live.registered(device))
    away = tuple(Because("ringing", "ringing.unregistered", {"device": d}) for d in known if d not in here)
    if here:
        owner = target if target.kind != "device" else context.book.owner_of(target.id)
        first = _offer(here[0], owner, context)
        return Add(away, offers=(first, *(replace(first, target=Ref("device", device)) for device in here[1:])))
    key = "ringing.unreachable" if known else "ringing.no_device"
    return Treat("unreachable", (*away, Because("ringing", key, {"name": context.book.name_of(target)})))


def _devices(target: Ref, context: Context) -> tuple[str, ...]:
    owner = context.book.owner_of(target.id) if target.kind == "device" else target
    ids = context.book.devices_of(owner) if owner else ()
    wanted = ids if target.kind != "device" else tuple(device for device in ids if device == target.id)
    return tuple(device for device in wanted if device != context.asked.caller.device)


def _offer(device: str, owner: Ref | None, context: Context) -> Offer:
    """An invitation to one device, in the role of the leg."""
    return Offer(
        target=Ref("device", device),
        role=context.role_name,
        user=owner,
        present=presentation(context),
        alert="internal" if context.asked.face.internal else "normal",
        diverted=diverted(context),
        may_divert=context.role.walks,
    )


def presentation(context: Context) -> Presentation:
    """What the rung device shows of the caller, or of whom he transfers: inside name and extension, outside what the
    network asserts."""
    caller = context.asked.face
    if caller.private or (context.private and context.asked.shown is None):
        return Presentation(private=True)
    if caller.ref is None:
        return Presentation(name=safe_name(caller.name), number=caller.number or "")
    extension = context.book.extension_of(caller.ref)
    return Presentation(name=safe_name(context.book.name_of(caller.ref)), number=extension or caller.number or "")


def ring(context: Context) -> Verdict:
    """PRE-10: everything drafted so far as one Ring, at most until the ring guard (BAS-8)."""
    if context.treatment is not None or not context.offers or context.target is None:
        return PASS
    params = {
        "name": context.book.name_of(context.target),
        "count": str(len(context.offers)),
        "seconds": _whole(context.seconds),
    }
    why = Because("ringing", "ringing.ring", params)
    return answer(Ring(context.offers, context.seconds, (why,)))


def ending(context: Context) -> Verdict:
    """PRE-9, PRE-11: no forwarding acts any more, so the caller learns how it stands."""
    treatment = context.treatment
    if treatment is None or context.target is None:
        return PASS
    rang = _last_ring(context)
    everywhere = treatment == "declined" and rang is not None and declined_everywhere(rang.offers)
    status, reason, key = (603, "Decline", "ringing.declined") if everywhere else ENDINGS.get(treatment, _UNAVAILABLE)
    seconds = _whole(rang.step.seconds) if rang is not None and isinstance(rang.step, Ring) else ""
    params = {"name": context.book.name_of(context.target), "seconds": seconds}
    return answer(Refuse(status, reason, because=(Because("ringing", key, params),)))


_UNAVAILABLE = (480, "Temporarily Unavailable", "ringing.unavailable")

ENDINGS = {
    "busy": (486, "Busy Here", "ringing.busy"),
    "declined": (486, "Busy Here", "ringing.declined_once"),
    "no_answer": (480, "No Answer", "ringing.no_answer"),
    "unreachable": _UNAVAILABLE,
}
"""How the target stands -> status, reason phrase, text."""


def _last_ring(context: Context) -> Tried | None:
    return next((tried for tried in reversed(context.since) if isinstance(tried.step, Ring)), None)


def _whole(seconds: float) -> str:
    return f"{seconds:g}"


DEVICES = Rule("ringing.devices", "PRE-9", devices)
RING = Rule("ringing", "PRE-10", ring)
ENDING = Rule("ringing.ending", "PRE-11", ending)
