"""When a session, a token or a ticket still counts.

This module must never read a clock; times are POSIX seconds.
"""

from typing import Final

from vorzimmer.accounts.model import ApiToken, Session, Ticket

IDLE: Final = 12 * 3600.0
"""Seconds without a request after which a session has ended."""
ABSOLUTE: Final = 30 * 86_400.0
"""Seconds after which a session has ended, however busy it is."""
FRESH: Final = 900.0
"""Seconds for which a given password or passkey opens what needs one (new passkeys, tokens, removing a factor)."""
SEEN_EVERY: Final = 60.0
"""Seconds between two notes of when a session or token was last used."""
LIVES: Final = {"invitation": 7 * 86_400.0, "reset": 3600.0, "setup": 86_400.0}
"""Seconds that a ticket is good for."""


def session_counts(session: Session, now: float) -> bool:
    """Whether the session still counts."""
    return now < session.ends and now < session.seen + IDLE


def is_fresh(session: Session, now: float) -> bool:
    """Whether somebody has just proven who they are."""
    return now < session.confirmed + FRESH


def token_counts(token: ApiToken, now: float) -> bool:
    """Whether the token still counts."""
    return token.expires is None or now < token.expires


def ticket_counts(ticket: Ticket | None, now: float) -> bool:
    """Whether there is a ticket and it still counts."""
    return ticket is not None and now < ticket.expires
