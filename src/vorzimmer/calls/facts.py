"""Facts about calls: one numbered stream per company, derived from how states change.

Lamps, history and panels are projections of it; nobody commands through it. This module must never tell one company's
fact under another's name.
"""

from collections import Counter
from collections.abc import Mapping

from vorzimmer.calls.ends import name_of
from vorzimmer.calls.state import CallState
from vorzimmer.calls.world import Fact, World
from vorzimmer.routing.model import Ring

AHEAD = 1000
"""Numbers that are reserved at once."""


class Facts:
    """Numbers facts and tells them. The number of one lies above all that came before it, also over a restart."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers: Counter[str] = Counter()
        self._reserved: Counter[str] = Counter()

    def go_on(self, counted: Mapping[str, int]) -> None:
        """Before the first fact: the last numbers of before a restart; AHEAD more are reserved already."""
        self._numbers.update(counted)
        self._reserved.update({company: number + AHEAD for company, number in counted.items()})

    def settle(self) -> None:
        """After the last fact: what is reserved and was not used may be used by whoever comes next."""
        for company, number in self._numbers.items():
            self._world.keep_mark(company, number)

    def started(self, state: CallState) -> None:
        """A call has begun."""
        caller = state.asked.caller
        shown = "anonymous" if caller.private else caller.number or ""
        self._tell(state, "started", {"from": str(caller.ref or shown), "to": state.asked.dialled})

    def ringing(self, state: CallState, step: Ring) -> None:
        """Somebody is rung."""
        self._tell(state, "ringing", {"targets": " ".join(str(offer.target) for offer in step.offers)})

    def alarm(self, state: CallState, what: str) -> None:
        """Something that an operator must hear of at once."""
        self._tell(state, "alarm", {"what": what})

    def changed(self, before: CallState, after: CallState) -> None:
        """Answered, held, resumed, or other parties."""
        if before.answered is None and after.answered is not None:
            self._tell(after, "answered", {"by": " ".join(name_of(p) for p in after.parties if p.outgoing)})
        elif {p.id for p in before.parties} != {p.id for p in after.parties} and after.parties:
            self._tell(after, "changed", {"parties": " ".join(name_of(p) for p in after.parties)})
        for leg in after.parties:
            old = before.leg(leg.id)
            if old is not None and old.held != leg.held:
                self._tell(after, "held" if leg.held else "resumed", {"by": name_of(leg)})

    def ended(self, state: CallState) -> None:
        """The call has its record."""
        end = state.ended
        self._tell(state, "ended", {"by": end.by, "reason": end.reason} if end else {})

    def line(self, company: str, data: dict[str, str]) -> None:
        """A trunk is up or down; no call is meant."""
        self._say(company, "trunk", "", data)
        if data["state"] == "down":
            self._say(company, "alarm", "", {"what": "trunk_down", **data})

    def _tell(self, state: CallState, kind: str, data: dict[str, str]) -> None:
        self._say(state.company, kind, state.id, data)

    def _say(self, company: str, kind: str, call: str, data: dict[str, str]) -> None:
        number = self._numbers[company] = self._numbers[company] + 1
        if number > self._reserved[company]:
            self._reserved[company] = number + AHEAD
            self._world.keep_mark(company, number + AHEAD)
        self._world.tell(Fact(company, number, kind, call, self._world.wall(), data))
