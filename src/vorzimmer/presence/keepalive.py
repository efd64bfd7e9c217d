"""Keeps the mappings of phones behind NAT open: which flows get a small datagram, and when (RFC 5626 has it the other
way round; many phones do nothing).

A wheel: each flow sits in one slot, slots take turns, so that thousands of phones are spread evenly over the period and
one timer serves them all. This module must never send or read a clock.
"""

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import NameAddr
from vorzimmer.sip.registration import Binding
from vorzimmer.sip.uri import SipUri

PING = b"\r\n\r\n"
"""What is sent: nothing that any phone answers or minds (RFC 5626 section 3.5.1, RFC 3261 section 7.5)."""

PERIOD = 26.0
"""Seconds: less than the 30 s after which the meanest translators forget a UDP mapping."""

SLOTS = 208
"""Turns of the wheel, one each eighth of a second; 10,000 phones make datagrams in bunches of 48."""


def is_behind_nat(binding: Binding) -> bool:
    """A datagram binding whose Contact names another place than the one it came from."""
    flow = binding.flow
    if flow.transport != "udp" or binding.path:
        return False
    if binding.uri.partition("@")[2].partition(";")[0] == str(flow.remote):
        return False  # Most phones of an office; spares reading the URI at every refresh.
    try:
        uri = NameAddr("", binding.uri).uri
    except PeerError:
        return False
    return isinstance(uri, SipUri) and (uri.host, uri.port or 5060) != tuple(flow.remote)


class KeepAlive:
    """The wheel."""

    def __init__(self, period: float = PERIOD, slots: int = SLOTS) -> None:
        self._pause = period / slots
        self._slots: list[dict[Flow, None]] = [{} for _ in range(slots)]
        self._place: dict[Flow, int] = {}
        self._users: dict[Flow, int] = {}
        self._devices: dict[str, frozenset[Flow]] = {}
        self._next_place = 0
        self._turn = 0
        self._due = 0.0

    def __len__(self) -> int:
        """Flows that are kept open."""
        return len(self._place)

    def update(self, device: str, bindings: tuple[Binding, ...], now: float) -> None:
        """The bindings of a device are these now."""
        before = self._devices.pop(device, frozenset())
        wanted = frozenset(binding.flow for binding in bindings if is_behind_nat(binding))
        if wanted:
            self._devices[device] = wanted
        if not self._place:
            self._due = now + self._pause
        for flow in wanted - before:
            self._add(flow)
        for flow in before - wanted:
            self._drop(flow)

    def _add(self, flow: Flow) -> None:
        self._users[flow] = self._users.get(flow, 0) + 1
        if flow in self._place:
            return
        # Registrations arrive in bursts after a restart; taking the places in turn keeps them apart all the same.
        place = self._place[flow] = self._next_place
        self._next_place = (place + 1) % len(self._slots)
        self._slots[place][flow] = None

    def _drop(self, flow: Flow) -> None:
        self._users[flow] -= 1
        if not self._users[flow]:
            del self._users[flow]
            del self._slots[self._place.pop(flow)][flow]

    def next(self) -> float | None:
        """Monotonic time of the next turn that somebody needs, None while nobody does."""
        if not self._place:
            return None
        slots, turn = self._slots, self._turn
        idle = next(count for count in range(len(slots)) if slots[(turn + count) % len(slots)])
        return self._due + idle * self._pause

    def due(self, now: float) -> list[Flow]:
        """The flows whose turn it is at `now`; after a long pause everybody once, not several times."""
        found: list[Flow] = []
        turns = 0
        while self._place and self._due <= now and turns < len(self._slots):
            found.extend(self._slots[self._turn])
            self._turn = (self._turn + 1) % len(self._slots)
            self._due += self._pause
            turns += 1
        if self._due <= now:
            self._due = now + self._pause
        return found
