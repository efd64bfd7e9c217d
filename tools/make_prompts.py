"""Speak every announcement that can be heard now, in German and English, into the shipped sounds.

Needs Debian's espeak-ng; what it writes is committed, so that neither server nor tests need it. Run it again after a
text with a key ``say.*`` has changed; a test compares the words with ``spoken.json``.
"""

import json
import subprocess
import sys
from pathlib import Path

from vorzimmer.audio import wav
from vorzimmer.audio.pcm import gain, level
from vorzimmer.features.texts import LANGUAGES, TEXTS

SOUNDS = Path(__file__).resolve().parent.parent / "src/vorzimmer/media/sounds"
RATE = 8000
LOUD = -20.0
"""dBFS that announcements are brought to."""


def speak(text: str, language: str) -> bytes:
    """`text` as a WAV file at 8 kHz; raises CalledProcessError."""
    command = ["espeak-ng", "-v", language, "-s", "150", "--stdout", text]
    spoken = wav.read(subprocess.run(command, check=True, capture_output=True).stdout, RATE)
    return wav.write(gain(spoken.pcm, LOUD - level(spoken.pcm)), RATE)


def main() -> int:
    """Write all prompts and the list of words they were made from."""
    words: dict[str, dict[str, str]] = {}
    for key in sorted(key for key in TEXTS if key.startswith("say.")):
        words[key] = {language: TEXTS[key][language] for language in LANGUAGES}
        for language in LANGUAGES:
            folder = SOUNDS / language
            folder.mkdir(exist_ok=True)
            (folder / f"{key}.wav").write_bytes(speak(words[key][language], language))
            print(f"{language}/{key}.wav")
    (SOUNDS / "spoken.json").write_text(json.dumps(words, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
