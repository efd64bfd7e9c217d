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
        self._shown: set[asyncio.Queue[Fact | None]] = set()

    def tell(self, fact: Fact) -> None:
        """Something happened. The log names the call and never who called: others read it than the history."""
        tell = self._log.info if fact.kind in _TOLD else self._log.debug
        reason = fact.data.get("reason")
        tell("call", company=fact.company, call=fact.call, kind=fact.kind, **({"reason": reason} if reason else {}))
        if fact.kind == "started":
            self.metrics.calls_started.labels(fact.company).inc()
        elif fact.kind == "ended":
            self.metrics.calls_ended.labels(fact.company, fact.data.get("reason", "")).inc()
        self._hand(fact, list(self._followers))

    @property
    def shown(self) -> bool:
        """Whether somebody follows what people do, too."""
        return bool(self._shown)

    def show(self, fact: Fact) -> None:
        """What somebody does now, for those who follow that too; it has no number (0) and no line in the log."""
        self._hand(fact, list(self._shown))

    def _hand(self, fact: Fact, queues: "list[asyncio.Queue[Fact | None]]") -> None:
        for queue in queues:
            if self._followers.get(queue) not in {None, fact.company}:
                continue
            if queue.qsize() >= BEHIND:
                del self._followers[queue]
                self._shown.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(fact)

    async def follow(self, company: str | None, *, moves: bool = False) -> AsyncIterator[Fact]:
        """From now on, until the follower leaves or falls too far behind; with `moves` what people do, too."""
        queue: asyncio.Queue[Fact | None] = asyncio.Queue()
        self._followers[queue] = company
        if moves:
            self._shown.add(queue)
        try:
            while (fact := await queue.get()) is not None:
                yield fact
        finally:
            self._followers.pop(queue, None)
            self._shown.discard(queue)
