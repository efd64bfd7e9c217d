"""What endpoints ask for in their parameters: who asks, what the application stands on, a dry run.

This module must never tell of a company whose book is not there anything but that.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request

from vorzimmer.api.ports import Ports
from vorzimmer.api.principal import Asker, Principal
from vorzimmer.api.problems import ApiError
from vorzimmer.directory.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: who asks, and the ports to answer with."""

    request: Request
    asker: Principal
    house: Ports

    def book(self, company: str) -> Snapshot:
        """A company as it is now; raises ApiError ``not-found``."""
        book = self.house.office.book(company)
        if book is None:
            raise ApiError("not-found")
        return book

    @property
    def origin(self) -> str:
        """From where the request comes, for the audit."""
        return self.request.client.host if self.request.client is not None else ""


async def _ask(request: Request, asker: Asker) -> Ask:
    return Ask(request, asker, request.app.state.ports)


Asking = Annotated[Ask, Depends(_ask)]
"""A parameter of an endpoint: the request with who asks."""
DryRun = Annotated[bool, Query(description="Only say what would change, and change nothing")]
"""A parameter of an endpoint that changes something."""
