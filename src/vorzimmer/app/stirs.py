"""What people do now, told as it moves: presence and registrations beside the facts about calls.

The switchboard says which device has moved; what its owner does then is looked up once for all that moved within
`GATHER_S`, and only while somebody follows. Nothing here is counted or kept: whoever missed it asks again. This module
must never hold up a call.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from vorzimmer.app.fact_stream import FactStream
from vorzimmer.app.house import device_key, split_key
from vorzimmer.app.presence_view import STRONGEST
from vorzimmer.calls.world import Fact
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.clock import Clock

if TYPE_CHECKING:
    from vorzimmer.app.exchange import Exchange

GATHER_S: Final = 0.05
PRESENCE: Final = "presence"
REGISTRATION: Final = "registration"


class Stirs:
    """`over` gives it the exchange that it looks at; before, nothing is told."""

    def __init__(self, clock: Clock, facts: FactStream) -> None:
        self._clock, self._facts = clock, facts
        self._dirty: dict[str, dict[str, None]] = {}
        self._due = False

    def over(self, exchange: "Exchange") -> "Exchange":
        """Look at this exchange from now on; returns it."""
        self._exchange = exchange
        exchange.bindings.listen(self._registered)
        return exchange

    def moved(self, company: str, device: str) -> None:
        """A device's calls or its registration are other than before."""
        if not self._facts.shown:
            return
        self._dirty.setdefault(company, {})[device] = None
        if not self._due:
            self._due = True
            self._clock.call_at(self._clock.now() + GATHER_S, self._flush)

    def _registered(self, key: str, registered: bool) -> None:
        if self._facts.shown:
            company, device = split_key(key)
            self._show(company, REGISTRATION, {"device": device, "registered": "yes" if registered else "no"})

    def _flush(self) -> None:
        dirty, self._dirty, self._due = self._dirty, {}, False
        for company, devices in dirty.items():
            if company in self._exchange.house.companies:
                book = self._exchange.house.book(company)
                owners = dict.fromkeys(owner for device in devices if (owner := book.owner_of(device)) is not None)
                told = {str(owner): self._does(company, owner) for owner in owners}
                if told:
                    self._show(company, PRESENCE, told)

    def _does(self, company: str, owner: Ref) -> str:
        """The strongest of what all devices of somebody do: talking, held, ringing, idle, unregistered."""
        devices = self._exchange.house.book(company).devices_of(owner)
        found = {state for device in devices for state in self._legs(company, device)}
        if found:
            return min(found, key=STRONGEST.index)
        bindings = self._exchange.bindings
        return "idle" if any(bindings.registered(device_key(company, device)) for device in devices) else "unregistered"

    def _legs(self, company: str, device: str) -> Iterable[str]:
        board = self._exchange.board
        for leg in board.legs_of(company, device):
            live = board.call_of(leg)
            if live is None:
                continue
            party = live.state.leg(leg)
            if party is not None:
                yield "held" if party.held else "talking"
            else:  # whoever calls is busy with it, whom it rings is rung
                yield "ringing" if live.attempt is not None and live.attempt.offer_of(leg) is not None else "talking"

    def _show(self, company: str, kind: str, data: dict[str, str]) -> None:
        self._facts.show(Fact(company, 0, kind, "", self._clock.wall().timestamp(), data))
