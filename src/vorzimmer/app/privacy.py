"""What the house knows of a person: told whole, taken out, and forgotten in time (FEATURES.md BAS-15, GDPR).

Works through the store in small steps, so that nobody waits for it. This module must never show a secret, and never
remove a call because of who was in it: counts stay.
"""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, Final, Protocol

import msgspec

from vorzimmer.admin.door import Outcome
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.erasure import ERASED, Person, audit_names, audit_without, names_person, person_of, without
from vorzimmer.admin.public import shown
from vorzimmer.admin.world import Actor
from vorzimmer.app.live_view import past_call
from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.directory.keys import COMPANY, DEVICE, USER
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.privacy.settings import PRIVACY
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.store.ports import Store

CHUNK: Final = 300
PAUSE_S: Final = 0.05
"""Seconds between two steps of the daily forgetting."""
FIRST_S: Final = 300.0
DAY_S: Final = 86_400.0


class NoPersonError(VorzimmerError):
    """There is no such user."""


class House(Protocol):
    """What is needed of the office: see ``app.office.Office``."""

    def companies(self) -> list[str]: ...
    def book(self, company: str) -> Snapshot: ...
    async def change(self, company: str, edits: list[Edit], actor: Actor, *, dry_run: bool = False) -> Outcome: ...


