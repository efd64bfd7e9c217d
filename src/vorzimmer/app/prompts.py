"""What a prompt sounds like: tones of the company's country, announcements in its language.

The shipped announcements are spoken files; a key without a file is the unavailable tone, so that a caller never hears
nothing. This module must never fail a call because of a missing file.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import vorzimmer.media
from vorzimmer.media.port import File, Source, Tone

SOUNDS = Path(vorzimmer.media.__file__).parent / "sounds"


class Localised(Protocol):
    """The part of a company's record that is asked for."""

    @property
    def country(self) -> str: ...
    @property
    def language(self) -> str: ...


class Prompts:
    """`company(id)` gives the record of a company."""

    def __init__(self, company: Callable[[str], Localised]) -> None:
        self._company = company

    def source(self, company: str, prompt: str, params: dict[str, str]) -> Source:
        """The source to play once; ``tone:NAME`` or a key of the texts."""
        record = self._company(company)
        kind, _, name = prompt.partition(":")
        if kind == "tone":
            return Tone(name, record.country, repeat=False)
        path = SOUNDS / record.language / f"{prompt}.wav"
        return File(str(path)) if path.exists() else Tone("unavailable", record.country, repeat=False)
