"""The journal's file format: entries framed with length and checksum, so that any cut reads as a prefix.

A frame is the payload's length and CRC-32 (both little-endian, 4 bytes) and the payload, msgpack of kind, key, value.
Pure. This module must never raise on what it reads: a torn or damaged frame ends the reading.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

import msgspec

STATE, GONE, RECORD = "state", "gone", "record"

_HEAD = struct.Struct("<II")
_MAX = 64 * 1024 * 1024


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One appended fact; `kind` as in ``calls.ports.Journal``, `key` the call's id."""

    kind: str
    key: str
    value: bytes = b""


class Survivors(msgspec.Struct):
    """What entries add up to: the newest state per call (None: gone), and the first record per call."""

    states: dict[str, bytes | None] = {}
    records: dict[str, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self.states or self.records)

    def add(self, entry: Entry) -> None:
        """Take one more entry. A call with a record has ended: it keeps no state, whatever comes after."""
        if entry.kind == RECORD:
            self.records.setdefault(entry.key, entry.value)
            self.states[entry.key] = None
        elif entry.kind == GONE or entry.key in self.records:
            self.states[entry.key] = None
        elif entry.kind == STATE:
            self.states[entry.key] = entry.value

    def then(self, later: "Survivors") -> "Survivors":
        """These, and afterwards `later`."""
        records = {**later.records, **self.records}
        states = {**self.states, **later.states, **dict.fromkeys(records)}
        return Survivors(states, records)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def frame(entry: Entry) -> bytes:
    """The bytes to append."""
    payload = _encode(entry)
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def read(data: bytes) -> Iterator[Entry]:
    """The entries of a file up to the first frame that is torn or damaged."""
    at = 0
    while at + _HEAD.size <= len(data):
        size, checksum = _HEAD.unpack_from(data, at)
        payload = data[at + _HEAD.size : at + _HEAD.size + size]
        if size > _MAX or len(payload) < size or zlib.crc32(payload) != checksum:
            return
        try:
            entry = _decode(payload)
        except msgspec.DecodeError:
            return
        yield entry
        at += _HEAD.size + size


def fold(entries: Iterable[Entry]) -> Survivors:
    """What entries add up to, in order."""
    survivors = Survivors()
    for entry in entries:
        survivors.add(entry)
    return survivors
