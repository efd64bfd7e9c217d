"""Records without their secrets, and patches: what is shown can always be sent back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.admin.public import merge_patch, shown, tag_of, with_secrets
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.testing.company import demo_book

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
APPENDIX: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), APPENDIX)
def test_rfc7396_appendix_a(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


@given(PLAIN, PLAIN)
def test_rfc7396_a_patch_laid_over_twice_changes_nothing_more(target: Any, patch: Any) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


@given(st.data())
def test_secrets_that_are_not_mentioned_stay_whatever_else_is_sent(data: st.DataObject) -> None:
    book = demo_book()
    entries = [entry for kind in SCHEMA.kinds for entry in book.entries(kind.name)]
    entry = data.draw(st.sampled_from(entries))
    kind = SCHEMA.by_kind[entry.ref.kind]
    plain = shown(SCHEMA, kind, entry.data)
    assert with_secrets(SCHEMA, kind, entry.data, plain) == entry.data
    assert with_secrets(SCHEMA, kind, entry.data, entry.data) == entry.data
    patch = data.draw(st.dictionaries(st.sampled_from([*plain, "voicemail", "password"]), PLAIN, max_size=3))
    with_secrets(SCHEMA, kind, entry.data, merge_patch(plain, patch))  # never falls over, whatever is sent


@given(st.dictionaries(st.text(max_size=4), PLAIN, max_size=4))
def test_a_state_has_one_name_whatever_the_order_of_its_keys(data: dict[str, Any]) -> None:
    assert tag_of(data) == tag_of(dict(reversed(list(data.items()))))
