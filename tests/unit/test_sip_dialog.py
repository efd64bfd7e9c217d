"""Dialogs as values: ids, order, targets, route sets, next hops, frozen form (RFC 3261 section 12)."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.sip.arrived import Arrived, tag_of
from vorzimmer.sip.dialog import Dialog, contact_uri, dialog_of_uac, dialog_of_uas, freeze, thaw
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Headers, Request, Response
from vorzimmer.sip.outline import Outline
from vorzimmer.sip.sender import user_of

FLOW = Flow("tls", Address("192.0.2.1", 5061), Address("192.0.2.2", 40_000), 7, "main")


def dialog(target: str = "sip:bob@192.0.2.2:5070", route: tuple[str, ...] = ()) -> Dialog:
    made = Dialog("call", "<sip:a@h>;tag=mine", "<sip:b@h>;tag=theirs")
    made.local_cseq, made.remote_cseq, made.target, made.route = 41, 7, target, route
    return made


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("<sip:a@h>;tag=x", "x"),
        ("<sip:a@h>;TAG = x", "x"),
        ("<sip:a@h>;foo=bar;tag=x;z", "x"),
        ("sip:a@h;tag=x", "x"),
        ("<sip:a@h;tag=inside>", ""),
        ('"tag=;tag=no" <sip:a@h>', ""),
        ("<sip:a@h>", ""),
        ("", ""),
    ],
)
def test_rfc3261_19_3_tag_is_a_header_parameter(value: str, tag: str) -> None:
    assert tag_of(value) == tag


def test_rfc3261_12_1_2_dialog_of_the_caller() -> None:
    outline = Outline("INVITE", "sip:b@h", 12, "call")
    outline.from_, outline.to = "<sip:a@h>;tag=mine", "<sip:b@h>"
    headers = Headers(
        [("To", "<sip:b@h>;tag=theirs"), ("Contact", "<sip:b@c>;q=1"), ("Record-Route", "<sip:2;lr>, <sip:1;lr>")]
    )
    made = dialog_of_uac(outline, Response(180, "Ringing", headers))
    assert made.id == ("call", "mine", "theirs")
    assert (made.local_cseq, made.remote_cseq, made.target) == (12, None, "sip:b@c")
    assert made.route == ("<sip:1;lr>", "<sip:2;lr>")


def test_rfc3261_12_1_1_dialog_of_the_called_side() -> None:
    headers = Headers(
        [
            ("Via", "SIP/2.0/UDP h;branch=z9hG4bKa"), ("From", '"A" <sip:a@h>;tag=theirs'), ("To", "<sip:b@h>"),
            ("Call-ID", "call"), ("CSeq", "9 INVITE"), ("Contact", "<sip:a@c>"), ("Record-Route", "<sip:1;lr>"),
        ]
    )  # fmt: skip
    made = dialog_of_uas(Arrived(Request("INVITE", "sip:b@h", headers), FLOW), "mine")
    assert made.id == ("call", "mine", "theirs")
    assert (made.local_cseq, made.remote_cseq, made.target, made.route) == (0, 9, "sip:a@c", ("<sip:1;lr>",))
    assert made.outline("BYE").to == '"A" <sip:a@h>;tag=theirs'


def test_rfc3261_12_2_2_requests_of_the_peer_must_rise() -> None:
    made = dialog()
    assert [made.accepts(number) for number in (7, 6, 8, 8, 20, 9)] == [False, False, True, False, True, False]


@given(st.lists(st.integers(0, 2**31 - 1), max_size=30))
def test_rfc3261_12_2_2_accepted_numbers_rise_strictly(numbers: list[int]) -> None:
    made = dialog()
    made.remote_cseq = None
    accepted = [number for number in numbers if made.accepts(number)]
    assert accepted == sorted(set(accepted))
    assert accepted[:1] == numbers[:1]


def test_rfc3261_12_2_1_1_ack_keeps_the_number_and_others_raise_it() -> None:
    made = dialog()
    assert [made.outline(method).cseq for method in ("INVITE", "ACK", "INFO", "BYE")] == [42, 42, 43, 44]


@pytest.mark.parametrize(
    ("route", "uri", "lines"),
    [
        ((), "sip:bob@192.0.2.2:5070", ()),
        (("<sip:p;lr>", "<sip:q>"), "sip:bob@192.0.2.2:5070", ("<sip:p;lr>", "<sip:q>")),
        (("<sip:p>", "<sip:q;lr>"), "sip:p", ("<sip:q;lr>", "<sip:bob@192.0.2.2:5070>")),
        (("garbage", "<sip:q;lr>"), "sip:bob@192.0.2.2:5070", ("garbage", "<sip:q;lr>")),
    ],
)
def test_rfc3261_12_2_1_1_request_uri_and_route(route: tuple[str, ...], uri: str, lines: tuple[str, ...]) -> None:
    outline = dialog(route=route).outline("INFO")
    assert (outline.uri, outline.route) == (uri, lines)


@pytest.mark.parametrize(
    ("target", "route", "hop"),
    [
        ("sip:b@trunk.example", (), Hop("", "trunk.example", 0)),
        ("sip:b@192.0.2.7", (), Hop("udp", "192.0.2.7", 5060)),
        ("sip:b@trunk.example:5080;transport=TCP", (), Hop("tcp", "trunk.example", 5080)),
        ("sips:b@trunk.example", (), Hop("tls", "trunk.example", 0)),
        ("sip:b@trunk.example", ("<sip:edge.example;lr;transport=tls>",), Hop("tls", "edge.example", 0)),
        ("sip:b@[2001:db8::1]", (), Hop("udp", "2001:db8::1", 5060)),
        ("tel:+491", (), None),
        ("garbage", (), None),
    ],
)
def test_rfc3261_8_1_2_and_rfc3263_4_next_hop(target: str, route: tuple[str, ...], hop: Hop | None) -> None:
    assert dialog(target, route).next_hop() == hop


def test_rfc3261_12_2_target_refresh_needs_a_contact_that_can_be_read() -> None:
    made = dialog()
    for contact in ("", '"broken <sip:x@y>', "<sip:new@h>;q=0.1, <sip:other@h>"):
        made.refresh(Headers([("Contact", contact)] if contact else []))
        expected = "sip:new@h" if contact.startswith("<sip:new") else "sip:bob@192.0.2.2:5070"
        assert made.target == expected
    assert contact_uri(Headers()) == ""


NAMES = st.binary(max_size=30).map(
    # Removed before decoding: what stood apart in the bytes must not become one character afterwards.
    lambda raw: raw.translate(None, b'\r\n"<>;').decode("utf-8", "surrogateescape")
)


@given(
    NAMES,
    st.integers(0, 2**31 - 2000),
    st.one_of(st.none(), st.integers(0, 2**31 - 1)),
    st.lists(st.sampled_from(["<sip:p;lr>", "<sip:q>"]), max_size=3),
    st.sampled_from([(FLOW, None), (None, Hop("udp", "trunk", 5060)), (FLOW, Hop("udp", "trunk", 5060, "out"))]),
)
def test_a_frozen_dialog_is_the_same_but_1000_ahead(
    name: str, local: int, remote: int | None, route: list[str], where: tuple[Flow | None, Hop | None]
) -> None:
    made = Dialog("call", f'"{name}" <sip:a@h>;tag=mine', "<sip:b@h>;tag=theirs")
    made.local_cseq, made.remote_cseq, made.target, made.route = local, remote, "sip:b@c", tuple(route)
    back, frozen = thaw(freeze(made, outgoing=True, user="u", flow=where[0], hop=where[1]))
    assert back.local_cseq == local + 1000
    for attribute in ("id", "local", "remote", "remote_cseq", "target", "route"):
        assert getattr(back, attribute) == getattr(made, attribute)
    assert (frozen.flow, frozen.hop, frozen.outgoing, frozen.user) == (*where, True, "u")


@pytest.mark.parametrize("data", [b"", b"\xc0", b"\x93\x01\x02\x03"])
def test_what_is_no_frozen_dialog_is_a_decode_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        thaw(data)


@pytest.mark.parametrize(
    ("address", "user"),
    [
        ('"sip:x@y" <sip:ann@h>', "ann"),
        ("<sip:+49123;phone-context=x@h>", ""),
        ("<sip:h>", ""),
        ("<tel:+49123>", ""),
        ("sip:*97%23@h", "*97%23"),
        ('<sip:a"b@h>', ""),
    ],
)
def test_contact_user_is_taken_only_where_it_is_plain(address: str, user: str) -> None:
    assert user_of(address) == user
