"""What calls need from the outside, as ports: deciding, devices' locations, signalling, the journal, records.

Adapters come from ``app``. This module must never import an adapter.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from vorzimmer.presence.bindings import Contact
from vorzimmer.presence.trunk_line import Line
from vorzimmer.routing.model import Asked, Because, Plan, SoFar
from vorzimmer.sip.engine import Engine

__all__ = [
    "Contact",
    "Decider",
    "Journal",
    "Line",
    "Lines",
    "Locations",
    "NoLines",
    "NoTracing",
    "Signalling",
    "Tracing",
]


class Locations(Protocol):
    """Where devices are (``presence``)."""

    def contacts(self, company: str, device: str) -> tuple[Contact, ...]:
        """The newest flow of each contact; device ids are a company's own."""

    def flow_failed(self, company: str, contact: Contact) -> None:
        """A proxy says that this flow is gone: it is not to be tried again."""


class Lines(Protocol):
    """Trunks to the outside (``presence``)."""

    def lines(self, company: str, trunk: str) -> tuple[Line, ...]:
        """What a call needs to go out there, one line for each server of the trunk, best first."""


class NoLines:
    """There are no trunks."""

    def lines(self, company: str, trunk: str) -> tuple[Line, ...]:
        """As the port says."""
        return ()


class Decider(Protocol):
    """``routing.decide`` with the company's order, book and live facts filled in by ``app``."""

    def __call__(self, asked: Asked, so_far: SoFar, now: datetime) -> Plan: ...


class Signalling(Protocol):
    """The engine and its pump. After commands to the engine call ``kick``: packets leave and events are handled within
    this turn of the loop."""

    @property
    def engine(self) -> Engine: ...
    def now(self) -> float: ...
    def kick(self) -> None: ...

    def before_sending(self, work: Callable[[], None]) -> None:
        """Do `work` in this turn, once, before the next packet leaves: what is written down for several changes of a
        turn need be written only once, and still nobody hears of anything that is not written."""


class Journal(Protocol):
    """Appends without waiting (ARCHITECTURE decision 4): an unsynced write in the same turn. `kind` is "state" (call
    id, bytes), "gone" (call id) or "record" (bytes of one ended call's record)."""

    def append(self, kind: str, key: str, value: bytes) -> None: ...


class Tracing(Protocol):
    """Keeps what crosses the wire for people to look at; it must neither wait nor raise."""

    def leg(self, call: str, call_id: str) -> None:
        """The SIP dialogs with this Call-ID belong to a call."""

    def decided(self, call: str, because: tuple[Because, ...]) -> None:
        """What was decided for a call just now, and why."""


class NoTracing:
    """Nobody looks."""

    def leg(self, call: str, call_id: str) -> None:
        """As the port says."""

    def decided(self, call: str, because: tuple[Because, ...]) -> None:
        """As the port says."""
