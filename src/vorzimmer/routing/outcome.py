"""What came of a Ring as a whole, from what came of its offers (FEATURES.md 12.1 PRE-9, BAS-2).

One answer ends a Ring; otherwise the strongest word counts: a phone that sends the call elsewhere, then a person who
declined, then a busy phone, then one that rang without an answer; unreachable only if nothing rang at all. This module
must never look at settings.
"""

from vorzimmer.routing.model import OfferOutcome, Ring

STRENGTH = ("answered", "redirected", "declined", "busy", "no_answer", "unreachable")
"""From the strongest to the weakest word; other outcomes (elsewhere, cancelled) say nothing."""


def overall(offers: tuple[OfferOutcome, ...], ring: Ring | None = None) -> str:
    """The outcome of the whole Ring. With `ring`, a parallel leg that fails says nothing while own devices rang."""
    words = {offer.outcome for offer in offers}
    if "answered" in words:
        return "answered"
    said = {offer.outcome for offer in _own(offers, ring)}
    return next((word for word in STRENGTH if word in said), "unreachable")


def _own(offers: tuple[OfferOutcome, ...], ring: Ring | None) -> tuple[OfferOutcome, ...]:
    if ring is None:
        return offers
    parallel = {offer.target for offer in ring.offers if offer.role == "parallel"}
    return tuple(offer for offer in offers if offer.target not in parallel) or offers


def declined_everywhere(offers: tuple[OfferOutcome, ...]) -> bool:
    """Whether every device that was asked declined: only then does the caller get 603."""
    return bool(offers) and all(offer.outcome == "declined" for offer in offers)
