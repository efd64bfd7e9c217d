"""Where a text leads: what people dial, what a setting names as a target, what a phone's own diversion asks for.

Inside wins: an extension, then a number of the company in any form, and only then the outside. This module must never
decide whether a call may go there.
"""

from vorzimmer.directory.numbers import NumberPlan
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.directory.types import TARGET_KINDS
from vorzimmer.routing.numbers import as_e164, as_emergency, clean


def inside(dialled: str, book: Snapshot) -> Ref | None:
    """Who in the company is meant by an extension or by a number of the company (E.164, national or local form)."""
    digits = clean(dialled)
    owner = book.at_extension(digits)
    if owner is not None:
        return owner
    plan = NumberPlan.of(book.company)
    for number in (plan.normalise(digits), plan.received(digits)):
        entry = book.at_number(number) if number else None
        if entry is not None:
            return entry.owner
    return None


def outside(dialled: str, book: Snapshot) -> Ref | None:
    """The outside number that is meant, None where it can only be an extension that nobody has."""
    number = as_e164(dialled, book.company)
    return Ref("number", number) if number else None


def incomplete(dialled: str, book: Snapshot) -> bool:
    """Whether an outside number was begun and not finished."""
    return NumberPlan.of(book.company).incomplete(clean(dialled))


def named(text: str, owner: Ref, book: Snapshot) -> Ref | None:
    """The target that a setting of `owner` names: ``voicemail``, ``kind:id``, a number, an extension, a SIP URI.

    None for what leads nowhere. An emergency number is never a target of a setting or of a diversion.
    """
    plain = text.strip()
    if plain == "voicemail":
        return Ref("voicemail", owner.id) if owner.kind == "user" else None
    kind, colon, ident = plain.partition(":")
    if colon and kind in TARGET_KINDS and kind != "number":
        return Ref(kind, ident)
    dialled = _user_part(plain)
    if not dialled or as_emergency(dialled, book.company):
        return None
    return inside(dialled, book) or outside(dialled, book)


def _user_part(text: str) -> str:
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() not in {"sip", "sips", "tel", "number"}:
        return text
    return rest.partition("@")[0].partition(";")[0]
