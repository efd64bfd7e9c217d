"""What the API stands on, put together from the office, the line to control, and the operator's token.

This module must never decide what somebody may; it carries.
"""

import hmac
import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import HTTPConnection

from vorzimmer.admin.door import Outcome
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.world import Actor, Options
from vorzimmer.api.ports import ControlAwayError, People, QuestionError
from vorzimmer.api.principal import Principal
from vorzimmer.app.control_link import ControlLink
from vorzimmer.app.explaining import BadMomentError, explain_record, moment_of
from vorzimmer.app.office import NotFoundError, Office
from vorzimmer.app.rpc import RpcError
from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.calls.records import Record
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.routing.explain import BadQuestionError, Question, what, who
from vorzimmer.routing.live import BadAssumptionError, Facts, assume
from vorzimmer.routing.model import LiveFacts


class ApiOffice:
    """``api.ports.Office`` over the office of the command line: both run the same functions."""

    def __init__(self, office: Office, clock: Clock) -> None:
        self._office = office
        self._clock = clock

    @property
    def people(self) -> People:
        """As the port says."""
        return self._office.privacy

    def alarms_of(self, company: str) -> dict[str, str]:
        """As the port says."""
        return self._office.alarms_of(company)

    def companies(self) -> list[str]:
        """As the port says."""
        return self._office.companies()

    def book(self, company: str) -> Snapshot | None:
        """As the port says."""
        try:
            return self._office.book(company)
        except NotFoundError:
            return None

    async def change(self, company: str, edits: list[Edit], actor: Actor, *, dry_run: bool = False) -> Outcome:
        """As the port says."""
        return await self._office.change(company, edits, actor, dry_run=dry_run)

    async def apply(self, text: str, options: Options, actor: Actor, *, dry_run: bool) -> Outcome:
        """As the port says."""
        return await self._office.apply_text(text, options, actor, dry_run=dry_run)

    async def export(self, company: str) -> str:
        """As the port says."""
        return await self._office.export(company, with_secrets=False)

    async def remove(self, company: str, actor: Actor) -> None:
        """As the port says."""
        await self._office.remove(company, actor)

    async def audit(self, company: str, limit: int, before: int | None) -> tuple[tuple[int, AuditEntry], ...]:
        """As the port says."""
        return await self._office.audit(company, limit, before)

    async def past_calls(self, query: CallQuery) -> tuple[CallRow, ...]:
        """As the port says."""
        return await self._office.past_calls(query)

    async def past_call(self, company: str, call: str) -> CallRow | None:
        """As the port says."""
        row = await self._office.past_call(call)
        return row if row is not None and row.company == company else None

    def explain_past(self, call: CallRow, language: str) -> dict[str, Any]:
        """As the port says."""
        record = msgspec.json.decode(call.document, type=Record)
        return explain_record(record, self._office.book(call.company), language)

    async def explain(self, question: Question) -> dict[str, Any]:
        """As the port says."""
        book = self._office.book(question.company)
        check_question(question, book.apply(question.changes) if question.changes else book, self._clock.wall())
        try:
            return await self._office.explain(question)
        except RpcError as error:
            raise ControlAwayError(str(error)) from error


def check_question(question: Question, book: Snapshot, wall: datetime) -> None:
    """Raise QuestionError for what cannot be asked, before it goes to control."""
    try:
        who(question.caller, book)
    except BadQuestionError as error:
        raise QuestionError("from", str(error)) from error
    try:
        what(question.called, book)
    except BadQuestionError as error:
        raise QuestionError("to", str(error)) from error
    for place, one in enumerate(question.assumptions):
        try:
            assume(Facts(LiveFacts()), book, (one,))
        except BadAssumptionError as error:
            raise QuestionError(f"assume/{place}", str(error)) from error
    try:
        moment_of(question.at, book, wall)
    except BadMomentError as error:
        raise QuestionError("at", str(error)) from error


class ApiControl:
    """``api.ports.Control`` over web's line to control."""

    def __init__(self, link: ControlLink) -> None:
        self._link = link

    async def call(self, method: str, **params: Any) -> Any:
        """As the port says."""
        try:
            return await self._link.call(method, **params)
        except RpcError as error:
            raise ControlAwayError(str(error)) from error

    async def stream(self, method: str, **params: Any) -> AsyncIterator[Any]:
        """As the port says."""
        try:
            async for value in self._link.stream(method, **params):
                yield value
        except RpcError as error:
            raise ControlAwayError(str(error)) from error


def operator_token(path: Path, chance: Chance) -> str:
    """The operator's token, made at the first start; only the server's user may read it (mode 0600)."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with open(file, "w", encoding="ascii") as out:
        out.write(chance.token(32) + "\n")
    return path.read_text("ascii").strip()


class OperatorDoor:
    """The operator's way in: ``Authorization: Bearer`` with the token of ``DIR/api.token``."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def __call__(self, connection: HTTPConnection) -> Principal | None:
        """The provider, where the token is right; None else, so that other kinds of tokens are looked at."""
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
            return None
        return Principal("provider", session="operator")
