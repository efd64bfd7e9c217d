"""Header values (RFC 3261 section 20 and the RFCs named in the tests)."""

import pytest

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.headers import (
    STAR,
    AuthParams,
    CSeq,
    NameAddr,
    Reason,
    Replaces,
    Via,
    parse_auth,
    parse_contacts,
    parse_cseq,
    parse_int,
    parse_name_addr,
    parse_params,
    parse_privacy,
    parse_reason,
    parse_replaces,
    parse_via,
)
from vorzimmer.sip.message import Headers
from vorzimmer.sip.text import end_of_quoted, quote, split_outside, unquote
from vorzimmer.sip.uri import SipUri


@pytest.mark.parametrize(
    ("text", "display", "uri", "tag"),
    [
        ('"A. G. Bell" <sip:agb@bell.example> ;tag=a48s', "A. G. Bell", "sip:agb@bell.example", "a48s"),
        ("sip:+12125551212@server.example;tag=887s", "", "sip:+12125551212@server.example", "887s"),
        (
            "Anonymous <sip:c8oqz84zk7z@privacy.example>;tag=hyh8",
            "Anonymous",
            "sip:c8oqz84zk7z@privacy.example",
            "hyh8",
        ),
        ("Jörg Ölmüller<sip:j@x>", "Jörg Ölmüller", "sip:j@x", ""),
        ('"Bell \\"AG\\", \\\\" <sip:a@b;x=1;y>;tag="q;r"', 'Bell "AG", \\', "sip:a@b;x=1;y", "q;r"),
        ("<tel:+4989>;expires=60", "", "tel:+4989", ""),
    ],
)
def test_rfc3261_20_10_name_addrs(text: str, display: str, uri: str, tag: str) -> None:
    value = parse_name_addr(text)
    assert (value.display, value.uri_text, value.tag) == (display, uri, tag)
    assert parse_name_addr(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "<>", "<sip:a@b", '"open <sip:a@b>', '"x" sip:a@b', "Bell, A <sip:a@b>", "< sip:a@b >", "<sip:a@b> x",
        "sip:a@b?x=y",         "sip:a@b,c", "<sip:a@b>;=x", '<sip:a@b>;x="open', "sip:a b@c",
    ],
)  # fmt: skip
def test_bad_name_addrs(text: str) -> None:
    with pytest.raises(PeerError):
        parse_name_addr(text)


def test_name_addrs_are_changed_by_making_new_ones() -> None:
    value = parse_name_addr("<sip:a@b>;tag=1;x").having("tag", "2").without("x")
    assert str(value) == "<sip:a@b>;tag=2"
    assert (value.get("x", "none"), value.get("tag")) == ("none", "2")
    assert isinstance(value.uri, SipUri)


def test_rfc3261_10_2_2_contact_star() -> None:
    assert parse_contacts(Headers([("m", "*")])) == STAR
    assert str(STAR) == "*"
    assert parse_contacts(Headers()) == ()
    with pytest.raises(PeerError):
        parse_contacts(Headers([("Contact", "*, <sip:a@b>")]))
    contacts = parse_contacts(Headers([("Contact", '"x, y" <sip:a@b>;q=0.5, sip:c@d'), ("m", "<sip:e@f>")]))
    assert isinstance(contacts, tuple)
    assert [contact.uri_text for contact in contacts] == ["sip:a@b", "sip:c@d", "sip:e@f"]


def test_rfc3261_20_42_via() -> None:
    via = parse_via("SIP/2.0/udp [2001:db8::1]:5070;branch=z9hG4bK1;rport;received=192.0.2.9")
    assert via == Via("UDP", "2001:db8::1", 5070, (("branch", "z9hG4bK1"), ("rport", None), ("received", "192.0.2.9")))
    assert (via.branch, via.received, via.wants_rport, via.rport) == ("z9hG4bK1", "192.0.2.9", True, None)
    filled = via.having("rport", "40000").having("ttl", "1")
    assert str(filled) == "SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bK1;rport=40000;received=192.0.2.9;ttl=1"
    assert (filled.rport, filled.get("TTL".lower())) == (40000, "1")
    assert not parse_via("SIP/2.0/TCP x").wants_rport


@pytest.mark.parametrize(
    "text",
    [
        "", "SIP/2.0/UDP", "SIP/2.0 x", "HTTP/2.0/UDP x", "SIP/3.0/UDP x", "SIP/2.0/UDP x:99999", "SIP/2.0/UDP [::1",
        "SIP/2.0/U@P x",         "SIP/2.0/UDP x;received=1:2:3", "SIP/2.0/UDP x;=1",
    ],
)  # fmt: skip
def test_bad_vias(text: str) -> None:
    with pytest.raises(PeerError):
        parse_via(text)


