"""URIs (RFC 3261 section 19.1, RFC 3966)."""

import pytest

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.uri import MAX_URI, OtherUri, SipUri, TelUri, is_address, is_host, parse, parse_sip, split_host


def sip(text: str) -> SipUri:
    uri = parse(text)
    assert isinstance(uri, SipUri)
    return uri


def test_all_parts() -> None:
    uri = sip("SIPS:anna:geheim@Example.COM:5061;transport=TLS;lr?Replaces=1%40a%3Bto-tag%3D2&Subject=x")
    assert (uri.scheme, uri.user, uri.password, uri.host, uri.port) == ("sips", "anna", "geheim", "Example.COM", 5061)
    assert (uri.param("transport"), uri.has("LR".lower()), uri.param("nope", "d"), uri.secure) == (
        "TLS",
        True,
        "d",
        True,
    )
    assert uri.header("replaces") == "1@a;to-tag=2"
    assert str(uri.bare()) == "sips:anna@example.com:5061"


@pytest.mark.parametrize("text", ["sip:*97#@pbx.example", "sip:*97%23@pbx.example"])
def test_star_codes_with_raw_and_escaped_hash_are_the_same_user(text: str) -> None:
    assert sip(text).user == "*97#"
    assert str(sip(text)) == "sip:*97%23@pbx.example"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("sip:[2001:db8::1]", "2001:db8::1", None),
        ("sip:a@[2001:db8::1]:5060", "2001:db8::1", 5060),
        ("sip:a@[::ffff:192.0.2.1]", "::ffff:192.0.2.1", None),
        ("sip:under_score.example", "under_score.example", None),
    ],
)
def test_hosts(text: str, host: str, port: int | None) -> None:
    uri = sip(text)
    assert (uri.host, uri.port) == (host, port)
    assert str(uri) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "sip", "sip:", ":x", "sip:a@", "sip:@host", "sip:a@b@c", "sip:a@ho st",
        "sip:a@b:0", "sip:a@b:65536", "sip:a@b:x",
        "sip:a@[::1", "sip:a@[1::2::3]", "sip:a@[fe80::1%25eth0]", "sip:a@[::1]x", "sip:2001:db8::1", "<sip:a@b>",
        "1x:y",        "tel:", "tel:abc xyz", "tel:hello", "sip:a@b\"c", "sip:a@exämple.com",
    ],
)  # fmt: skip
def test_bad_uris(text: str) -> None:
    with pytest.raises(PeerError) as caught:
        parse(text)
    assert caught.value.status == 400


def test_rfc3261_21_4_15_a_uri_may_be_too_long() -> None:
    with pytest.raises(PeerError) as caught:
        parse("sip:" + "a" * MAX_URI + "@b")
    assert caught.value.status == 414


def test_rfc3261_21_4_17_only_sip_where_sip_is_asked_for() -> None:
    with pytest.raises(PeerError) as caught:
        parse_sip("tel:+4989")
    assert caught.value.status == 416
    assert parse_sip("sip:a@b").user == "a"


def test_rfc3966_tel() -> None:
    uri = parse("tel:+49-(89)-123.45;phone-context=example.com;ext=7")
    assert isinstance(uri, TelUri)
    assert (uri.digits, uri.param("ext"), uri.param("x")) == ("+498912345", "7", "")
    assert uri.same(parse("TEL:+498912345;ext=7;phone-context=EXAMPLE.com"))
    assert not uri.same(parse("tel:+498912345"))
    assert not uri.same(parse("sip:+498912345@x"))
    assert str(parse("tel:*97%23")) == "tel:*97%23"


def test_other_schemes_are_kept_as_text() -> None:
    uri = parse("ISBN:2983792873")
    assert uri == OtherUri("isbn", "2983792873")
    assert uri.same(parse("isbn:2983792873"))
    assert str(uri) == "isbn:2983792873"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        ("sip:x;transport=tcp;method=REGISTER?to=sip:bob%40x", "sip:x;method=REGISTER;transport=tcp?to=sip:bob%40x"),
        ("sip:alice@x?subject=project%20x&priority=urgent", "sip:alice@x?priority=urgent&subject=project%20x"),
        ("sip:a@[2001:db8:0::1]", "sip:a@[2001:db8::1]"),
    ],
)  # fmt: skip
def test_rfc3261_19_1_4_equal(one: str, two: str) -> None:
    assert sip(one).same(sip(two))
    assert sip(two).same(sip(one))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("sip:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:a@b;x=1", "sip:a@b;x=2"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a:1@b", "sip:a:2@b"),
    ],
)
def test_rfc3261_19_1_4_not_equal(one: str, two: str) -> None:
    assert not sip(one).same(sip(two))
    assert not sip(two).same(sip(one))
    assert not sip(one).same(parse("tel:1"))


def test_hosts_and_addresses() -> None:
    assert split_host("[::1]:5") == ("::1", 5)
    assert is_address("192.0.2.1")
    assert is_address("::1")
    assert not is_address("pbx.example")
    assert not is_host("")
    assert not is_host("a b")
    assert not is_host("x" * 300)
