"""What signing in stands on: the repositories, the slow hash, the directory, mail. ``app`` brings the adapters.

This module must never name an adapter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import msgspec

from vorzimmer.accounts.letters import Mail
from vorzimmer.accounts.lockout import Lockouts
from vorzimmer.accounts.repository import AccountRepository, FactorRepository, OutboxRepository, SessionRepository
from vorzimmer.api.signin.tickets import Tickets
from vorzimmer.api.signin.web import Web
from vorzimmer.directory.repository import CompanyRepository
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import VorzimmerError


class BusyError(VorzimmerError):
    """More passwords wait to be hashed than anybody would wait for."""


class Verdict(NamedTuple):
    """Whether a password was right, and whether its hash should be made anew with today's parameters."""

    right: bool
    outdated: bool = False


class Passwords(Protocol):
    """The slow hash (Argon2id), off the loop."""

    async def hash(self, password: str) -> str:
        """A PHC string. Raises BusyError."""

    async def verify(self, hashed: str, password: str) -> Verdict:
        """Compare; an empty hash is never right and takes as long as any other. Raises BusyError."""


class Directory(Protocol):
    """The companies as they are now (``api.ports.Office`` is one)."""

    def companies(self) -> list[str]:
        """The ids of all companies, sorted."""

    def book(self, company: str) -> Snapshot | None:
        """A company as it is now."""


class Mailer(Protocol):
    """Sends one mail."""

    async def send(self, mail: Mail) -> None:
        """Hand it to the mail server. Raises MailFailedError."""


class Public(msgspec.Struct, frozen=True):
    """How people reach this server: `origin` as browsers write it (``https://pbx.example``), the host in it, and
    whether that is encrypted."""

    origin: str
    host: str
    secure: bool

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; the prefix makes browsers insist on Secure and on this host alone."""
        return "__Host-vorzimmer_session" if self.secure else "vorzimmer_session"


def _nobody_listens(text: str) -> None:
    """What goes wrong is told to nobody."""


@dataclass(frozen=True, slots=True)
class SignInPorts:
    """Everything that signing in stands on. `mailing` is False where no mail server is configured: then links are
    handed out instead of sent; `companies` is asked for a provider's secret only; `say` hears of trouble for the
    operator."""

    accounts: AccountRepository
    sessions: SessionRepository
    factors: FactorRepository
    outbox: OutboxRepository
    passwords: Passwords
    directory: Directory
    lockouts: Lockouts
    clock: Clock
    chance: Chance
    public: Public
    companies: CompanyRepository
    web: Web
    say: Callable[[str], None] = _nobody_listens
    mailing: bool = False

    @property
    def tickets(self) -> Tickets:
        """Makes links."""
        return Tickets(self.accounts, self.sessions, self.clock, self.chance, self.public.origin)

    def now(self) -> float:
        """POSIX seconds."""
        return self.clock.wall().timestamp()


class Where(msgspec.Struct, frozen=True):
    """From where somebody asks: the IP address, and what the browser calls itself (a claim, only ever shown)."""

    address: str = ""
    agent: str = ""


Delivery = Literal["mail", "link"]
