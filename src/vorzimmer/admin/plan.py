"""Planning a change, pure: what is there and what is wanted become a Commit, lines for people, or problems.

The company file, the API, the portal and a dialled feature code all come through here (ARCHITECTURE: the one door), so
that none can skip what another must pass. Nothing is written; a plan is all or nothing. This module must never do I/O.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from vorzimmer.admin.check import Fault, missing_in_record
from vorzimmer.admin.company_file import problem_at
from vorzimmer.admin.diff import lines_of
from vorzimmer.admin.feature_rules import RULES, WARNINGS
from vorzimmer.admin.problems import Problem, raise_any
from vorzimmer.admin.rules import Scene, check_company
from vorzimmer.admin.secret_plan import effective_secrets, field_name, name_secrets, plan_secrets, take_out
from vorzimmer.admin.world import Actor, Current, Options, World
from vorzimmer.directory.keys import COMPANY, DEVICE
from vorzimmer.directory.record import BadRecordError
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import AuditEntry, Claim, Commit, SecretWrite
from vorzimmer.directory.schema import Schema
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.directory.walk import Path


@dataclass(frozen=True, slots=True)
class ApplyPlan:
    """A change that is allowed. `lines` say what it does, `notes` what it leaves alone though it is not in the file.

    `made` are the secrets that we made up: show them once, to who asked. `after` is the book that comes of it. Without
    changes and secrets there is nothing to commit.
    """

    commit: Commit
    after: Snapshot
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    made: tuple[SecretWrite, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.commit.changes or self.commit.secrets)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The records as they shall be (None: removed), with what was said about secrets, and where problems stand."""

    records: dict[Ref, dict[str, Any] | None]
    secrets: dict[Ref, dict[str, Any]] = field(default_factory=dict)
    lines: dict[tuple[Ref, Path], int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Planner:
    """One plan under way for one company."""

    def __init__(self, schema: Schema, current: Current, world: World, options: Options) -> None:
        self.schema, self.current, self.world, self.options = schema, current, world, options
        self.writes: list[SecretWrite] = []
        self.made: list[SecretWrite] = []
        self.problems: list[Problem] = []
        self.wanted = Wanted({})

    def plan(self, company: str, wanted: Wanted, actor: Actor) -> ApplyPlan:
        """The plan. Raises BadFileError or RefusedError with every problem that was found."""
        self.wanted = wanted
        ready = {ref: self._ready(ref, data) for ref, data in wanted.records.items()}
        raise_any(self.problems)
        changes = [Change(*ref, data) for ref, data in ready.items() if data != self._old(ref)]
        after = self._after(company, changes)
        for ref, data in ready.items():
            if data is not None:
                self._secrets(ref, data)
        self._judge(company, after, {Ref(change.kind, change.id) for change in changes})
        raise_any(self.problems)
        return self._done(company, after, changes, actor)

    def _old(self, ref: Ref) -> dict[str, Any] | None:
        entry = self.current.book.entry(ref) if self.current.book else None
        return entry.data if entry else None

    def _ready(self, ref: Ref, data: dict[str, Any] | None) -> dict[str, Any] | None:
        """The merged record, complete: nothing missing, an account name made up where none was given."""
        if data is None:
            return None
        kind = self.schema.by_kind[ref.kind]
        faults = missing_in_record(self.schema, kind, data)
        for fault in faults:
            self._fault(ref, fault, data=data)
        if faults:
            return data
        if ref.kind == DEVICE.name and not data.get("username"):
            data = {**data, "username": self._free_account(ref.id)}
        return name_secrets(self.schema, ref, data)

    def _free_account(self, device: str) -> str:
        while True:
            name = f"{device[:40]}-{self.world.chance.token(4)}"
            if self.current.server.account(name) is None:
                return name

    def _after(self, company: str, changes: list[Change]) -> Snapshot:
        base = self.current.book or Snapshot.empty(self.schema, self.world.zones)
        try:
            return base.apply(changes)
        except (BadRecordError, LookupError, ValueError, OSError) as error:
            self.problems.append(Problem("company", _unreadable(error), self._line(Ref(COMPANY.name, company), ())))
            raise_any(self.problems)
            raise

    def _secrets(self, ref: Ref, data: dict[str, Any]) -> None:
        around = (self.current, self.world, self.options)
        found = plan_secrets(self.schema, (ref, data), self.wanted.secrets.get(ref, {}), around)
        self.writes.extend(found.writes)
        self.made.extend(found.made)
        for fault in found.faults:
            self._fault(ref, Fault(fault.path, fault.says), refused=fault.refused, data=data)
        self._forget_gone(ref, data)

    def _forget_gone(self, ref: Ref, data: dict[str, Any]) -> None:
        """Secrets whose place in the record is gone (an authorization code that was removed) go too."""
        old = self._old(ref)
        if old is None or old == data:
            return
        there = {leaf.field for leaf in effective_secrets(self.schema, ref, data)}
        for leaf in effective_secrets(self.schema, ref, old):
            if leaf.field not in there and self.current.secrets.known(*ref, leaf.field):
                self.writes.append(SecretWrite(*ref, leaf.field, None, leaf.form))

    def _judge(self, company: str, after: Snapshot, changed: set[Ref]) -> None:
        for ref, fault in check_company(Scene(self.current.book, after), changed, RULES):
            self._fault(ref, fault)
        domain = after.company.sip_domain.lower()
        if self.current.server.at_domain(domain) not in {None, company}:
            self._fault(Ref(COMPANY.name, company), Fault(("sip_domain",), _taken(domain)), refused=True)
        for claim in _claims(after, changed):
            self._judge_account(company, after, claim)

    def _judge_account(self, company: str, after: Snapshot, claim: Claim) -> None:
        """Accounts are unique on the server (decision 7); another company's is refused without saying whose it is."""
        if claim.what != "account":
            return
        ref, path = Ref(DEVICE.name, claim.id), ("username",)
        found = self.current.server.account(claim.name)
        if found is not None and found.company != company:
            self._fault(ref, Fault(path, _taken(claim.name)), refused=True)
        elif (other := _same_account(after, claim)) is not None:
            self._fault(ref, Fault(path, f"{claim.name} is already the account of {other}"))

    def _done(self, company: str, after: Snapshot, changes: list[Change], actor: Actor) -> ApplyPlan:
        changed = {Ref(change.kind, change.id) for change in changes}
        before = _claims(self.current.book, changed) if self.current.book else frozenset()
        now = _claims(after, changed)
        commit = Commit(
            company,
            self.current.revision,
            tuple(changes),
            tuple(self.writes),
            tuple(sorted(now - before, key=str)),
            tuple(sorted(before - now, key=str)),
            tuple(self._audit(changes, actor)),
        )
        notes = (*self.wanted.notes, *self._warnings(after, changed))
        return ApplyPlan(commit, after, tuple(self._lines(changes)), notes, tuple(self.made))

    def _warnings(self, after: Snapshot, changed: set[Ref]) -> list[str]:
        scene = Scene(self.current.book, after)
        entries = [entry for ref in sorted(changed) if (entry := after.entry(ref))]
        found = [(entry.ref, fault) for entry in entries for warn in WARNINGS for fault in warn(scene, entry)]
        return [f"{after.setting(ref, '.'.join(map(str, fault.path)))}: {fault.says}" for ref, fault in found]

    def _audit(self, changes: list[Change], actor: Actor) -> list[AuditEntry]:
        named: dict[Ref, list[str]] = {}
        for write in self.writes:
            named.setdefault(Ref(write.kind, write.id), []).append(write.field)
        after = {Ref(change.kind, change.id): change.record for change in changes}
        return [
            AuditEntry(
                self.world.now,
                actor.name,
                *ref,
                self._old(ref),
                after.get(ref, self._old(ref)),
                tuple(named.get(ref, ())),
                actor.origin,
            )
            for ref in dict.fromkeys((*after, *named))
        ]

    def _lines(self, changes: list[Change]) -> list[str]:
        lines = []
        for change in changes:
            ref = Ref(change.kind, change.id)
            lines.extend(lines_of(self.schema, ref, self._old(ref), change.record))
        made = {(write.kind, write.id, write.field) for write in self.made}
        for write in self.writes:
            ref = Ref(write.kind, write.id)
            what = "made up" if (*ref, write.field) in made else "removed" if write.text is None else "set"
            lines.append(f"~ {self._shown(ref, write.field)}: {what}")
        return lines

    def _shown(self, ref: Ref, path: str) -> str:
        return f"{self.schema.by_kind[ref.kind].section}[{ref.id}].{path}"

    def _fault(self, ref: Ref, fault: Fault, *, refused: bool = False, data: object = None) -> None:
        kind = self.schema.by_kind[ref.kind]
        record = data if data is not None else self.wanted.records.get(ref) or self._old(ref)
        found = problem_at(kind, ref, record, fault, self._line(ref, fault.path))
        self.problems.append(replace(found, refused=refused))

    def _line(self, ref: Ref, path: Path) -> int | None:
        """The line of a place. Positions in a merged list may differ from the file's, so the names decide."""
        data = self.wanted.records.get(ref)
        names = field_name(data, path) if data else ""
        while path:
            if (line := self.wanted.lines.get((ref, (names,)))) is not None:
                return line
            path = path[:-1]
            names = field_name(data, path) if data else ""
        return self.wanted.lines.get((ref, ("",)))


def take_secrets_out(
    schema: Schema, records: dict[Ref, dict[str, Any]]
) -> tuple[dict[Ref, dict[str, Any]], dict[Ref, dict[str, Any]]]:
    """Records without plain secrets, and what was said about them."""
    clean, said = {}, {}
    for ref, data in records.items():
        clean[ref], said[ref] = take_out(schema, schema.by_kind[ref.kind], data)
    return clean, said


def _taken(name: str) -> str:
    return f"{name} is taken on this server"


def _unreadable(error: Exception) -> str:
    return f"cannot be used: {error}" if isinstance(error, BadRecordError) else f"the time zone is unknown ({error})"


def _claims(book: Snapshot, changed: set[Ref]) -> frozenset[Claim]:
    """The names that are unique on the server, of the changed records."""
    found = set()
    for ref in changed:
        entry = book.entry(ref)
        username = entry.data.get("username") if entry and ref.kind == DEVICE.name else None
        if username:
            found.add(Claim("account", str(username).lower(), ref.id))
        if entry and ref.kind == COMPANY.name:
            found.add(Claim("domain", str(entry.data["sip_domain"]).lower(), ref.id))
    return frozenset(found)


def _same_account(after: Snapshot, claim: Claim) -> str | None:
    """Another device of the same company with this account."""
    found = after.devices_at(claim.name)
    return next((device for device in found if device != claim.id), None)
