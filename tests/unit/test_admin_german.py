"""Every sentence that admin says about a setting has its German row."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from msgspec import inspect

import vorzimmer.admin
from vorzimmer.admin.german import PARTS, SENTENCES, german
from vorzimmer.directory.walk import shape
from vorzimmer.features.catalogue import SCHEMA

SAYING = {"Fault", "SecretFault", "Problem", "_no", "fault", "bad"}
NO_SENTENCE = {"{} {}", "a mapping", "a list", "{} {} is not there or empty"}


def template(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def said_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in SAYING:
            texts = map(template, node.args)
        elif isinstance(node, ast.Return) and path.name in {"check.py", "rules.py", "schedule_rules.py", "plan.py"}:
            texts = map(template, [node.value] if node.value is not None else [])
        else:
            continue
        yield from (text for text in texts if text and " " in text)


SAID = sorted({text for path in Path(vorzimmer.admin.__file__).parent.glob("*.py") for text in said_in(path)})


@pytest.mark.parametrize("text", SAID)
def test_every_sentence_in_admins_code_has_a_german_row(text: str) -> None:
    assert text in SENTENCES or text in NO_SENTENCE or text in PARTS


@pytest.mark.parametrize(("english", "row"), [*SENTENCES.items(), *PARTS.items()])
def test_a_row_puts_in_what_the_sentence_has(english: str, row: str) -> None:
    places = {int(field) for _, field, _, _ in Formatter().parse(row) if field}
    assert places <= set(range(english.count("{}")))
    assert english.count("{}") == len(places) or "generated" in row


def allowed() -> set[str]:
    """What the types say is allowed, in words."""
    found: set[str] = set()
    seen: set[type] = set()

    def walk(info: inspect.Type) -> None:
        inner, extra = shape(info)
        if "says" in extra:
            found.add(extra["says"])
        if isinstance(inner, inspect.StructType):
            if inner.cls in seen:
                return
            seen.add(inner.cls)
            for field in inner.fields:
                walk(field.type)
        for name in ("item_type", "key_type", "value_type"):
            if hasattr(inner, name):
                walk(getattr(inner, name))
        for option in getattr(inner, "types", ()):
            walk(option)

    for type_ in SCHEMA.types():
        walk(inspect.type_info(type_))
    return found


@pytest.mark.parametrize("says", sorted(allowed()))
def test_whatever_a_type_allows_is_said_in_german(says: str) -> None:
    assert says in PARTS


@pytest.mark.parametrize(
    ("english", "deutsch"),
    [
        ("300 is above 120", "300 liegt über 120"),
        ("100 belongs to user:anna", "100 gehört zu user:anna"),
        ("unknown key; did you mean name?", "unbekannter Schlüssel; meinten Sie name?"),
        ('must be a whole number from 5 to 120, not "x"', 'muss eine ganze Zahl von 5 bis 120 sein, nicht "x"'),
        ("must be a list, not a mapping", "muss eine Liste sein, nicht eine Zuordnung"),
        ('"x" is not an e-mail address', '"x" ist nicht das Erwartete: eine E-Mail-Adresse'),
        (
            "cannot be removed: devices[a].owner still names it",
            "lässt sich nicht entfernen: devices[a].owner verweist noch darauf",
        ),
        ("nobody has thought of this one", "nobody has thought of this one"),
        ('there is no user "{0}"', 'es gibt hier nicht: user "{0}"'),
    ],
)
def test_sentences_are_found_again_by_their_words(english: str, deutsch: str) -> None:
    assert german(english) == deutsch
