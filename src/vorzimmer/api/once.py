"""Idempotency keys: an action that is sent twice with the same key is done once, and answered twice.

Kept in memory for a day, so that a client may try again after a lost connection; a restart of the server forgets them.
This module must never answer one asker with what another one did.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import msgspec
from starlette.responses import Response

from vorzimmer.api.house import Ask
from vorzimmer.api.problems import ApiError

KEPT_S: Final = 24 * 3600.0
MOST: Final = 10_000
"""Keys that are kept at most; the oldest give way."""


@dataclass(slots=True)
class _Done:
    """What came of a request: `sent` is the hash of its body. The answer is there once `turn` is free."""

    sent: bytes
    until: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer: tuple[int, bytes, str] | None = None


class Once:
    """What has been done under which key."""

    def __init__(self) -> None:
        self._done: OrderedDict[tuple[str, ...], _Done] = OrderedDict()

    def at(self, key: tuple[str, ...], sent: bytes, now: float) -> _Done:
        """The place of a key; raises ApiError ``key-used`` where it was used for something else."""
        while self._done and (next(iter(self._done.values())).until <= now or len(self._done) >= MOST):
            self._done.popitem(last=False)
        done = self._done.setdefault(key, _Done(sent, now + KEPT_S))
        if done.sent != sent:
            raise ApiError("key-used")
        return done


async def once(ask: Ask, key: str, body: Any, act: Callable[[], Awaitable[Response]]) -> Response:
    """Do `act` unless it was done under this key by the same asker; then answer as then. A refusal is not kept."""
    if not key:
        return await act()
    kept: Once = ask.request.app.state.once
    who = f"{ask.asker.role} {ask.asker.company} {ask.asker.name}"
    place = (who, ask.request.method, ask.request.url.path, key)
    sent = blake2b(msgspec.json.encode(body), digest_size=16).digest()
    done = kept.at(place, sent, ask.house.clock.now())
    async with done.turn:
        if done.answer is None:
            response = await act()
            done.answer = (response.status_code, bytes(response.body), str(response.media_type))
            return response
        status, content, kind = done.answer
        return Response(content, status, {"Idempotent-Replay": "true"}, kind)
