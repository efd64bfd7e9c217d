"""Companies in SQL: ``admin.ports.CompanyRepository``.

A commit takes the company's row first, so that two of them on one company take turns and the slower one is told. This
module must never decide what a change means.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vorzimmer.directory.repository import (
    AuditEntry,
    Claim,
    ClaimTakenError,
    Commit,
    Record,
    StaleRevisionError,
    Stored,
)
from vorzimmer.directory.snapshot import Change
from vorzimmer.store.database import Database
from vorzimmer.store.schema import audit, claim, company, record, secret
from vorzimmer.store.schema_signin import account
from vorzimmer.store.secrets import CompanySecrets, Kept, SecretBox

_CHUNK = 500
"""Rows per statement: SQLite and PostgreSQL both bound the number of parameters."""

Sealed = list[tuple[tuple[str, str, str], Kept | None]]


class SqlCompanies:
    """admin.ports.CompanyRepository over a Database."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def companies(self) -> tuple[str, ...]:
        """As the port says."""
        async with self._database.reading() as connection:
            return tuple(sorted((await connection.scalars(select(company.c.id))).all()))

    async def load(self, company_id: str) -> Stored | None:
        """As the port says; one statement, so that revision and records belong together."""
        joined = company.outerjoin(record, record.c.company == company.c.id)
        wanted = (
            select(company.c.revision, record.c.kind, record.c.id, record.c.data)
            .select_from(joined)
            .where(company.c.id == company_id)
            .order_by(record.c.position)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        if not rows:
            return None
        records = tuple(Record(row.kind, row.id, msgspec.json.decode(row.data)) for row in rows if row.kind is not None)
        return Stored(rows[0].revision, records)

    async def secrets(self, company_id: str) -> CompanySecrets:
        """As the port says."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(secret).where(secret.c.company == company_id))).all()
        kept = {(row.kind, row.id, row.field): Kept(row.form, row.blob) for row in rows}
        return CompanySecrets(self._box, company_id, kept)

    async def commit(self, commit: Commit) -> int:
        """As the port says. Hashing is slow and happens before the transaction, off the loop."""
        sealed = await asyncio.to_thread(_seal, self._box, commit)
        async with self._database.writing() as connection:
            await self._take_turn(connection, commit)
            if _removes_company(commit):
                await connection.execute(delete(company).where(company.c.id == commit.company))
                await connection.execute(delete(account).where(account.c.company == commit.company))
            else:
                await self._put_records(connection, commit)
                await self._put_secrets(connection, commit.company, sealed)
                await self._put_claims(connection, commit)
            await _append_audit(connection, commit)
        return commit.base + 1

    async def note(self, company_id: str, entry: AuditEntry) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            await connection.execute(insert(audit), [_audit_row(company_id, entry)])

    async def audit(self, company_id: str, limit: int = 100) -> tuple[AuditEntry, ...]:
        """As the port says."""
        newest = select(audit.c.entry).where(audit.c.company == company_id).order_by(audit.c.number.desc()).limit(limit)
        async with self._database.reading() as connection:
            entries = (await connection.scalars(newest)).all()
        return tuple(msgspec.json.decode(entry, type=AuditEntry) for entry in entries)

    async def audit_page(self, company_id: str, limit: int, before: int | None) -> tuple[tuple[int, AuditEntry], ...]:
        """As the port says."""
        wanted = select(audit.c.number, audit.c.entry).where(audit.c.company == company_id)
        if before is not None:
            wanted = wanted.where(audit.c.number < before)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted.order_by(audit.c.number.desc()).limit(limit))).all()
        return tuple((row.number, msgspec.json.decode(row.entry, type=AuditEntry)) for row in rows)

    async def put_audit(self, company_id: str, entries: Sequence[tuple[int, AuditEntry]]) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            for number, entry in entries:
                here = (audit.c.company == company_id) & (audit.c.number == number)
                await connection.execute(update(audit).where(here).values(entry=_text(entry)))

    async def forget_audit(self, company_id: str, before: datetime, most: int) -> int:
        """As the port says. Entries are numbered in the order of time, so the oldest ones are looked at."""
        oldest = select(audit.c.number, audit.c.entry).where(audit.c.company == company_id)
        async with self._database.writing() as connection:
            rows = (await connection.execute(oldest.order_by(audit.c.number).limit(most))).all()
            old = [row.number for row in rows if msgspec.json.decode(row.entry, type=AuditEntry).at < before]
            for start in range(0, len(old), _CHUNK):
                await connection.execute(delete(audit).where(audit.c.number.in_(old[start : start + _CHUNK])))
        return len(old)

    async def _take_turn(self, connection: AsyncConnection, commit: Commit) -> None:
        """Lock the company's row at the revision the change was planned on, and count it up."""
        if commit.base == 0:
            new = self._database.upsert(company, [{"id": commit.company, "revision": 1}], ())
            done = await connection.execute(new)
        else:
            here = (company.c.id == commit.company) & (company.c.revision == commit.base)
            done = await connection.execute(update(company).where(here).values(revision=commit.base + 1))
        if done.rowcount != 1:
            raise StaleRevisionError(f"{commit.company} is not at revision {commit.base} any more")

    async def _put_records(self, connection: AsyncConnection, commit: Commit) -> None:
        gone = [(change.kind, change.id) for change in commit.changes if change.record is None]
        for kind, ident in gone:
            await _delete(connection, record, commit.company, (kind, ident))
            await _delete(connection, secret, commit.company, (kind, ident))
        persons = [ident for kind, ident in gone if kind == "user"]
        for start in range(0, len(persons), _CHUNK):
            here = (account.c.company == commit.company) & account.c.user.in_(persons[start : start + _CHUNK])
            await connection.execute(delete(account).where(here))
        top = select(func.coalesce(func.max(record.c.position), 0)).where(record.c.company == commit.company)
        position = (await connection.scalars(top)).one()
        rows = [_row(commit.company, change, position + index) for index, change in enumerate(_puts(commit), start=1)]
        for chunk in _chunks(rows):
            await connection.execute(self._database.upsert(record, chunk, ("data",)))

    async def _put_secrets(self, connection: AsyncConnection, company_id: str, sealed: Sealed) -> None:
        for (kind, ident, field), kept in sealed:
            if kept is None:
                await _delete(connection, secret, company_id, (kind, ident), field)
        rows = [
            {"company": company_id, "kind": kind, "id": ident, "field": field, "form": kept.form, "blob": kept.blob}
            for (kind, ident, field), kept in sealed
            if kept is not None
        ]
        for chunk in _chunks(rows):
            await connection.execute(self._database.upsert(secret, chunk, ("form", "blob")))

    async def _put_claims(self, connection: AsyncConnection, commit: Commit) -> None:
        for gone in commit.release:
            mine = (claim.c.what == gone.what) & (claim.c.name == gone.name) & (claim.c.company == commit.company)
            await connection.execute(delete(claim).where(mine, claim.c.id == gone.id))
        for wanted in commit.claim:
            await self._claim(connection, commit.company, wanted)

    async def _claim(self, connection: AsyncConnection, company_id: str, wanted: Claim) -> None:
        """Insert, or take over a row of one's own company; a row of another company stays as it is and refuses."""
        row = {"what": wanted.what, "name": wanted.name, "company": company_id, "id": wanted.id}
        statement = self._database.insert(claim).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=["what", "name"], set_={"id": wanted.id}, where=claim.c.company == company_id
        )
        if (await connection.execute(statement)).rowcount != 1:
            raise ClaimTakenError(wanted)


