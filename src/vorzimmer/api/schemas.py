"""JSON Schemas of all settings, read from the very types that file, export and checks use.

What a type means beyond its shape (a reference, a target, a secret, how to say what is allowed) stands there as
``x-…``, so that a form can be made from the schema alone. This module must never describe a setting by hand.
"""

import inspect as python
from typing import Any, Final

import msgspec
from msgspec import NODEFAULT, inspect

from vorzimmer.admin.check import section_type, type_of
from vorzimmer.directory.schema import Key, Kind, Schema
from vorzimmer.directory.types import Section, emergency_mark
from vorzimmer.directory.walk import shape

Json = dict[str, Any]
_SECRET: Final[Json] = {
    "writeOnly": True,
    "description": "Can be set, never read: `generated`, the text itself, or {value: text}. Left out: stays as it is.",
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": 256},
        {
            "type": "object",
            "properties": {"value": {"type": "string", "minLength": 1, "maxLength": 256}},
            "required": ["value"],
            "additionalProperties": False,
        },
        {"type": "null"},
    ],
}
_LIMITS: Final = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "ge": "minimum",
    "le": "maximum",
}


class Writer:
    """Collects the schemas of Structs as they are met; `prefix` is what their names are found under."""

    def __init__(self, schema: Schema, prefix: str) -> None:
        self._schema = schema
        self._prefix = prefix
        self.found: dict[str, Json] = {}

    def record(self, kind: Kind[Any]) -> Json:
        """A reference to the schema of a kind's whole record: its own fields and the sections of all features."""
        name = kind.type.__name__
        if name not in self.found:
            self._struct(type_of(kind.type))
            own = self.found[name]
            for key in self._schema.keys_on[kind.name].values():
                own["properties"][key.name] = self.section(key)
        return self._named(name)

    def section(self, key: Key[Any]) -> Json:
        """The schema of a feature's section as it stands in a record."""
        found = self.value(section_type(key))
        more: Json = {} if key.acts else {"x-acts": False}
        if key.bare is not None:
            more["description"] = _words(key.type)
            more["default"] = _plain(getattr(key.type(), key.bare))
        return {**found, **more} if more else found

    def value(self, info: inspect.Type) -> Json:
        """The schema of any type of a setting."""
        inner, extra = shape(info)
        if "secret" in extra:
            return {**_SECRET, "x-secret": extra["secret"], "x-make": extra["make"]}
        found = {**self._inner(inner, extra), **_limits(info)}
        found.update({f"x-{name}": list(v) if isinstance(v, tuple) else v for name, v in extra.items()})
        return found

    def _inner(self, info: inspect.Type, extra: Json) -> Json:
        if isinstance(info, inspect.StructType):
            return self._struct(info)
        if isinstance(info, inspect.VarTupleType | inspect.ListType):
            return {"type": "array", "items": self.value(info.item_type)}
        if isinstance(info, inspect.DictType):
            names, values = self.value(info.key_type), self.value(info.value_type)
            return {"type": "object", "propertyNames": names, "additionalProperties": values}
        if isinstance(info, inspect.UnionType):
            return _union([self.value(option) for option in info.types])
        if isinstance(info, inspect.LiteralType):
            return {"type": "string", "enum": list(info.values)}
        return {"type": _PLAIN[type(info)]}

    def _struct(self, info: inspect.Type) -> Json:
        assert isinstance(info, inspect.StructType)
        name = info.cls.__name__
        if name not in self.found:
            self.found[name] = own = {"type": "object", "description": _words(info.cls), "additionalProperties": False}
            own["properties"] = {field.encode_name: self._field(info.cls, field) for field in info.fields}
            if required := [field.encode_name for field in info.fields if field.required]:
                own["required"] = required
        return self._named(name)

    def _field(self, owner: type[Any], field: inspect.Field) -> Json:
        found = dict(self.value(field.type))
        if "writeOnly" not in found and not field.required:
            default = _default(field)
            found |= (
                {} if isinstance(default, dict) and default else {"default": default}
            )  # each field inside has its own
        mark = emergency_mark(owner, field.name) if issubclass(owner, Section) else None
        if mark is not None:
            found["x-emergency"] = str(mark)
        return found

    def _named(self, name: str) -> Json:
        return {"$ref": f"{self._prefix}{name}"}


_PLAIN: Final[dict[type[inspect.Type], str]] = {
    inspect.StrType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
}


def _limits(info: inspect.Type) -> Json:
    found: Json = {}
    inner = shape(info)[0]
    for name, word in _LIMITS.items():
        value = getattr(inner, name, None)
        if value is not None:
            items = isinstance(inner, inspect.VarTupleType | inspect.ListType)
            found[word.replace("Length", "Items") if items else word] = _pattern(value)
    return found


def _pattern(value: Any) -> Any:
    """Python's end of text in the words of other languages' regular expressions."""
    return value.replace(r"\Z", "$") if isinstance(value, str) else value


def _union(options: list[Json]) -> Json:
    """``X or null`` in the short form where X is plain, else one of the options."""
    null = {"type": "null"}
    rest = [option for option in options if option != null]
    if len(rest) == 1 and null in options and isinstance(rest[0].get("type"), str) and "enum" not in rest[0]:
        return {**rest[0], "type": [rest[0]["type"], "null"]}
    return {"anyOf": [*rest, *([null] if null in options else [])]}


def _default(field: inspect.Field) -> Any:
    value = field.default_factory() if field.default is NODEFAULT else field.default
    return _plain(value)


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def _words(cls: type[Any]) -> str:
    return " ".join(python.cleandoc(cls.__doc__ or "").split())
