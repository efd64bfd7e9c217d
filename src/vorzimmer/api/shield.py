"""What every answer of the API carries: nothing is cached by others, nothing is guessed, nothing is framed.

This module must never look into a body.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(self)"),
    (b"vary", b"Accept-Language, Authorization, Cookie"),
)


HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
"""For a year browsers come encrypted only; sent where the public address is encrypted."""


class Shield:
    """Adds `HEADERS` to answers that do not bring them; `encrypted`: people reach us by https."""

    def __init__(self, app: ASGIApp, *, encrypted: bool = False) -> None:
        self._app = app
        self._headers = (*HEADERS, HSTS) if encrypted else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                have = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(row for row in self._headers if row[0] not in have)]
            await send(message)

        await self._app(scope, receive, shielded)
