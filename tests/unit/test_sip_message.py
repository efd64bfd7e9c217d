"""Messages, headers and bodies (RFC 3261 section 7), one rule at a time."""

import pytest

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.content import MAX_PARTS, parse_media_type, parts, sdp_of
from vorzimmer.sip.message import MAX_HEADER_LINES, Headers, MessageError, Request, Response, parse


def raw(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


START = "OPTIONS sip:a@example.com SIP/2.0"
VIA = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa"


def read(*lines: str, body: bytes = b"") -> Request:
    message = parse(raw(START, VIA, *lines, body=body))
    assert isinstance(message, Request)
    return message


def refused(data: bytes) -> MessageError:
    with pytest.raises(MessageError) as caught:
        parse(data)
    return caught.value


def test_rfc3261_7_3_3_compact_names_are_the_long_ones() -> None:
    headers = read(
        "f: <sip:x@y>", "T : <sip:z@y>", "i: 1", "m: *", "l: 0", "k: a, b", "x: 90", "r: <sip:q@y>", "b: <sip:w@y>"
    ).headers
    for name in (
        "From",
        "To",
        "Call-ID",
        "Contact",
        "Content-Length",
        "Supported",
        "Session-Expires",
        "Refer-To",
        "Referred-By",
    ):
        assert name in headers
    assert headers.get("CALL-ID") == headers.get("i") == "1"
    assert headers.list_of("supported") == ["a", "b"]


def test_rfc3261_7_3_1_folding_and_repeated_lines() -> None:
    headers = read("Route: <sip:a;lr>,", "\t<sip:b;lr>", 'ROUTE: "x, y" <sip:c,d>', "Subject: one", "  two").headers
    assert headers.list_of("Route") == ["<sip:a;lr>", "<sip:b;lr>", '"x, y" <sip:c,d>']
    assert headers.get_all("Route") == ["<sip:a;lr>, <sip:b;lr>", '"x, y" <sip:c,d>']
    assert headers.get("Subject") == "one two"


def test_headers_are_an_ordered_map_of_lines() -> None:
    headers = Headers([("via", "1"), ("From", "f"), ("Via", "2")])
    headers.prepend("VIA", "0")
    headers.add("x-new", "n")
    assert headers.get_all("Via") == ["0", "1", "2"]
    headers.set("v", "only")
    assert list(headers) == [("Via", "only"), ("From", "f"), ("X-New", "n")]
    copy = headers.copy()
    copy.remove("From")
    assert "From" in headers
    assert "from" not in copy
    assert 7 not in headers
    headers.prepend("Route", "r")
    assert next(iter(headers)) == ("Route", "r")
    assert headers.get("Missing", "d") == "d"


def test_bytes_that_are_not_utf8_are_kept() -> None:
    data = raw(START, VIA, "Subject: \udcff\udcfe ä")
    message = parse(data)
    assert b"Subject: \xff\xfe \xc3\xa4\r\n" in message.to_bytes()


def test_content_length_is_written_from_the_body_whatever_was_said() -> None:
    message = Response(200, "OK", Headers([("Content-Length", "99"), ("Via", "x")]), b"abc")
    assert message.to_bytes() == b"SIP/2.0 200 OK\r\nVia: x\r\nContent-Length: 3\r\n\r\nabc"


def test_no_value_smuggles_in_a_header_line() -> None:
    message = Request("INFO", "sip:a@b", Headers([("Subject", "x\r\nContact: <sip:evil>"), ("X", "a\rb")]))
    read_back = parse(message.to_bytes())
    assert "Contact" not in read_back.headers
    assert read_back.headers.get("X") == "a b"


def test_a_bare_cr_inside_a_value_is_a_blank() -> None:
    assert read("Subject: a\rb").headers.get("Subject") == "a b"


def test_bare_line_feeds_and_leading_empty_lines_are_read() -> None:
    message = parse(b"\r\n\r\n" + raw(START, VIA, body=b"xy").replace(b"\r\n", b"\n"))
    assert isinstance(message, Request)
    assert (message.method, message.body) == ("OPTIONS", b"xy")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("OPTIONS sip:a@b SIP/3.0", VIA), 505),
        (("OPTIONS sip:a@b", VIA), 400),
        (("OPTIONS  sip:a@b SIP/2.0", VIA), 400),
        (("OPT IONS sip:a@b SIP/2.0", VIA), 400),
        (("OPT(IONS sip:a@b SIP/2.0", VIA), 400),
        (("OPTIONS sip:a\t@b SIP/2.0", VIA), 400),
        (("OPTIONS sip:a\r@b SIP/2.0", VIA), 400),
        ((START, VIA, "no colon here"), 400),
        ((START, VIA, "Bad Name: x"), 400),
        ((START, VIA, ": x"), 400),
        ((START, VIA, "Content-Length: 5"), 400),
        ((START, VIA, "Content-Length: 0", "l: 1"), 400),
        ((START, VIA, *(f"X-{n}: y" for n in range(MAX_HEADER_LINES))), 400),
        ((START, " folded: without a line before"), 400),
    ],
)
def test_rfc3261_7_what_is_no_request(lines: tuple[str, ...], status: int) -> None:
    assert refused(raw(*lines)).status == status


