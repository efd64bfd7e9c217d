"""Who is told of a change. (How companies are kept is ``directory/repository.py``, below both admin and the store.)

This module must never name a backend.
"""

from typing import Protocol

from vorzimmer.directory.snapshot import Change


class Publisher(Protocol):
    """Told after each commit: the running server swaps the company's Snapshot."""

    def publish(self, company: str, revision: int, changes: tuple[Change, ...]) -> None: ...
