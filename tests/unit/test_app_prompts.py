"""Every announcement has a voice in both languages, and what cannot be found is a tone and never silence."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from vorzimmer.app.prompts import SOUNDS, Prompts
from vorzimmer.audio import wav
from vorzimmer.audio.pcm import level
from vorzimmer.features.texts import LANGUAGES, TEXTS
from vorzimmer.media.port import File, Tone

SPOKEN = sorted(key for key in TEXTS if key.startswith("say."))


@dataclass
class Company:
    country: str
    language: str


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", SPOKEN)
def test_every_announcement_is_spoken_with_its_present_words(key: str, language: str) -> None:
    """Run tools/make_prompts.py after changing the words."""
    told = json.loads((SOUNDS / "spoken.json").read_text())
    assert told[key][language] == TEXTS[key][language]
    sound = wav.read((SOUNDS / language / f"{key}.wav").read_bytes(), 8000)
    assert len(sound.pcm) > 8000
    assert level(sound.pcm) > -30


def test_a_prompt_speaks_the_companys_language_and_its_tones_are_the_countrys() -> None:
    prompts = Prompts(lambda company: Company("AT", "en") if company == "b" else Company("DE", "de"))
    source = prompts.source("a", "say.rejected", {})
    assert isinstance(source, File)
    assert Path(source.path).parent.name == "de"
    assert prompts.source("b", "tone:busy", {}) == Tone("busy", "AT", repeat=False)


def test_a_prompt_without_a_file_is_the_unavailable_tone() -> None:
    prompts = Prompts(lambda company: Company("DE", "de"))
    assert prompts.source("a", "say.nothing_like_it", {}) == Tone("unavailable", "DE", repeat=False)
