"""Two states of a record as lines for people: what was added, what went, what is different, by the path of the setting.

Secrets are not in records, so they cannot be in a line; a changed one is named without its text. This module must never
decide what may change.
"""

from collections.abc import Iterator
from typing import Any

from vorzimmer.admin.check import said
from vorzimmer.admin.merge import identity
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Schema
from vorzimmer.directory.walk import show

_MISSING = object()


def lines_of(schema: Schema, ref: Ref, old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[str]:
    """The lines of one record: ``+`` new, ``-`` gone, ``~`` different."""
    head = show(schema.by_kind[ref.kind].section, ref.id, ())
    if old is None:
        name = (new or {}).get("name")
        return [f"+ {head}" + (f" {said(name)}" if name else "")]
    if new is None:
        return [f"- {head}"]
    return list(_values(head, old, new))


def _values(path: str, old: Any, new: Any) -> Iterator[str]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _mappings(path, old, new)
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple):
        yield from _lists(path, list(old), list(new))
    else:
        yield f"~ {path}: {short(old)} -> {short(new)}"


def _mappings(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        inner = f"{path}.{name}"
        if name not in new:
            yield f"- {inner}"
        elif name not in old:
            yield f"+ {inner}: {short(new[name])}"
        else:
            yield from _values(inner, old[name], new[name])


def _lists(path: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    before = {identity(element): element for element in old}
    after = {identity(element): element for element in new}
    if len(before) != len(old) or len(after) != len(new):
        yield f"~ {path}: {short(old)} -> {short(new)}"
        return
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            yield f"- {path}[{name}]"
        elif name not in before:
            yield f"+ {path}[{name}]"
        else:
            yield from _values(f"{path}[{name}]", before[name], after[name])
    both = [name for name in before if name in after]
    if both != [name for name in after if name in before]:
        yield f"~ {path}: new order {', '.join(after)}"


def short(value: Any) -> str:
    """A value in a line: harmless and not too long."""
    if isinstance(value, dict):
        inside = ", ".join(f"{name}: {short(v)}" for name, v in list(value.items())[:6])
        return f"{{{inside}{', …' if len(value) > 6 else ''}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(short(v) for v in value[:6])}{', …' if len(value) > 6 else ''}]"
    return said(value)
