"""Where mail goes, as a value, and what is wrong with it before anything is started.

This module must never open a connection.
"""

from email.utils import parseaddr
from ipaddress import ip_address
from typing import Literal

import msgspec

from vorzimmer.kernel.errors import StartError

Security = Literal["starttls", "tls", "none"]


class SmtpServer(msgspec.Struct, frozen=True):
    """Where mail goes, and in whose name: `sender` is ``Name <address>`` or an address. `authorities` is a PEM file,
    "" for the system's."""

    host: str
    port: int
    security: Security
    sender: str
    login: str = ""
    password: str = ""
    authorities: str = ""

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port}, {self.security})"


def check(server: SmtpServer) -> None:
    """Raises StartError for a sender that is none, and for a password that would travel in the clear."""
    if "@" not in parseaddr(server.sender)[1]:
        raise StartError("--mail-from: give an address, or NAME <ADDRESS>")
    if server.login and server.security == "none" and not _is_here(server.host):
        raise StartError("--mail-security none: a password would be sent unencrypted; use starttls or tls")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
