"""Outgoing HTTP as sign-in needs it; the guarded client is one.

This module must load next to nothing: every process of the server knows the ports.
"""

from typing import Protocol


class WebAnswer(Protocol):
    """An answer over HTTP."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...


class Web(Protocol):
    """The guarded client. Its errors are VorzimmerErrors."""

    async def request(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> WebAnswer: ...
