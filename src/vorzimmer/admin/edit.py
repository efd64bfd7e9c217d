"""Single changes: what the API, the portal and feature codes ask for, through the same door as the file.

An edit gives the keys of one record that shall change (a key that is absent is left alone, a list that is present is
complete), or the whole record, or a patch. This module must never write; it plans.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from vorzimmer.admin.authorise import authorise
from vorzimmer.admin.check import Fault, check_record, said
from vorzimmer.admin.company_file import problem_at
from vorzimmer.admin.merge import Merge
from vorzimmer.admin.plan import ApplyPlan, Planner, Wanted, take_secrets_out
from vorzimmer.admin.problems import Problem, RefusedError, raise_any
from vorzimmer.admin.public import merge_patch, shown, tag_of, with_secrets
from vorzimmer.admin.world import Actor, Current, Options, World
from vorzimmer.directory.record import record_leaves
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Kind
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.directory.walk import Leaf
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.kernel.errors import VorzimmerError

_SOURCE: Final = "must be generated, a text, or {value: …}; only a company file may name variables, files and hashes"


@dataclass(frozen=True, slots=True)
class Edit:
    """What one record shall be, in file form; `values` None removes it.

    `how`: ``keys`` (these keys change, the others stay), ``whole`` (this is the record; a secret that it does not
    mention stays), ``patch`` (RFC 7396: null takes a key away). `state` is the tag that the record must have now; ``*``
    any, ``-`` none: it must not exist; None asks for nothing.
    """

    ref: Ref
    values: dict[str, Any] | None
    how: Literal["keys", "whole", "patch"] = "keys"
    state: str | None = None


class StaleEditError(VorzimmerError):
    """The record is not in the state that the edit expects; `args[0]` is its Ref, `args[1]` whether it exists."""


class ForbiddenError(RefusedError):
    """The actor has no right to make this change."""


def plan_edit(edits: list[Edit], current: Current, world: World, actor: Actor) -> ApplyPlan:
    """What single edits would do. Raises ForbiddenError (no right), RefusedError (not possible), BadFileError (does not
    fit), StaleEditError."""
    if current.book is None:
        raise RefusedError([Problem("company", "there is no such company", refused=True)])
    book, company = current.book, current.book.company.id
    edits = [_as_whole(book, edit) for edit in edits]
    refused = [problem for edit in edits for problem in authorise(actor, book, edit.ref, _touched(book, edit))]
    if refused:
        raise ForbiddenError(refused)
    raise_any([problem for edit in edits for problem in _faults(edit)])
    clean, said = take_secrets_out(SCHEMA, {e.ref: e.values for e in edits if e.values is not None})
    records: dict[Ref, dict[str, Any] | None] = {e.ref: None for e in edits if e.values is None}
    whole = {edit.ref for edit in edits if edit.how == "whole"}
    records |= {ref: (_complete if ref in whole else _merged)(current, ref, data) for ref, data in clean.items()}
    return Planner(SCHEMA, current, world, Options()).plan(company, Wanted(records, said), actor)


def _as_whole(book: Snapshot, edit: Edit) -> Edit:
    """A patch laid over what is there, without its secrets: `_complete` brings back those that are left alone. Raises
    StaleEditError."""
    entry, kind = book.entry(edit.ref), SCHEMA.by_kind.get(edit.ref.kind)
    if edit.state is not None and edit.state != ("-" if entry is None else "*"):
        state = None if entry is None else tag_of(entry.data)
        if edit.state != state:
            raise StaleEditError(edit.ref, entry is not None)
    if edit.values is None or edit.how == "keys" or kind is None:
        return edit
    old = shown(SCHEMA, kind, entry.data) if entry is not None else {}
    new = merge_patch(old, edit.values) if edit.how == "patch" else edit.values
    if isinstance(new, dict):
        new = {kind.id_field: edit.ref.id, **new}
    return Edit(edit.ref, new, "whole")


def _touched(book: Snapshot, edit: Edit) -> dict[str, Any] | None:
    """The keys that would change: nobody needs a right for what stays as it is."""
    entry = book.entry(edit.ref)
    if edit.how != "whole" or not isinstance(edit.values, dict) or entry is None:
        return edit.values
    old = shown(SCHEMA, SCHEMA.by_kind[edit.ref.kind], entry.data)
    return {n: edit.values.get(n) for n in dict.fromkeys((*old, *edit.values)) if old.get(n) != edit.values.get(n)}


def _faults(edit: Edit) -> list[Problem]:
    kind = SCHEMA.by_kind.get(edit.ref.kind)
    if kind is None:
        return [Problem(str(edit.ref), "there is no such kind of record")]
    if edit.values is None:
        return []
    found = check_record(SCHEMA, kind, edit.values)
    if isinstance(edit.values, dict) and edit.values.get(kind.id_field, edit.ref.id) != edit.ref.id:
        found.append(Fault((kind.id_field,), f"must be {said(edit.ref.id)}: an id never changes"))
    found += [Fault(leaf.path, _SOURCE) for leaf in _secrets(kind, edit.values) if _reads(leaf.value)]
    return [problem_at(kind, edit.ref, edit.values, fault, None) for fault in found]


def _secrets(kind: Kind[Any], values: dict[str, Any]) -> list[Leaf]:
    return record_leaves(SCHEMA, kind, values, "secret") if isinstance(values, dict) else []


def _reads(source: object) -> bool:
    """Whether a secret would be read on the server, or be put in as a hash: only the operator's file may say so."""
    return isinstance(source, dict) and set(source) != {"value"}


def _complete(current: Current, ref: Ref, data: dict[str, Any]) -> dict[str, Any]:
    entry = current.book.entry(ref) if current.book else None
    return with_secrets(SCHEMA, SCHEMA.by_kind[ref.kind], entry.data, data) if entry is not None else data


def _merged(current: Current, ref: Ref, data: dict[str, Any]) -> dict[str, Any]:
    entry = current.book.entry(ref) if current.book else None
    if entry is None:
        return {SCHEMA.by_kind[ref.kind].id_field: ref.id, **data}
    return Merge(prune=True).record(SCHEMA, SCHEMA.by_kind[ref.kind], entry.data, data)
