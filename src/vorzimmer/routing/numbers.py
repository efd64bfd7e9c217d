"""What dialled digits mean before any rule has spoken: emergency numbers in every form in which a phone sends them.

The number plan itself stands in ``directory.numbers``. This module must never look a number up in a book.
"""

import re

from vorzimmer.directory.model import Company
from vorzimmer.directory.numbers import NumberPlan
from vorzimmer.directory.numbers import clean as without_separators

EVERYWHERE = "112"
"""Counts as an emergency number in every country, whatever the numbering data says."""

_SOS = re.compile(r"(urn:)?service:sos(\.[a-z.-]{1,40})?", re.IGNORECASE)
MAX_DIALLED = 64
"""Longer strings are nobody's number; they are cut before anything looks at them."""


def clean(dialled: str) -> str:
    """`dialled` without what people and phones put between digits, with an escaped ``#`` raw again."""
    return without_separators(dialled[:MAX_DIALLED].replace("%23", "#"))


def as_emergency(dialled: str, company: Company) -> str | None:
    """The emergency number that was dialled, with or without the outside prefix, or as an RFC 5031 service URN."""
    if _SOS.fullmatch(dialled.strip()):
        return EVERYWHERE
    digits = clean(dialled)
    if digits in {EVERYWHERE, f"{company.outside_prefix or ''}{EVERYWHERE}"}:
        return EVERYWHERE
    return NumberPlan.of(company).emergency(digits)


def as_e164(dialled: str, company: Company) -> str | None:
    """The outside number that was dialled; None if it is none."""
    return NumberPlan.of(company).normalise(clean(dialled))
