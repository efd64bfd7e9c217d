"""What planning a change needs from outside, as ports: names of secrets, chance, time zones, the other companies.

Adapters come from ``app`` and ``cli``. This module must never read an environment variable or a file itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from vorzimmer.directory.repository import Secrets
from vorzimmer.directory.server import ServerBook
from vorzimmer.directory.snapshot import Snapshot, Zones
from vorzimmer.kernel.chance import Chance


@dataclass(frozen=True, slots=True)
class World:
    """`env` and `file` give the text behind ``{env: NAME}`` and ``{file: PATH}`` or None; `now` is aware."""

    env: Callable[[str], str | None]
    file: Callable[[str], str | None]
    chance: Chance
    zones: Zones
    now: datetime


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is applied."""

    prune: bool = False
    allow_weak_passwords: bool = False


DEFAULT_OPTIONS = Options()


class NoSecrets:
    """The secrets of a company that does not exist yet."""

    def known(self, kind: str, ident: str, field: str) -> bool:
        return False

    def matches(self, kind: str, ident: str, field: str, text: str) -> bool:
        return False

    def reveal(self, kind: str, ident: str, field: str) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class Current:
    """What is there now: the company's book (None: it does not exist), its secrets, and all companies of the server."""

    book: Snapshot | None = None
    secrets: Secrets = field(default_factory=NoSecrets)
    server: ServerBook = field(default_factory=ServerBook)

    @property
    def revision(self) -> int:
        """The revision that the plan is based on; 0 for a new company."""
        return self.book.revision if self.book else 0


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for a change. `name` goes into the audit; `user` and `company` for people of a company; neither for the
    system itself (command line on the server, restoring)."""

    name: str = "system"
    company: str | None = None
    user: str | None = None
    origin: str = ""
    """From where: an address, "" where that says nothing."""

    @property
    def system(self) -> bool:
        """Whether this is the operator of the server."""
        return self.user is None


SYSTEM = Actor()
