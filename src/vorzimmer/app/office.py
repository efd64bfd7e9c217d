"""The office: everything that people change and ask, as functions over the store, with or without a running server.

The web process and the command line run the same functions. Each change passes admin's one door, is committed whole and
then published to control. This module must never write around admin.
"""

import os
from pathlib import Path
from typing import Any

import msgspec

from vorzimmer.admin.apply import plan_apply, read
from vorzimmer.admin.edit import Edit, plan_edit
from vorzimmer.admin.export import export_company
from vorzimmer.admin.plan import ApplyPlan
from vorzimmer.admin.ports import ClaimTakenError, StaleRevisionError
from vorzimmer.admin.problems import Problem, ProblemsError, RefusedError
from vorzimmer.admin.world import Actor, Current, Options, World
from vorzimmer.app.control_link import ControlLink
from vorzimmer.app.explaining import Question, explain_now, explain_record
from vorzimmer.app.house import Published, zone
from vorzimmer.app.live_view import past_call
from vorzimmer.app.rpc import RpcError
from vorzimmer.calls.records import Record
from vorzimmer.directory.keys import DEVICE
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.server import ServerBook
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.codes.actions import changes_for
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.routing.live import Facts
from vorzimmer.routing.model import LiveFacts
from vorzimmer.sip.digest import Credentials
from vorzimmer.store.ports import CallQuery, Store

TRIES = 3
"""How often a change is planned anew when somebody else was faster."""


class NotFoundError(VorzimmerError):
    """No such company or call."""


class ApplyRequest(msgspec.Struct, frozen=True):
    """`folder` is where relative ``{file: PATH}`` are looked for; `environment` holds what ``{env: NAME}`` may name."""

    text: str
    folder: str
    environment: dict[str, str]
    dry_run: bool = False
    prune: bool = False
    allow_weak_passwords: bool = False


