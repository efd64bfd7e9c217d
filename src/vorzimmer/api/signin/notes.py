"""What happens to sign-ins, in the company's audit beside its changes: who, when, from where.

The provider's accounts belong to no company; what happens to them goes to the log. This module must never write down a
secret, or a failure that strangers can repeat without end.
"""

from typing import Final

from vorzimmer.accounts.model import Account
from vorzimmer.api.signin.ports import SignInPorts
from vorzimmer.directory.repository import AuditEntry

KIND: Final = "sign-in"
"""The kind of these entries; their id is the person's, `after` has the ``event``."""


class Notes:
    """The audit of sign-ins."""

    def __init__(self, ports: SignInPorts) -> None:
        self._ports = ports

    async def note(self, account: Account, event: str, origin: str, by: str = "", **more: str) -> None:
        """One event of an account; `by` is the person themselves if it is empty."""
        who = by or (f"user:{account.user}" if account.user else "provider")
        if not account.company:
            self._ports.say(f"provider account: {event} by {who} from {origin or 'the server'}")
            return
        told: dict[str, object] = {"event": event, **more}
        entry = AuditEntry(self._ports.clock.wall(), who, KIND, account.user, None, told, origin=origin)
        await self._ports.companies.note(account.company, entry)
