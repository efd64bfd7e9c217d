"""Does a file value fit its type? Every deviation is found, and said the way an administrator needs it.

msgspec stops at the first error and speaks of objects; this walk reads the same types and goes on. It checks one record
by itself; what needs the rest of the company is in ``rules.py``. This module must never change a value.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

from msgspec import inspect

from vorzimmer.directory.feasts import day_in
from vorzimmer.directory.schema import Key, Kind, Schema
from vorzimmer.directory.walk import Path, fits, shape
from vorzimmer.kernel.text import safe_name


class Fault(NamedTuple):
    """What is wrong, and where in the record."""

    path: Path
    says: str


_TYPES: dict[Any, inspect.Type] = {}


def type_of(type_: Any) -> inspect.Type:
    """The inspected form of a type, kept."""
    if type_ not in _TYPES:
        _TYPES[type_] = inspect.type_info(type_)
    return _TYPES[type_]


def check_record(schema: Schema, kind: Kind[Any], data: object) -> list[Fault]:
    """All faults of a record in its file form. Keys that are missing are found by `missing`, once it is merged."""
    if not isinstance(data, dict):
        return [Fault((), f"must be a mapping with keys, not {said(data)}")]
    keys = schema.keys_on[kind.name]
    own = {name: value for name, value in data.items() if name not in keys}
    found = list(_struct(own, type_of(kind.type), (), extra_names=tuple(keys)))
    for name, key in keys.items():
        if name in data:
            found.extend(check(data[name], section_type(key), (name,)))
    return found


def check(value: object, info: inspect.Type, path: Path) -> Iterator[Fault]:
    """All faults of a value."""
    inner, extra = shape(info)
    if "secret" in extra:
        yield from _secret(value, path)
        return
    look = _CHECKS.get(type(inner))
    if look is None:
        raise TypeError(f"no check for {inner}")
    yield from look(value, inner, path, extra)


Check = Callable[[Any, Any, Path, dict[str, Any]], Iterator[Fault]]


def _any_struct(value: object, info: inspect.StructType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    yield from _struct(value, info, path)


def _struct(value: object, info: inspect.Type, path: Path, extra_names: tuple[str, ...] = ()) -> Iterator[Fault]:
    assert isinstance(info, inspect.StructType)
    if not isinstance(value, dict):
        yield Fault(path, f"must be a mapping with keys, not {said(value)}")
        return
    fields = {field.encode_name: field for field in info.fields}
    for name, inside in value.items():
        if name in fields:
            yield from check(inside, fields[name].type, (*path, name))
        else:
            yield Fault((*path, name), unknown(name, (*fields, *extra_names)))


def missing(value: object, info: inspect.Type, path: Path = ()) -> Iterator[Fault]:
    """Keys without a default that a complete value lacks."""
    inner, _ = shape(info)
    if isinstance(inner, inspect.UnionType):
        inner = next((shape(o)[0] for o in inner.types if fits(value, o)), inner)
    if isinstance(inner, inspect.StructType) and isinstance(value, dict):
        for field in inner.fields:
            if field.encode_name in value:
                yield from missing(value[field.encode_name], field.type, (*path, field.encode_name))
            elif field.required:
                yield Fault(path, f"{field.encode_name} is missing")
    elif isinstance(inner, inspect.VarTupleType) and isinstance(value, list | tuple):
        for position, element in enumerate(value):
            yield from missing(element, inner.item_type, (*path, position))
    elif isinstance(inner, inspect.DictType) and isinstance(value, dict):
        for name, element in value.items():
            yield from missing(element, inner.value_type, (*path, name))


def missing_in_record(schema: Schema, kind: Kind[Any], data: dict[str, Any]) -> list[Fault]:
    """Keys without a default that a complete record lacks."""
    found = list(missing(data, type_of(kind.type)))
    for name, key in schema.keys_on[kind.name].items():
        if name in data:
            found.extend(missing(data[name], section_type(key), (name,)))
    return found


def section_type(key: Key[Any]) -> inspect.Type:
    """The type of a feature's section as it stands in the file (a bare section is its one field)."""
    info = type_of(key.type)
    if key.bare is None:
        return info
    assert isinstance(info, inspect.StructType)
    return next(f.type for f in info.fields if f.name == key.bare)


