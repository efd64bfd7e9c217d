"""Single changes: what the API, the portal and feature codes ask for, through the same door as the file.

An edit gives the keys of one record that shall change; a key that is absent is left alone, a list that is present is
complete. This module must never write; it plans.
"""

from dataclasses import dataclass
from typing import Any, Final

from vorzimmer.admin.authorise import authorise
from vorzimmer.admin.check import Fault, check_record
from vorzimmer.admin.company_file import problem_at
from vorzimmer.admin.merge import Merge
from vorzimmer.admin.plan import ApplyPlan, Planner, Wanted, take_secrets_out
from vorzimmer.admin.problems import Problem, RefusedError, raise_any
from vorzimmer.admin.world import Actor, Current, Options, World
from vorzimmer.directory.record import record_leaves
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Kind
from vorzimmer.directory.walk import Leaf
from vorzimmer.features.catalogue import SCHEMA

_SOURCE: Final = "must be generated, a text, or {value: …}; only a company file may name variables, files and hashes"


@dataclass(frozen=True, slots=True)
class Edit:
    """Keys of one record in file form; `values` None removes the record."""

    ref: Ref
    values: dict[str, Any] | None


def plan_edit(edits: list[Edit], current: Current, world: World, actor: Actor) -> ApplyPlan:
    """What single edits would do. Raises RefusedError (not allowed) or BadFileError (does not fit)."""
    if current.book is None:
        raise RefusedError([Problem("company", "there is no such company", refused=True)])
    company = current.book.company.id
    raise_any([p for edit in edits for p in authorise(actor, current.book, edit.ref, edit.values)])
    raise_any([problem for edit in edits for problem in _faults(edit)])
    clean, said = take_secrets_out(SCHEMA, {e.ref: e.values for e in edits if e.values is not None})
    records: dict[Ref, dict[str, Any] | None] = {e.ref: None for e in edits if e.values is None}
    records |= {ref: _merged(current, ref, data) for ref, data in clean.items()}
    return Planner(SCHEMA, current, world, Options()).plan(company, Wanted(records, said), actor)


def _faults(edit: Edit) -> list[Problem]:
    kind = SCHEMA.by_kind.get(edit.ref.kind)
    if kind is None:
        return [Problem(str(edit.ref), "there is no such kind of record")]
    if edit.values is None:
        return []
    found = check_record(SCHEMA, kind, edit.values)
    found += [Fault(leaf.path, _SOURCE) for leaf in _secrets(kind, edit.values) if _reads(leaf.value)]
    return [problem_at(kind, edit.ref, edit.values, fault, None) for fault in found]


def _secrets(kind: Kind[Any], values: dict[str, Any]) -> list[Leaf]:
    return record_leaves(SCHEMA, kind, values, "secret")


def _reads(source: object) -> bool:
    """Whether a secret would be read on the server, or be put in as a hash: only the operator's file may say so."""
    return isinstance(source, dict) and set(source) != {"value"}


def _merged(current: Current, ref: Ref, data: dict[str, Any]) -> dict[str, Any]:
    entry = current.book.entry(ref) if current.book else None
    if entry is None:
        return {SCHEMA.by_kind[ref.kind].id_field: ref.id, **data}
    return Merge(prune=True).record(SCHEMA, SCHEMA.by_kind[ref.kind], entry.data, data)
