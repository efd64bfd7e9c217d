"""What a file makes of what is there: absent keys are left alone, lists that are present are complete.

Taking an element out of a list needs *prune*; without it the element stays, at the end, and is reported. What counts as
an element: a record, whatever is named by a reference, a number, an extension or a target, and the entries of a mapping
whose keys people choose (menu keys, feature codes). Times, days and rights are plain values: such a list is replaced.
Opt-in and the like are written only where they are named. This module must never judge a value.
"""

from dataclasses import dataclass, field
from typing import Any

from msgspec import inspect

from vorzimmer.admin.check import section_type, type_of
from vorzimmer.directory.schema import Kind, Schema
from vorzimmer.directory.walk import Path, fits, shape

_IDENTITIES = ("id", "user", "delegate", "name", "number", "from")
_NAMED = ("ref", "target", "number", "extension")


@dataclass(slots=True)
class Merge:
    """A merge under way. `kept` collects the paths of elements that stay only because *prune* was not asked for."""

    prune: bool = False
    kept: list[tuple[str | int, ...]] = field(default_factory=list)

    def record(self, schema: Schema, kind: Kind[Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        """The record that comes of `new` over `old`."""
        merged = dict(old)
        keys = schema.keys_on[kind.name]
        fields = fields_of(type_of(kind.type))
        for name, value in new.items():
            info = section_type(keys[name]) if name in keys else fields[name].type
            merged[name] = self.value(info, old[name], value, (name,)) if name in old else value
        return merged

    def value(self, info: inspect.Type, old: Any, new: Any, path: Path) -> Any:
        """The value that comes of `new` over `old`."""
        inner, extra = shape(info)
        if "secret" in extra or extra.get("merge") == "whole":
            return new
        if isinstance(inner, inspect.UnionType):
            inner = next((shape(o)[0] for o in inner.types if fits(new, o) and fits(old, o)), inner)
        if isinstance(inner, inspect.StructType) and isinstance(old, dict) and isinstance(new, dict):
            return self._struct(inner, old, new, path)
        if isinstance(inner, inspect.DictType) and isinstance(old, dict) and isinstance(new, dict):
            return self._dict(inner, extra, (old, new), path)
        if isinstance(inner, inspect.VarTupleType) and isinstance(old, list | tuple) and isinstance(new, list | tuple):
            return self._list(inner, list(old), list(new), path)
        return new

    def _struct(self, info: inspect.StructType, old: dict[str, Any], new: dict[str, Any], path: Path) -> dict[str, Any]:
        fields = fields_of(info)
        merged = dict(old)
        for name, value in new.items():
            known = name in old and name in fields
            merged[name] = self.value(fields[name].type, old[name], value, (*path, name)) if known else value
        return merged

    def _dict(
        self, info: inspect.DictType, extra: dict[str, Any], both: tuple[dict[str, Any], dict[str, Any]], path: Path
    ) -> dict[str, Any]:
        old, new = both
        merged = {
            name: self.value(info.value_type, old[name], value, (*path, name)) if name in old else value
            for name, value in new.items()
        }
        left = {name: value for name, value in old.items() if name not in new}
        if extra.get("merge") == "named":
            return {**merged, **left}
        return {**merged, **self._keep(left, path)}

    def _list(self, info: inspect.VarTupleType, old: list[Any], new: list[Any], path: Path) -> list[Any]:
        if not has_identity(info.item_type):
            return new
        known = {identity(element): element for element in old}
        merged = [
            self.value(info.item_type, known[i], element, (*path, i)) if (i := identity(element)) in known else element
            for element in new
        ]
        wanted = {identity(element) for element in new}
        left = {i: element for i, element in known.items() if i not in wanted}
        return [*merged, *self._keep(left, path).values()]

    def _keep(self, left: dict[str, Any], path: Path) -> dict[str, Any]:
        if self.prune:
            return {}
        self.kept.extend((*path, name) for name in left)
        return left


def fields_of(info: inspect.Type) -> dict[str, inspect.Field]:
    """The fields of a Struct type by their names in the file."""
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: field for field in info.fields}


def has_identity(item: inspect.Type) -> bool:
    """Whether the elements of a list are somebody or something, not plain values."""
    inner, extra = shape(item)
    return isinstance(inner, inspect.StructType) or any(meaning in extra for meaning in _NAMED)


def identity(element: Any) -> str:
    """What an element of a list is called."""
    if not isinstance(element, dict):
        return str(element)
    for name in _IDENTITIES:
        if name in element and element[name] is not None:
            return f"{element[name]}-{element['to']}" if name == "from" and "to" in element else str(element[name])
    return ""
