"""All of sign-in put together over its ports.

This module must never decide anything; it knows the parts.
"""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from vorzimmer.api.principal import Door
from vorzimmer.api.signin.company import CompanyEntry
from vorzimmer.api.signin.doors import SessionDoor, TokenDoor
from vorzimmer.api.signin.entry import Entry
from vorzimmer.api.signin.factors import Factors
from vorzimmer.api.signin.letters import Outbox
from vorzimmer.api.signin.membership import Membership
from vorzimmer.api.signin.notes import Notes
from vorzimmer.api.signin.passkeys import Passkeys
from vorzimmer.api.signin.ports import SignInPorts
from vorzimmer.api.signin.sessions import Sessions


class SignIn:
    """Signing in, as the routes and the command line use it."""

    def __init__(self, ports: SignInPorts) -> None:
        self.ports = ports
        self.sessions = Sessions(ports)
        self.notes = Notes(ports)
        self.outbox = Outbox(ports)
        self.entry = Entry(ports, self.sessions)
        self.factors = Factors(ports)
        self.passkeys = Passkeys(ports, self.sessions, self.entry)
        self.company = CompanyEntry(ports, self.sessions)
        self.membership = Membership(ports, self.sessions, self.entry, self.outbox)

    @property
    def doors(self) -> tuple[Door, ...]:
        """The ways in that belong to accounts."""
        return SessionDoor(self.sessions, self.ports.public, self.ports.directory), TokenDoor(self.sessions)


async def signin_of(request: Request) -> SignIn:
    """Sign-in, as the application stands on it."""
    found: SignIn = request.app.state.signin
    return found


Reception = Annotated[SignIn, Depends(signin_of)]
"""A parameter of an endpoint: signing in."""
