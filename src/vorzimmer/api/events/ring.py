"""The last events of every company, numbered, so that a watcher who was away goes on where he stopped.

Numbers begin at the wall clock's milliseconds, so those of a former life of this process lie below and are answered
with a gap, never with other events under the same number. This module must never grow without bound: a company keeps
`PER_COMPANY` events, the server `OVERALL`.
"""

from collections import deque
from typing import Any, Final, NamedTuple

from vorzimmer.api.events.model import Event
from vorzimmer.directory.ref import Ref

PER_COMPANY: Final = 1_000
OVERALL: Final = 20_000


class Draft(NamedTuple):
    """An event that has no number yet; see ``model.Event``."""

    type: str
    data: dict[str, Any]
    about: tuple[Ref, ...] = ()
    rung: tuple[Ref, ...] = ()
    site: str = ""


class Ring:
    """`begin` is the number before the first one."""

    def __init__(self, begin: int, per_company: int = PER_COMPANY, overall: int = OVERALL) -> None:
        self._begin = begin
        self._numbers: dict[str, int] = {}
        self._overall = begin
        self._kept: dict[str, deque[Event]] = {}
        self._all: deque[Event] = deque()
        self._most = per_company, overall

    def put(self, company: str, at: float, draft: Draft) -> Event:
        """Number an event and keep it for a while."""
        self._overall += 1
        number = self._numbers[company] = self._numbers.get(company, self._begin) + 1
        event = Event(number, self._overall, company, draft.type, at, draft.data, draft.about, draft.rung, draft.site)
        kept = self._kept.setdefault(company, deque())
        kept.append(event)
        self._all.append(event)
        if len(kept) > self._most[0]:
            kept.popleft()
        if len(self._all) > self._most[1]:
            self._forget(self._all.popleft())
        return event

    def _forget(self, event: Event) -> None:
        kept = self._kept[event.company]
        if kept and kept[0].number <= event.number:
            kept.popleft()

    def last(self, company: str | None) -> int:
        """The number of the newest event of a company, of the server for None."""
        return self._overall if company is None else self._numbers.get(company, self._begin)

    def since(self, company: str | None, number: int) -> list[Event] | None:
        """What came after `number`; None where the ring does not reach back to it, or never came to it."""
        if number > self.last(company) or number < self._begin:
            return None
        kept = self._all if company is None else self._kept.get(company, ())
        found = [event for event in kept if number_of(event, company) > number]
        return found if self.last(company) - number == len(found) else None


def number_of(event: Event, company: str | None) -> int:
    """The number that a watcher of one company, or of all, knows an event by."""
    return event.overall if company is None else event.number
