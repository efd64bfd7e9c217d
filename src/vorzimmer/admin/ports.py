"""What admin needs from the outside: the store of companies (``directory/repository.py``), and who is told of a change.

This module must never name a backend.
"""

from typing import Protocol

from vorzimmer.directory.repository import (
    AuditEntry,
    Claim,
    ClaimTakenError,
    Commit,
    CompanyRepository,
    Record,
    SecretForm,
    Secrets,
    SecretWrite,
    StaleRevisionError,
    Stored,
)
from vorzimmer.directory.snapshot import Change

__all__ = [
    "AuditEntry",
    "Claim",
    "ClaimTakenError",
    "Commit",
    "CompanyRepository",
    "Publisher",
    "Record",
    "SecretForm",
    "SecretWrite",
    "Secrets",
    "StaleRevisionError",
    "Stored",
]


class Publisher(Protocol):
    """Told after each commit: the running server swaps the company's Snapshot."""

    def publish(self, company: str, revision: int, changes: tuple[Change, ...]) -> None: ...
