"""The ring of traces: the bytes of each call's messages, with the decisions between them, bounded in every direction.

A call keeps at most :data:`CALL_BYTES`: its first half and its newest, what lies between is counted. All calls together
keep ``Limits.calls`` bytes, everything else that crosses the wire ``Limits.others``; the oldest go first. This module
must never look further into a message than to its Call-ID, nor hold what has left its limits.
"""

import re
from collections import OrderedDict, deque
from dataclasses import dataclass, field

import msgspec

from vorzimmer.routing.model import Because
from vorzimmer.sip.flow import Flow, Hop

CALL_BYTES = 16_384
"""Of one call, all its legs together."""

_OVERHEAD = 100
"""Bytes that a kept message costs besides its own."""

_CALL_ID = re.compile(rb"\r?\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]{1,256})", re.IGNORECASE)
_USUAL = b"\r\nCall-ID: "


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of all traced calls, and of all other messages (registrations, subscriptions, strangers)."""

    calls: int = 32 * 2**20
    others: int = 2 * 2**20


class Message(msgspec.Struct, frozen=True):
    """One message as it crossed the wire; `at` in monotonic seconds, `sent` by us."""

    at: float
    data: bytes
    to: Flow | Hop
    sent: bool

    @property
    def size(self) -> int:
        """What it counts against the limits."""
        return len(self.data) + _OVERHEAD


class Decision(msgspec.Struct, frozen=True):
    """What was decided at that moment, and why."""

    at: float
    because: tuple[Because, ...]

    @property
    def size(self) -> int:
        """What it counts against the limits: shared values, so only their list."""
        return _OVERHEAD


Entry = Message | Decision


@dataclass(slots=True)
class Trace:
    """Of one call, or of one Call-ID that belongs to none. `lost` messages lay between `first` and `last`."""

    call: str | None = None
    ids: list[str] = field(default_factory=list)
    first: list[Entry] = field(default_factory=list)
    last: deque[Entry] = field(default_factory=deque)
    size: int = 0
    lost: int = 0

    def add(self, entry: Entry) -> None:
        """Keep an entry; an older one of the second half may have to go for it."""
        if not self.last and self.size + entry.size <= CALL_BYTES // 2:
            self.first.append(entry)
            self.size += entry.size
            return
        self.last.append(entry)
        self.size += entry.size
        while self.size > CALL_BYTES and self.last:
            gone = self.last.popleft()
            self.size -= gone.size
            self.lost += 1

    def entries(self) -> list[Entry]:
        """What is kept, in order of time."""
        return sorted((*self.first, *self.last), key=lambda entry: entry.at)


class Ring:
    """All traces of this process."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._by_id: dict[str, Trace] = {}
        self._by_call: OrderedDict[str, Trace] = OrderedDict()
        self._others: OrderedDict[str, Trace] = OrderedDict()
        self._size = 0
        self._others_size = 0

    # -- what happens --------------------------------------------------------------------------------------------
    def message(self, message: Message) -> None:
        """A whole message; one without a Call-ID belongs nowhere and is not kept."""
        ident = call_id_of(message.data)
        if not ident:
            return
        trace = self._by_id.get(ident)
        if trace is None:
            trace = self._others[ident] = self._by_id[ident] = Trace(ids=[ident])
        self._add(trace, message)

    def leg(self, call: str, ident: str) -> None:
        """The dialog `ident` (a SIP Call-ID) belongs to a call from now on. What was heard of it before comes with it,
        unless that was another call's (a transfer)."""
        trace = self._by_id.get(ident)
        if not ident or (trace is not None and trace.call == call):
            return
        mine = self._of(call)
        mine.ids.append(ident)
        self._by_id[ident] = mine
        if trace is not None and trace.call is None:
            del self._others[ident]
            self._others_size -= trace.size
            for entry in trace.entries():
                self._add(mine, entry)

    def decision(self, call: str, decision: Decision) -> None:
        """What was decided for a call."""
        self._add(self._of(call), decision)

    # -- what is asked -------------------------------------------------------------------------------------------
    def of(self, name: str) -> Trace | None:
        """The trace of a call, or of a SIP Call-ID."""
        return self._by_call.get(name) or self._by_id.get(name)

    @property
    def size(self) -> int:
        """Bytes kept, for metrics."""
        return self._size + self._others_size

    # -- limits --------------------------------------------------------------------------------------------------
    def _of(self, call: str) -> Trace:
        trace = self._by_call.get(call)
        if trace is None:
            trace = self._by_call[call] = Trace(call)
        return trace

    def _add(self, trace: Trace, entry: Entry) -> None:
        before = trace.size
        trace.add(entry)
        if trace.call is None:
            self._others_size += trace.size - before
            while self._others_size > self._limits.others:
                self._others_size -= self._forget(self._others)
        else:
            self._size += trace.size - before
            while self._size > self._limits.calls:
                self._size -= self._forget(self._by_call)

    def _forget(self, traces: "OrderedDict[str, Trace]") -> int:
        _, oldest = traces.popitem(last=False)
        for ident in oldest.ids:
            self._by_id.pop(ident, None)
        return oldest.size


def call_id_of(data: bytes) -> str:
    """The Call-ID of a message, "" without one."""
    at = data.find(_USUAL)
    if at >= 0:
        end = data.find(b"\r\n", at + len(_USUAL))
        return data[at + len(_USUAL) : end].strip().decode("latin-1") if end >= 0 else ""
    found = _CALL_ID.search(data)
    return found.group(1).strip().decode("latin-1") if found else ""
