"""Which leg of a company a Replaces, Join or Target-Dialog names (RFC 3891, RFC 3911, RFC 4538).

Some phones know less of a dialog than its three parts: a tag that is missing or "0" fits any, the Call-ID never does. A
name that fits several dialogs names none (RFC 3891 section 3). This module must never find another company's leg.
"""

from collections.abc import Iterable
from typing import Protocol

from vorzimmer.calls.live import Live
from vorzimmer.calls.state import Party
from vorzimmer.calls.world import World
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.headers import Replaces

UNTAGGED = frozenset({"", "0"})
"""What stands for any tag: nothing, and the zero that RFC 3891 section 3 takes for nothing."""


class Legs(Protocol):
    """What naming needs of the switchboard."""

    world: World

    def call_of(self, leg: LegId) -> Live | None:
        """The call that a leg is in."""

    def legs_in(self, company: str) -> Iterable[LegId]:
        """All legs of a company's calls."""

    def was_in(self, leg: LegId, company: str) -> bool:
        """Whether a leg that has ended was one of this company's."""


def named(legs: Legs, company: str, who: Party, wanted: Replaces) -> tuple[LegId, Live] | None:
    """The leg that `who` of `company` means, and its call; None if the company has none like that."""
    found = _exact(legs, wanted) or legs.world.watched(company, who, wanted) or _partly(legs, company, wanted)
    live = legs.call_of(found) if found is not None else None
    if found is None or live is None or live.state.company != company:
        return None
    return found, live


def missing(legs: Legs, company: str, wanted: Replaces) -> PeerError:
    """How to answer for a dialog that the company does not have: 603 where it had it (RFC 3891 section 3), else 481."""
    past = legs.world.signalling.engine.ended(wanted.call_id, wanted.to_tag, wanted.from_tag)
    if past is not None and legs.was_in(past, company):
        return PeerError("Declined", 603)
    return PeerError("Call/Transaction Does Not Exist", 481)


def _exact(legs: Legs, wanted: Replaces) -> LegId | None:
    return legs.world.signalling.engine.find(wanted.call_id, wanted.to_tag, wanted.from_tag)


def _partly(legs: Legs, company: str, wanted: Replaces) -> LegId | None:
    if wanted.to_tag not in UNTAGGED and wanted.from_tag not in UNTAGGED:
        return None
    engine = legs.world.signalling.engine
    fits = []
    for leg in legs.legs_in(company):
        ids = engine.dialog_ids(leg)
        if ids is not None and ids[0] == wanted.call_id and _fit(wanted, ids):
            fits.append(leg)
    return fits[0] if len(fits) == 1 else None


def _fit(wanted: Replaces, ids: tuple[str, str, str]) -> bool:
    return wanted.to_tag in {ids[1], *UNTAGGED} and wanted.from_tag in {ids[2], *UNTAGGED}
