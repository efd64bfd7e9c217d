"""References: `kind:id`, the way the company file, the API and explanations name things.

Kinds: user, phone, device, number, voicemail, hunt, park, paging, pickup, instant, attendant, site, department,
schedule, trunk, company. `number:+E164` refers to the outside. This module must never look anything up.
"""

from typing import NamedTuple

from vorzimmer.kernel.errors import VorzimmerError


class BadRefError(VorzimmerError):
    """A text that is not `kind:id`."""


class Ref(NamedTuple):
    """A typed reference, unique within a company."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """Read `kind:id`; raises BadRefError."""
        kind, colon, ident = text.partition(":")
        if not (colon and kind.isidentifier() and ident):
            raise BadRefError(text)
        return cls(kind, ident)
