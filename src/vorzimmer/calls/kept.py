"""Ended calls as they are kept and looked for: what the store writes and whoever tells of past calls reads.

This module must never decide who may see one.
"""

import msgspec


class CallRow(msgspec.Struct, frozen=True):
    """One ended call: what can be searched for, and the whole record as JSON. Times are POSIX seconds. `caller`,
    `callee` and `answered_by` are references (``user:eva``) or numbers; `outcome` is a word of calls."""

    call: str
    company: str
    started: float
    ended: float
    caller: str
    callee: str
    answered_by: str
    outcome: str
    document: bytes
    direction: str = ""
    """in, out, through (from outside to outside) or internal; "" for calls from before this was kept."""


class CallQuery(msgspec.Struct, frozen=True):
    """Which calls of a company: from `since` (inclusive) until `until` (exclusive) by their start, in which `who` (or
    one of the names `also`, as a person's extension and numbers are) was caller, callee or answered, with `outcome`, in
    this `direction`, answered or not, with these digits in a `number`; the newest `limit` older than `before`."""

    company: str
    since: float | None = None
    until: float | None = None
    who: str = ""
    outcome: str = ""
    limit: int = 100
    before: tuple[float, str] | None = None
    """(started, call) of the last row of the page before."""
    also: tuple[str, ...] = ()
    direction: str = ""
    answered: bool | None = None
    number: str = ""