class Privacy:
    """Export, erasure and retention over one store."""

    def __init__(self, store: Store, office: House, clock: Clock) -> None:
        self._store, self._office, self._clock = store, office, clock

    # -- telling ----------------------------------------------------------------------------------------------------
    async def export(self, company: str, user: str) -> dict[str, Any]:
        """Everything that is kept of a person, without secrets. Raises NoPersonError."""
        book, person = self._office.book(company), self._person(company, user)
        own = Ref(USER.name, user)
        entries = [
            entry for ref in (own, *(Ref(DEVICE.name, each) for each in person.devices)) if (entry := book.entry(ref))
        ]
        return {
            "company": company,
            "user": user,
            "made": self._clock.wall().isoformat(timespec="seconds"),
            "records": [
                {"kind": entry.ref.kind, **shown(SCHEMA, SCHEMA.by_kind[entry.ref.kind], entry.data)}
                for entry in entries
            ],
            "named_in": [{"record": str(each.owner), "setting": each.via} for each in book.referrers(own)],
            "sign_in": await self._sign_in(company, user),
            "calls": [past_call(row) async for row in self._calls(company, person)],
            "audit": [_entry(entry) async for _, entry in self._audit(company, person)],
        }

    async def _sign_in(self, company: str, user: str) -> dict[str, Any] | None:
        account = await self._store.accounts.of_user(company, user)
        if account is None:
            return None
        sessions = await self._store.sessions.of(account.id)
        return {
            "login": account.login,
            "name": account.name,
            "email": account.email,
            "language": account.language,
            "created": account.created,
            "last_signed_in": account.last_signed_in,
            "sessions": [
                {"method": s.method, "created": s.created, "seen": s.seen, "address": s.address, "agent": s.agent}
                for s in sessions
            ],
            "tokens": [token.label for token in await self._store.sessions.tokens(account.id)],
            "passkeys": [key.label for key in await self._store.factors.passkeys(account.id)],
        }

    # -- erasing ----------------------------------------------------------------------------------------------------
    async def erase(self, company: str, user: str, actor: Actor, *, dry_run: bool = False) -> dict[str, Any]:
        """Remove a person's records and sign-in, and take the person out of history and audit. Raises
        NoPersonError, and ProblemsError while somebody else's setting names the person; then nothing has changed."""
        person = self._person(company, user)
        gone = [Edit(Ref(DEVICE.name, each), None) for each in person.devices]
        await self._remove(company, [*gone, Edit(Ref(USER.name, user), None)], actor, dry_run=dry_run)
        calls = [row async for row in self._calls(company, person)] if dry_run else []
        changed = len(calls) if dry_run else await self._erase_calls(company, person)
        entries = await self._erase_audit(company, person, dry_run=dry_run)
        if not dry_run:
            note = AuditEntry(self._clock.wall(), without(person, actor.name), USER.name, ERASED, {"id": ERASED}, None)
            await self._store.companies.note(company, note)
        return {"calls": changed, "audit": entries, "records": len(gone) + 1, "done": not dry_run}

    async def _remove(self, company: str, edits: list[Edit], actor: Actor, *, dry_run: bool) -> Outcome:
        return await self._office.change(company, edits, actor, dry_run=dry_run)

    async def _erase_calls(self, company: str, person: Person) -> int:
        rows: list[CallRow] = []
        count = 0
        async for row in self._calls(company, person):
            rows.append(_erased(row, person))
            count += 1
            if len(rows) >= CHUNK:
                await self._store.calls.rewrite(rows)
                rows.clear()
        await self._store.calls.rewrite(rows)
        return count

    async def _erase_audit(self, company: str, person: Person, *, dry_run: bool) -> int:
        found = [(number, audit_without(person, entry)) async for number, entry in self._audit(company, person)]
        for start in range(0, 0 if dry_run else len(found), CHUNK):
            await self._store.companies.put_audit(company, found[start : start + CHUNK])
        return len(found)

    # -- forgetting -------------------------------------------------------------------------------------------------
    async def run(self, say: Callable[[str], None]) -> None:
        """Forget once a day, until cancelled. `say` hears of trouble; what was left is forgotten the next day."""
        await self._clock.sleep(FIRST_S)
        while True:
            for company in self._office.companies():
                try:
                    await self.forget(company)
                except VorzimmerError as error:
                    say(f"{company}: {error}")
            await self._clock.sleep(DAY_S)

    async def forget(self, company: str) -> tuple[int, int]:
        """Remove what a company has kept long enough; returns how many calls and entries of the audit."""
        book = self._office.book(company)
        kept, now = book.get(PRIVACY, Ref(COMPANY.name, company)), self._clock.wall()
        calls = entries = 0
        edge = now - timedelta(days=kept.history_days)
        while count := await self._store.calls.forget(company, edge.timestamp(), CHUNK):
            calls += count
            await self._clock.sleep(PAUSE_S)
        edge = now - timedelta(days=kept.audit_days)
        while count := await self._store.companies.forget_audit(company, edge, CHUNK):
            entries += count
            await self._clock.sleep(PAUSE_S)
        return calls, entries

    # -- finding ----------------------------------------------------------------------------------------------------
    def _person(self, company: str, user: str) -> Person:
        person = person_of(self._office.book(company), user)
        if person is None:
            raise NoPersonError(f"no user {user} in {company}")
        return person

    async def _calls(self, company: str, person: Person) -> AsyncIterator[CallRow]:
        """All calls in which the person was caller, callee, leg, or named by a rule."""
        query = CallQuery(company, limit=CHUNK)
        while rows := await self._store.calls.find(query):
            for row in rows:
                if names_person(person, [row.caller, row.callee, row.answered_by, _document(row)]):
                    yield row
            query = msgspec.structs.replace(query, before=(rows[-1].started, rows[-1].call))

    async def _audit(self, company: str, person: Person) -> AsyncIterator[tuple[int, AuditEntry]]:
        before: int | None = None
        while rows := await self._store.companies.audit_page(company, CHUNK, before):
            for number, entry in rows:
                if audit_names(person, entry):
                    yield number, entry
            before = rows[-1][0]


def _document(row: CallRow) -> Any:
    return msgspec.json.decode(row.document)


def _erased(row: CallRow, person: Person) -> CallRow:
    return msgspec.structs.replace(
        row,
        caller=without(person, row.caller),
        callee=without(person, row.callee),
        answered_by=without(person, row.answered_by),
        document=msgspec.json.encode(without(person, _document(row))),
    )


def _entry(entry: AuditEntry) -> dict[str, Any]:
    """An entry of the audit without what lies beside secrets."""
    kind = SCHEMA.by_kind.get(entry.kind)
    before, after = (shown(SCHEMA, kind, each) if kind and each else each for each in (entry.before, entry.after))
    told: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(entry, before=before, after=after))
    return told
