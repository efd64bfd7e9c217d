"""RFC 3261 section 7 as properties: what is written is read back; garbage is a message or a peer error."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.content import parts, sdp_of
from vorzimmer.sip.framing import KeepAlive, Limits, Piece, StreamBuffer
from vorzimmer.sip.headers import (
    NameAddr,
    parse_auth,
    parse_contacts,
    parse_cseq,
    parse_name_addr,
    parse_params,
    parse_privacy,
    parse_reason,
    parse_replaces,
    parse_via,
)
from vorzimmer.sip.message import Headers, Message, Request, Response, parse
from vorzimmer.sip.text import quote, split_list, unquote
from vorzimmer.sip.uri import OtherUri, SipUri, TelUri
from vorzimmer.sip.uri import parse as parse_uri
from vorzimmer.sip.validate import check_request, check_response, check_support

TOKEN_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~"
tokens = st.text(TOKEN_CHARS, min_size=1, max_size=20)
names = st.one_of(
    st.sampled_from(["Via", "v", "FROM", "To", "call-id", "Contact", "m", "X-Any", "subject", "Route"]),
    tokens.filter(lambda name: name.lower() not in {"content-length", "l"}),
)
line = st.text(st.characters(exclude_characters="\r\n"), max_size=60)
odd_bytes = st.binary(max_size=30).map(
    lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"").decode("utf-8", "surrogateescape")
)
values = st.one_of(line.filter(lambda t: not any("\ud800" <= c <= "\udfff" for c in t)), odd_bytes).map(
    lambda text: text.strip(" \t")
)
headers = st.lists(st.tuples(names, values), max_size=8).map(Headers)
bodies = st.binary(max_size=80)
words = st.text(st.characters(exclude_characters="\r\n\t ", exclude_categories=["Cs"]), min_size=1, max_size=30)
requests = st.builds(
    Request,
    tokens.filter(lambda method: not method.upper().startswith("SIP/")),
    words.map(lambda t: "sip:" + t),
    headers,
    bodies,
)
responses = st.builds(Response, st.integers(100, 699), values, headers, bodies)
messages: st.SearchStrategy[Message] = st.one_of(requests, responses)

GOOD = (
    b"INVITE sip:bea@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport\r\n"
    b'Max-Forwards: 70\r\nFrom: "B, \\"x\\"" <sip:a@example.com>;tag=1\r\nTo: <sip:bea@example.com>\r\n'
    b"Call-ID: 1@a\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: 4\r\n\r\nv=0\n"
)


def without_length(message: Message) -> Message:
    """Content-Length comes from the body when written; the rest must be the same."""
    message.headers.remove("Content-Length")
    return message


@given(messages)
def test_rfc3261_7_parse_of_serialised_is_equal(message: Message) -> None:
    read = parse(message.to_bytes())
    assert without_length(read) == message
    assert read.to_bytes() == message.to_bytes()


@given(st.binary(max_size=300))
def test_rfc3261_7_garbage_is_a_message_or_a_peer_error(data: bytes) -> None:
    look_at_everything(data)


@given(st.data())
def test_rfc3261_7_damaged_messages_are_a_message_or_a_peer_error(data: st.DataObject) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        cut = data.draw(st.integers(0, 3))
        raw[place : place + cut] = data.draw(st.binary(max_size=4))
        raw = raw or bytearray(b"x")
    look_at_everything(bytes(raw))


def attempt(reader: Callable[[Any], Any], given: Any) -> tuple[Any, int]:
    """What the reader made of it, or None and the status of its PeerError; any other exception is a failed test."""
    try:
        return reader(given), 0
    except PeerError as error:
        return None, error.status


def look_at_everything(data: bytes) -> None:
    """Parse and read every header of ours; nothing but PeerError may come out."""
    message, status = attempt(parse, data)
    assert status == 0 or 400 <= status <= 699
    if message is None:
        return
    for reader in READERS:
        _, status = attempt(reader, message)
        assert status == 0 or 400 <= status <= 699
    assert isinstance(message.to_bytes(), bytes)


def _judge(message: Message) -> None:
    if isinstance(message, Request):
        check_request(message)
        check_support(message, ())
    else:
        check_response(message)


READERS = (
    _judge,
    lambda m: [parse_via(value) for value in m.headers.list_of("Via")],
    lambda m: parse_contacts(m.headers),
    lambda m: parse_name_addr(m.headers.get("From")).uri,
    lambda m: parse_uri(m.uri) if isinstance(m, Request) else None,
    lambda m: (parts(m), sdp_of(m)),
)


@given(st.text(max_size=60))
def test_header_values_of_any_text_are_a_value_or_a_peer_error(text: str) -> None:
    for reader in (
        parse_name_addr,
        parse_via,
        parse_cseq,
        parse_params,
        parse_auth,
        parse_replaces,
        parse_reason,
        parse_uri,
        split_list,
        lambda value: parse_privacy(Headers([("Privacy", value)])),
    ):
        _, status = attempt(reader, text)
        assert status == 0 or 400 <= status <= 499


# -- framing ------------------------------------------------------------------------------------------------------


def pieces_of(slices: list[bytes], limits: Limits | None = None) -> tuple[list[Piece], str]:
    buffer = StreamBuffer(limits)
    found: list[Piece] = []
    try:
        for piece in slices:
            found += buffer.feed(piece)
        found += buffer.feed(b"")
    except PeerError as error:
        return found, error.reason
    return found, ""


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(
    st.lists(st.one_of(messages.map(lambda m: m.to_bytes()), st.just(b"\r\n\r\n")), max_size=4),
    st.lists(st.integers(0, 5000), max_size=6),
)
@settings(max_examples=60)
def test_rfc3261_18_3_however_sliced_the_same_messages_come_out(wire: list[bytes], places: list[int]) -> None:
    data = b"".join(wire)
    found, error = pieces_of(cut(data, places))
    assert error == ""
    assert [piece for piece in found if isinstance(piece, bytes)] == [piece for piece in wire if piece != b"\r\n\r\n"]
    assert sum(piece is KeepAlive.PING for piece in found) == wire.count(b"\r\n\r\n")


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: GOOD + tail)))
@settings(max_examples=80)
def test_rfc3261_18_3_garbage_a_byte_at_a_time_is_like_garbage_at_once(data: bytes) -> None:
    small = Limits(head=400, message=600)
    at_once = pieces_of([data], small)
    one_by_one = pieces_of([data[place : place + 1] for place in range(len(data))], small)
    assert at_once == one_by_one
    for piece in at_once[0]:
        if isinstance(piece, bytes):
            look_at_everything(piece)


# -- URIs and name-addrs ------------------------------------------------------------------------------------------

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
surrogates = st.binary(max_size=12).map(lambda b: b.decode("utf-8", "surrogateescape"))
decoded = st.one_of(any_text, surrogates, st.sampled_from(["*97#", "+4989123", "a@b", "100%", "\0", "a;b=c", "a:b"]))
hosts = st.sampled_from(["example.com", "192.0.2.1", "2001:db8::1", "a-b.example", "x"])
pairs = st.lists(st.tuples(decoded.filter(bool), st.one_of(st.none(), decoded)), max_size=3).map(tuple)
sip_uris = st.builds(
    SipUri,
    scheme=st.sampled_from(["sip", "sips"]),
    user=decoded.filter(bool),
    host=hosts,
    port=st.one_of(st.none(), st.integers(1, 65535)),
    params=pairs,
    headers=st.lists(st.tuples(decoded.filter(bool), decoded), max_size=2).map(tuple),
    password=st.one_of(st.none(), decoded),
)


@given(sip_uris)
def test_rfc3261_19_1_uris_round_trip(value: SipUri) -> None:
    text = str(value)
    assert parse_uri(text) == value
    assert text.isascii()
    assert value.same(parse_uri(text))


@given(st.text("0123456789+-.()*#", min_size=1, max_size=20), pairs)
def test_rfc3966_tel_uris_round_trip(number: str, params: tuple[tuple[str, str | None], ...]) -> None:
    value = TelUri(number, params)
    assert parse_uri(str(value)) == value


HOSTILE = (
    '<script>alert("x")</script>',
    '"; tag=x <sip:evil@example.net>',
    "=HYPERLINK(1)",
    "\u202egnp.exe",
    "a\\",
    '\\"',
    "\x00\x07\x7f",
    "ä" * 10_000,
    "%0d%0aVia: x",
)


@given(
    st.one_of(any_text, surrogates, st.sampled_from(HOSTILE)),
    sip_uris,
    st.lists(st.tuples(tokens, st.one_of(tokens, any_text.map(quote))), max_size=2),
)
def test_rfc3261_25_name_addrs_round_trip(display: str, target: SipUri, params: list[tuple[str, str]]) -> None:
    lowered = tuple((name.lower(), value.replace("\r", " ").replace("\n", " ")) for name, value in params)
    value = NameAddr(display.replace("\r", " ").replace("\n", " "), str(target), lowered)
    assert parse_name_addr(str(value)) == value
    message = Request("INVITE", "sip:x@example.com", Headers([("From", str(value))]))
    assert parse_name_addr(parse(message.to_bytes()).headers.get("From")) == value


@given(st.one_of(any_text, surrogates, st.sampled_from(HOSTILE)))
def test_rfc3261_25_quoted_strings_round_trip_and_stay_on_their_line(text: str) -> None:
    written = quote(text)
    assert "\r" not in written
    assert "\n" not in written
    assert unquote(written) == text.replace("\r", " ").replace("\n", " ")


@given(tokens, any_text)
def test_other_schemes_are_kept(scheme: str, rest: str) -> None:
    try:
        value = parse_uri(f"{scheme}:{rest}")
    except PeerError:
        return
    if isinstance(value, OtherUri):
        assert str(value) == f"{scheme.lower()}:{rest}"
