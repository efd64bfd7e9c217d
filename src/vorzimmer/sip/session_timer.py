"""Session timers as pure rules (RFC 4028): what a message asks for, what is granted, who refreshes, when it is over.

This module must never hold a timer or send: ``sessions`` does.
"""

from dataclasses import dataclass
from functools import lru_cache

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.headers import parse_params
from vorzimmer.sip.message import Headers
from vorzimmer.sip.text import is_number
from vorzimmer.sip.validate import RefusedError

FLOOR = 90
"""Seconds: no Min-SE may be less (RFC 4028 section 4)."""

LONGEST = 86_400
"""Seconds: whoever asks for more gets a day."""


class Session(msgspec.Struct, frozen=True):
    """A session that ends unless it is refreshed: `interval` seconds, `ours` where we refresh, `expires` monotonic."""

    interval: int
    ours: bool
    expires: float

    @property
    def refresh_at(self) -> float:
        """Half time (RFC 4028 section 7.2)."""
        return self.expires - self.interval / 2

    @property
    def over_at(self) -> float:
        """When a BYE ends it: a little before the time is up (RFC 4028 section 10)."""
        return self.expires - min(32.0, self.interval / 3)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message says. `expires` 0 without Session-Expires; `refresher` uac, uas or ""."""

    expires: int
    least: int
    refresher: str


def asked_by(headers: Headers) -> Asked:
    """Read Session-Expires and Min-SE; what cannot be read counts as not there."""
    return _asked(headers.get("Session-Expires"), headers.get("Min-SE"))


@lru_cache(maxsize=256)
def _asked(session: str, minimum: str) -> Asked:
    expires, refresher = _interval(session)
    least, _ = _interval(minimum)
    return Asked(expires, max(least, FLOOR), refresher)


def _interval(text: str) -> tuple[int, str]:
    seconds, _, rest = text.partition(";")
    seconds = seconds.strip()
    if not is_number(seconds):
        return 0, ""
    try:
        refresher = dict(parse_params(rest)).get("refresher") or ""
    except PeerError:
        refresher = ""
    return min(int(seconds[:10]), LONGEST), refresher.lower() if refresher.lower() in {"uac", "uas"} else ""


def check(headers: Headers, least: int) -> None:
    """Raise RefusedError 422 with Min-SE for an interval below ours, where the peer will understand it (section 9)."""
    if not 0 < asked_by(headers).expires < least:
        return
    if "timer" in map(str.lower, headers.list_of("Supported")):
        raise RefusedError("Session Interval Too Small", 422, (("Min-SE", str(least)),))


def granted(asked: Asked, *, usual: int, least: int, supported: bool, ours: bool | None) -> tuple[int, bool]:
    """As UAS: interval in seconds, and whether we refresh (RFC 4028 section 9, table 2).

    `supported` tells whether the peer knows timers; `ours` is the present role, None for a new session. Without a
    wish of the peer it refreshes itself if it can.
    """
    interval = max(asked.expires or usual, asked.least, least)
    if not supported:
        return interval, True
    if asked.refresher:
        return interval, asked.refresher == "uas"
    return interval, bool(ours)


def taken(answer: Asked, wanted: int) -> tuple[int, bool]:
    """As UAC, from the 2xx: interval and whether we refresh; we do where the peer knows no timers (section 7.2)."""
    if not answer.expires:
        return wanted, True
    return answer.expires, answer.refresher != "uas"


def restored(session: Session, saved: float, now: float) -> Session:
    """A session from before a restart, seen at monotonic `now`, written down at `saved`.

    Refreshes are not written down, so what was due may have happened: where half of the time is over, or the clock
    began anew, the time counts from now. Nobody's call ends for our restart.
    """
    fresh = saved <= now < session.refresh_at
    return session if fresh else msgspec.structs.replace(session, expires=now + session.interval)
