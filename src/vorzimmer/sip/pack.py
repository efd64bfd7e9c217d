"""Values with wire text in them as msgpack bytes, whatever a peer wrote.

Bytes that are not UTF-8 live in text as lone surrogates (``surrogateescape``), which msgpack, JSON and databases
refuse. What is stored gets U+FFFD in their place; the value in memory is left alone. This module must never raise for a
peer's text.
"""

from datetime import datetime
from typing import Any

import msgspec

_ENCODER = msgspec.msgpack.Encoder()
_AS_THEY_ARE = (bytes, bytearray, datetime)


def pack(value: object) -> bytes:
    """`value` (structs, dataclasses, containers) as msgpack; read it back with ``msgspec.msgpack.decode``."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_storable(msgspec.to_builtins(value, builtin_types=_AS_THEY_ARE)))


def storable(text: str) -> str:
    """`text` with U+FFFD for each byte that was not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value
