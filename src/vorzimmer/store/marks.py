"""How far each company's facts have been counted: their numbers go on after a restart and never go back.

A mark stands ahead of the numbers in use and is written behind; only when it is reached, another one. After a crash
the numbers skip what was reserved. This module must never let the same number be given twice.
"""

from vorzimmer.calls.facts import AHEAD
from vorzimmer.kernel.clock import Clock
from vorzimmer.store.journal import OnTrouble
from vorzimmer.store.ports import LiveRepository
from vorzimmer.store.write_behind import WriteBehind

KIND = "counted"


class Marks:
    """Restored before the first fact, closed after the last one."""

    def __init__(self, live: LiveRepository, clock: Clock, *, on_trouble: OnTrouble) -> None:
        self._live = live
        self._behind = WriteBehind(KIND, live, clock, on_trouble=on_trouble)

    async def restore(self) -> dict[str, int]:
        """The last number that each company may have used; the next ones are reserved. Raises StoreFailedError."""
        found = {company: int(mark) for company, mark in (await self._live.load(KIND)).items()}
        if found:
            await self._live.save(KIND, {company: _written(mark + AHEAD) for company, mark in found.items()})
        return found

    def put(self, company: str, mark: int) -> None:
        """No number above `mark` is in use."""
        self._behind.put(company, _written(mark))

    async def close(self) -> None:
        """Write what is left."""
        await self._behind.close()


def _written(mark: int) -> bytes:
    return str(mark).encode()
