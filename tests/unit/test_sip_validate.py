"""What makes a request unfit (RFC 3261 sections 8.1.1 and 8.2)."""

import pytest

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.message import Headers, Request, Response
from vorzimmer.sip.validate import RefusedError, accepts, check_request, check_response, check_support

GOOD = (
    ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa"),
    ("From", "<sip:a@b>;tag=1"),
    ("To", "<sip:c@d>"),
    ("Call-ID", "1"),
    ("CSeq", "1 INVITE"),
    ("Max-Forwards", "70"),
)


def request(
    *extra: tuple[str, str], without: str = "", uri: str = "sip:c@d", method: str = "INVITE", body: bytes = b""
) -> Request:
    pairs = [(name, value) for name, value in GOOD if name != without]
    return Request(method, uri, Headers([*pairs, *extra]), body)


def refusal(request_: Request) -> PeerError:
    with pytest.raises(PeerError) as caught:
        check_request(request_)
    return caught.value


def test_a_good_request_passes() -> None:
    check_request(request())
    check_request(request(without="Max-Forwards"))
    check_request(request(uri="tel:+4989"))
    check_request(request(("Contact", "<sip:a@192.0.2.1>"), ("Record-Route", "<sip:p;lr>, <sip:q;lr>")))


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_rfc3261_8_1_1_mandatory_headers(name: str) -> None:
    error = refusal(request(without=name))
    assert (error.status, error.answerable) == (400, name != "Via")


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq", "Max-Forwards"])
def test_rfc4475_3_3_8_single_headers_twice(name: str) -> None:
    assert refusal(request((name, dict(GOOD)[name]))).status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Via", "garbage"),
        ("From", "Bell, A <sip:a@b>"),
        ("To", "<sip:c@d"),
        ("From", "<sip:a@b:0>"),
        ("Call-ID", "a b"),
        ("CSeq", "1 BYE"),
        ("CSeq", "4294967296 INVITE"),
        ("Max-Forwards", "256"),
        ("Max-Forwards", "-1"),
    ],
)
def test_bad_values(name: str, value: str) -> None:
    assert refusal(request((name, value), without=name)).status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Contact", ", ".join(["<sip:a@b>"] * 101)),
        ("Route", ", ".join(["<sip:a@b;lr>"] * 101)),
        ("Via", ", ".join(["SIP/2.0/UDP x"] * 100)),
        ("Contact", "*"),
        ("Contact", "<sip:a@b:x>"),
        ("Record-Route", "x"),
        ("Route", "<sip:a@>"),
    ],
)
def test_bad_addresses(name: str, value: str) -> None:
    assert refusal(request((name, value))).status == 400


def test_contact_star_is_for_register() -> None:
    check_request(Request("REGISTER", "sip:d", Headers([*GOOD[:4], ("CSeq", "1 REGISTER"), ("Contact", "*")])))


@pytest.mark.parametrize(
    ("uri", "status"),
    [("isbn:1", 416), ("sip:a@b?x=y", 400), ("<sip:a@b>", 400), ("sip:", 400), ("sip:" + "a" * 9000, 414)],
)
def test_request_uris(uri: str, status: int) -> None:
    assert refusal(request(uri=uri)).status == status


def test_rfc3261_20_15_a_body_needs_a_type() -> None:
    assert refusal(request(body=b"x")).status == 400


def test_rfc3261_8_2_2_3_require() -> None:
    with pytest.raises(RefusedError) as caught:
        check_support(request(("Require", "replaces, 100REL"), ("Require", "foo")), ("replaces",))
    assert (caught.value.status, caught.value.extra) == (420, (("Unsupported", "100REL, foo"),))
    check_support(request(("Require", "Replaces")), ("replaces",))
    check_support(request(("Require", "foo"), method="CANCEL"), ())
    check_support(request(("Require", "foo"), method="ACK"), ())


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ((("Content-Type", "text/plain"),), 415),
        ((("Content-Type", "application/sdp"), ("Content-Encoding", "gzip")), 415),
        ((("Content-Type", "application/sdp"), ("Accept", "text/plain")), 406),
        ((("Content-Type", "application/sdp"), ("Accept", "text/plain, application/*;q=0.1")), 0),
        ((("Content-Type", "text/plain"), ("Content-Disposition", "x;handling=optional")), 0),
        ((("Content-Type", "application/sdp"), ("Content-Encoding", "identity")), 0),
    ],
)
def test_rfc3261_8_2_3_bodies(extra: tuple[tuple[str, str], ...], status: int) -> None:
    found = 0
    try:
        check_support(request(*extra, body=b"v=0"), ())
    except RefusedError as error:
        found = error.status
    assert found == status


def test_rfc3261_8_2_3_only_session_bodies_are_judged_here() -> None:
    check_support(request(("Content-Type", "text/plain"), method="MESSAGE", body=b"hi"), ())


def test_rfc3261_20_1_accept() -> None:
    assert accepts(Headers(), "application/sdp")
    assert accepts(Headers([("Accept", "*/*")]), "application/sdp")
    assert not accepts(Headers([("Accept", "")]), "application/sdp")


@pytest.mark.parametrize(("name", "value"), [("CSeq", "4294967296 INVITE"), ("Via", "x"), ("To", "<"), ("Call-ID", "")])
def test_bad_responses_are_never_answered(name: str, value: str) -> None:
    pairs = [(key, value if key == name else old) for key, old in GOOD]
    with pytest.raises(PeerError) as caught:
        check_response(Response(200, "OK", Headers(pairs)))
    assert not caught.value.answerable
    check_response(Response(200, "OK", Headers(GOOD)))
