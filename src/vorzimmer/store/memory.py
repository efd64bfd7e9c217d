"""The store in memory, for simulations and tests: the same contract, and it fails when it is told to.

No call gives way to the loop, so that a simulated run depends on nothing but its seed. This module must never behave
differently from the SQL store where the contract test looks.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.directory.repository import (
    AuditEntry,
    Claim,
    ClaimTakenError,
    Commit,
    Record,
    StaleRevisionError,
    Stored,
)
from vorzimmer.store.call_rows import ANSWERED
from vorzimmer.store.memory_accounts import MemoryAccounts, MemoryFactors, MemoryOutbox, MemorySessions
from vorzimmer.store.ports import StoreFailedError
from vorzimmer.store.secrets import CompanySecrets, Cost, Kept, Place, SecretBox

Fails = Callable[[str], bool]
"""Told the name of an operation (``companies.commit``, ``live.save`` ...) before it is done; True makes it fail."""


@dataclass(frozen=True, slots=True)
class _Company:
    revision: int = 0
    records: Mapping[tuple[str, str], Record] = field(default_factory=dict)
    secrets: Mapping[Place, Kept] = field(default_factory=dict)


class MemoryStore:
    """store.ports.Store without a database."""

    def __init__(self, *, box: SecretBox | None = None, fails: Fails = lambda operation: False) -> None:
        def check(operation: str) -> None:
            _check(fails, operation)

        self.accounts = MemoryAccounts(check)
        self.sessions = MemorySessions(self.accounts, check)
        self.factors = MemoryFactors(self.accounts, check)
        self.outbox = MemoryOutbox(check)
        box = box or SecretBox(bytes(32), Cost(memory=8, passes=1))
        self.companies = MemoryCompanies(box, fails, self.accounts.drop_persons)
        self.calls = MemoryCalls(fails)
        self.live = MemoryLive(self.calls, fails)
        self.meta = MemoryMeta(fails)

    async def close(self) -> None:
        """Nothing to give back; what was stored stays, so that a restart can be simulated."""


def _check(fails: Fails, operation: str) -> None:
    if fails(operation):
        raise StoreFailedError(f"database: told to fail at {operation}")


class MemoryCompanies:
    """admin.ports.CompanyRepository in a dictionary."""

    def __init__(
        self,
        box: SecretBox,
        fails: Fails,
        drop_persons: Callable[[str, set[str] | None], None] = lambda company, users: None,
    ) -> None:
        self._box = box
        self._fails = fails
        self._drop_persons = drop_persons
        self._companies: dict[str, _Company] = {}
        self._claims: dict[tuple[str, str], tuple[str, str]] = {}
        self._audit: defaultdict[str, list[AuditEntry]] = defaultdict(list)

    async def companies(self) -> tuple[str, ...]:
        """As the port says."""
        _check(self._fails, "companies.companies")
        return tuple(sorted(self._companies))

    async def load(self, company: str) -> Stored | None:
        """As the port says."""
        _check(self._fails, "companies.load")
        found = self._companies.get(company)
        return None if found is None else Stored(found.revision, tuple(_copy(item) for item in found.records.values()))

    async def secrets(self, company: str) -> CompanySecrets:
        """As the port says."""
        _check(self._fails, "companies.secrets")
        return CompanySecrets(self._box, company, self._companies.get(company, _Company()).secrets)

    async def commit(self, commit: Commit) -> int:
        """As the port says."""
        _check(self._fails, "companies.commit")
        old = self._companies.get(commit.company, _Company())
        if old.revision != commit.base:
            raise StaleRevisionError(f"{commit.company} is not at revision {commit.base} any more")
        removed = any(change.kind == "company" and change.record is None for change in commit.changes)
        claims = self._claims_after(commit, removed=removed)
        if removed:
            self._companies.pop(commit.company, None)
        else:
            self._companies[commit.company] = self._company_after(old, commit)
        self._claims = claims
        gone = {change.id for change in commit.changes if change.kind == "user" and change.record is None}
        self._drop_persons(commit.company, None if removed else gone)
        self._audit[commit.company].extend(commit.audit)
        return commit.base + 1

    async def note(self, company: str, entry: AuditEntry) -> None:
        """As the port says."""
        _check(self._fails, "companies.note")
        self._audit[company].append(entry)

    async def audit(self, company: str, limit: int = 100) -> tuple[AuditEntry, ...]:
        """As the port says."""
        _check(self._fails, "companies.audit")
        return tuple(reversed(self._audit[company]))[:limit]

    async def audit_page(self, company: str, limit: int, before: int | None) -> tuple[tuple[int, AuditEntry], ...]:
        """As the port says."""
        _check(self._fails, "companies.audit")
        rows = [
            (number, entry) for number, entry in enumerate(self._audit[company]) if before is None or number < before
        ]
        return tuple(reversed(rows))[:limit]

    async def put_audit(self, company: str, entries: Sequence[tuple[int, AuditEntry]]) -> None:
        """As the port says."""
        _check(self._fails, "companies.put_audit")
        for number, entry in entries:
            self._audit[company][number] = entry

    async def forget_audit(self, company: str, before: datetime, most: int) -> int:
        """As the port says."""
        _check(self._fails, "companies.forget_audit")
        old = [entry for entry in self._audit[company][:most] if entry.at < before]
        self._audit[company] = [entry for entry in self._audit[company] if entry not in old]
        return len(old)

    def _company_after(self, old: _Company, commit: Commit) -> _Company:
        records, secrets = dict(old.records), dict(old.secrets)
        for change in commit.changes:
            if change.record is None:
                records.pop((change.kind, change.id), None)
                secrets = {place: kept for place, kept in secrets.items() if place[:2] != (change.kind, change.id)}
        for change in {(change.kind, change.id): change for change in commit.changes}.values():
            if change.record is not None:
                records[change.kind, change.id] = _copy(Record(change.kind, change.id, change.record))
        for write in commit.secrets:
            place = (write.kind, write.id, write.field)
            secrets.pop(place, None)
            if write.text is not None:
                secrets[place] = self._box.keep(commit.company, place, write.form, write.text)
        return replace(old, revision=commit.base + 1, records=records, secrets=secrets)

    def _claims_after(self, commit: Commit, *, removed: bool) -> dict[tuple[str, str], tuple[str, str]]:
        gone: dict[tuple[str, str], tuple[str, str]] = {
            (claim.what, claim.name): (commit.company, claim.id) for claim in commit.release
        }
        claims = {key: owner for key, owner in self._claims.items() if gone.get(key) != owner}
        if removed:
            return {key: owner for key, owner in claims.items() if owner[0] != commit.company}
        for claim in commit.claim:
            self._claim(claims, commit.company, claim)
        return claims

    def _claim(self, claims: dict[tuple[str, str], tuple[str, str]], company: str, claim: Claim) -> None:
        if claims.get((claim.what, claim.name), (company, ""))[0] != company:
            raise ClaimTakenError(claim)
        claims[claim.what, claim.name] = (company, claim.id)


class MemoryCalls:
    """store.ports.CallRepository in a dictionary."""

    def __init__(self, fails: Fails) -> None:
        self._fails = fails
        self._rows: dict[str, CallRow] = {}

    async def add(self, rows: Sequence[CallRow]) -> int:
        """As the port says."""
        _check(self._fails, "calls.add")
        return self.insert(rows)

    def insert(self, rows: Sequence[CallRow]) -> int:
        """Without failing, for the transaction that settles calls."""
        before = len(self._rows)
        for row in rows:
            self._rows.setdefault(row.call, row)
        return len(self._rows) - before

    async def get(self, call: str) -> CallRow | None:
        """As the port says."""
        _check(self._fails, "calls.get")
        return self._rows.get(call)

    async def find(self, query: CallQuery) -> tuple[CallRow, ...]:
        """As the port says."""
        _check(self._fails, "calls.find")
        found = [row for row in self._rows.values() if _matches(row, query)]
        return tuple(sorted(found, key=lambda row: (row.started, row.call), reverse=True)[: query.limit])

    async def rewrite(self, rows: Sequence[CallRow]) -> None:
        """As the port says."""
        _check(self._fails, "calls.rewrite")
        self._rows.update({row.call: row for row in rows if row.call in self._rows})

    async def forget(self, company: str, ended_before: float, most: int = 1_000) -> int:
        """As the port says."""
        _check(self._fails, "calls.forget")
        old = [row.call for row in self._rows.values() if row.company == company and row.ended < ended_before][:most]
        for call in old:
            del self._rows[call]
        return len(old)


class MemoryLive:
    """store.ports.LiveRepository in a dictionary."""

    def __init__(self, calls: MemoryCalls, fails: Fails) -> None:
        self._calls = calls
        self._fails = fails
        self._values: defaultdict[str, dict[str, bytes]] = defaultdict(dict)

    async def load(self, kind: str) -> dict[str, bytes]:
        """As the port says."""
        _check(self._fails, "live.load")
        return dict(self._values[kind])

    async def save(self, kind: str, changes: Mapping[str, bytes | None]) -> None:
        """As the port says."""
        _check(self._fails, "live.save")
        self._save(kind, changes)

    async def settle(self, states: Mapping[str, bytes | None], records: Sequence[CallRow]) -> None:
        """As the port says."""
        _check(self._fails, "live.settle")
        self._calls.insert(records)
        self._save("call", {**states, **{row.call: None for row in records}})

    def _save(self, kind: str, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self._values[kind].pop(key, None)
            else:
                self._values[kind][key] = value


class MemoryMeta:
    """store.ports.MetaRepository in a dictionary."""

    def __init__(self, fails: Fails) -> None:
        self._fails = fails
        self._values: dict[str, bytes] = {}

    async def get(self, name: str) -> bytes | None:
        """As the port says."""
        _check(self._fails, "meta.get")
        return self._values.get(name)

    async def keep(self, name: str, value: bytes) -> bytes:
        """As the port says."""
        _check(self._fails, "meta.keep")
        return self._values.setdefault(name, value)


def _matches(row: CallRow, query: CallQuery) -> bool:
    return (
        row.company == query.company
        and (query.since is None or row.started >= query.since)
        and (query.until is None or row.started < query.until)
        and (not query.who or not {query.who, *query.also}.isdisjoint((row.caller, row.callee, row.answered_by)))
        and (not query.outcome or row.outcome == query.outcome)
        and (not query.direction or row.direction == query.direction)
        and (query.answered is None or (row.outcome == ANSWERED) == query.answered)
        and (not query.number or query.number in row.caller or query.number in row.callee)
        and (query.before is None or (row.started, row.call) < query.before)
    )


def _copy(record: Record) -> Record:
    """As if it had been written and read: nobody can change what is stored by changing what they handed in."""
    return msgspec.json.decode(msgspec.json.encode(record), type=Record)
