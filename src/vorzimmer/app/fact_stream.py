"""The stream of facts leaves control here: counted, and told to whoever follows.

A follower that does not keep up is dropped rather than waited for. This module must never hold up a call.
"""

import asyncio
from collections.abc import AsyncIterator

from vorzimmer.calls.world import Fact
from vorzimmer.observe.logs import Logger
from vorzimmer.observe.metrics import Metrics

BEHIND = 10_000
"""Facts that a follower may be behind before it is dropped."""


_TOLD = frozenset({"ended", "alarm"})
"""Kinds that are worth a line of the log; the others only with the level debug."""


class FactStream:
    """All companies' facts; `follow` gives one company's, or all to the operator."""

    def __init__(self, metrics: Metrics, log: Logger) -> None:
        self.metrics = metrics
        self._log = log
        self._followers: dict[asyncio.Queue[Fact | None], str | None] = {}

    def tell(self, fact: Fact) -> None:
        """Something happened. The log names the call and never who called: others read it than the history."""
        tell = self._log.info if fact.kind in _TOLD else self._log.debug
        reason = fact.data.get("reason")
        tell("call", company=fact.company, call=fact.call, kind=fact.kind, **({"reason": reason} if reason else {}))
        if fact.kind == "started":
            self.metrics.calls_started.labels(fact.company).inc()
        elif fact.kind == "ended":
            self.metrics.calls_ended.labels(fact.company, fact.data.get("reason", "")).inc()
        for queue, company in list(self._followers.items()):
            if company not in {None, fact.company}:
                continue
            if queue.qsize() >= BEHIND:
                del self._followers[queue]
                queue.put_nowait(None)
            else:
                queue.put_nowait(fact)

    async def follow(self, company: str | None) -> AsyncIterator[Fact]:
        """From now on, until the follower leaves or falls too far behind."""
        queue: asyncio.Queue[Fact | None] = asyncio.Queue()
        self._followers[queue] = company
        try:
            while (fact := await queue.get()) is not None:
                yield fact
        finally:
            self._followers.pop(queue, None)
