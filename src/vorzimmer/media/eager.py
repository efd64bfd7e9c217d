"""Coroutines that begin at once: what has nothing to wait for needs no task and no further turn of the loop.

This module must never be used for a coroutine that needs its task before its first wait (``asyncio.timeout`` does).
"""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


def at_once(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None] | None":
    """Run `work` up to its first wait, within this call; a task goes on from there, None if there was none. What `work`
    raises before its first wait is raised here."""
    try:
        waited = work.send(None)
    except StopIteration:
        return None
    return asyncio.get_running_loop().create_task(_rest(work, waited))


async def _rest(work: Coroutine[Any, Any, None], waited: Any) -> None:
    await _onwards(work, waited)


@coroutine
def _onwards(work: Coroutine[Any, Any, None], waited: Any) -> Generator[Any, Any, None]:
    """What ``yield from`` does, for a coroutine that has begun already."""
    while True:
        try:
            try:
                value = yield waited
            except BaseException as error:  # noqa: BLE001 -- a cancellation too is for `work` to see
                waited = work.throw(error)
            else:
                waited = work.send(value)
        except StopIteration:
            return
