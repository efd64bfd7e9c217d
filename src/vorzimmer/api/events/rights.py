"""Who sees which event: the same rights that reading has, asked anew for each event and each watcher.

Calls are judged by ``routing.may`` (through ``api.live``'s rule), records by ``admin.authorise.may_read``, lists by the
access table, what colleagues show of themselves by their ``lamp``. This module must never say yes to a topic that it
does not know.
"""

from collections.abc import Callable
from typing import Final

from vorzimmer.admin.authorise import SITE_KINDS, may_read
from vorzimmer.api.access import TABLE, Need
from vorzimmer.api.events.model import GAP, Event
from vorzimmer.api.principal import Principal
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.lamps.settings import LAMP
from vorzimmer.routing.may import Actor, CallFacts, may

_C: Final = "/companies/{company}"
READS: Final[dict[str, tuple[str, str]]] = {
    "call": ("GET", _C + "/calls"),
    "presence": ("GET", _C + "/presence"),
    "registration": ("GET", _C + "/registrations"),
    "trunk": ("GET", _C + "/trunk-states"),
    "alarm": ("GET", _C + "/trunk-states"),
}
"""Topic -> the endpoint that reads the same: what that needs, the events need."""


def visible(asker: Principal, event: Event, book: Snapshot | None) -> bool:
    """Whether this watcher may see this event; `book` is the company as it is now, None where it is gone."""
    if asker.role != "provider" and asker.company != event.company:
        return False
    if event.topic == GAP:
        return True
    need = _need(event)
    if need is None or not _knocks(asker, need):
        return False
    return asker.role == "provider" or (book is not None and _JUDGES[event.topic](asker, event, book))


def _need(event: Event) -> Need | None:
    if event.topic == "change":
        kind = SCHEMA.by_section.get(event.data["section"])
        path = f"{_C}/{kind.section}" if kind is not None and kind.name != "company" else _C
        return TABLE.get(("GET", path))
    return TABLE[READS[event.topic]] if event.topic in READS else None


def _knocks(asker: Principal, need: Need) -> bool:
    scoped = asker.scopes is None or need.scope is None or need.scope in asker.scopes
    return scoped and asker.at_least(need.least)


def sees_call(asker: Principal, company: str, book: Snapshot, who: tuple[tuple[Ref, ...], tuple[Ref, ...]]) -> bool:
    """Whether somebody may see a call: `who` are its parties and those for whom it rings. A site administrator sees the
    calls in which somebody of his site is."""
    if asker.role == "provider":
        return True
    if asker.ref is None:
        return False
    parties, rung = who
    administers = asker.at_least("company_admin") or (
        asker.role == "site_admin" and any(_at_site(asker, book, ref) for ref in (*parties, *rung))
    )
    facts = CallFacts(company, parties, rung)
    return may(Actor(asker.company or "", asker.ref, administers=administers), "see", facts) is None


def _at_site(asker: Principal, book: Snapshot, ref: Ref) -> bool:
    entry = book.entry(ref)
    site = getattr(entry.core, "site", None) if entry is not None else None
    return site is not None and site == asker.site


def _call(asker: Principal, event: Event, book: Snapshot) -> bool:
    return sees_call(asker, event.company, book, (event.about, event.rung))


def _presence(asker: Principal, event: Event, book: Snapshot) -> bool:
    (ref,) = event.about
    return book.entry(ref) is not None and sees_presence(asker, book, ref)


def sees_presence(asker: Principal, book: Snapshot, ref: Ref) -> bool:
    """Colleagues see that somebody talks, unless he shows nothing; his administrators always do."""
    if asker.role == "provider" or (
        ref == asker.ref
        or asker.at_least("company_admin")
        or (asker.role == "site_admin" and _at_site(asker, book, ref))
    ):
        return True
    return book.get(LAMP, ref).shows != "nothing"


def _record(asker: Principal, event: Event, book: Snapshot) -> bool:
    """Who may read the record, and of one that has gone or moved whose it was."""
    if event.data.get("id") is None:
        return True  # many at once: only that the list is another one
    kind = SCHEMA.by_section[event.data["section"]].name
    if may_read(asker.actor(), book, Ref(kind, event.data["id"])):
        return True
    if asker.role == "site_admin" and kind in SITE_KINDS and event.site and event.site == asker.site:
        return True
    return asker.ref in event.about


def _registration(asker: Principal, event: Event, book: Snapshot) -> bool:
    return may_read(asker.actor(), book, Ref("device", event.data["device"]))


def _administers(asker: Principal, event: Event, book: Snapshot) -> bool:
    return asker.at_least("company_admin")


_JUDGES: Final[dict[str, Callable[[Principal, Event, Snapshot], bool]]] = {
    "call": _call,
    "presence": _presence,
    "registration": _registration,
    "trunk": _administers,
    "alarm": _administers,
    "change": _record,
}
