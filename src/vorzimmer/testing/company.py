"""Companies for tests and simulations: the demo company as text and book, planning without a store.

This module must never be imported by the product.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

from vorzimmer.admin.apply import plan_apply, read
from vorzimmer.admin.plan import ApplyPlan
from vorzimmer.admin.world import Current, Options, World
from vorzimmer.directory.repository import SecretWrite
from vorzimmer.directory.server import ServerBook
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.testing.chance import SeededChance

MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""A Monday morning in business hours of the demo company."""


def musterbau() -> str:
    """The text of the demo company's file."""
    return files("vorzimmer.app").joinpath("demo/musterbau.yaml").read_text("utf-8")


def world(env: dict[str, str] | None = None, paths: dict[str, str] | None = None, seed: int = 0) -> World:
    """A world with these variables and files, seeded chance and a fixed clock."""
    return World((env or {}).get, (paths or {}).get, SeededChance(seed), ZoneInfo, MOMENT)


@dataclass
class PlainSecrets:
    """admin.ports.Secrets over plain texts; what was hashed is revealed as ``hash:`` and the text."""

    texts: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def known(self, kind: str, ident: str, field: str) -> bool:
        """As the port says."""
        return (kind, ident, field) in self.texts

    def matches(self, kind: str, ident: str, field: str, text: str) -> bool:
        """As the port says."""
        return self.texts.get((kind, ident, field), "").removeprefix("hash:") == text

    def reveal(self, kind: str, ident: str, field: str) -> str | None:
        """As the port says."""
        return self.texts.get((kind, ident, field))

    def after(self, writes: tuple[SecretWrite, ...]) -> "PlainSecrets":
        """The secrets once these writes are done."""
        texts = dict(self.texts)
        for write in writes:
            texts.pop((write.kind, write.id, write.field), None)
            if write.text is not None:
                kept = f"hash:{write.text}" if write.form == "hashed" else write.text
                texts[write.kind, write.id, write.field] = kept
        return PlainSecrets(texts)


@dataclass(frozen=True)
class Bench:
    """A company on a workbench: apply files to it one after the other, without a store."""

    book: Snapshot | None = None
    secrets: PlainSecrets = field(default_factory=PlainSecrets)
    server: ServerBook = field(default_factory=ServerBook)

    def plan(self, text: str, around: World | None = None, *, prune: bool = False, weak: bool = False) -> ApplyPlan:
        """Plan a file. Raises BadFileError, RefusedError."""
        options = Options(prune=prune, allow_weak_passwords=weak)
        return plan_apply(read(text), Current(self.book, self.secrets, self.server), around or world(), options)

    def done(self, plan: ApplyPlan) -> "Bench":
        """The bench once a plan is committed."""
        after = plan.after.at_revision(plan.commit.base + 1)
        return Bench(after, self.secrets.after(plan.commit.secrets), self.server.add(after))

    def apply(self, text: str, around: World | None = None, *, prune: bool = False, weak: bool = False) -> "Bench":
        """Plan a file and commit it. Raises BadFileError, RefusedError."""
        return self.done(self.plan(text, around, prune=prune, weak=weak))


def demo_book() -> Snapshot:
    """The demo company as a book."""
    book = Bench().apply(musterbau()).book
    assert book is not None
    return book
