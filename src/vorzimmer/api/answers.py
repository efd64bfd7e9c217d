"""Answers as bytes: encoded once by msgspec, with the headers that name a state.

This module must never decide what may be shown.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vorzimmer.api.problems import ApiError

_encode = msgspec.json.Encoder().encode
MAX_BODY = 1 << 20
"""Bytes of a request's body, where an endpoint does not say otherwise."""


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(_encode(value), status, headers, "application/json")


def quoted(tag: str) -> str:
    """A tag as an ETag header has it."""
    return f'"{tag}"'


def tags_in(header: str) -> list[str]:
    """The tags of If-Match or If-None-Match; ``*`` stays itself, a weak tag counts as its strong one."""
    return [one.strip().removeprefix("W/").strip('"') for one in header.split(",") if one.strip()]


async def body_of(request: Request, limit: int = MAX_BODY) -> bytes:
    """The body, at most `limit` bytes of it; raises ApiError ``too-large``."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise ApiError("too-large", limit=limit)
        parts.append(part)
    return b"".join(parts)


async def json_of(request: Request) -> Any:
    """The body as JSON; raises ApiError ``bad-media-type``, ``bad-json``, ``too-large``."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
        raise ApiError("bad-media-type", expected="application/json")
    try:
        return msgspec.json.decode(await body_of(request))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiError("bad-json") from None
