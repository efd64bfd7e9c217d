"""Every word that a record can end with has its words in both languages."""

import ast
from pathlib import Path

import pytest

import vorzimmer.calls
from vorzimmer.calls import words
from vorzimmer.calls.apply import _CAUSES
from vorzimmer.calls.endings import ENDINGS, ending
from vorzimmer.routing.outcome import STRENGTH

CALLS = Path(vorzimmer.calls.__file__).parent
ENDERS = {"HangUp": 1, "MovedOut": 1, "End": 1}


def written_out() -> set[str]:
    """Reasons that stand in the code as text."""
    found = set()
    for path in CALLS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ENDERS:
                reason = node.args[ENDERS[node.func.id] :][:1]
                found |= {a.value for a in reason if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


WORDS = written_out() | set(words._BY_STATUS.values()) | set(_CAUSES.values()) | set(STRENGTH)


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_end_of_a_call_has_words_in_both_languages(word: str) -> None:
    assert set(ENDINGS[word]) == {"de", "en"}
    assert ending(word, "de") != ending(word, "en")


def test_an_unknown_word_is_shown_as_it_is() -> None:
    assert ending("status 499", "de") == "status 499"
