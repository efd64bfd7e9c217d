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
        "lamp",
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
    if user.role == "site_admin" and _opens_a_way_up(book, ref, values, user.id):
        return [_no(book, ref, "is changed by a company administrator: whose it is has administrator's rights")]
    if user.role == "site_admin" and _stays_in_site(book, ref, values, user.site) and "role" not in (values or {}):
        return []
    if ref == Ref(USER.name, user.id) and values is not None:
        foreign = sorted(set(values) - OWN_SECTIONS - {"id"})
        return [_no(book, ref, f"{name} is changed by an administrator") for name in foreign]
    return [_no(book, ref, "is changed by an administrator")]


def _opens_a_way_up(book: Snapshot, ref: Ref, values: dict[str, Any] | None, own: str) -> bool:
    """Whether this is the e-mail address of another administrator (letters with new passwords go there), or his end."""
    target = book.find(USER, ref.id) if ref.kind == USER.name and ref.id != own else None
    return target is not None and target.role != "user" and (values is None or "email" in values)


OPEN_KINDS: Final = frozenset({"site", "department", "schedule", "contact"})
"""What everybody of a company may read."""


def may_read(actor: Actor, book: Snapshot, ref: Ref) -> bool:
    """Whether the actor may see a record: what he may change, his own, his devices', and what is open to everybody."""
    if actor.system:
        return True
    user = book.find(USER, actor.user or "") if actor.company == book.company.id else None
    if user is None:
        return False
    own = Ref(USER.name, user.id)
    if user.role == "company_admin" or ref.kind in OPEN_KINDS or ref == own:
        return True
    if ref.kind == "device" and book.owner_of(ref.id) == own:
        return True
    return user.role == "site_admin" and _in_site(book, ref, user.site)


def _stays_in_site(book: Snapshot, ref: Ref, values: dict[str, Any] | None, site: str | None) -> bool:
    """Whether a change happens inside the site: nothing of another one is touched, nothing leaves or enters it."""
    entry = book.entry(ref)
    if entry is not None and not _in_site(book, ref, site):
        return False
    if values is None or site is None or ref.kind not in SITE_KINDS:
        return entry is not None
    if ref.kind != "device":
        return bool(values.get("site", site if entry is not None else None) == site)
    kind, _, ident = str(values.get("owner", "")).partition(":")
    return _in_site(book, Ref(kind, ident), site) if "owner" in values else entry is not None


def _in_site(book: Snapshot, ref: Ref, site: str | None) -> bool:
    entry = book.entry(ref)
    if site is None or ref.kind not in SITE_KINDS or entry is None:
        return False
    if ref.kind == "device":
        owner = book.owner_of(ref.id)
        return owner is not None and _in_site(book, owner, site)
    return getattr(entry.core, "site", None) == site


def _no(book: Snapshot, ref: Ref, says: str) -> Problem:
    return Problem(book.setting(ref), says, refused=True, ref=ref)
