"""An event as the web process knows it: what is told, and whom it concerns.

`data` is told to every watcher who may see the event; the other fields decide who that is and are never told. No secret
and no content of a record is ever in an event: it names the record, and whoever may read it does. This module must
never decide who sees what.
"""

from typing import Any, Final, NamedTuple

import msgspec

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import AuditEntry

GAP: Final = "gap"
HEARTBEAT: Final = "heartbeat"
READY: Final = "ready"
LOAD: Final = ("calls", "presence", "registrations", "trunk-states", "history", "records")
"""What somebody who missed events has to read again; after control was away all but the records."""


class Event(msgspec.Struct, frozen=True):
    """One thing that happened. `number` counts in its company, `overall` on the whole server; `at` is POSIX seconds.
    `about` are those whose affair it is, `rung` those for whom a call rings; `site` is where it belongs, beside the
    site that the book names now."""

    number: int
    overall: int
    company: str
    type: str
    at: float
    data: dict[str, Any]
    about: tuple[Ref, ...] = ()
    rung: tuple[Ref, ...] = ()
    site: str = ""

    @property
    def topic(self) -> str:
        """call, presence, registration, trunk, alarm, change, gap."""
        return self.type.partition(".")[0]


class Changed(NamedTuple):
    """A committed change of a company, in somebody's name, with every record that it touched."""

    company: str
    by: str
    entries: tuple[AuditEntry, ...]