def test_a_bad_rport_is_a_peer_error_when_asked_for() -> None:
    with pytest.raises(PeerError):
        _ = parse_via("SIP/2.0/UDP x;rport=abc").rport


def test_rfc3261_8_1_1_5_cseq_is_below_2_31() -> None:
    assert parse_cseq(" 2147483647\t INVITE") == CSeq(2147483647, "INVITE")
    assert str(CSeq(1, "BYE")) == "1 BYE"
    for bad in (
        "2147483648 INVITE",
        "-1 INVITE",
        "INVITE",
        "1",
        "1 IN VITE",
        "１ INVITE",
        "1 IN(VITE",
        "9" * 10_000 + " INVITE",
    ):
        with pytest.raises(PeerError):
            parse_cseq(bad)


def test_rfc3891_replaces() -> None:
    value = parse_replaces("12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only")
    assert value == Replaces("12adf2f34456gs5", "12345", "54321", True)
    assert parse_replaces(str(value)) == value
    # Some phones know the Call-ID alone, or one tag.
    for text in ("x", "x;to-tag=1", "x;from-tag=1;early-only"):
        assert str(parse_replaces(text)) == text
    for bad in ("", "a b;to-tag=1;from-tag=2", ";to-tag=1;from-tag=2", "x;;=;", 'x;to-tag="1'):
        with pytest.raises(PeerError):
            parse_replaces(bad)


def test_rfc3326_reason() -> None:
    value = parse_reason('SIP ;cause=200 ;text="Call completed elsewhere"')
    assert value == Reason("SIP", 200, "Call completed elsewhere")
    assert str(value) == 'SIP;cause=200;text="Call completed elsewhere"'
    assert parse_reason("Q.850;cause=16") == Reason("Q.850", 16)
    assert parse_reason("preemption") == Reason("preemption")
    for bad in ("", "SIP;cause=x", "a b;cause=1"):
        with pytest.raises(PeerError):
            parse_reason(bad)


def test_rfc3323_4_2_privacy() -> None:
    assert parse_privacy(Headers([("Privacy", "id;USER"), ("Privacy", "critical, ;")])) == {"id", "user", "critical"}
    assert parse_privacy(Headers()) == frozenset()


def test_rfc3261_20_7_credentials() -> None:
    value = parse_auth('Digest username="a, b", realm="r\\"x", nc=00000001,uri="sip:x" , stale=FALSE')
    assert (value.scheme, value.get("username"), value.get("realm"), value.get("nc"), value.get("no", "d")) == (
        "Digest",
        "a, b",
        'r"x',
        "00000001",
        "d",
    )
    assert parse_auth(str(value)) == value
    assert parse_auth("Bearer abc.def").params == ()
    assert str(AuthParams("Digest", (("a", "1"), ("b", '"2"')))) == 'Digest a=1, b="2"'
    for bad in ("", "Digest x", 'Digest a="open', "Digest =1", "(x) a=1"):
        with pytest.raises(PeerError):
            parse_auth(bad)


def test_params_keep_what_was_written() -> None:
    assert parse_params(';A=b;c;d="e;f"; g = h ;;') == (("a", "b"), ("c", None), ("d", '"e;f"'), ("g", "h"))
    assert parse_params("") == ()


def test_numbers() -> None:
    assert parse_int(" 007 ") == 7
    for bad in ("", "-1", "1.0", "0x1", "²", "9" * 5000):
        with pytest.raises(PeerError):
            parse_int(bad)
    with pytest.raises(PeerError):
        parse_int("5", high=4)
    with pytest.raises(PeerError):
        parse_int("5", low=6)


def test_quoted_strings() -> None:
    assert quote('a"\\\r\n\x01') == '"a\\"\\\\  \\\x01"'
    assert unquote('"a\\"b"') == 'a"b'
    assert unquote('"a\\') == '"a\\'
    assert unquote('"lone\\"') == "lone\\"
    assert end_of_quoted('"a\\"b"c', 0) == 5
    assert end_of_quoted('"a\\"', 0) == -1
    assert split_outside('a,"b,c",<d,e>,"f', ",") == ["a", '"b,c"', "<d,e>", '"f']


def test_rfc3261_25_ten_thousand_characters_cost_little_and_are_kept() -> None:
    name = '<b>"=1+1\u202e' * 1250
    value = NameAddr(name, "sip:a@b")
    assert parse_name_addr(str(value)).display == name
