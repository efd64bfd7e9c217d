"""The portal makes its pages of schema and words: every setting with a place has its sentences in both languages."""

import re
from typing import Any

import msgspec
import pytest

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Section
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.texts import LABELS, LANGUAGES, TEXTS

PLACES = {"", "reach", "calls"}
RICHER = {"accept", "reject"}
"""Lists of rules have a component of their own."""
PLACED = [key for key in SCHEMA.keys if key.place and key.acts and key.name not in RICHER]


def _fields(section: type[Any]) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(section)}


def _struct(kind: Any) -> type[Section] | None:
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _rows(key: Key[Any]) -> dict[str, type[Any]]:
    """Label -> the Struct whose fields may be gaps; the same rows that web/src/features/section.tsx makes."""
    if key.bare:
        return {f"set.{key.name}": key.type}
    fields = _fields(key.type)
    plain = [
        n for n, kind in fields.items() if _struct(kind) is None and kind is not bool and "Criterion" not in str(kind)
    ]
    rows: dict[str, type[Any]] = {f"set.{key.name}": key.type} if plain or "enabled" in fields else {}
    for name, kind in fields.items():
        if _struct(kind) or (kind is bool and name != "enabled"):
            rows[f"set.{key.name}.{name}"] = _struct(kind) or key.type
    return rows


def _gaps(text: str) -> list[str]:
    return re.findall(r"\{([a-z_]+)\}", text)


@pytest.mark.parametrize("key", SCHEMA.keys, ids=lambda key: str(key.name))
def test_every_key_has_a_title_and_a_known_place(key: Key[Any]) -> None:
    assert f"page.{key.name}" in LABELS
    assert key.place in PLACES


@pytest.mark.parametrize("key", PLACED, ids=lambda key: str(key.name))
def test_every_row_of_a_placed_key_is_a_sentence_with_gaps_that_are_fields(key: Key[Any]) -> None:
    for label, section in _rows(key).items():
        for language in LANGUAGES:
            assert set(_gaps(LABELS[label][language])) <= set(_fields(section)), label


@pytest.mark.parametrize("key", PLACED, ids=lambda key: str(key.name))
def test_every_choice_has_words(key: Key[Any]) -> None:
    for name, kind in _fields(key.type).items():
        info = msgspec.inspect.type_info(kind)
        if isinstance(info, msgspec.inspect.LiteralType):
            for choice in info.values:
                assert f"set.{key.name}.{name}={choice}" in LABELS


def test_labels_are_in_both_languages_with_the_same_gaps() -> None:
    for key, words in LABELS.items():
        assert set(words) == set(LANGUAGES), key
        assert sorted(_gaps(words["de"])) == sorted(_gaps(words["en"])), key
    assert not set(LABELS) & set(TEXTS)


def test_no_label_is_left_over() -> None:
    rows = {label for key in PLACED for label in _rows(key)}
    known = {f"page.{key.name}" for key in SCHEMA.keys} | {"page.delegation"} | rows
    assert {key.partition("=")[0] for key in LABELS if "=" not in key} <= known
