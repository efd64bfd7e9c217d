"""Links that open something once: an invitation, a new password, the first account of a server.

This module must never store what it hands out, and loads little: the supervisor uses it at each start.
"""

from dataclasses import dataclass
from typing import Final

from vorzimmer.accounts.model import Purpose, Ticket
from vorzimmer.accounts.repository import AccountRepository, SessionRepository
from vorzimmer.accounts.secret import SIZE, hashed
from vorzimmer.accounts.validity import LIVES
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock

PAGES: Final[dict[str, str]] = {"invitation": "/welcome#", "reset": "/reset#", "setup": "/setup#"}
"""Where the portal takes a ticket; behind the #, so that it is in no log and no Referer."""


@dataclass(frozen=True, slots=True)
class Tickets:
    """Makes the links; `origin` is the public address."""

    accounts: AccountRepository
    sessions: SessionRepository
    clock: Clock
    chance: Chance
    origin: str

    async def link(self, purpose: Purpose, account: str = "") -> str:
        """A link that opens `purpose` once. Earlier ones go on working until one of them is used."""
        secret = self.chance.token(SIZE)
        expires = self.clock.wall().timestamp() + LIVES[purpose]
        await self.sessions.add_ticket(Ticket(hashed(secret), purpose, account, expires))
        return f"{self.origin}{PAGES[purpose]}{secret}"

    async def set_up(self) -> str:
        """A link for the first account, "" where there is an account already. Earlier links stop working."""
        if await self.accounts.count():
            return ""
        await self.sessions.drop_tickets("", "setup")
        return await self.link("setup")
