"""What DNS answers, as a port: a real resolver behind it, a scripted one in tests.

This module must never ask anybody; it only names things.
"""

from typing import Literal, NamedTuple, Protocol

Kind = Literal["NAPTR", "SRV", "A", "AAAA"]


class Naptr(NamedTuple):
    """One NAPTR record (RFC 3403); `replacement` without the final dot."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Srv(NamedTuple):
    """One SRV record (RFC 2782); `target` without the final dot, "" where the service is decidedly not there."""

    priority: int
    weight: int
    port: int
    target: str


class Answer(NamedTuple):
    """Records of one kind, good for `ttl` seconds. Addresses are texts. No records is an answer too."""

    records: tuple[Naptr, ...] | tuple[Srv, ...] | tuple[str, ...] = ()
    ttl: float = 60.0


class Names(Protocol):
    """Somebody who can be asked."""

    async def ask(self, name: str, kind: Kind) -> Answer:
        """All records of that name and kind, none where there are none; raises OSError where nobody answers."""
