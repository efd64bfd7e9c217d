"""`vorzimmer apply`: a company file over what is there. Semantics as in the file's header.

An absent key is left alone; a list that is present is complete, and what it lacks is removed with *prune* or reported
without. A second apply finds nothing to do. This module must never write; it plans.
"""

from typing import Any

from vorzimmer.admin.company_file import CompanyFile, FileRecord, read_company_file
from vorzimmer.admin.merge import Merge
from vorzimmer.admin.plan import ApplyPlan, Planner, Wanted, take_secrets_out
from vorzimmer.admin.secret_plan import field_name
from vorzimmer.admin.world import DEFAULT_OPTIONS, SYSTEM, Actor, Current, Options, World
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Schema
from vorzimmer.directory.walk import Path, show
from vorzimmer.features.catalogue import SCHEMA


def read(text: str, schema: Schema = SCHEMA) -> CompanyFile:
    """Read a company file; `.company` says which company is meant. Raises BadFileError."""
    return read_company_file(text, schema)


def plan_apply(
    file: CompanyFile, current: Current, world: World, options: Options = DEFAULT_OPTIONS, *, actor: Actor = SYSTEM
) -> ApplyPlan:
    """What applying a file would do. Raises BadFileError (exit 2) or RefusedError (exit 1); then nothing happens."""
    clean, said = take_secrets_out(SCHEMA, {ref: record.data for ref, record in file.records.items()})
    merge = _FileMerge(current, options)
    records = merge.records(file, clean)
    wanted = Wanted(records, said, line_index(file), tuple(merge.notes))
    return Planner(SCHEMA, current, world, options).plan(file.company, wanted, actor)


class _FileMerge:
    """The file's records over the stored ones."""

    def __init__(self, current: Current, options: Options) -> None:
        self.current, self.prune = current, options.prune
        self.notes: list[str] = []

    def records(self, file: CompanyFile, clean: dict[Ref, dict[str, Any]]) -> dict[Ref, dict[str, Any] | None]:
        """Merged records in file order, removals last and in the reverse order of kinds."""
        found: dict[Ref, dict[str, Any] | None] = {ref: self._merged(ref, data) for ref, data in clean.items()}
        for kind in reversed(SCHEMA.kinds):
            if kind.section in file.sections and kind.name != COMPANY.name:
                found.update(self._gone(kind.name, file))
        return found

    def _merged(self, ref: Ref, data: dict[str, Any]) -> dict[str, Any]:
        entry = self.current.book.entry(ref) if self.current.book else None
        if entry is None:
            return data
        merge = Merge(self.prune)
        kind = SCHEMA.by_kind[ref.kind]
        merged = merge.record(SCHEMA, kind, entry.data, data)
        for path in merge.kept:
            where = show(kind.section, ref.id, path[:-1])
            self.notes.append(f"{where}[{path[-1]}] is not in the file and stays (--prune removes it)")
        return merged

    def _gone(self, kind: str, file: CompanyFile) -> dict[Ref, None]:
        stored = self.current.book.entries(kind) if self.current.book else []
        missing = [entry.ref for entry in stored if entry.ref not in file.records]
        if self.prune:
            return dict.fromkeys(missing)
        section = SCHEMA.by_kind[kind].section
        self.notes += [
            f"{show(section, ref.id, ())} is not in the file and stays (--prune removes it)" for ref in missing
        ]
        return {}


def line_index(file: CompanyFile) -> dict[tuple[Ref, Path], int]:
    """(record, named path) -> line, so that a place is found again after merging has moved list elements."""
    found: dict[tuple[Ref, Path], int] = {}
    by_place = {record.at: record for record in file.records.values()}
    for path, line in file.document.lines.items():
        record = by_place.get(path[:2]) or by_place.get(path[:1])
        if record is not None:
            found[record.ref, (_named(record, path),)] = line
    return found


def _named(record: FileRecord, path: Path) -> str:
    return field_name(record.data, path[len(record.at) :])
