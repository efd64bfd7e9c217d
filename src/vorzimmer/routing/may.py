"""Who may do what to a call: one pure function for desk phone, command line and API alike (ARCHITECTURE decision 6).

The rights that exist now: people act on their own calls, administrators see and end those of their company, and nobody
acts on anything of another one. Rights of assistants and delegates get rows here with their features. This module must
never say yes to an action that it does not know.
"""

import msgspec

from vorzimmer.directory.ref import Ref
from vorzimmer.routing.model import Because


class Actor(msgspec.Struct, frozen=True):
    """Who wants to act, as the account that passed digest or sign-in says."""

    company: str
    ref: Ref
    device: str | None = None
    administers: bool = False
    """Whether the actor looks after the whole company (never for what comes from a phone)."""


class CallFacts(msgspec.Struct, frozen=True):
    """What deciding about rights needs of a call: its company, whose legs are in it, whom it rings, and whether they
    let colleagues see with whom they talk (BLF-4)."""

    company: str
    parties: tuple[Ref, ...] = ()
    rung: tuple[Ref, ...] = ()
    shared: bool = False


OWN_CALL = frozenset({"see", "hold", "resume", "transfer", "consult", "replace", "join", "hang_up"})
"""What a party may do. `replace`: an INVITE with Replaces or a REFER that names a dialog of one's own; `join`: come in
as a third with another phone of one's own."""

RINGING = frozenset({"see", "pick_up"})
"""What somebody may do to a call that rings for him: see it, and take it with another phone of his own."""

ADMINISTERED = frozenset({"see", "hang_up"})
"""What an administrator may do to any call of the company: see that it is there, and end it."""

OWN_LAMP = frozenset({"watch_parties"})
"""What somebody may see of himself, and of who shares it: with whom he talks. (That he talks, his colleagues may see:
`watch`.)"""


def may(actor: Actor, action: str, call: CallFacts) -> Because | None:
    """Why `actor` may not do `action` to `call`; None if he may. What is refused for another company looks like what
    does not exist, so that an answer tells nothing."""
    if actor.company != call.company:
        return Because("may", "may.other_company")
    if action == "watch" or (action == "watch_parties" and call.shared):
        return None
    if action not in OWN_CALL | OWN_LAMP | RINGING:
        return Because("may", "may.unknown_action", {"action": action})
    if actor.administers and action in ADMINISTERED:
        return None
    own = action in OWN_CALL | OWN_LAMP and actor.ref in call.parties
    if not own and not (action in RINGING and actor.ref in call.rung):
        return Because("may", "may.not_yours")
    return None
