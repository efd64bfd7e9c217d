"""Every reason and announcement exists in German and English, with the same parameters; none is left over."""

import ast
from pathlib import Path

import pytest
from tests.deciding import fields

from vorzimmer.features.codes.actions import ACTIONS
from vorzimmer.features.codes.settings import DEFAULTS
from vorzimmer.features.texts import ALL, KINDS, LANGUAGES, TARGETS, TEXTS, render, say
from vorzimmer.routing.model import Because

SOURCE = Path(__file__).parents[2] / "src" / "vorzimmer"
PREFIXES = {key.partition(".")[0] for key in TEXTS}


def _strings() -> dict[str, set[str]]:
    """Every string constant of the rules and of deciding, by file."""
    files = [*SOURCE.glob("features/*/rules.py"), *SOURCE.glob("features/*/actions.py"), *SOURCE.glob("routing/*.py")]
    return {
        str(path): {
            n.value
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        }
        for path in files
        if path.name != "texts.py"
    }


def _keys_in_becauses() -> set[str]:
    """Constant second arguments of Because(...) and constant prompts of Announce(...)."""
    found = set()
    for path in [*SOURCE.glob("features/*/rules.py"), *SOURCE.glob("routing/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                position = {"Because": 1, "Announce": 0}.get(node.func.id)
                if position is not None and len(node.args) > position and isinstance(node.args[position], ast.Constant):
                    found.add(node.args[position].value)  # type: ignore[attr-defined]  # a Constant, as just asked
    return found


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_exists_in_both_languages_with_the_same_parameters(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    german, english = (TEXTS[key][language] for language in LANGUAGES)
    assert german.strip()
    assert english.strip()
    assert fields(german) == fields(english)


def test_every_key_that_a_rule_names_has_words() -> None:
    missing = {key for key in _keys_in_becauses() if not key.startswith("tone:")} - set(TEXTS)
    assert not missing


def test_no_text_is_left_over() -> None:
    used = set().union(*_strings().values())
    built = {key for row in ACTIONS.values() for key in (row.because, row.confirm, row.confirm_off)}
    cases = {f"forwarding.{case}" for case in ("always", "selective", "busy", "unreachable", "no_answer")}
    calls = {"call.joined", "call.picked_up", "call.replaced"}  # what people do to calls: ``calls`` names them
    assert set(TEXTS) - used - built - cases - calls == set()


def test_no_two_features_have_the_same_key() -> None:
    assert len(TEXTS) == sum(len(table) for table in ALL)


def test_targets_have_words_in_both_languages() -> None:
    assert set(TARGETS["de"]) == set(TARGETS["en"])


def test_section_13_every_acting_code_has_an_action_with_words() -> None:
    changing = {name for name, row in DEFAULTS.items() if row.acts} - {"withhold_number"}
    assert set(ACTIONS) == changing
    assert all({row.because, row.confirm} <= set(TEXTS) for row in ACTIONS.values())


def test_a_target_is_shown_by_its_name() -> None:
    params = {"name": "Anna", "seconds": "20", "to": "voicemail:anna", "to_name": "Anna"}
    assert say("forwarding.no_answer", params, "en") == (
        "Anna does not answer within 20 seconds: forwarded to the mailbox of Anna"
    )
    params |= {"to": "user:bea", "to_name": "Bea"}
    assert say("forwarding.busy", params, "de") == "Anna ist besetzt: Weiterleitung an Bea"


def test_parameters_never_act_as_templates() -> None:
    for text in ("{to}", "{0.__class__}", "%s", "{name!r}", "<b>"):
        assert say("dialling.unknown", {"dialled": text}, "en") == f"Nobody has the number {text}"
        assert text in say("forwarding.busy", {"name": "A", "to": "voicemail:x", "to_name": text}, "en")


def test_an_unknown_key_or_language_is_shown_and_never_an_error() -> None:
    assert render(Because("x", "old.key", {"a": "1"}, "users[x].y"), "de") == "old.key a=1 (Einstellung users[x].y)"
    assert say("dialling.unknown", {}, "fr") == "Die Nummer ? ist nicht vergeben"


def test_what_does_not_act_yet_is_called_as_people_call_it() -> None:
    assert say("not_acting", {"what": "voicemail"}, "de") == "„Sprachbox“ ist eingestellt, wirkt aber noch nicht"
    assert say("not_acting", {"what": "hunt Zentrale"}, "en") == "“Hunt group Zentrale” is set, not acting yet"
    assert say("not_acting", {"what": "night_forwarding"}, "de").startswith("„Standort-Umleitung“")
    assert say("not_acting", {"what": "later"}, "de").startswith("„later“")
    assert set(KINDS["de"]) == set(KINDS["en"])
