"""Names that strangers chose are shown on one line, without tricks, and never too long."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.kernel.text import MAX_NAME, safe_cell, safe_name

HOSTILE = {
    "markup": "<script>alert(1)</script>",
    "control": "a\x00b\r\nVia: x\x1b[31m\x7f",
    "right to left": "\u202egnp.exe\u202c \u2066x\u2069",
    "formula": "=HYPERLINK(1)",
    "long": "x" * 10_000,
    "surrogate": "caf\udce9",
    "lines": "one\u2028two\u2029three",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_exa_42_a_name_is_one_short_line_without_control_or_direction_characters(name: str) -> None:
    shown = safe_name(name)
    assert len(shown) <= MAX_NAME == 80
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp", "Cf"} for char in shown)
    assert shown.encode()


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert safe_name("Jürgen Müller-Lüdenscheidt (Büro 3)") == "Jürgen Müller-Lüdenscheidt (Büro 3)"
    assert safe_name("  two   blanks\tand a tab ") == "two blanks and a tab"


@given(st.text())
def test_cleaning_twice_changes_nothing(name: str) -> None:
    assert safe_name(safe_name(name)) == safe_name(name)


def test_a_spreadsheet_never_sees_a_formula() -> None:
    assert [safe_cell(text) for text in ("=1+1", "+49", "-1", "@x", "a=b")] == ["'=1+1", "'+49", "'-1", "'@x", "a=b"]
