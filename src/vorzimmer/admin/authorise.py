"""Who may change what: the operator everything, a company administrator his company, a site administrator his site, and
everybody a few switches of his own.

Enforced here, the same for file, API, portal and feature code. This module must never trust a claim: `Actor` comes from
who signed in or which account passed digest.
"""

from typing import Any, Final

from vorzimmer.admin.problems import Problem
from vorzimmer.admin.world import Actor
from vorzimmer.directory.keys import USER
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot

OWN_SECTIONS: Final = frozenset(
    {
        "accept",
        "assistant",
        "call_waiting",
        "dnd",
        "executive",
        "forwarding",
        "language",
        "monitors",
        "outgoing",
        "parallel_ringing",
        "reject",
        "reject_anonymous",
        "speed_dials",
        "vip",
        "voicemail",
    }
)
"""What people change of their own record themselves."""
SITE_KINDS: Final = frozenset({"user", "phone", "device", "pickup", "hunt", "night_forwarding"})


def authorise(actor: Actor, book: Snapshot, ref: Ref, values: dict[str, Any] | None) -> list[Problem]:
    """Why the actor may not make this change; empty if he may."""
    if actor.system:
        return []
    user = book.find(USER, actor.user or "") if actor.company == book.company.id else None
    if user is None:
        return [_no(book, ref, "is not yours to change")]
    if user.role == "company_admin":
        return []
    if user.role == "site_admin" and _in_site(book, ref, user.site) and "role" not in (values or {}):
        return []
    if ref == Ref(USER.name, user.id) and values is not None:
        foreign = sorted(set(values) - OWN_SECTIONS - {"id"})
        return [_no(book, ref, f"{name} is changed by an administrator") for name in foreign]
    return [_no(book, ref, "is changed by an administrator")]


def _in_site(book: Snapshot, ref: Ref, site: str | None) -> bool:
    entry = book.entry(ref)
    if site is None or ref.kind not in SITE_KINDS or entry is None:
        return False
    if ref.kind == "device":
        owner = book.owner_of(ref.id)
        return owner is not None and _in_site(book, owner, site)
    return getattr(entry.core, "site", None) == site


def _no(book: Snapshot, ref: Ref, says: str) -> Problem:
    return Problem(book.setting(ref), says, refused=True)