def _removes_company(commit: Commit) -> bool:
    return any(change.kind == "company" and change.record is None for change in commit.changes)


def _puts(commit: Commit) -> list[Change]:
    """The last put of each record, in the order of the first."""
    last = {(change.kind, change.id): change for change in commit.changes}
    return [change for change in last.values() if change.record is not None]


def _seal(box: SecretBox, commit: Commit) -> Sealed:
    return [
        (place, None if write.text is None else box.keep(commit.company, place, write.form, write.text))
        for write in commit.secrets
        for place in [(write.kind, write.id, write.field)]
    ]


def _row(company_id: str, change: Change, position: int) -> dict[str, Any]:
    data = msgspec.json.encode(change.record).decode()
    return {"company": company_id, "kind": change.kind, "id": change.id, "position": position, "data": data}


def _chunks(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]


async def _delete(
    connection: AsyncConnection, table: Any, company_id: str, owner: tuple[str, str], field: str | None = None
) -> None:
    statement = delete(table).where(table.c.company == company_id, table.c.kind == owner[0], table.c.id == owner[1])
    if field is not None:
        statement = statement.where(table.c.field == field)
    await connection.execute(statement)


def _audit_row(company_id: str, entry: AuditEntry) -> dict[str, str]:
    return {"company": company_id, "entry": _text(entry)}


async def _append_audit(connection: AsyncConnection, commit: Commit) -> None:
    rows = [_audit_row(commit.company, entry) for entry in commit.audit]
    if rows:
        await connection.execute(insert(audit), rows)


def _text(entry: AuditEntry) -> str:
    return msgspec.json.encode(entry).decode()
