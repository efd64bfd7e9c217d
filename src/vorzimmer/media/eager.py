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


async def all_at_once(*works: Coroutine[Any, Any, None]) -> None:
    """Run all of `works` up to their first wait, in this order, then each to its end, without a task for any of them.

    All are run, whatever one raises; then the first one's exception is raised. A cancellation ends them all."""
    begun: list[tuple[int, Coroutine[Any, Any, None], Any]] = []
    raised: dict[int, Exception] = {}
    for place, work in enumerate(works):
        try:
            begun.append((place, work, work.send(None)))
        except StopIteration:
            continue
        except Exception as error:  # noqa: BLE001 -- it is raised once all others have been run
            raised[place] = error
    try:
        for place, work, waited in begun:
            try:
                await _onwards(work, waited)
            except Exception as error:  # noqa: BLE001 -- as above
                raised[place] = error
    finally:
        for _, work, _ in begun:
            work.close()
    if raised:
        raise raised[min(raised)]


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
