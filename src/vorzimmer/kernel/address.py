"""Transport addresses as values, shared by signalling and media.

Hosts are literal IPv4 or IPv6 addresses without brackets, or names still to be resolved. This module must never
resolve a name.
"""

from typing import NamedTuple


class Address(NamedTuple):
    """Host (no brackets) and port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
