"""What the API needs of the house, as ports: the office that changes and tells, control that knows live calls.

``app`` hands the adapters in, tests bring doubles. This module must never name an adapter.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from vorzimmer.admin.door import Outcome
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.world import Actor
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import VorzimmerError


class ControlAwayError(VorzimmerError):
    """Control does not answer (it starts, or is gone): what only it knows cannot be told now."""


class Office(Protocol):
    """Settings, as they are and as they shall be. Every change passes admin's one door."""

    def companies(self) -> list[str]:
        """The ids of all companies, sorted."""

    def book(self, company: str) -> Snapshot | None:
        """A company as it is now."""

    async def change(self, company: str, edits: list[Edit], actor: Actor, *, dry_run: bool = False) -> Outcome:
        """Change records and tell control. Raises admin's ProblemsError; then nothing has changed."""


class Control(Protocol):
    """The process in which calls live."""

    async def call(self, method: str, **params: Any) -> Any:
        """Ask; raises ControlAwayError."""

    def stream(self, method: str, **params: Any) -> AsyncIterator[Any]:
        """Follow; raises ControlAwayError when it goes away."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the API stands on."""

    office: Office
    control: Control
    clock: Clock
    chance: Chance
