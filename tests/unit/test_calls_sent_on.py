"""Diversion (RFC 5806) and History-Info (RFC 7044) as they are written, whatever people are called."""

from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.calls.sent_on import to_phone, to_trunk
from vorzimmer.routing.model import Diverted
from vorzimmer.sip.headers import parse_name_addr, split_list
from vorzimmer.sip.uri import SipUri

TARGET = "sip:140@192.0.2.7;transport=udp"
CHAIN = (
    Diverted("+49103", "no-answer", name="Carl", extension="102"),
    Diverted("+49102", "user-busy", private=True, name="Bea", extension="101"),
    Diverted("+49101", "unconditional", name="Anna", extension="100"),
)
LAST = ";transport=udp;cause=408>;index=1.1.1.1;mp=1.1.1"


def number(text: str) -> SipUri:
    return SipUri("sip", text, "carrier.example")


def test_rfc7044_10_3_a_phone_learns_everything_in_order_but_nobody_who_hides() -> None:
    *diversions, (name, history) = to_phone(CHAIN, TARGET, "muster.example")
    assert name == "History-Info"
    assert split_list(history) == [
        '"Anna" <sip:100@muster.example>;index=1',
        '"Anonymous" <sip:anonymous@anonymous.invalid;cause=302>;index=1.1;mp=1',
        '"Carl" <sip:102@muster.example;cause=486>;index=1.1.1;mp=1.1',
        f"<sip:140@192.0.2.7{LAST}",
    ]
    assert diversions == [
        ("Diversion", '"Carl" <sip:102@muster.example>;reason=no-answer;privacy=off;counter=1'),
        ("Diversion", '"Anna" <sip:100@muster.example>;reason=unconditional;privacy=off;counter=1'),
    ]


def test_rfc5806_a_carrier_learns_numbers_without_names_and_which_to_keep_to_itself() -> None:
    nameless = Diverted("", "unknown", private=True, times=4)
    *diversions, (_, history) = to_trunk((*CHAIN, nameless), "sip:+4955@carrier.example;user=phone", number)
    assert split_list(history) == [
        "<sip:anonymous@anonymous.invalid>;index=1",
        "<sip:+49101@carrier.example;cause=404>;index=1.1;mp=1",
        "<sip:+49102@carrier.example;cause=302?Privacy=history>;index=1.1.1;mp=1.1",
        "<sip:+49103@carrier.example;cause=486>;index=1.1.1.1;mp=1.1.1",
        "<sip:+4955@carrier.example;user=phone;cause=408>;index=1.1.1.1.1;mp=1.1.1.1",
    ]
    assert [value for _, value in diversions] == [
        "<sip:+49103@carrier.example>;reason=no-answer;privacy=off;counter=1",
        "<sip:+49102@carrier.example>;reason=user-busy;privacy=full;counter=1",
        "<sip:+49101@carrier.example>;reason=unconditional;privacy=off;counter=1",
        "<sip:anonymous@anonymous.invalid>;reason=unknown;privacy=full;counter=4",
    ]


def test_a_call_that_nobody_sent_on_says_nothing() -> None:
    assert to_phone((), TARGET, "muster.example") == to_trunk((), TARGET, number) == ()


NAMES = st.text(max_size=40) | st.sampled_from(
    ['";reason=x', "<sip:evil@x>", "a,b", "\r\nVia: x", "=1+1", "\u202eanna"]
)


@given(st.lists(st.builds(Diverted, st.just("+49101"), st.just("away"), st.booleans(), NAMES, NAMES), max_size=10))
def test_whatever_they_are_called_each_header_has_one_element_each(diverted: list[Diverted]) -> None:
    lines = to_phone(tuple(diverted), TARGET, "muster.example")
    assert len(lines) == (min(len(diverted), 2) + 1 if diverted else 0)
    for name, value in lines:
        assert not {"\r", "\n", "\0"} & set(value)
        elements = split_list(value)
        assert len(elements) == (len(diverted) + 1 if name == "History-Info" else 1)
        for element in elements:
            parse_name_addr(element).uri  # noqa: B018 -- raises for what cannot be read
