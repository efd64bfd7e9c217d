"""How the endpoints of records are described in OpenAPI: bodies, answers, parameters, examples.

This module must never say more about a setting than its type says.
"""

from typing import Any, Final

import msgspec

from vorzimmer.api.examples import EXAMPLES
from vorzimmer.directory.schema import Kind
from vorzimmer.features.catalogue import SCHEMA

Json = dict[str, Any]
PREFIX: Final = "#/components/schemas/"
PARAMETERS: Final = "#/components/parameters/"
_MADE: Final[Json] = {
    "type": "object",
    "description": "A secret that was made up, shown this once",
    "required": ["ref", "field", "value"],
    "properties": {
        "ref": {"type": "string"},
        "field": {"type": "string"},
        "value": {"type": "string"},
        "username": {"type": ["string", "null"]},
    },
}
SUMMARIES: Final = {
    "list": "List {section}",
    "create": "Create a record of {section}",
    "get": "Read a record of {section}",
    "replace": "Replace a record of {section}",
    "patch": "Change keys of a record of {section} (RFC 7396)",
    "remove": "Remove a record of {section}",
}
_WHAT: Final = {
    "list": "Pages of at most 200. Filters are paths of fields (`site=hq`, `forwarding.always.enabled=true`).",
    "create": "The whole record. Secrets that are left out are made up and shown in `made`, this once.",
    "get": "The record in the form of the company file, without its secrets.",
    "replace": "The whole record; what is left out has its default again, but a secret that is left out stays. With "
    "`If-None-Match: *` the record is created.",
    "patch": "Only what changes: a list that is given is complete, null takes a key away.",
    "remove": "Refused with `still-used` while other records name it.",
}
_IF_MATCH: Final[Json] = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of the state that was changed, or `*`. 428 without it, 412 if somebody was faster.",
    "schema": {"type": "string"},
}


def fields_of(kind: Kind[Any]) -> list[str]:
    """The first steps of the paths that a list can be sorted and filtered by."""
    own = [field.encode_name for field in msgspec.structs.fields(kind.type)]
    return [*own, *SCHEMA.keys_on[kind.name]]


def of(kind: Kind[Any], word: str) -> Json:
    """The description of one endpoint of a kind."""
    found: Json = {
        "summary": SUMMARIES[word].format(section=kind.section.replace("_", " ")),
        "description": _WHAT[word],
        "operation_id": f"{word}_{kind.section}",
        "tags": [kind.section],
        "status_code": 201 if word == "create" else 200,
    }
    return {**found, "openapi_extra": _extra(kind, word)}


def _extra(kind: Kind[Any], word: str) -> Json:
    record = {"$ref": PREFIX + kind.type.__name__}
    extra: Json = {}
    answer = {"$ref": record["$ref"] + {"list": "Page", "get": ""}.get(word, "Changed")}
    if word == "list":
        extra["parameters"] = [*({"$ref": PARAMETERS + name} for name in LIST), *_filters(kind)]
    if word in {"replace", "patch", "remove"}:
        extra["parameters"] = [{"$ref": PARAMETERS + "IfMatch"}]
    if word in {"create", "replace", "patch"}:
        extra["requestBody"] = body_of(kind, record, patch=word == "patch")
    content = {"application/json": {"schema": answer}}
    statuses = ["201", "200"] if word in {"create", "replace"} else ["200"]
    extra["responses"] = {status: {"description": _STATUS[status], "content": content} for status in statuses}
    if word in {"list", "get"}:
        extra["responses"]["304"] = {"description": "Nothing has changed (If-None-Match)"}
    return extra


_STATUS: Final = {"200": "Done, or said for a dry run", "201": "Created"}


def body_of(kind: Kind[Any], record: Json, *, patch: bool) -> Json:
    """The body of a request that sends a record, or a patch of it."""
    media = "application/merge-patch+json" if patch else "application/json"
    schema = {"type": "object", "description": f"Keys of {kind.type.__name__} to change"} if patch else record
    example = {"name": EXAMPLES[kind.name].get("name", "…")} if patch else EXAMPLES[kind.name]
    content = {"schema": schema, "example": example}
    return {"required": True, "content": {media: content, **({"application/json": content} if patch else {})}}


def page_of(record: Json) -> Json:
    """A page of a list."""
    return {
        "type": "object",
        "required": ["items", "next", "total"],
        "properties": {
            "items": {"type": "array", "items": record},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page"},
            "total": {"type": "integer", "description": "How many there are on all pages"},
        },
    }


def changed_of(record: Json) -> Json:
    """What came of a change."""
    lines = {"type": "array", "items": {"type": "string"}}
    return {
        "type": "object",
        "required": ["record", "committed", "revision", "changes", "notes", "made"],
        "properties": {
            "record": {"anyOf": [record, {"type": "null"}]},
            "committed": {"type": "boolean", "description": "False for a dry run, and where nothing was to be done"},
            "revision": {"type": "integer"},
            "changes": {**lines, "description": "What changed, line by line"},
            "notes": {**lines, "description": "What is allowed but worth a word"},
            "made": {
                "type": "array",
                "items": {"$ref": PREFIX + "Made"},
                "description": "Secrets that were made up, shown this once",
            },
        },
    }


def components() -> tuple[dict[str, Json], dict[str, Json]]:
    """Schemas of pages and changes of every kind, and the parameters that lists share."""
    schemas: dict[str, Json] = {"Made": _MADE}
    for kind in SCHEMA.kinds:
        name, record = kind.type.__name__, {"$ref": PREFIX + kind.type.__name__}
        schemas |= {f"{name}Page": page_of(record), f"{name}Changed": changed_of(record)}
    return schemas, {**{name: _query(name, _KINDS[name], says) for name, says in LIST.items()}, "IfMatch": _IF_MATCH}


LIST: Final = {
    "q": "Words that must be in id, name, extension, numbers, e-mail or the like; case and accents do not count",
    "sort": "A field (`name`, `forwarding.no_answer.after_s`), with - in front for the other way round",
    "cursor": "`next` of the page before",
    "limit": "How many at most",
}
"""Parameters of every list."""
_KINDS: Final[dict[str, Json]] = {
    "q": {"type": "string"},
    "sort": {"type": "string"},
    "cursor": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
}


def _filters(kind: Kind[Any]) -> list[Json]:
    """Filters by plain fields; those inside others are taken too, but there are too many to name."""
    names = [field.encode_name for field in msgspec.structs.fields(kind.type)]
    return [_query(name, {"type": "string"}, f"Only records whose {name} is this") for name in names]


def _query(name: str, schema: Json, says: str) -> Json:
    return {"name": name, "in": "query", "required": False, "description": says, "schema": dict(schema)}


REFERENCES: Final[Json] = {
    "summary": "Who names a record",
    "operation_id": "list_references",
    "openapi_extra": {
        "responses": {
            "200": {
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["items"],
                            "properties": {
                                "items": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["ref", "name", "setting"],
                                        "properties": {n: {"type": "string"} for n in ("ref", "name", "setting")},
                                    },
                                }
                            },
                        }
                    }
                }
            }
        }
    },
}
