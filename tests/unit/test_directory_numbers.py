"""Numbers as a company dials them; emergency numbers first."""

import pytest

from vorzimmer.directory.numbers import NumberPlan, emergency_numbers, hides_emergency

MUNICH = NumberPlan(area_code="89")
PREFIXED = NumberPlan(area_code="89", outside_prefix="0")


@pytest.mark.parametrize(
    ("dialled", "e164"),
    [
        ("030 23125222", "+493023125222"),
        ("(030) 231-25222", "+493023125222"),
        ("8998000", "+49898998000"),
        ("+498999998100", "+498999998100"),
        ("0049 30 23125222", "+493023125222"),
        ("0171 3920000", "+491713920000"),
        ("116117", "+49116117"),
        ("100", None),
        ("1234", None),
        ("*97", None),
        ("", None),
        ("+", None),
        ("anna", None),
        ("+49112", None),
        ("0112", None),
        ("٠٣٠٢٣١٢٥٢٢٢", None),
        ("9" * 40, None),
    ],
)
def test_what_is_dialled_becomes_e164(dialled: str, e164: str | None) -> None:
    assert MUNICH.normalise(dialled) == e164


def test_with_an_outside_prefix_outside_numbers_need_it() -> None:
    assert PREFIXED.normalise("0030 23125222") == "+493023125222"
    assert PREFIXED.normalise("23125222") is None
    assert PREFIXED.normalise("+493023125222") == "+493023125222"
    assert PREFIXED.normalise("08998000") == "+49898998000"


@pytest.mark.parametrize("dialled", ["112", "110", "1 1 2"])
def test_cp_6_emergency_numbers_are_known_with_and_without_the_prefix(dialled: str) -> None:
    number = dialled.replace(" ", "")
    assert MUNICH.emergency(dialled) == number
    assert PREFIXED.emergency(dialled) == number
    assert PREFIXED.emergency("0" + dialled) == number
    assert MUNICH.normalise(dialled) is None


def test_cp_6_a_list_per_country() -> None:
    assert emergency_numbers("DE") == ("110", "112")
    assert emergency_numbers("ZZ") == ("112",)
    assert "140" in emergency_numbers("AT")
    assert "911" in emergency_numbers("US")
    assert {"117", "118", "144"} <= set(emergency_numbers("CH"))
    assert MUNICH.emergency("911") is None


def test_what_begins_with_an_emergency_number_is_found() -> None:
    assert hides_emergency("1120", "DE") == "112"
    assert hides_emergency("110", "DE") == "110"
    assert hides_emergency("111", "DE") is None


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+498999998000", "local"),
        ("+493023125222", "national"),
        ("+491713920000", "mobile"),
        ("+498001234567", "toll_free"),
        ("+499001234567", "premium"),
        ("+49116117", "special"),
        ("+43123456789", "international"),
    ],
)
def test_cp_1_types_of_outside_numbers(number: str, kind: str) -> None:
    assert MUNICH.call_type(number) == kind


def test_numbers_as_a_trunk_delivers_them() -> None:
    for form in ("+498999998100", "00498999998100", "08999998100", "498999998100"):
        assert MUNICH.received(form) == "+498999998100"


def test_numbers_are_shown_as_at_home() -> None:
    assert MUNICH.show("+498999998100").startswith("089")
    assert NumberPlan(country="AT").show("+498999998100").startswith("+49")
    assert MUNICH.show("nonsense") == "nonsense"


def test_other_countries_have_their_own_prefixes() -> None:
    new_york = NumberPlan(country="US", area_code="212")
    assert new_york.normalise("7365000") == "+12127365000"
    assert new_york.normalise("12127365000") == "+12127365000"
    assert new_york.normalise("011493023125222") == "+493023125222"
    assert new_york.emergency("911") == "911"


def test_extension_0_3_lengths() -> None:
    assert MUNICH.looks_internal("100")
    assert not MUNICH.looks_internal("10")
    assert not MUNICH.looks_internal("12345")
    assert not MUNICH.looks_internal("*97")
    assert not MUNICH.looks_internal("١٢٣")
