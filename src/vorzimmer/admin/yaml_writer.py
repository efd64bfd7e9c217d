"""Plain values to YAML 1.2 that reads the same everywhere.

Texts are quoted whenever any YAML reader could take them for something else (``off``, ``17:00``, ``0x1F``); quoted
texts are JSON strings, which YAML 1.2 contains. This module must never know a company.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_PLAIN: Final = re.compile(r"^[A-Za-zÀ-ÖØ-öø-ÿ][A-Za-zÀ-ÖØ-öø-ÿ0-9_./@ -]*\Z")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "none", "nan", "inf"})
_FLOW_WIDTH: Final = 100


def write_yaml(data: dict[str, Any]) -> str:
    """A document of nested mappings, lists and scalars."""
    return "\n".join(_mapping(data, 0)) + "\n"


def scalar(value: Any) -> str:
    """One scalar, in flow or block context."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    safe = _PLAIN.match(text) and not text.endswith(" ") and text.lower() not in _WORDS
    return text if safe else _quoted(text)


def _quoted(text: str) -> str:
    return "".join(c if c.isprintable() else _escape(c) for c in json.dumps(text, ensure_ascii=False))


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _mapping(data: dict[str, Any], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for name, value in data.items():
        flow = _flow(value)
        if not isinstance(value, dict | list | tuple) or not value or (len(flow) + len(pad) < _FLOW_WIDTH and depth):
            yield f"{pad}{scalar(name)}: {flow}"
        else:
            yield f"{pad}{scalar(name)}:"
            yield from _block(value, depth + 1)


def _block(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _mapping(value, depth)
        return
    pad = "  " * depth
    for element in value:
        if isinstance(element, dict) and element and len(_flow(element)) + len(pad) >= _FLOW_WIDTH:
            lines = list(_mapping(element, depth + 1))
            yield f"{pad}- {lines[0].lstrip()}"
            yield from lines[1:]
        else:
            yield f"{pad}- {_flow(element)}"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(name)}: {_flow(inside)}" for name, inside in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(inside) for inside in value) + "]"
    return scalar(value)
