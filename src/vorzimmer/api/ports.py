"""What the API needs of the house, as ports: the office that changes and tells, control that knows live calls.

``app`` hands the adapters in, tests bring doubles. This module must never name an adapter.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from vorzimmer.admin.door import Outcome
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.world import Actor, Options
from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.routing.explain import Question


class ControlAwayError(VorzimmerError):
    """Control does not answer (it starts, or is gone): what only it knows cannot be told now."""


class QuestionError(VorzimmerError):
    """A question that cannot be answered: `field` of Question (with the position of an assumption) and why."""

    def __init__(self, field: str, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.says = says


class Office(Protocol):
    """Settings, as they are and as they shall be. Every change passes admin's one door."""

    @property
    def people(self) -> "People":
        """Export and erasure."""

    def alarms_of(self, company: str) -> dict[str, str]:
        """Schedules of a company whose calendar could not be read, and why."""

    def companies(self) -> list[str]:
        """The ids of all companies, sorted."""

    def book(self, company: str) -> Snapshot | None:
        """A company as it is now."""

    async def change(self, company: str, edits: list[Edit], actor: Actor, *, dry_run: bool = False) -> Outcome:
        """Change records and tell control. Raises admin's ProblemsError; then nothing has changed."""

    async def apply(self, text: str, options: Options, actor: Actor, *, dry_run: bool) -> Outcome:
        """Apply a company file; what it wants to read of this server is not there. Raises ProblemsError."""

    async def export(self, company: str) -> str:
        """The company as a file, without secrets."""

    async def remove(self, company: str, actor: Actor) -> None:
        """Remove a company and all of it. Raises RefusedError, LookupError."""

    async def audit(self, company: str, limit: int, before: int | None) -> tuple[tuple[int, AuditEntry], ...]:
        """Who changed what, with the number of each entry, the newest first."""

    async def past_calls(self, query: CallQuery) -> tuple[CallRow, ...]:
        """Ended calls, the newest first."""

    async def past_call(self, company: str, call: str) -> CallRow | None:
        """One ended call of a company."""

    def explain_past(self, call: CallRow, language: str) -> dict[str, Any]:
        """Why it went where it went, as ``app.explaining`` says it."""

    async def explain(self, question: Question) -> dict[str, Any]:
        """Where a call would go and why. Raises QuestionError, ControlAwayError."""


class People(Protocol):
    """What is known of a person, told and taken out."""

    async def export(self, company: str, user: str) -> dict[str, Any]:
        """Everything that is kept of an existing user, without secrets."""

    async def erase(self, company: str, user: str, actor: Actor, *, dry_run: bool = False) -> dict[str, Any]:
        """Remove the user, and take the person out of history and audit. Raises admin's ProblemsError."""


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
