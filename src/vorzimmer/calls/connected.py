"""Telling a phone in a call, or one that rings, whom it has to do with now (RFC 3311, RFC 4916, RFC 5876).

P-Asserted-Identity says it to every phone; one that supports from-change gets it in From, too. This module must never
tell a trunk names and extensions of ours; whoever calls it knows what it speaks to.
"""

from vorzimmer.calls.invitation import address_of, asserted
from vorzimmer.calls.ports import Contact
from vorzimmer.calls.state import Party
from vorzimmer.calls.world import World
from vorzimmer.kernel.ids import LegId

Lines = tuple[tuple[str, str], ...]


def connected_to(world: World, company: str, leg: LegId, party: Party) -> Lines:
    """The header lines of the request that tells it; From changes with it where the phone takes that."""
    domain = world.domain(company)
    lines = asserted(party, domain)
    if lines:
        world.signalling.engine.speak_as(leg, address_of(party, domain))
    return lines


def takes_update(world: World, company: str, leg: LegId, contacts: tuple[Contact, ...]) -> bool:
    """Whether a phone can be told by UPDATE: it allows that, and its kind is not known to show nothing then."""
    if not world.signalling.engine.allows(leg, "UPDATE"):
        return False
    return all(world.profile(company, contact).identity == "update" for contact in contacts)
