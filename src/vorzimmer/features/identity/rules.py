"""Which number somebody wants to be seen with outside (FEATURES.md BAS-14).

Whether a trunk may carry it is decided where the way out is chosen. This module must never show a number that its owner
withholds.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.identity.settings import OUTGOING


def outgoing(book: Snapshot, who: Ref) -> tuple[str | None, bool]:
    """The number chosen, else the primary one, None without any; and whether it is withheld."""
    settings = book.get(OUTGOING, who)
    if settings.number is not None:
        return settings.number, settings.clir
    numbers = book.numbers_of(who)
    return (numbers[0].number if numbers else None), settings.clir
