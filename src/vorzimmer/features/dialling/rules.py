"""What was dialled: an extension, a number of the company in any form, the outside, or nobody.

It must never decide whether the one who is meant can be reached.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.model import Announce, Because, Refuse
from vorzimmer.routing.numbers import clean
from vorzimmer.routing.rule import PASS, Context, Pass, Retarget, Rule, Verdict, answer
from vorzimmer.routing.target import incomplete, inside, outside

ACTING_KINDS = frozenset({"user", "phone", "device", "number", "voicemail"})
"""Kinds of targets that a rule of the chain can answer for; the others are set but not acting yet."""

ABOUT_OTHERS = frozenset({"intercept", "night_forwarding", "calling_plan"})
"""Kinds of records that stand for themselves but act on somebody else's calls."""


def dialled(context: Context) -> Verdict:
    """Inside wins; a caller from outside is never led outside again, unless somebody inside transfers him there."""
    if context.target is not None:
        return _typed(context)
    shown = safe_name(context.dialled)
    # Many phones send with # and leave it at the end; it is never part of a number (12.2).
    wanted = clean(context.dialled).rstrip("#")
    found = inside(wanted, context.book)
    if found is not None:
        return Retarget(found, (_found(context, found, shown),))
    may_leave = context.asked.caller.internal or context.asked.role == "transfer"
    number = outside(wanted, context.book) if may_leave else None
    if number is not None:
        return Retarget(number, (Because("dialling", "dialling.outside", {"dialled": shown, "number": number.id}),))
    if may_leave and incomplete(wanted, context.book):
        why = Because("dialling", "dialling.incomplete", {"dialled": shown})
        return answer(Announce("tone:unavailable", 484, because=(why,)))
    return _unknown("dialling.unknown", {"dialled": shown})


def _typed(context: Context) -> Verdict:
    """A typed number that belongs to the company reaches its owner."""
    if context.target is None or context.target.kind != "number":
        return PASS
    found = inside(context.target.id, context.book)
    return Retarget(found, (_found(context, found, context.target.id),)) if found else PASS


def _found(context: Context, found: Ref, shown: str) -> Because:
    by_extension = context.book.extension_of(found) == clean(shown).rstrip("#")
    params = {"dialled": shown, "name": context.book.name_of(found)}
    key, field = ("dialling.extension", "extension") if by_extension else ("dialling.number", "numbers")
    return Because("dialling", key, params, context.book.setting(found, field))


def _unknown(key: str, params: dict[str, str]) -> Verdict:
    return answer(Announce("tone:unavailable", 404, because=(Because("dialling", key, params),)))


def exists(context: Context) -> Verdict:
    """A target that has left the company (a setting still named it) is an unknown number."""
    target = context.target
    if target is None or context.book.exists(target):
        return PASS
    return _unknown("dialling.gone", {"what": str(target)})


def oneself(context: Context) -> Verdict:
    """One's own extension is busy until the mailbox answers there; a forward back to the caller ends the same way."""
    caller = context.asked.caller
    if context.target is None or context.target not in _self(context):
        return PASS
    key = "dialling.back_to_caller" if context.forwards else "dialling.oneself"
    why = Because("dialling", key, {"name": context.book.name_of(caller.ref) if caller.ref else ""})
    return answer(Refuse(486, "Busy Here", because=(why,)))


def _self(context: Context) -> tuple[Ref, ...]:
    caller = context.asked.caller
    device = (Ref("device", caller.device),) if caller.device else ()
    return (caller.ref, *device) if caller.ref else device


def not_built(context: Context) -> Verdict:
    """Groups, attendants and the like are in the book, but nothing answers for them yet."""
    target = context.target
    if target is None or target.kind in ACTING_KINDS:
        return PASS
    params = {"what": f"{target.kind} {context.book.name_of(target)}"}
    why = Because("dialling", "not_acting", params, context.book.setting(target))
    return answer(Announce("say.not_available", 480, because=(why,)))


def not_acting(context: Context) -> Verdict:
    """Remarks on the target's settings that belong to features to come; it never changes a decision."""
    target = context.target
    if target is None or target.kind not in {"user", "phone"} or context.since:
        return PASS
    because = [_set(name, context.book.setting(target, name)) for name in _sections(target, context)]
    return Pass((*because, *_records(target, context)))


def _sections(target: Ref, context: Context) -> list[str]:
    """Sections of features to come that say something else than the defaults, and are not switched off."""
    entry = context.book.entry(target)
    keys = context.book.schema.keys_on[target.kind]
    return [
        name
        for name, value in (entry.sections.items() if entry else ())
        if not keys[name].acts and value != type(value)() and getattr(value, "enabled", True)
    ]


def _records(target: Ref, context: Context) -> tuple[Because, ...]:
    """Records of features to come that are about the target, its site or department (intercepts, night forwarding)."""
    core = getattr(context.book.entry(target), "core", None)
    about = [target, *(Ref(kind, getattr(core, kind)) for kind in ("site", "department") if getattr(core, kind, None))]
    found = (who.owner for ref in about for who in context.book.referrers(ref) if who.via in {"for", "site"})
    kinds = context.book.schema.by_kind
    owners = [owner for owner in dict.fromkeys(found) if owner.kind in ABOUT_OTHERS and not kinds[owner.kind].acts]
    return tuple(_set(owner.kind, context.book.setting(owner)) for owner in owners if _active(owner, context))


def _active(owner: Ref, context: Context) -> bool:
    return bool(getattr(getattr(context.book.entry(owner), "core", None), "active", True))


def _set(what: str, path: str) -> Because:
    return Because("not_acting", "not_acting", {"what": what}, path)


DIALLED = Rule("dialling", "12.2", dialled, originating=True)
EXISTS = Rule("dialling.exists", "PRE-0", exists)
ONESELF = Rule("dialling.oneself", "PRE-0", oneself)
NOT_ACTING = Rule("dialling.not_acting", "PRE-0", not_acting)
NOT_BUILT = Rule("dialling.not_built", "PRE-0", not_built)
