"""Every setting: typed, ranged, with a default, and with a mark for emergency calls (ARCHITECTURE decision 9)."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from vorzimmer.admin.check import check
from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section, emergency_mark
from vorzimmer.directory.walk import shape
from vorzimmer.features import catalogue
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.codes.settings import DEFAULTS, CodeSetting, FeatureCodes
from vorzimmer.features.executive.settings import Push
from vorzimmer.features.trunk.settings import TrunkNumber
from vorzimmer.kernel.text import safe_name

assert catalogue


def structs(info: inspect.Type, seen: set[type]) -> Iterator[inspect.StructType]:
    inner, _ = shape(info)
    if isinstance(inner, inspect.StructType) and inner.cls not in seen:
        seen.add(inner.cls)
        yield inner
        for field in inner.fields:
            yield from structs(field.type, seen)
    elif isinstance(inner, inspect.UnionType):
        for option in inner.types:
            yield from structs(option, seen)
    elif isinstance(inner, inspect.VarTupleType):
        yield from structs(inner.item_type, seen)
    elif isinstance(inner, inspect.DictType):
        yield from structs(inner.value_type, seen)


def all_structs() -> list[inspect.StructType]:
    seen: set[type] = set()
    return [found for type_ in SCHEMA.types() for found in structs(inspect.type_info(type_), seen)]


def fields() -> list[tuple[str, inspect.Type]]:
    return [(f"{s.cls.__name__}.{f.encode_name}", f.type) for s in all_structs() for f in s.fields]


@pytest.mark.parametrize("struct", all_structs(), ids=lambda s: s.cls.__name__)
def test_every_setting_says_what_an_emergency_call_makes_of_it(struct: inspect.StructType) -> None:
    cls = struct.cls
    assert issubclass(cls, Section)
    for field in struct.fields:
        assert isinstance(emergency_mark(cls, field.name), Emergency), f"{cls.__name__}.{field.name} has no marker"


def test_a_setting_without_its_own_marker_is_found() -> None:
    class Forgotten(Section, frozen=True):
        value: bool = False

    class Inherits(Push, frozen=True):
        more: bool = False

    assert emergency_mark(Forgotten, "value") is None
    assert emergency_mark(Inherits, "more") is None


@pytest.mark.parametrize("key", SCHEMA.keys, ids=lambda k: k.name)
def test_every_key_has_a_default_for_every_field(key: Key[Any]) -> None:
    key.type()
    assert set(key.on) <= set(SCHEMA.by_kind)
    if key.bare:
        assert key.bare in key.type.__struct_fields__


def test_kinds_and_sections_are_unique_and_no_section_hides_a_field() -> None:
    assert len(SCHEMA.by_kind) == len(SCHEMA.by_section) == len(SCHEMA.kinds)
    for kind in SCHEMA.kinds:
        own = {f.encode_name for f in msgspec.structs.fields(kind.type)}
        assert kind.id_field in own
        assert not own & set(SCHEMA.keys_on[kind.name])
    assert len({(on, key.name) for key in SCHEMA.keys for on in key.on}) == sum(len(key.on) for key in SCHEMA.keys)


def limited(info: inspect.Type) -> Iterator[inspect.Type]:
    inner, extra = shape(info)
    if "secret" in extra:
        return
    if isinstance(inner, inspect.UnionType):
        for option in inner.types:
            yield from limited(option)
    elif isinstance(inner, inspect.IntType | inspect.StrType | inspect.VarTupleType | inspect.LiteralType):
        yield info


RANGED = [(name, info) for name, type_ in fields() for info in limited(type_)]


def outside(info: inspect.Type) -> Iterator[object]:
    inner, _ = shape(info)
    if isinstance(inner, inspect.IntType):
        yield from [
            n
            for n in (None if inner.ge is None else inner.ge - 1, None if inner.le is None else inner.le + 1)
            if n is not None
        ]
        yield from ["5", 1.5, True]
    elif isinstance(inner, inspect.StrType):
        yield from [5, True, ["x"], "x" * 100_000, "\x00", "a\u202eb"]
    elif isinstance(inner, inspect.VarTupleType):
        yield "not a list"
        if inner.max_length is not None:
            yield [None] * (inner.max_length + 1)
    elif isinstance(inner, inspect.LiteralType):
        yield from ["certainly not this", True, 1]


@pytest.mark.parametrize(("name", "info"), RANGED, ids=[name for name, _ in RANGED])
def test_what_is_out_of_range_is_refused(name: str, info: inspect.Type) -> None:
    for value in outside(info):
        assert list(check(value, info, (name,))), f"{name} takes {value!r:.40}"


def test_every_whole_number_has_both_ends() -> None:
    for name, info in RANGED:
        inner, _ = shape(info)
        if isinstance(inner, inspect.IntType):
            assert inner.ge is not None, name
            assert inner.le is not None, name


def test_section_13_every_code_has_its_default_and_no_two_collide() -> None:
    table = FeatureCodes().table()
    assert table["*68"] == "park"
    assert table["#58"] == table["*58"] == "group_park"
    assert table["*81"] == table["#8"] == "call_back_cancel"
    assert {f"*6{n}" for n in range(1, 7)} <= set(table)
    assert all(2 <= len(code) <= 5 for code in table)
    assert FeatureCodes().conflicts() == []
    assert len(DEFAULTS) == 44


def test_codes_are_split_from_what_follows_longest_first() -> None:
    codes = FeatureCodes()
    assert codes.split("*97140") == ("pickup", "140")
    assert codes.split("*001") == ("speed_dial", "01")
    assert codes.split("*72+491713920000") == ("forward_always_on", "+491713920000")
    assert codes.split("#64140*030") == ("on_behalf", "140*030")
    assert codes.split("100") is None
    assert codes.split("*") is None
    assert codes.split("") is None


def test_a_company_changes_disables_and_breaks_codes() -> None:
    changed = FeatureCodes({"park": "*77", "retrieve": CodeSetting(enabled=False), "push": CodeSetting(main="*1234")})
    assert changed.split("*77") == ("park", "")
    assert changed.split("*68") is None
    assert changed.split("*88140") is None
    assert changed.split("*1234") == ("push", "")
    assert changed.split("#63") is None
    assert [c[1:] for c in FeatureCodes({"park": "*97"}).conflicts()] == [("park", "pickup")]
    assert FeatureCodes({"park": "*9"}).conflicts()


def test_push_recall_in_rings_is_five_seconds_each() -> None:
    assert Push().seconds == 20
    assert Push(recall_s=40).seconds == 40
    assert Push(recall_rings=6).seconds == 30


def test_a_trunk_range_covers_both_ends_and_only_equal_lengths() -> None:
    span = TrunkNumber(from_="+498999998100", to="+498999998199")
    assert span.covers("+498999998100")
    assert span.covers("+498999998199")
    assert not span.covers("+498999998200")
    assert not span.covers("+4989999981000")
    assert TrunkNumber(number="+4930").covers("+4930")


def test_names_that_pass_are_harmless_on_a_display() -> None:
    for name, info in RANGED:
        inner, extra = shape(info)
        if isinstance(inner, inspect.StrType) and extra.get("name"):
            for hostile in ("<script>alert(1)</script>", "=HYPERLINK(1)", "Дора 🦊", "A\u00a0B"):
                if inner.max_length is None or len(hostile) <= inner.max_length:
                    assert not list(check(hostile, info, (name,)))
                    assert safe_name(hostile)
