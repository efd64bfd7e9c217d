"""What the API stands on, put together from the office, the line to control, and the operator's token.

This module must never decide what somebody may; it carries.
"""

import hmac
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection

from vorzimmer.admin.door import Outcome
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.world import Actor
from vorzimmer.api.ports import ControlAwayError
from vorzimmer.api.principal import Principal
from vorzimmer.app.control_link import ControlLink
from vorzimmer.app.office import NotFoundError, Office
from vorzimmer.app.rpc import RpcError
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.kernel.chance import Chance


class ApiOffice:
    """``api.ports.Office`` over the office of the command line: both run the same functions."""

    def __init__(self, office: Office) -> None:
        self._office = office

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
