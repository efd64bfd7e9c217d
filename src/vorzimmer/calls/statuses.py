"""What a final response of one leg means for the call, and what of it the caller may learn: the table between legs.

A phone's trouble is never shown as ours: its 401, 403, 404 or 5xx only make it unreachable, and a 6xx of one phone ends
that phone alone (FEATURES.md EXA-24, BAS-2); what the caller gets is decided from the outcomes of all (``routing``).
A Q.850 cause (RFC 3326, RFC 6432) speaks where the status says little. This module must never look at a call.
"""

from typing import NamedTuple

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.events import Failed
from vorzimmer.sip.headers import parse_int, parse_reason
from vorzimmer.sip.message import Message

NO_CODEC = frozenset({415, 488, 606})
"""A refusal of our session description."""


class Word(NamedTuple):
    """`rang` is the outcome where the phone had rung (180, 183 ...), `silent` where it had not.

    `frank`: the status says it all, whatever a Reason adds. `later`: a Retry-After means the person, not the device, so
    that the caller may know."""

    rang: str
    silent: str
    frank: bool = False
    later: bool = False


_GONE = Word("unreachable", "unreachable")
_BUSY = Word("busy", "busy", frank=True, later=True)
_DECLINED = Word("declined", "declined", frank=True, later=True)
_AWAY = Word("no_answer", "unreachable", later=True)
_LATE = Word("no_answer", "unreachable")
_DIVERTS = Word("redirected", "redirected", frank=True)
_NO_CODEC = Word("unreachable", "unreachable", frank=True)

STATUSES: dict[int, Word] = {
    # 3xx: the phone's own diversion; a proxy (305) or another service (380) is nothing that a phone may send us to.
    300: _DIVERTS,
    301: _DIVERTS,
    302: _DIVERTS,
    305: _GONE,
    380: _GONE,
    # 4xx: about the device, unless it says what its person is doing.
    401: _GONE,
    403: _GONE,
    404: _GONE,
    407: _GONE,
    408: _LATE,
    410: _GONE,
    415: _NO_CODEC,
    433: _DECLINED,
    480: _AWAY,
    481: _GONE,
    482: _GONE,
    483: _GONE,
    484: _GONE,
    486: _BUSY,
    487: Word("no_answer", "no_answer"),
    488: _NO_CODEC,
    491: _GONE,
    # 5xx: the device's own trouble; its Retry-After is about itself.
    500: _GONE,
    501: _GONE,
    503: _GONE,
    504: _LATE,
    # 6xx: what a person or a device says for itself; never for the other phones that ring.
    600: _BUSY,
    603: _DECLINED,
    604: _GONE,
    606: _NO_CODEC,
    607: _DECLINED,
    608: _DECLINED,
}
"""Final status of a leg -> what it means. Others by their class (RFC 3261 section 8.1.3.2: as x00)."""

CLASSES: dict[int, Word] = {3: _GONE, 4: _GONE, 5: _GONE, 6: _DECLINED}

CAUSES: dict[int, str] = {
    1: "unreachable",  # unallocated number
    2: "unreachable",  # no route to network
    3: "unreachable",  # no route to destination
    17: "busy",
    18: "no_answer",  # no user responding
    19: "no_answer",  # alerting, no answer
    20: "unreachable",  # subscriber absent
    21: "declined",
    22: "unreachable",  # number changed
    27: "unreachable",  # destination out of order
    28: "unreachable",  # number incomplete
}
"""Q.850 cause -> outcome; other causes say nothing about the person."""


class Verdict(NamedTuple):
    """What one leg's failure comes to: `cause` by Q.850, `retry_after` seconds for the caller; 0 where none is said."""

    outcome: str
    cause: int = 0
    retry_after: int = 0


def verdict(event: Failed, *, rang: bool) -> Verdict:
    """What came of a leg that ended without an answer; `rang` once it has said that it rings."""
    word = STATUSES.get(event.status) or CLASSES.get(event.status // 100, _GONE)
    cause = cause_of(event.response) if event.response is not None else 0
    outcome = word.rang if rang else word.silent
    if not word.frank:
        outcome = CAUSES.get(cause, outcome)
    later = _retry_after(event.response) if word.later and event.response is not None else 0
    return Verdict(outcome, cause, later)


def cause_of(message: Message) -> int:
    """The Q.850 cause of a Reason header (RFC 3326), 0 without a readable one."""
    cause = _reason(message, "Q.850")
    return cause if cause < 128 else 0


def elsewhere(message: Message) -> bool:
    """Whether a CANCEL or BYE says that the call was answered elsewhere (RFC 3326 section 2)."""
    return _reason(message, "SIP") == 200


def _reason(message: Message, protocol: str) -> int:
    for element in message.headers.list_of("Reason"):
        try:
            reason = parse_reason(element)
        except PeerError:
            continue
        if reason.protocol.upper() == protocol and reason.cause:
            return reason.cause
    return 0


LONGEST_RETRY = 3600
"""Seconds; a phone that says more is not believed."""


def _retry_after(message: Message) -> int:
    """The seconds of a Retry-After (RFC 3261 section 20.33): comment and duration are left out."""
    text = message.headers.get("Retry-After").partition(";")[0].partition("(")[0].strip()
    try:
        seconds = parse_int(text) if text else 0
    except PeerError:
        return 0
    return seconds if seconds <= LONGEST_RETRY else 0
