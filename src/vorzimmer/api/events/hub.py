"""Where events come together: facts of control and committed changes in, numbered events to every watcher out.

One hub per web process, one stream from control for all watchers. When control was away the hub says so with a *gap*
event, because what happened meanwhile cannot be told. This module must never wait for a watcher.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from functools import cached_property
from typing import Any, Final, Protocol

from vorzimmer.api.events.calls import CallsKnown
from vorzimmer.api.events.model import GAP, LOAD, Changed, Event
from vorzimmer.api.events.ring import Draft, Ring
from vorzimmer.api.ports import ControlAwayError, Ports
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.dnd.rules import is_on

AGAIN_S: Final = 0.5
"""Between two tries to reach control."""
MANY: Final = 50
"""Records of one section in one commit that are told one by one; more are told as one event."""
_TRUNK: Final = {"up": "trunk.up", "down": "trunk.down"}


class Watcher(Protocol):
    """Somebody who follows; `company` None is the whole server."""

    @property
    def company(self) -> str | None: ...

    def offer(self, event: Event) -> None:
        """Something happened; must return at once."""

    def doubt(self) -> None:
        """Rights may be other than before: ask again before anything more is told."""


class Hub:
    """`run` follows control until it is cancelled; `changed` is told by the office."""

    def __init__(self, house: Ports) -> None:
        self._house = house
        self._calls = CallsKnown()
        self._watchers: dict[Watcher, None] = {}
        self.open: Counter[tuple[str | None, str, str | None]] = Counter()
        self._missed = False
        self._last: asyncio.Task[None] | None = None

    @cached_property
    def ring(self) -> Ring:
        """The last events."""
        return Ring(int(self._house.clock.wall().timestamp() * 1000))

    # -- watchers ---------------------------------------------------------------------------------------------------
    def join(self, watcher: Watcher) -> None:
        """Tell it everything from now on."""
        self._watchers[watcher] = None

    def leave(self, watcher: Watcher) -> None:
        """It has gone."""
        self._watchers.pop(watcher, None)

    def __len__(self) -> int:
        return len(self._watchers)

    def doubt(self, company: str | None = None) -> None:
        """Somebody's session has ended or his rights have changed: watchers of the company, all without one."""
        for watcher in self._watchers:
            if company is None or watcher.company in {None, company}:
                watcher.doubt()

    def publish(self, company: str, draft: Draft) -> None:
        """Number an event, keep it, tell it."""
        event = self.ring.put(company, self._house.clock.wall().timestamp(), draft)
        for watcher in self._watchers:
            if watcher.company in {None, company}:
                watcher.offer(event)

    # -- control ----------------------------------------------------------------------------------------------------
    async def run(self) -> None:
        """Follow control for ever."""
        while True:
            with suppress(ControlAwayError):
                await self._follow()
            self._missed = True
            await self._house.clock.sleep(AGAIN_S)

    async def _follow(self) -> None:
        facts = self._house.control.stream("follow", company=None, moves=True)
        waiting: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        reading = asyncio.ensure_future(_read(facts, waiting))
        try:
            self._calls.begin(await self._house.control.call("calls"))
            if self._missed:
                self._missed = False
                for company in self._house.office.companies():
                    self.publish(company, Draft(GAP, {"reason": "control", "load": list(LOAD[:-1])}))
            while (fact := await waiting.get()) is not None:
                self.take(fact)
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def take(self, fact: dict[str, Any]) -> None:
        """One fact of control."""
        company, kind, data = fact["company"], fact["kind"], fact["data"]
        book = self._house.office.book(company)
        if book is None:
            return
        if kind == "presence":
            for who, state in data.items():
                self.publish(company, _present(book, who, state))
        elif kind == "registration":
            way = "added" if data["registered"] == "yes" else "removed"
            owner = book.owner_of(data["device"])
            told = {"device": data["device"], "owner": str(owner) if owner is not None else None}
            self.publish(company, Draft(f"registration.{way}", told))
        elif kind == "trunk":
            self.publish(company, Draft(_TRUNK.get(data["state"], "trunk.up"), dict(data)))
        elif kind == "alarm":
            self.publish(company, Draft("alarm.raised", {"call": fact["call"] or None, **data}))
        else:
            self.publish(company, self._calls.take(fact, book))

    # -- changes ----------------------------------------------------------------------------------------------------
    def changed(self, change: Changed) -> None:
        """A change was committed; control knows of it already."""
        book = self._house.office.book(change.company)
        sizes = Counter(entry.kind for entry in change.entries)
        for kind in sizes:
            if sizes[kind] > MANY:
                self.publish(change.company, Draft("change.many", {"section": section_of(kind), "id": None}))
        for entry in change.entries:
            if sizes[entry.kind] <= MANY:
                self.publish(change.company, _change(entry, book))
        if any(kind in {"user", "company", "site"} for kind in sizes):
            self.doubt(change.company)
        people = [Ref(entry.kind, entry.id) for entry in change.entries if entry.kind in {"user", "phone"}]
        if book is not None and 0 < len(people) <= MANY:
            self._last = asyncio.ensure_future(self._look(change.company, people, self._last))

    async def _look(self, company: str, people: list[Ref], before: "asyncio.Task[None] | None") -> None:
        """What people do whose settings have changed: do not disturb counts where they do nothing else."""
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        try:
            found = await self._house.control.call("presence", company=company)
        except ControlAwayError:
            return
        book, registered = self._house.office.book(company), frozenset(found["registered"])
        for ref in people:
            if book is not None and book.entry(ref) is not None:
                reached = any(device in registered for device in book.devices_of(ref))
                state = found["who"].get(str(ref)) or ("idle" if reached else "unregistered")
                self.publish(company, _present(book, str(ref), state))

    async def settled(self) -> None:
        """What changes have set going is done (tests; the end of the process)."""
        if self._last is not None:
            await asyncio.gather(self._last, return_exceptions=True)


async def _read(facts: Any, waiting: "asyncio.Queue[dict[str, Any] | None]") -> None:
    try:
        async for fact in facts:
            waiting.put_nowait(fact)
    finally:
        waiting.put_nowait(None)


def _present(book: Snapshot, who: str, state: str) -> Draft:
    kind, _, ident = who.partition(":")
    ref = Ref(kind, ident)
    dnd = book.entry(ref) is not None and is_on(book, ref)
    told = {"ref": who, "state": "dnd" if dnd and state == "idle" else state, "dnd": dnd}
    return Draft("presence.changed", told, (ref,))


def section_of(kind: str) -> str:
    """The section of a kind, as paths name it; the company is its own."""
    return kind if kind == "company" else SCHEMA.by_kind[kind].section


def _change(entry: AuditEntry, book: Snapshot | None) -> Draft:
    """A record that was created, changed or removed; whose it was and where, from what it was before."""
    what = "removed" if entry.after is None else "created" if entry.before is None else "changed"
    before = entry.before or {}
    kind, _, ident = str(before.get("owner") or "").partition(":")
    owner = Ref(kind, ident) if ident else None
    core = book.entry(owner) if book is not None and owner is not None else None
    site = before.get("site") or getattr(core.core if core is not None else None, "site", None)
    about = (owner,) if owner is not None else ()
    return Draft(f"change.{what}", {"section": section_of(entry.kind), "id": entry.id}, about, (), str(site or ""))
