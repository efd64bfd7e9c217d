"""How an attempt goes, for whoever asked for it: a status and its phrase, as a transferor's NOTIFY says it.

This module must never know who listens.
"""

from collections.abc import Callable

Progress = Callable[[int, str], None]
"""Called with 180 and so on while it rings, and once with a final status."""


def silent(status: int, reason: str) -> None:
    """Nobody listens."""
