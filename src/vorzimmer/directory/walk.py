"""Find the parts of a record that carry a meaning (references, secrets, numbers) by the types alone.

Finders are compiled once per type and skip whatever cannot contain what is looked for, so that indexing a record costs
in proportion to its references. This module must never change a value.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import inspect

Path = tuple[str | int, ...]


class Leaf(NamedTuple):
    """A value with a meaning: where it is in the record, the `extra` of its Meta, and the value itself."""

    path: Path
    extra: dict[str, Any]
    value: object


Finder = Callable[[object, Path], Iterator[Leaf]]


@lru_cache(maxsize=4096)
def finder(type_: object, meaning: str) -> Finder | None:
    """A finder of all leaves in file values of `type_` whose Meta has `meaning`; None if the type has none."""
    return _finder(inspect.type_info(type_), meaning)


def leaves(value: object, type_: object, meaning: str) -> Iterator[Leaf]:
    """All leaves with `meaning` in the file form of a value."""
    find = finder(type_, meaning)
    return find(value, ()) if find else iter(())


def shape(info: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """The type below its metadata, and the metadata."""
    extra: dict[str, Any] = {}
    while isinstance(info, inspect.Metadata):
        extra = {**(info.extra or {}), **extra}
        info = info.type
    return info, extra


def _finder(info: inspect.Type, meaning: str) -> Finder | None:
    inner, extra = shape(info)
    if meaning in extra:
        return lambda value, path: iter((Leaf(path, extra, value),)) if value is not None else iter(())
    if isinstance(inner, inspect.StructType):
        return _in_struct(inner, meaning)
    if isinstance(inner, inspect.VarTupleType | inspect.ListType):
        return _in_list(_finder(inner.item_type, meaning))
    if isinstance(inner, inspect.DictType):
        return _in_dict(_finder(inner.key_type, meaning), _finder(inner.value_type, meaning))
    if isinstance(inner, inspect.UnionType):
        return _in_union(inner, [(option, found) for option in inner.types if (found := _finder(option, meaning))])
    return None


def _in_struct(info: inspect.StructType, meaning: str) -> Finder | None:
    inside = {f.encode_name: found for f in info.fields if (found := _finder(f.type, meaning))}
    if not inside:
        return None

    def find(value: object, path: Path) -> Iterator[Leaf]:
        if isinstance(value, dict):
            for name, look in inside.items():
                if name in value:
                    yield from look(value[name], (*path, name))

    return find


def _in_list(item: Finder | None) -> Finder | None:
    if item is None:
        return None

    def find(value: object, path: Path) -> Iterator[Leaf]:
        if isinstance(value, list | tuple):
            for position, element in enumerate(value):
                yield from item(element, (*path, position))

    return find


def _in_dict(key: Finder | None, entry: Finder | None) -> Finder | None:
    if key is None and entry is None:
        return None

    def find(value: object, path: Path) -> Iterator[Leaf]:
        if isinstance(value, dict):
            for name, element in value.items():
                if key:
                    yield from key(name, (*path, name))
                if entry:
                    yield from entry(element, (*path, name))

    return find


def _in_union(info: inspect.UnionType, options: list[tuple[inspect.Type, Finder]]) -> Finder | None:
    if not options:
        return None
    if len(info.types) == 2 and any(isinstance(option, inspect.NoneType) for option in info.types):
        return options[0][1]

    def find(value: object, path: Path) -> Iterator[Leaf]:
        for option, look in options:
            if fits(value, option):
                yield from look(value, path)
                return

    return find


def fits(value: object, info: inspect.Type) -> bool:
    """Whether a file value has the outer shape of a type (mapping, list, text), whatever is inside."""
    inner, _ = shape(info)
    if isinstance(inner, inspect.StructType | inspect.DictType):
        return isinstance(value, dict)
    if isinstance(inner, inspect.VarTupleType | inspect.ListType):
        return isinstance(value, list | tuple)
    if isinstance(inner, inspect.StrType | inspect.LiteralType):
        return isinstance(value, str)
    if isinstance(inner, inspect.UnionType):
        return any(fits(value, option) for option in inner.types)
    if isinstance(inner, inspect.NoneType):
        return value is None
    return value is not None and not isinstance(value, dict | list | tuple | str)


def show(section: str, ident: str, path: Path) -> str:
    """A path as people read it: ``users[anna].forwarding.no_answer.after_s``; the company has no id in its path."""
    text = section if section == "company" else f"{section}[{ident}]"
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text
