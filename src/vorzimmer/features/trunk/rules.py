"""Which trunks can carry a call out, in which order, and as which number we are seen there (FEATURES.md 12.2, BAS-14).

Enabled trunks of the company in file order; one that is down or full is left out with a because. A trunk carries its
own numbers only (EXA-41a), a forwarded caller's only where the carrier allows it. An emergency call asks for nothing
but a trunk. This module must never choose a trunk of another company.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.features.trunk.settings import TRUNK, Trunk
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.model import Because, Route, line_device
from vorzimmer.routing.rule import Context, Errand, Ways

RULE = "trunk"


def ways(context: Context, errand: Errand) -> Ways:
    """Every way out for an errand, best first."""
    routes: list[Route] = []
    because: list[Because] = []
    for trunk in _in_order(context, errand):
        why_not = None if errand.urgent else _hindered(trunk, context)
        if why_not is not None:
            because.append(why_not)
            continue
        found = _routes(trunk, errand, context)
        routes += found
        because.append(_chosen(trunk, found[0], errand, context))
    if not routes:
        because.append(Because(RULE, "trunk.none", {"number": errand.number}))
    return Ways(tuple(routes), tuple(because))


def _in_order(context: Context, errand: Errand) -> list[Trunk]:
    """The preferred one first; for an emergency those that seem to be down come last, but they do come."""
    enabled = [trunk for trunk in context.book.all(TRUNK) if trunk.enabled]
    down = {trunk.id for trunk in enabled if errand.urgent and not context.live.trunk_up(trunk.id)}
    return sorted(enabled, key=lambda trunk: (trunk.id in down, trunk.id != errand.first))


def _hindered(trunk: Trunk, context: Context) -> Because | None:
    """Why a trunk cannot take a call now."""
    params = {"trunk": _name(trunk), "number": ""}
    if not context.live.trunk_up(trunk.id):
        return Because(RULE, "trunk.down", params, _path(trunk, context))
    there, back = (context.live.calls(line_device(trunk.id, way)) for way in ("out", "in"))
    total, out = trunk.channels.total, trunk.channels.out
    if total is not None and there + back >= total:
        return Because(RULE, "trunk.full", params | {"limit": str(total)}, _path(trunk, context, "channels.total"))
    if out is not None and there >= out:
        return Because(RULE, "trunk.full", params | {"limit": str(out)}, _path(trunk, context, "channels.out"))
    return None


def _routes(trunk: Trunk, errand: Errand, context: Context) -> tuple[Route, ...]:
    """One way, or, with a caller's foreign number that the carrier may turn down, a second one with our own (EXA-41a:
    on 403 the call is tried once more)."""
    own, private = _own(trunk, errand, context)
    name = safe_name(context.book.name_of(errand.payer)) if errand.payer else ""
    plain = Route(trunk.id, own, own, "" if private else name, private=private, urgent=errand.urgent)
    foreign = _foreign(trunk, errand, context)
    if not foreign or private:
        return (plain,)
    again = Route(trunk.id, own, own, name, private=private, urgent=errand.urgent, after=403)
    return (Route(trunk.id, foreign, own, safe_name(context.asked.caller.name), private=private), again)


def _own(trunk: Trunk, errand: Errand, context: Context) -> tuple[str, bool]:
    """The number of ours that is seen on this trunk, and whether it is withheld. An emergency call hides nothing."""
    wanted, clir = context.facilities.outgoing(context.book, errand.payer) if errand.payer else (None, False)
    private = not errand.urgent and (context.private or (clir and _is_caller(errand, context)))
    primary = [entry.number for entry in context.book.numbers_of(errand.payer)] if errand.payer else []
    main = context.book.company.main_number
    for number in (errand.shown, wanted, *primary, main):
        if number is not None and (trunk.covers(number) or not trunk.numbers):
            return number, private
    first = trunk.numbers[0] if trunk.numbers else None
    return (first.number or first.from_ or "") if first else "", private


def _is_caller(errand: Errand, context: Context) -> bool:
    """Whether who pays is who calls: a forwarder's own wish for privacy does not hide his callers."""
    return errand.payer == context.asked.caller.ref


def _foreign(trunk: Trunk, errand: Errand, context: Context) -> str:
    """The number of an outside caller whose call goes out again, where the carrier takes such numbers."""
    caller = context.asked.caller
    if errand.urgent or caller.internal or caller.private or not trunk.foreign_numbers:
        return ""
    return caller.number or ""


def _chosen(trunk: Trunk, route: Route, errand: Errand, context: Context) -> Because:
    key = "trunk.urgent" if errand.urgent else "trunk.private" if route.private else "trunk.route"
    params = {"trunk": _name(trunk), "number": errand.number, "shown": route.shown or "–"}
    return Because(RULE, key, params, _path(trunk, context))


def _name(trunk: Trunk) -> str:
    return trunk.name or trunk.id


def _path(trunk: Trunk, context: Context, field: str = "") -> str:
    return context.book.setting(Ref(TRUNK.name, trunk.id), field)
