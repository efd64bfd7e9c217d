"""What a new INVITE asks for: what was dialled, and whether the call may go on at all."""

import msgspec
import pytest

from vorzimmer.calls.asking import LONGEST, dialled, hops
from vorzimmer.calls.records import Frozen, decode_frozen, encode
from vorzimmer.calls.state import CallState
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import CallId, JourneyId
from vorzimmer.routing.model import Asked, Caller
from vorzimmer.sip.message import Headers, Request


def invite(forwards: str | None) -> Request:
    return Request("INVITE", "sip:x", Headers([("Max-Forwards", forwards)] if forwards is not None else []))


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:140@musterbau.example", "140"),
        ("sip:*97%23@192.0.2.1", "*97#"),
        ("tel:+49-89-99998140;phone-context=x", "+498999998140"),
        ("sip:140;phone-context=+49@x", "140"),
        ("sip:a%ffb@x", "a\ufffdb"),
        ("sip:a%00b@x", "ab"),
    ],
)
def test_what_was_dialled(uri: str, number: str) -> None:
    assert dialled(uri) == number


@pytest.mark.parametrize(
    ("uri", "status"),
    [("http://x", 416), ("sip:musterbau.example", 404), (f"sip:{'1' * (LONGEST + 1)}@x", 414)],
)
def test_what_nobody_can_dial_gets_a_status(uri: str, status: int) -> None:
    with pytest.raises(PeerError) as error:
        dialled(uri)
    assert error.value.status == status


def test_rfc3261_16_3_the_last_hop_is_483() -> None:
    assert [hops(invite(text)) for text in ("70", "1", None, "255", "x", " 7 ")] == [70, 1, 70, 70, 70, 7]
    with pytest.raises(PeerError) as error:
        hops(invite("0"))
    assert error.value.status == 483


def test_a_state_with_bytes_that_are_not_utf8_can_be_written_down() -> None:
    asked = Asked("c", Caller(name="caf\udce9"), dialled="1")
    frozen = Frozen(CallState(CallId("c1"), JourneyId("j1"), "c", asked, 0.0))
    back = decode_frozen(encode(frozen))
    assert back.state.asked.caller.name == "caf\ufffd"
    assert msgspec.structs.replace(back.state, asked=asked) == frozen.state
