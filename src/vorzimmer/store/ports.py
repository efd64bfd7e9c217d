"""What the house can keep, as ports with three backends (memory, SQLite, PostgreSQL) under one contract test.

Companies are ``directory.repository``, accounts ``accounts.repository``; here are ended calls, what must survive a
restart, and small facts about the server. Every method is one short transaction. This module must never name a backend.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from vorzimmer.accounts.repository import AccountRepository, FactorRepository, OutboxRepository, SessionRepository
from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.directory.repository import CompanyRepository
from vorzimmer.kernel.errors import VorzimmerError


class StoreFailedError(VorzimmerError):
    """The database did not do it (unreachable, locked too long, disk full); nothing was written."""


class CallRepository(Protocol):
    """Records of ended calls."""

    async def add(self, rows: Sequence[CallRow]) -> int:
        """Write rows; one whose call is known already changes nothing. Returns how many were new."""

    async def get(self, call: str) -> CallRow | None:
        """The record of one call."""

    async def find(self, query: CallQuery) -> tuple[CallRow, ...]:
        """The newest first."""

    async def forget(self, company: str, ended_before: float, most: int = 1_000) -> int:
        """Remove records that have been kept long enough (BAS-15), at most so many at once; returns how many."""

    async def rewrite(self, rows: Sequence[CallRow]) -> None:
        """Replace rows by their calls: a person is taken out of them. Unknown calls are left out."""


class LiveRepository(Protocol):
    """What must survive a restart, as opaque bytes per kind (``call``, ``binding``, ``subscription``) and key."""

    async def load(self, kind: str) -> dict[str, bytes]:
        """Everything of a kind."""

    async def save(self, kind: str, changes: Mapping[str, bytes | None]) -> None:
        """Put values, remove where None; whole or not at all."""

    async def settle(self, states: Mapping[str, bytes | None], records: Sequence[CallRow]) -> None:
        """States of calls and records of ended ones in one transaction; a call with a record keeps no state."""


class MetaRepository(Protocol):
    """Small facts about the server: its id, the key of nonces, the mark of the secret key."""

    async def get(self, name: str) -> bytes | None:
        """The value, None if never set."""

    async def keep(self, name: str, value: bytes) -> bytes:
        """Set it unless it is set already; returns what holds from now on, whoever was first."""


class Store(Protocol):
    """All repositories of one database."""

    @property
    def companies(self) -> CompanyRepository: ...
    @property
    def calls(self) -> CallRepository: ...
    @property
    def live(self) -> LiveRepository: ...
    @property
    def meta(self) -> MetaRepository: ...
    @property
    def accounts(self) -> AccountRepository: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def factors(self) -> FactorRepository: ...
    @property
    def outbox(self) -> OutboxRepository: ...
    async def close(self) -> None:
        """Give back connections."""
