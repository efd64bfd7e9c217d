"""The office: everything that people change and ask, as functions over the store, with or without a running server.

The web process and the command line run the same functions. Each change passes admin's one door and is then published
to control. This module must never write around admin.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from vorzimmer.admin import schedule_view
from vorzimmer.admin.door import Door, Outcome, Surroundings
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.plan import ApplyPlan
from vorzimmer.admin.problems import ProblemsError
from vorzimmer.admin.world import Actor, Options
from vorzimmer.api.events.model import Changed
from vorzimmer.app.control_link import ControlLink
from vorzimmer.app.explaining import explain_now, explain_record
from vorzimmer.app.house import Published, zone
from vorzimmer.app.live_view import past_call
from vorzimmer.app.privacy import Privacy
from vorzimmer.app.rpc import RpcError
from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.calls.records import Record
from vorzimmer.directory.keys import COMPANY, DEVICE
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.codes.actions import changes_for
from vorzimmer.features.trunk.settings import TRUNK
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.routing.explain import Question
from vorzimmer.routing.live import Facts
from vorzimmer.routing.model import LiveFacts
from vorzimmer.sip.digest import Credentials
from vorzimmer.store.ports import Store


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
    """`link` is None without a running server. Call `open` before anything else."""

    def __init__(self, store: Store, ports: tuple[Clock, Chance], link: ControlLink | None, realm: str) -> None:
        self._store = store
        self._clock, chance = ports
        self._link = link
        self._realm = realm
        self.privacy = Privacy(store, self, self._clock)
        self.calendar_alarms: dict[tuple[str, str], str] = {}
        """(company, schedule) -> why its calendar could not be read."""
        self._listeners: list[Callable[[Changed], None]] = []
        self._door = Door(store.companies, Surroundings(chance, zone, self._clock.wall))

    def listen(self, listener: Callable[[Changed], None]) -> None:
        """Be told of every committed change, after control."""
        self._listeners.append(listener)

    async def open(self) -> None:
        """Read all companies."""
        await self._door.open()

    # -- changing ---------------------------------------------------------------------------------------------------
    async def apply(self, request: ApplyRequest) -> dict[str, Any]:
        """Apply a company file: ``{"exit": 0|1|2, "lines", "notes", "problems", "made", "changed", "company"}``."""
        options = Options(request.prune, request.allow_weak_passwords)
        env, file = request.environment.get, _reader(request.folder)
        try:
            outcome = await self._door.apply(request.text, options, dry_run=request.dry_run, env=env, file=file)
        except ProblemsError as error:
            return {"exit": error.exit_code, "problems": [str(problem) for problem in error.problems]}
        await self._publish(outcome)
        plan = outcome.plan
        made = _made(plan) if outcome.committed else []
        return {
            "exit": 0,
            "company": plan.commit.company,
            "changed": not plan.empty,
            "lines": list(plan.lines),
            "notes": list(plan.notes),
            "made": made,
        }

    async def edit(self, company: str, ref: Ref, values: dict[str, Any], actor: Actor) -> Outcome:
        """Change keys of one record in somebody's name; raises ProblemsError."""
        return await self.change(company, [Edit(ref, values)], actor)

    async def change(self, company: str, edits: list[Edit], actor: Actor, *, dry_run: bool = False) -> Outcome:
        """Change records in somebody's name, whole or not at all; raises ProblemsError."""
        outcome = await self._door.edit(company, edits, actor, dry_run=dry_run)
        await self._publish(outcome)
        return outcome

    async def apply_text(self, text: str, options: Options, actor: Actor, *, dry_run: bool) -> Outcome:
        """Apply a company file that names no file and no variable of this server; raises ProblemsError."""
        outcome = await self._door.apply(text, options, actor=actor, dry_run=dry_run)
        await self._publish(outcome)
        return outcome

    async def remove(self, company: str, actor: Actor) -> None:
        """Remove a company and all of it; raises RefusedError, LookupError."""
        await self._door.remove(company, actor)
        if self._link is not None:
            with suppress(RpcError):  # a control that is not there finds it gone at its start
                await self._link.call("company_gone", company=company)
        self._tell(
            Changed(company, actor.name, (AuditEntry(self._clock.wall(), actor.name, COMPANY.name, company, {}, None),))
        )

    async def audit(self, company: str, limit: int, before: int | None) -> tuple[tuple[int, AuditEntry], ...]:
        """Who changed what, the newest first, older than the entry `before`."""
        return await self._store.companies.audit_page(company, limit, before)

    async def code(self, company: str, caller: Ref, action: str, params: dict[str, str]) -> str:
        """What a dialled feature code changes, in the caller's own name; the key of its confirmation. Raises
        ProblemsError."""
        change = changes_for(action, params, caller, self.book(company))
        await self.edit(company, caller, change.values, Actor(f"{caller} by feature code", company, caller.id))
        return change.confirm

    def _tell(self, change: Changed) -> None:
        for listener in self._listeners:
            listener(change)

    async def _publish(self, outcome: Outcome) -> None:
        """Control that is not there reads the committed change at its start."""
        if outcome.committed:
            await self._to_control(outcome)
            audit = outcome.plan.commit.audit
            self._tell(Changed(outcome.plan.commit.company, audit[0].actor if audit else "", audit))

    async def _to_control(self, outcome: Outcome) -> None:
        if self._link is None:
            return
        commit = outcome.plan.commit
        credentials, trunks = await self._credentials(outcome), await self._trunk_passwords(outcome)
        change = Published(commit.company, outcome.revision, commit.changes, credentials, trunks)
        try:
            await self._link.call("publish", change=msgspec.to_builtins(change))
        except RpcError:
            return

    async def _credentials(self, outcome: Outcome) -> dict[str, Credentials | None]:
        """Of devices whose account or password changed."""
        commit, after = outcome.plan.commit, outcome.plan.after
        touched = {write.id for write in commit.secrets if write.kind == DEVICE.name}
        touched |= {claim.id for claim in (*commit.claim, *commit.release) if claim.what == "account"}
        if not touched:
            return {}
        secrets = await self._store.companies.secrets(commit.company)
        found: dict[str, Credentials | None] = {}
        for device in sorted(touched):
            core = after.find(DEVICE, device)
            password = secrets.reveal(DEVICE.name, device, "password")
            username = core.username if core is not None else None
            found[device] = Credentials.of(username, self._realm, password) if username and password else None
        return found

    async def _trunk_passwords(self, outcome: Outcome) -> dict[str, str | None]:
        """Of trunks whose password changed."""
        commit = outcome.plan.commit
        touched = sorted({write.id for write in commit.secrets if write.kind == TRUNK.name})
        if not touched:
            return {}
        secrets = await self._store.companies.secrets(commit.company)
        return {trunk: secrets.reveal(TRUNK.name, trunk, "password") for trunk in touched}

    # -- asking -----------------------------------------------------------------------------------------------------
    async def export(self, company: str | None, *, with_secrets: bool) -> str:
        """The company as a file; raises NotFoundError."""
        return await self._door.export(self.company(company), with_secrets=with_secrets)

    async def history(self, company: str | None, limit: int) -> list[dict[str, Any]]:
        """Ended calls, the newest first; raises NotFoundError."""
        rows = await self._store.calls.find(CallQuery(self.company(company), limit=limit))
        return [past_call(row) for row in rows]

    async def past_calls(self, query: CallQuery) -> tuple[CallRow, ...]:
        """Ended calls, the newest first."""
        return await self._store.calls.find(query)

    async def past_call(self, call: str) -> CallRow | None:
        """One ended call."""
        return await self._store.calls.get(call)

    async def explain(self, question: Question) -> dict[str, Any]:
        """An imagined call, with live facts where a server runs; raises BadQuestionError and its kin."""
        ident = self.company(question.company or None)
        question = msgspec.structs.replace(question, company=ident)
        if self._link is not None:
            answer: dict[str, Any] = await self._link.call("explain", question=msgspec.to_builtins(question))
            return answer
        return explain_now(question, self.book(ident), Facts(LiveFacts()), self._clock.wall())

    async def explain_call(self, call: str, language: str | None) -> dict[str, Any]:
        """A call that was; raises NotFoundError."""
        row = await self._store.calls.get(call)
        if row is None:
            raise NotFoundError(f"no ended call {call}")
        record = msgspec.json.decode(row.document, type=Record)
        return explain_record(record, self.book(row.company), language)

    def schedules(self, company: str | None, schedule: str | None, days: int) -> list[dict[str, Any]]:
        """All schedules as they are now, or the coming days of one; raises NotFoundError."""
        book, now = self.book(self.company(company)), self._clock.wall()
        if schedule is None:
            return schedule_view.states(book, now, self.alarms_of(book.company.id))
        if book.agenda(schedule) is None:
            raise NotFoundError(f"no schedule {schedule}")
        today = book.local(now).date()
        return schedule_view.days(book, schedule, today, today + timedelta(days=days - 1))

    def alarms_of(self, company: str) -> dict[str, str]:
        """Schedules of a company whose calendar could not be read, and why."""
        return {ident: text for (of, ident), text in self.calendar_alarms.items() if of == company}

    def now(self) -> datetime:
        """The moment (UTC)."""
        return self._clock.wall()

    def companies(self) -> list[str]:
        """The ids of all companies, sorted."""
        return sorted(self._door.server.books)

    def company(self, wanted: str | None) -> str:
        """The company that is meant: the named one, or the only one; raises NotFoundError."""
        known = self.companies()
        if wanted is None and len(known) == 1:
            return known[0]
        if wanted in known:
            return str(wanted)
        names = ", ".join(known) or "there is none yet"
        raise NotFoundError(f"no company {wanted}: {names}" if wanted else f"say which --company: {names}")

    def book(self, company: str) -> Snapshot:
        """The company as it is now; raises NotFoundError."""
        book = self._door.server.company(company)
        if book is None:
            raise NotFoundError(f"no company {company}")
        return book


def _made(plan: ApplyPlan) -> list[list[str | None]]:
    """Secrets that were made up, to be shown once; a password with the user name that it belongs to."""
    rows: list[list[str | None]] = []
    for write in plan.made:
        device = plan.after.find(DEVICE, write.id) if write.kind == DEVICE.name else None
        if device is not None and device.username:
            rows.append([write.kind, write.id, "username", device.username])
        rows.append([write.kind, write.id, write.field, write.text])
    return rows


def _reader(folder: str) -> Any:
    def read(path: str) -> str | None:
        try:
            return (Path(folder) / path).read_text().strip()
        except (OSError, UnicodeDecodeError):
            return None

    return read


def environment() -> dict[str, str]:
    """The environment of this process, for ``{env: NAME}``."""
    return dict(os.environ)