def test_answerable_is_a_request_whose_via_can_be_read() -> None:
    error = refused(raw("OPTIONS sip:a@b SIP/3.0", VIA, "Call-ID: 7"))
    assert error.answerable
    assert error.partial is not None
    assert error.partial.headers.get("Call-ID") == "7"
    for data in (
        raw("OPTIONS sip:a@b SIP/3.0"),
        raw("ACK sip:a@b SIP/3.0", VIA),
        b"",
        b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0" * 50,
    ):
        assert not refused(data).answerable


@pytest.mark.parametrize(
    "start",
    [
        "SIP/2.0 99 x",
        "SIP/2.0 700 x",
        "SIP/2.0 20 x",
        "SIP/2.0 ２００ x",
        "SIP/2.0",
        "SIP/2.0 4294967301 x",
        "SIP/1.0 200 x",
    ],
)
def test_rfc3261_7_2_a_bad_response_is_dropped(start: str) -> None:
    assert not refused(raw(start, VIA)).answerable


def test_rfc3261_7_2_reason_phrases_may_be_empty_or_missing() -> None:
    for start, reason in (
        ("SIP/2.0 180 ", ""),
        ("SIP/2.0 180", ""),
        ("sip/2.0 180 Ringing in Köln", "Ringing in Köln"),
    ):
        message = parse(raw(start, VIA))
        assert isinstance(message, Response)
        assert (message.status, message.reason) == (180, reason)


def test_a_truncated_message_is_refused() -> None:
    whole = raw(START, VIA)
    assert refused(whole[:-2]).status == 400
    assert refused(whole[:20]).status == 400
    assert not refused(raw("SIP/2.0 200 OK", VIA)[:-2]).answerable


# -- bodies -------------------------------------------------------------------------------------------------------


def multipart(*chunks: str, kind: str = "multipart/mixed;boundary=b") -> Request:
    body = "".join(f"--b\r\n{chunk}\r\n" for chunk in chunks) + "--b--\r\ntrailer"
    return Request("INVITE", "sip:a@b", Headers([("Content-Type", kind)]), body.encode())


def test_rfc5621_the_sdp_is_found_in_a_multipart_body() -> None:
    request = multipart("Content-Type: text/plain\r\n\r\nhello", "Content-Type: application/SDP\r\n\r\nv=0\r\n")
    assert sdp_of(request) == b"v=0\r\n"
    assert [part.type.name for part in parts(request)] == ["text/plain", "application/sdp"]


def test_rfc5621_8_1_the_sdp_of_something_else_is_not_the_session() -> None:
    request = multipart(
        "Content-Type: application/sdp\r\nContent-Disposition: early-session\r\n\r\nv=1",
        "Content-Type: application/sdp\r\nContent-Disposition: session;handling=optional\r\n\r\nv=2",
    )
    assert sdp_of(request) == b"v=2"
    assert [part.optional for part in parts(request)] == [False, True]


def test_a_plain_body_and_none_at_all() -> None:
    assert sdp_of(Request("INVITE", "sip:a@b", Headers([("c", "application / sdp; x=y")]), b"v=0")) == b"v=0"
    assert sdp_of(Request("INVITE", "sip:a@b")) is None
    assert sdp_of(Request("INVITE", "sip:a@b", Headers([("c", "text/plain")]), b"v=0")) is None


def test_a_part_without_headers_is_octets() -> None:
    assert parts(multipart("\r\ntext"))[0].type.name == "application/octet-stream"


@pytest.mark.parametrize(
    "request_",
    [
        multipart("\r\nx", kind="multipart/mixed"),
        multipart("\r\nx", kind="multipart/mixed;boundary=other"),
        multipart("\r\nx", kind="garbage"),
        multipart(*(["\r\nx"] * MAX_PARTS)),
        multipart("bad header\r\n\r\nx"),
        multipart("Content-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\n\r\nx"),
    ],
)
def test_broken_multiparts_are_peer_errors(request_: Request) -> None:
    with pytest.raises(PeerError):
        parts(request_)


def test_rfc2046_5_1_nesting_ends_somewhere() -> None:
    inner = "Content-Type: text/plain\r\n\r\nx"
    for depth in range(5):
        inner = f"Content-Type: multipart/mixed;boundary=i{depth}\r\n\r\n--i{depth}\r\n{inner}\r\n--i{depth}--"
    with pytest.raises(PeerError):
        parts(multipart(inner))


def test_media_types() -> None:
    assert parse_media_type('Application/SDP ; charset="utf-8"').get("charset") == "utf-8"
    for bad in ("", "text", "text/", "a b/c"):
        with pytest.raises(PeerError):
            parse_media_type(bad)
