"""The one door, opened: read what is there, plan, commit whole or not at all, publish.

Everything that changes a company goes through `Door`: command line, API, portal, feature codes. If somebody else was
faster the plan is made again on what is there now. This module must never decide what a change means (``plan.py``) and
never let one caller skip what another must pass.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from vorzimmer.admin.apply import plan_apply, read
from vorzimmer.admin.edit import Edit, plan_edit
from vorzimmer.admin.export import export_company
from vorzimmer.admin.plan import ApplyPlan
from vorzimmer.admin.ports import Publisher
from vorzimmer.admin.problems import Problem, RefusedError
from vorzimmer.admin.world import DEFAULT_OPTIONS, SYSTEM, Actor, Current, NoSecrets, Options, World
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.repository import (
    AuditEntry,
    ClaimTakenError,
    Commit,
    CompanyRepository,
    Secrets,
    StaleRevisionError,
)
from vorzimmer.directory.server import ServerBook
from vorzimmer.directory.snapshot import Change, Snapshot, Zones
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.kernel.chance import Chance

_TRIES = 5
Lookup = Callable[[str], str | None]


def _nothing(name: str) -> str | None:
    """No variable and no file is there."""
    return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change: the plan, whether it was committed, and the company's revision now."""

    plan: ApplyPlan
    committed: bool
    revision: int


class NoPublisher:
    """Nobody is listening (the server does not run)."""

    def publish(self, company: str, revision: int, changes: tuple[Change, ...]) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the door needs beside the store: chance, time zones, the wall clock (aware), and where secrets are read."""

    chance: Chance
    zones: Zones
    wall: Callable[[], datetime]
    env: Lookup = _nothing
    file: Lookup = _nothing

    def world(self, env: Lookup | None = None, file: Lookup | None = None) -> World:
        """The world of one plan; the caller of `apply` may bring his own variables and files."""
        return World(env or self.env, file or self.file, self.chance, self.zones, self.wall())


class Door:
    """The one door. Keeps the books in memory; a stale one is found at commit and read again."""

    def __init__(self, repository: CompanyRepository, around: Surroundings, publisher: Publisher | None = None) -> None:
        self._repository = repository
        self._around = around
        self._publisher = publisher or NoPublisher()
        self._server = ServerBook()
        self._secrets: dict[str, Secrets] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    @property
    def server(self) -> ServerBook:
        """All companies as they are now."""
        return self._server

    async def open(self) -> ServerBook:
        """Read all companies. Raises BadRecordError if the store holds what this version cannot read."""
        server = ServerBook()
        for company in await self._repository.companies():
            book = await self._read(company)
            if book is not None:
                server = server.add(book)
        self._server = server
        self._secrets.clear()
        return server

    async def apply(
        self,
        text: str,
        options: Options = DEFAULT_OPTIONS,
        *,
        actor: Actor = SYSTEM,
        dry_run: bool = False,
        env: Lookup | None = None,
        file: Lookup | None = None,
    ) -> Outcome:
        """Apply a company file. Raises BadFileError (exit 2) or RefusedError (exit 1); then nothing has changed."""
        if not actor.system:
            raise RefusedError([Problem("", "only the operator of the server applies files", refused=True)])
        wanted = read(text)
        world = self._around.world(env, file)

        def planning(current: Current) -> ApplyPlan:
            return plan_apply(wanted, current, world, options, actor=actor)

        return await self._perform(wanted.company, planning, dry_run=dry_run)

    async def edit(self, company: str, edits: list[Edit], actor: Actor, *, dry_run: bool = False) -> Outcome:
        """Change single records. Raises RefusedError (not allowed) or BadFileError (does not fit)."""
        world = self._around.world(_nothing, _nothing)

        def planning(current: Current) -> ApplyPlan:
            return plan_edit(edits, current, world, actor)

        return await self._perform(company, planning, dry_run=dry_run)

    async def remove(self, company: str, actor: Actor = SYSTEM) -> int:
        """Remove a company and all of it; the revision that it ended with. Raises RefusedError, LookupError."""
        if not actor.system:
            raise RefusedError([Problem("company", "only the operator of the server removes companies", refused=True)])
        async with self._turns.setdefault(company, asyncio.Lock()):
            await self._reload(company)
            book = self._server.company(company)
            if book is None:
                raise LookupError(company)
            gone = (Change(COMPANY.name, company, None),)
            audit = AuditEntry(self._around.wall(), actor.name, COMPANY.name, company, None, None, (), actor.origin)
            revision = await self._repository.commit(Commit(company, book.revision, gone, audit=(audit,)))
            self._server = self._server.remove(company)
            self._secrets.pop(company, None)
            self._publisher.publish(company, revision, gone)
            return revision

    async def export(self, company: str, *, with_secrets: bool = False) -> str:
        """The company file; with secrets it is a backup. Raises LookupError."""
        book = await self._read(company)
        if book is None:
            raise LookupError(company)
        return export_company(book, await self._repository.secrets(company) if with_secrets else None)

    async def _perform(self, company: str, planning: Callable[[Current], ApplyPlan], *, dry_run: bool) -> Outcome:
        async with self._turns.setdefault(company, asyncio.Lock()):
            return await self._take_turn(company, planning, dry_run=dry_run)

    async def _take_turn(self, company: str, planning: Callable[[Current], ApplyPlan], *, dry_run: bool) -> Outcome:
        fresh = False
        for _ in range(_TRIES):
            plan = planning(await self._current(company))
            if (dry_run or plan.empty) and not fresh:
                await self._reload(company)  # *nothing to do* is true only of what is there now
                fresh = True
                continue
            if dry_run or plan.empty:
                return Outcome(plan, False, plan.commit.base)
            try:
                revision = await self._repository.commit(plan.commit)
            except StaleRevisionError:
                await self._reload(company)
                continue
            except ClaimTakenError as error:
                raise _taken(error) from error
            self._publish(company, plan, revision)
            return Outcome(plan, True, revision)
        raise RefusedError([Problem("", "others are changing this company all the time; try again", refused=True)])

    async def _current(self, company: str) -> Current:
        book = self._server.company(company)
        if book is None:
            return Current(None, NoSecrets(), self._server)
        if company not in self._secrets:
            self._secrets[company] = await self._repository.secrets(company)
        return Current(book, self._secrets[company], self._server)

    def _publish(self, company: str, plan: ApplyPlan, revision: int) -> None:
        if self._server.company(company) is None:
            self._server = self._server.add(plan.after.at_revision(revision))
        else:
            self._server = self._server.apply(company, plan.commit.changes, revision)
        if plan.commit.secrets:
            self._secrets.pop(company, None)
        self._publisher.publish(company, revision, plan.commit.changes)

    async def _reload(self, company: str) -> None:
        self._secrets.pop(company, None)
        book = await self._read(company)
        self._server = self._server.add(book) if book is not None else self._server.remove(company)

    async def _read(self, company: str) -> Snapshot | None:
        stored = await self._repository.load(company)
        if stored is None:
            return None
        records = (Change(record.kind, record.id, record.data) for record in stored.records)
        return Snapshot.of(SCHEMA, self._around.zones, records).at_revision(stored.revision)


def _taken(error: ClaimTakenError) -> RefusedError:
    claim = error.args[0] if error.args else None
    name = getattr(claim, "name", "a name")
    return RefusedError([Problem("", f"{name} is taken on this server", refused=True)])