def unknown(name: str, known: tuple[str, ...]) -> str:
    """The complaint about an unknown key, with what was probably meant."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
    return f"unknown key; {hint}"


def _list(value: object, info: inspect.VarTupleType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, list | tuple):
        yield Fault(path, f"must be a list, not {said(value)}")
        return
    limit = info.max_length if info.max_length is not None else extra.get("max_length")
    if limit is not None and len(value) > limit:
        yield Fault(path, f"{len(value)} elements are above {limit}")
    for position, element in enumerate(value):
        yield from check(element, info.item_type, (*path, position))


def _dict(value: object, info: inspect.DictType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(path, f"must be a mapping with keys, not {said(value)}")
        return
    for name, inside in value.items():
        yield from check(name, info.key_type, (*path, name))
        yield from check(inside, info.value_type, (*path, name))


def _union(value: object, info: inspect.UnionType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    options = [option for option in info.types if fits(value, option)]
    options = options or [option for option in info.types if not isinstance(option, inspect.NoneType)]
    tries = [list(check(value, option, path)) for option in options]
    yield from min(tries, key=len)


def _text(value: object, info: inspect.StrType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, str):
        hint = " (put it in quotes)" if isinstance(value, int | float) else ""
        yield Fault(path, f"must be {extra.get('says', 'a text')}, not {said(value)}{hint}")
    elif info.max_length is not None and len(value) > info.max_length:
        yield Fault(path, f"{len(value)} characters are above {info.max_length}")
    elif info.min_length is not None and len(value) < info.min_length:
        yield Fault(path, "must not be empty" if info.min_length == 1 else f"is shorter than {info.min_length}")
    elif info.pattern is not None and not re.search(info.pattern, value):
        yield Fault(path, f"{said(value)} is not {extra.get('says', 'allowed')}")
    elif not _printable(value, lines=bool(extra.get("lines"))):
        yield Fault(path, "has control or direction characters")
    elif extra.get("typed") and not _is_typed(value, extra):
        yield Fault(path, f"{said(value)} must be kind:id, kind one of {', '.join(extra['ref'])}")
    elif extra.get("day") and not _is_day(value):
        yield Fault(path, f"{said(value)} is no day of the calendar")


_LEAP = 2024


def _is_typed(text: str, extra: dict[str, Any]) -> bool:
    """Whether it is ``kind:id`` at all: what cannot be read as a reference cannot be put into a book either."""
    kind, colon, ident = text.partition(":")
    return text in extra.get("words", ()) or bool(colon and ident and kind in extra["ref"])


_JOINERS = frozenset("\u00a0\u200c\u200d\u202f")


def _printable(text: str, *, lines: bool) -> bool:
    if text.isprintable():
        return True
    return all(c.isprintable() or c in _JOINERS or (lines and c == "\n") for c in text)


def _is_day(text: str) -> bool:
    """A day, a moment of a day, the same day of each year (29 February too), or a feast."""
    try:
        return day_in(text, _LEAP) is not None or date.fromisoformat(text.partition("T")[0]) is not None
    except ValueError:
        return False


def _int(value: object, info: inspect.IntType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield Fault(path, f"must be a whole number{_range(info)}, not {said(value)}")
    elif info.ge is not None and value < info.ge:
        yield Fault(path, f"{value} is below {info.ge}")
    elif info.le is not None and value > info.le:
        yield Fault(path, f"{value} is above {info.le}")


def _range(info: inspect.IntType) -> str:
    return f" from {info.ge} to {info.le}" if info.ge is not None and info.le is not None else ""


def _bool(value: object, info: inspect.BoolType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield Fault(path, f"must be true or false, not {said(value)}")


def _none(value: object, info: inspect.NoneType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    if value is not None:
        yield Fault(path, f"must be null, not {said(value)}")


def _literal(value: object, info: inspect.LiteralType, path: Path, extra: dict[str, Any]) -> Iterator[Fault]:
    if not isinstance(value, str) or value not in info.values:
        hint = " (put it in quotes)" if isinstance(value, bool) else ""
        allowed = [str(v) for v in info.values]
        close = difflib.get_close_matches(value, allowed, n=1) if isinstance(value, str) else []
        meant = f"; did you mean {close[0]}?" if close else ""
        yield Fault(path, f"{said(value)} is none of {', '.join(allowed)}{hint}{meant}")


MAX_SECRET = 256
_SOURCES = ("value", "env", "file", "hash")


def _secret(value: object, path: Path) -> Iterator[Fault]:
    if value is None or (isinstance(value, str) and 0 < len(value) <= MAX_SECRET):
        return
    if isinstance(value, dict) and len(value) == 1:
        ((source, text),) = value.items()
        if source in _SOURCES and isinstance(text, str) and 0 < len(text) <= MAX_SECRET:
            return
    allowed = f"generated, a text of at most {MAX_SECRET} characters"
    yield Fault(path, f"must be {allowed}, or one of {{value: …}}, {{env: NAME}}, {{file: PATH}}")


def said(value: object) -> str:
    """A value as a complaint shows it: short, on one line, harmless."""
    if isinstance(value, str):
        return json.dumps(safe_name(value, 40), ensure_ascii=False)
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)[:40]


_CHECKS: dict[type[inspect.Type], Check] = {
    inspect.StructType: _any_struct,
    inspect.VarTupleType: _list,
    inspect.ListType: _list,
    inspect.DictType: _dict,
    inspect.UnionType: _union,
    inspect.StrType: _text,
    inspect.IntType: _int,
    inspect.BoolType: _bool,
    inspect.NoneType: _none,
    inspect.LiteralType: _literal,
}
