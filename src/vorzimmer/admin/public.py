"""A record as it may be shown, and back: without the sources of its secrets, which can be set but never read.

What is shown can be sent back whole: a secret that is not mentioned stays as it is. The tag of a record names its
state, so that nobody overwrites what he has not seen. This module must never see the text of a secret.
"""

from hashlib import blake2b
from typing import Any

import msgspec

from vorzimmer.admin.merge import identity
from vorzimmer.directory.record import record_leaves
from vorzimmer.directory.schema import Kind, Schema
from vorzimmer.directory.walk import Path

_encode = msgspec.json.Encoder(order="sorted").encode


def tag_of(data: dict[str, Any]) -> str:
    """The name of a record's state; the same state has the same name on every server."""
    return blake2b(_encode(data), digest_size=12).hexdigest()


def shown(schema: Schema, kind: Kind[Any], data: dict[str, Any]) -> dict[str, Any]:
    """The record without its secrets; what lies beside them is not copied."""
    for leaf in record_leaves(schema, kind, data, "secret"):
        data = _without(data, leaf.path)
    return data


def _without(data: Any, path: Path) -> Any:
    step, rest = path[0], path[1:]
    copy: Any = list(data) if isinstance(data, list | tuple) else dict(data)
    if rest:
        copy[step] = _without(copy[step], rest)
    else:
        del copy[step]
    return copy


def with_secrets(schema: Schema, kind: Kind[Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`new` with the sources of secrets that `old` has and `new` does not mention."""
    for leaf in record_leaves(schema, kind, old, "secret"):
        new = _with(new, old, leaf.path)
    return new


def _with(new: Any, old: Any, path: Path) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        place = _same(new, old[step])
        if place is None:
            return new
        return [*new[:place], _with(new[place], old[step], rest), *new[place + 1 :]]
    if not isinstance(new, dict):
        return new
    if not rest:
        return new if step in new else {**new, step: old[step]}
    return {**new, step: _with(new[step], old[step], rest)} if step in new else new


def _same(elements: Any, wanted: Any) -> int | None:
    """Where the element is that is called like `wanted`."""
    if not isinstance(elements, list | tuple):
        return None
    name = identity(wanted)
    return next((place for place, element in enumerate(elements) if identity(element) == name), None)


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: `patch` laid over `target`; null takes a key away, so that its default holds again."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
