"""How companies are kept: read everything of one, then commit one change whole or not at all.

The port between admin, which plans changes, and the store, which keeps them; it lies below both. Only `commit` writes,
and it refuses when somebody else was faster. This module must never name a backend, and no value in it except
`SecretWrite.text` holds a secret.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from vorzimmer.directory.snapshot import Change
from vorzimmer.kernel.errors import VorzimmerError

SecretForm = Literal["encrypted", "hashed", "hash"]
"""How the store keeps `SecretWrite.text`: encrypted (device and trunk passwords), hashed (PINs; the text is plain and
the store hashes it), hash (the text is a hash that an earlier `reveal` of a hashed secret gave: a backup read back)."""


class StaleRevisionError(VorzimmerError):
    """Somebody committed between reading and committing: read again, plan again."""


class ClaimTakenError(VorzimmerError):
    """A name that is unique on the server (account, SIP domain) belongs to another company. `args[0]` is a `Claim`."""


class Record(msgspec.Struct, frozen=True):
    """One record as the company file has it, JSON-able, secrets replaced by where they come from (``generated``,
    ``{"env": NAME}``, ``{"file": PATH}``). The company's own section is kind ``company`` with the company's id."""

    kind: str
    id: str
    data: dict[str, object]


class SecretWrite(msgspec.Struct, frozen=True):
    """A secret to keep, outside its record. `field` is the path inside the record (``password``, ``voicemail.pin``).
    `text` None removes it. Removing a record removes its secrets without saying so."""

    kind: str
    id: str
    field: str
    text: str | None
    form: SecretForm = "encrypted"

    def __repr__(self) -> str:
        return f"SecretWrite({self.kind}:{self.id}.{self.field}, {self.form})"


class Claim(msgspec.Struct, frozen=True):
    """A name that only one company on the server may have: `what` is ``account`` (SIP user name of device `id`) or
    ``domain`` (SIP domain of company `id`). Compared as given; admin hands in lower case."""

    what: Literal["account", "domain"]
    name: str
    id: str


class AuditEntry(msgspec.Struct, frozen=True):
    """Who changed what, when, from where (`origin`, "" where that says nothing); secrets never appear, only the name of
    a secret that was changed."""

    at: datetime
    actor: str
    kind: str
    id: str
    before: dict[str, object] | None
    after: dict[str, object] | None
    secrets: tuple[str, ...] = ()
    origin: str = ""


class Commit(msgspec.Struct, frozen=True):
    """One change of one company, to be done whole or not at all. `base` is the revision that it was planned on
    (0: the company must not exist). A change of ("company", id) with record None removes the company and all of it."""

    company: str
    base: int
    changes: tuple[Change, ...]
    secrets: tuple[SecretWrite, ...] = ()
    claim: tuple[Claim, ...] = ()
    release: tuple[Claim, ...] = ()
    audit: tuple[AuditEntry, ...] = ()


class Secrets(Protocol):
    """The secrets of one company as they were when read. Synchronous: everything is in memory (still encrypted)."""

    def known(self, kind: str, ident: str, field: str) -> bool:
        """Whether there is such a secret."""

    def matches(self, kind: str, ident: str, field: str, text: str) -> bool:
        """Whether the plain `text` is this secret (verifies hashed ones)."""

    def reveal(self, kind: str, ident: str, field: str) -> str | None:
        """The plain text of an encrypted secret, the hash of a hashed one, None if there is none."""


class Stored(msgspec.Struct, frozen=True):
    """A company as it was read in one transaction. Records come in the order in which they were first put."""

    revision: int
    records: tuple[Record, ...]


class CompanyRepository(Protocol):
    """The store of companies. Three backends, one contract test."""

    async def companies(self) -> tuple[str, ...]:
        """Ids of all companies, sorted."""

    async def load(self, company: str) -> Stored | None:
        """Everything of a company but its secrets; None if there is no such company."""

    async def secrets(self, company: str) -> Secrets:
        """The company's secrets."""

    async def commit(self, commit: Commit) -> int:
        """Do it and return the new revision (base + 1). Raises StaleRevisionError, ClaimTakenError; then nothing was
        written."""

    async def note(self, company: str, entry: AuditEntry) -> None:
        """Put an entry into the audit that comes with no change of a record (a sign-in)."""

    async def audit(self, company: str, limit: int = 100) -> tuple[AuditEntry, ...]:
        """The newest entries first."""

    async def audit_page(self, company: str, limit: int, before: int | None) -> tuple[tuple[int, AuditEntry], ...]:
        """The same with their numbers, older than the number `before`."""

    async def put_audit(self, company: str, entries: Sequence[tuple[int, AuditEntry]]) -> None:
        """Replace entries by their numbers: a person is taken out of them."""

    async def forget_audit(self, company: str, before: datetime, most: int) -> int:
        """Remove the oldest entries that are older than `before`, at most so many; returns how many."""
