"""Runs the session timers of all legs (RFC 4028): header lines, the one timer of each leg, refresh and end.

Every INVITE and UPDATE of a confirmed dialog in either direction refreshes it. What is sent to refresh, and what
becomes of a leg whose time is up, is for whoever listens. This module must never send.
"""

from collections.abc import Callable

from vorzimmer.sip.core import Core
from vorzimmer.sip.leg import Leg, Phase
from vorzimmer.sip.message import Headers
from vorzimmer.sip.session_timer import FLOOR, LONGEST, Asked, Session, asked_by, check, granted, restored, taken

AGAIN = 10.0
"""Seconds after which a refresh that could not be sent is tried again."""


class Sessions:
    """One per engine."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.on_refresh: Callable[[Leg], None] = _nobody
        """Asked to refresh a leg."""
        self.on_over: Callable[[Leg], None] = _nobody
        """Told that a leg's time is up."""

    def _wish(self, leg: Leg) -> int:
        """Seconds that we would like, 0 for no session of our own accord."""
        return leg.interval or self._core.config.session_expires

    # -- requests of ours -----------------------------------------------------------------------------------------
    def lines(self, leg: Leg) -> str:
        """For an INVITE, re-INVITE or UPDATE of ours."""
        session = leg.session
        interval = self._interval(leg)
        if not interval:
            return ""
        role = "" if session is None else f";refresher={'uac' if session.ours else 'uas'}"
        least = f"Min-SE: {leg.least}\r\n" if leg.least > FLOOR else ""
        return f"Session-Expires: {interval}{role}\r\n{least}"

    def _interval(self, leg: Leg) -> int:
        """Seconds that we ask for: what is agreed, else ours; 0 for none."""
        if leg.session is not None:
            return max(leg.session.interval, leg.least)
        wish = self._wish(leg)
        return max(wish, leg.least) if wish else 0

    def too_small(self, leg: Leg, headers: Headers) -> bool:
        """Note the Min-SE of a 422; False where asking again would not help (RFC 4028 section 7.3)."""
        least = asked_by(headers).least
        if not self._interval(leg) < least <= LONGEST:
            return False
        leg.least = least
        return True

    def answered(self, leg: Leg, headers: Headers) -> None:
        """A 2xx has answered one of them."""
        answer = asked_by(headers)
        interval = self._interval(leg)
        if leg.phase is Phase.CONFIRMED and (answer.expires or interval):
            self._start(leg, *taken(answer, interval))

    def alive(self, leg: Leg) -> None:
        """The peer has answered a refresh of ours, if not as we wished: it is there, which was the question."""
        if leg.session is not None:
            self._start(leg, leg.session.interval, leg.session.ours)

    # -- requests of theirs ---------------------------------------------------------------------------------------
    def check(self, headers: Headers) -> None:
        """Raise RefusedError 422 for an interval that is too small."""
        check(headers, self._core.config.min_se)

    def grant(self, leg: Leg, headers: Headers) -> str:
        """Lines for the 2xx to an INVITE, re-INVITE or UPDATE with these `headers`; the session counts from now."""
        asked = asked_by(headers)
        if not (asked.expires or leg.session or self._wish(leg)):
            return ""
        known = "timer" in leg.supported
        interval, ours = self._granted(leg, asked, supported=known)
        self._start(leg, interval, ours)
        require = "Require: timer\r\n" if known else ""
        return f"Session-Expires: {interval};refresher={'uas' if ours else 'uac'}\r\n{require}"

    def _granted(self, leg: Leg, asked: Asked, *, supported: bool) -> tuple[int, bool]:
        config, session = self._core.config, leg.session
        usual = session.interval if session else self._wish(leg)
        role = session.ours if session else None
        return granted(asked, usual=usual, least=config.min_se, supported=supported, ours=role)

    # -- time -----------------------------------------------------------------------------------------------------
    def resume(self, leg: Leg, session: Session, saved: float) -> None:
        """Go on with a session from before a restart. What is due begins anew, but not for all legs at once."""
        again = leg.session = restored(session, saved, self._core.now)
        early = self._core.chance.fraction() * again.interval / 4 if again is not session else 0.0
        self._arm(leg, again.refresh_at - early if again.ours else again.over_at)

    def _start(self, leg: Leg, interval: int, ours: bool) -> None:
        session = leg.session = Session(interval, ours, self._core.now + interval)
        self._arm(leg, session.refresh_at if ours else session.over_at)

    def _arm(self, leg: Leg, when: float) -> None:
        timers = self._core.timers
        timers.stop(leg.session_timer)
        leg.session_timer = timers.start(when, self._due, leg)

    def later(self, leg: Leg) -> None:
        """The refresh could not be sent: once more soon, if there is time left."""
        if leg.session is not None:
            self._arm(leg, min(self._core.now + AGAIN, leg.session.over_at))

    def stop(self, leg: Leg) -> None:
        """The leg is gone."""
        self._core.timers.stop(leg.session_timer)
        leg.session_timer = None

    def _due(self, leg: Leg) -> None:
        leg.session_timer = None
        session = leg.session
        if session is None:
            return
        if self._core.now >= session.over_at:
            self.on_over(leg)
        else:
            self._arm(leg, session.over_at)
            self.on_refresh(leg)


def _nobody(leg: Leg) -> None:
    """Until the engine is there."""
