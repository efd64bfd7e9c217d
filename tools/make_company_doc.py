"""Write docs/company-file.md from the typed schema, so that the page cannot say what `apply` does not take.

`python tools/make_company_doc.py` writes the page, with `--check` it only says whether the committed one is current.
Only the introduction and KEPT are written by hand.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from vorzimmer.directory.feasts import FEASTS
from vorzimmer.directory.schema import Key, Kind
from vorzimmer.directory.walk import shape
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.codes.settings import DEFAULTS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "company-file.md"
INTRODUCTION = Path(__file__).resolve().parent / "company_doc_head.md"

KEPT = {
    "company": {"holiday_region"},
    "site": {"address"},
    "user": {"role", "department", "email", "language", "mobile", "outgoing.show"},
    "phone": {"department", "outgoing.show"},
    "device": {"silent_alert", "transport"},
}
"""Keys of acting kinds that are checked and kept, and that nothing reads yet."""

MANY = 20
"""Choices that are no longer listed in a cell: feature codes have a table of their own."""

Row = tuple[str, str, str]
WORDS = {"number": "+E.164 number", "target": "target", "day": "day", "zone": "IANA time zone"}


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION.read_text().rstrip(), *(_kind(kind) for kind in SCHEMA.kinds), _feasts(), _codes()]
    return "\n\n".join(parts) + "\n"


def _kind(kind: Kind[Any]) -> str:
    one = "One mapping." if kind.section == "company" else f"A list; each element is known by its `{kind.id_field}`."
    state = "" if kind.acts else " **Kept, not acting yet.**"
    lines = [f"## `{kind.section}`", "", f"{one}{state}", "", "| key | takes | default | acts |", "|---|---|---|---|"]
    kept = KEPT.get(kind.name, set())
    keys = SCHEMA.keys_on[kind.name].values()
    for name, takes, default in _fields(inspect.type_info(kind.type)):
        lines.append(_line(name, takes, default, kind.acts and not _is_kept(name, kept)))
    for key in keys:
        acts = kind.acts and key.acts
        rows = _section(key)
        lines += [_line(name, takes, default, acts and not _is_kept(name, kept)) for name, takes, default in rows]
    said = [f"- `{key.name}`: {_words(key.type)}" for key in keys]
    return "\n".join([*lines, "", f"- {_words(kind.type)}", *said])


def _is_kept(name: str, kept: set[str]) -> bool:
    return any(name == each or name.startswith((f"{each}.", f"{each}[")) for each in kept)


def _words(type_: type) -> str:
    """What the code says of a type, in the words of the file."""
    text = " ".join((type_.__doc__ or "").split()).replace("``", "`")
    text = re.sub(r" \((FEATURES\.md |section )?[0-9]+(\.[0-9]+)?( point [0-9]+)?(, [0-9.]+| and [0-9.]+)*\)", "", text)
    for python, file in (("None", "`null`"), ("True", "`true`"), ("False", "`false`")):
        text = re.sub(rf"\b{python}\b", file, text)
    return text


def _line(name: str, takes: str, default: str, acts: bool) -> str:
    cells = (f"`{name}`", takes, default, "yes" if acts else "not yet")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _section(key: Key[Any]) -> Iterator[Row]:
    info = inspect.type_info(key.type)
    for name, takes, default in _fields(info):
        if key.bare is None:
            yield f"{key.name}.{name}", takes, default
        else:
            yield key.name + name.removeprefix(key.bare), takes, default


def _fields(info: inspect.Type, seen: tuple[type, ...] = ()) -> Iterator[Row]:
    """Rows of a Struct, those of Structs inside it with dotted names; a Struct inside itself is named only."""
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        inner = _struct(field.type)
        if inner is None or inner.cls in seen:
            yield field.encode_name, _takes(field.type), _default(field)
            continue
        several = isinstance(shape(_without_none(field.type))[0], inspect.VarTupleType | inspect.DictType)
        if several or field.required or not isinstance(field.default, msgspec.Struct):
            yield field.encode_name, _takes(field.type), _default(field)
        name = f"{field.encode_name}[]" if several else field.encode_name
        for below, takes, default in _fields(_with(inner, field.default), (*seen, inner.cls)):
            yield f"{name}.{below}", takes, default


def _with(info: inspect.StructType, default: object) -> inspect.StructType:
    """The type with the defaults of a default value: a section may start with other values than its type."""
    if not isinstance(default, msgspec.Struct):
        return info
    fields = (
        field if field.required else msgspec.structs.replace(field, default=getattr(default, field.name))
        for field in info.fields
    )
    return msgspec.structs.replace(info, fields=tuple(fields))


def _without_none(info: inspect.Type) -> inspect.Type:
    inner, _ = shape(info)
    if isinstance(inner, inspect.UnionType):
        others = [each for each in inner.types if not isinstance(each, inspect.NoneType)]
        return others[0] if len(others) == 1 else inner
    return info


def _struct(info: inspect.Type) -> inspect.StructType | None:
    """The Struct in a type: itself, what a list or mapping holds, or the Struct of a choice."""
    inner, _ = shape(_without_none(info))
    if isinstance(inner, inspect.StructType):
        return inner
    if isinstance(inner, inspect.VarTupleType):
        return _struct(inner.item_type)
    if isinstance(inner, inspect.DictType):
        return _struct(inner.value_type)
    if isinstance(inner, inspect.UnionType):
        return next((found for each in inner.types if (found := _struct(each))), None)
    return None


def _takes(info: inspect.Type) -> str:
    inner, extra = shape(info)
    if isinstance(inner, inspect.UnionType) and "secret" not in extra:
        return " or ".join(_takes(each) for each in inner.types)
    limits = "" if extra.keys() & {"ref", "target", "zone"} else _limits(inner)
    return f"{_what(inner, extra)}{limits}"


def _what(inner: inspect.Type, extra: dict[str, Any]) -> str:
    if "secret" in extra:
        return (
            "`generated`, text, or `{value: …}`, `{env: NAME}`, `{file: PATH}`"
            if extra["make"]
            else ("text, or `{value: …}`, `{env: NAME}`, `{file: PATH}`")
        )
    if "ref" in extra:
        kinds = " or ".join(f"`{kind}:ID`" if extra.get("typed") else f"id of a {kind}" for kind in extra["ref"])
        return " or ".join([kinds, *(f"`{word}`" for word in extra.get("words", ()))])
    if "says" in extra:
        return str(extra["says"])
    for meaning, word in WORDS.items():
        if meaning in extra:
            return word
    return _plain(inner)


def _plain(inner: inspect.Type) -> str:
    match inner:
        case inspect.LiteralType():
            many = len(inner.values) > MANY
            return "a name of the table below" if many else ", ".join(f"`{value}`" for value in inner.values)
        case inspect.VarTupleType():
            return f"list: {_takes(inner.item_type)}"
        case inspect.DictType():
            return f"mapping: {_takes(inner.key_type)} → {_takes(inner.value_type)}"
        case inspect.StructType():
            return "section"
        case inspect.BoolType():
            return "`true`, `false`"
        case inspect.IntType():
            return "whole number"
        case inspect.NoneType():
            return "`null`"
        case _:
            return "text"


def _limits(inner: inspect.Type) -> str:
    if isinstance(inner, inspect.IntType):
        return f" {inner.ge}–{inner.le}" if inner.le is not None else ""
    if isinstance(inner, inspect.VarTupleType) and inner.max_length is not None:
        return f" (at most {inner.max_length})"
    if isinstance(inner, inspect.StrType) and inner.max_length is not None and inner.pattern is None:
        return f" (at most {inner.max_length} characters)"
    return ""


def _default(field: inspect.Field) -> str:
    if field.required:
        return "must be given"
    if field.default_factory is not msgspec.NODEFAULT:
        return "empty"
    return _shown(field.default)


def _shown(value: object) -> str:
    if value is None or value is msgspec.UNSET:
        return "`null`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | dict | str) and not value:
        return "empty"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


def _feasts() -> str:
    lines = [
        "## Feasts that are not public everywhere",
        "",
        "Where a schedule takes a day, these words name one that many places or companies keep, in every year.",
        "",
        "| word | feast |",
        "|---|---|",
    ]
    return "\n".join([*lines, *(f"| `{word}` | {feast.english} ({feast.german}) |" for word, feast in FEASTS.items())])


def _codes() -> str:
    lines = [
        "## Feature codes and their defaults",
        "",
        "`company.feature_codes` takes these names. What follows the code is in the third column.",
        "",
        "| name | code | then | acts |",
        "|---|---|---|---|",
    ]
    for name, code in DEFAULTS.items():
        forms = " or ".join(f"`{form}`" for form in (code.main, code.alternate) if form)
        then = code.takes if code.needs or not code.takes else f"{code.takes}, may be left out"
        lines.append(f"| `{name}` | {forms} | {then} | {'yes' if code.acts else 'not yet'} |")
    return "\n".join(lines)


def main() -> int:
    """Write the page, or check it."""
    wanted = page()
    if "--check" in sys.argv[1:]:
        return int(not PAGE.exists() or PAGE.read_text() != wanted)
    PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
