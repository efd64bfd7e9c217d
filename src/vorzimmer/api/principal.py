"""Who asks the API: one value that every endpoint and every right is judged by, whatever way in was taken.

A *door* (`Door`) looks at one kind of proof (a session's cookie, a bearer token) and names the principal. Roles and
scopes stand here as words; what they allow is decided by ``access.py`` for endpoints, by ``admin.authorise`` for
settings and by ``routing.may`` for calls. This module must never look at a request's body or trust a header that names
a person.
"""

from typing import Annotated, Final, Literal, Protocol

import msgspec
from fastapi import Depends
from starlette.requests import HTTPConnection

from vorzimmer.admin.world import Actor
from vorzimmer.api.problems import ApiError
from vorzimmer.directory.ref import Ref

Role = Literal["provider", "company_admin", "site_admin", "user"]
RANK: Final[dict[str, int]] = {"user": 1, "site_admin": 2, "company_admin": 3, "provider": 4}
"""A role may what the roles below it may (within its company)."""


class Principal(msgspec.Struct, frozen=True):
    """Who asks. `company` and `user` are None for the provider only; `scopes` None is a person's session, which may all
    that the role may, else what an API token may; `session` names the session or token for lists and rate limits."""

    role: Role
    company: str | None = None
    user: str | None = None
    site: str | None = None
    scopes: frozenset[str] | None = None
    session: str | None = None
    language: Literal["de", "en"] = "de"

    @property
    def ref(self) -> Ref | None:
        """The user of the directory; None for the provider."""
        return Ref("user", self.user) if self.user is not None else None

    @property
    def name(self) -> str:
        """As the audit names who did it."""
        return str(self.ref or "provider")

    def at_least(self, role: str) -> bool:
        """Whether this role is `role` or stands above it."""
        return RANK[self.role] >= RANK[role]

    def actor(self, origin: str = "") -> Actor:
        """The same person as admin knows it: the one door decides about every change by this."""
        if self.role == "provider":
            return Actor(self.name, origin=origin)
        return Actor(self.name, self.company, self.user or "", origin)


class Door(Protocol):
    """One way in. None: this request does not come this way. Raises ApiError where it does and is refused."""

    async def __call__(self, connection: HTTPConnection) -> Principal | None: ...


async def who(connection: HTTPConnection) -> Principal:
    """The principal of a request, asked once per request; raises the problem ``sign-in-needed`` (401)."""
    known = getattr(connection.state, "principal", None)
    if isinstance(known, Principal):
        return known
    doors: tuple[Door, ...] = connection.app.state.doors
    for door in doors:
        found = await door(connection)
        if found is not None:
            connection.state.principal = found
            return found
    raise ApiError("sign-in-needed")


Asker = Annotated[Principal, Depends(who)]
"""A parameter of an endpoint: who asks."""