class Office:
    """`link` is None without a running server."""

    def __init__(self, store: Store, clock: Clock, chance: Chance, link: ControlLink | None, realm: str) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._link = link
        self._realm = realm

    # -- changing ---------------------------------------------------------------------------------------------------
    async def apply(self, request: ApplyRequest) -> dict[str, Any]:
        """Apply a company file: ``{"exit": 0|1|2, "lines", "notes", "problems", "made", "changed", "company"}``."""
        try:
            file = read(request.text)
            plan = await self._commit(
                file.company,
                lambda current: plan_apply(
                    file, current, self._world(request), Options(request.prune, request.allow_weak_passwords)
                ),
                dry_run=request.dry_run,
            )
        except ProblemsError as error:
            return {"exit": error.exit_code, "problems": [str(problem) for problem in error.problems]}
        made = [] if request.dry_run else [[w.kind, w.id, w.field, w.text] for w in plan.made]
        return {
            "exit": 0,
            "company": file.company,
            "changed": not plan.empty,
            "lines": list(plan.lines),
            "notes": list(plan.notes),
            "made": made,
        }

    async def edit(self, company: str, ref: Ref, values: dict[str, Any], actor: Actor) -> ApplyPlan:
        """Change keys of one record in somebody's name; raises ProblemsError."""
        request = ApplyRequest("", "", {})
        return await self._commit(
            company, lambda current: plan_edit([Edit(ref, values)], current, self._world(request), actor)
        )

    async def code(self, company: str, caller: Ref, action: str, params: dict[str, str]) -> str:
        """What a dialled feature code changes, in the caller's own name; the key of its confirmation. Raises
        ProblemsError."""
        change = changes_for(action, params, caller, await self.book(company))
        values: dict[str, Any] = {}
        for one in change.changes:
            inside = values
            for name in one.path[:-1]:
                inside = inside.setdefault(name, {})
            inside[one.path[-1]] = one.value
        await self.edit(company, caller, values, Actor(f"{caller} by feature code", company, caller.id))
        return change.confirm

    async def _commit(self, company: str, plan_on: Any, *, dry_run: bool = False) -> ApplyPlan:
        for _ in range(TRIES):
            plan: ApplyPlan = plan_on(await self._current(company))
            if plan.empty or dry_run:
                return plan
            try:
                revision = await self._store.companies.commit(plan.commit)
            except StaleRevisionError:
                continue
            except ClaimTakenError as error:
                raise RefusedError(
                    [Problem("", f"{error.args[0].name} is taken on this server", refused=True)]
                ) from error
            await self._publish(plan, revision)
            return plan
        raise RefusedError([Problem("", "somebody else is changing this company right now; try again", refused=True)])

    async def _publish(self, plan: ApplyPlan, revision: int) -> None:
        """Control that is not there reads the committed change at its start."""
        if self._link is None:
            return
        commit = plan.commit
        change = Published(commit.company, revision, commit.changes, await self._credentials(plan))
        try:
            await self._link.call("publish", change=msgspec.to_builtins(change))
        except RpcError:
            return

    async def _credentials(self, plan: ApplyPlan) -> dict[str, Credentials | None]:
        """Of devices whose account or password changed."""
        company, after = plan.commit.company, plan.after
        touched = {write.id for write in plan.commit.secrets if write.kind == DEVICE.name}
        touched |= {claim.id for claim in (*plan.commit.claim, *plan.commit.release) if claim.what == "account"}
        if not touched:
            return {}
        secrets = await self._store.companies.secrets(company)
        found: dict[str, Credentials | None] = {}
        for device in sorted(touched):
            core = after.find(DEVICE, device)
            password = secrets.reveal(DEVICE.name, device, "password")
            username = core.username if core is not None else None
            found[device] = Credentials.of(username, self._realm, password) if username and password else None
        return found

    # -- asking -----------------------------------------------------------------------------------------------------
    async def export(self, company: str | None, *, with_secrets: bool) -> str:
        """The company as a file; raises NotFoundError."""
        ident = await self.company(company)
        secrets = await self._store.companies.secrets(ident) if with_secrets else None
        return export_company(await self.book(ident), secrets)

    async def history(self, company: str | None, limit: int) -> list[dict[str, Any]]:
        """Ended calls, the newest first; raises NotFoundError."""
        rows = await self._store.calls.find(CallQuery(await self.company(company), limit=limit))
        return [past_call(row) for row in rows]

    async def explain(self, question: Question) -> dict[str, Any]:
        """An imagined call, with live facts where a server runs; raises BadQuestionError and its kin."""
        ident = await self.company(question.company or None)
        question = msgspec.structs.replace(question, company=ident)
        if self._link is not None:
            answer: dict[str, Any] = await self._link.call("explain", question=msgspec.to_builtins(question))
            return answer
        return explain_now(question, await self.book(ident), Facts(LiveFacts()), self._clock.wall())

    async def explain_call(self, call: str, language: str | None) -> dict[str, Any]:
        """A call that was; raises NotFoundError."""
        row = await self._store.calls.get(call)
        if row is None:
            raise NotFoundError(f"no ended call {call}")
        record = msgspec.json.decode(row.document, type=Record)
        return explain_record(record, await self.book(row.company), language)

    async def company(self, wanted: str | None) -> str:
        """The company that is meant: the named one, or the only one; raises NotFoundError."""
        known = await self._store.companies.companies()
        if wanted is None and len(known) == 1:
            return known[0]
        if wanted in known:
            return str(wanted)
        names = ", ".join(known) or "there is none yet"
        raise NotFoundError(f"no company {wanted}: {names}" if wanted else f"say which --company: {names}")

    # -- reading ----------------------------------------------------------------------------------------------------
    async def book(self, company: str) -> Snapshot:
        """The company as it is stored now; raises NotFoundError."""
        stored = await self._store.companies.load(company)
        if stored is None:
            raise NotFoundError(f"no company {company}")
        records = [Change(record.kind, record.id, record.data) for record in stored.records]
        return Snapshot.of(SCHEMA, zone, records).at_revision(stored.revision)

    async def _current(self, company: str) -> Current:
        server = ServerBook()
        for ident in await self._store.companies.companies():
            server = server.add(await self.book(ident))
        book = server.company(company)
        if book is None:
            return Current(server=server)
        return Current(book, await self._store.companies.secrets(company), server)

    def _world(self, request: ApplyRequest) -> World:
        folder = Path(request.folder)

        def file(path: str) -> str | None:
            try:
                return (folder / path).read_text().strip()
            except (OSError, UnicodeDecodeError):
                return None

        return World(request.environment.get, file, self._chance, zone, self._clock.wall())


def environment() -> dict[str, str]:
    """The environment of this process, for ``{env: NAME}``."""
    return dict(os.environ)
