"""Reading and writing SDP as phones spell it (RFC 8866)."""

import pytest

from vorzimmer.kernel.errors import LocalError, PeerError
from vorzimmer.sdp.message import Attribute, Connection, Line, Media, Origin, Session, value_of, values_of
from vorzimmer.sdp.parse import MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_MEDIA, number, parse
from vorzimmer.sdp.write import write

PHONE = (
    "v=0\r\no=bea 29739 7272939 IN IP4 192.0.2.3\r\ns=Anruf\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n"
    "a=tool:phone\r\nm=audio 49217 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)
HEAD = "v=0\no=- 1 1 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.4\n"


def test_rfc8866_5_a_phones_description_is_read_and_written_back() -> None:
    session = parse(PHONE.encode())
    assert session.origin == Origin("bea", "29739", "7272939", "IP4", "192.0.2.3")
    assert session.connection == Connection("IP4", "192.0.2.4")
    assert session.media[0].formats == ("8", "0", "101")
    assert value_of(session.media[0].attributes, "rtpmap") == "101 telephone-event/8000"
    assert write(session) == PHONE.encode()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\r\n\r\n"])
def test_rfc8866_9_any_line_end_is_read(end: str) -> None:
    assert parse(PHONE.replace("\r\n", end).encode()) == parse(PHONE.encode())


def test_rfc8866_5_9_a_missing_time_line_reads_as_always() -> None:
    assert parse(HEAD.encode()).timing == ("0 0",)
    assert b"t=0 0\r\n" in write(parse(HEAD.encode()))


def test_rfc8866_5_a_missing_name_and_a_strange_order_are_forgiven() -> None:
    session = parse(b"v=0\nt=0 0\nc=IN IP4 192.0.2.4\no=- 1 1 IN IP4 192.0.2.3\n")
    assert session.name == "-"
    assert write(session).startswith(b"v=0\r\no=- 1 1 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n")


def test_rfc8866_5_unknown_lines_are_kept_in_place() -> None:
    session = parse(f"{HEAD}b=AS:80\nQ=what\nm=audio 9 RTP/AVP 0\ni=mic\ny=old\n".encode())
    assert session.lines == (Line("b", "AS:80"), Line("Q", "what"))
    assert session.media[0].lines == (Line("i", "mic"), Line("y", "old"))
    assert parse(write(session)) == session


def test_rfc8866_5_7_connection_at_media_level_with_ipv6() -> None:
    text = "v=0\no=- 1 1 IN IP6 2001:db8::1\ns=-\nm=audio 9 RTP/AVP 0\nc=IN IP6 2001:db8::2\n"
    session = parse(text.encode())
    assert session.connection is None
    assert session.media[0].connection == Connection("IP6", "2001:db8::2")


def test_rfc8866_5_7_a_multicast_ttl_is_set_aside() -> None:
    assert parse(HEAD.replace("192.0.2.4", "224.2.36.42/127").encode()).connection == Connection("IP4", "224.2.36.42")


def test_rfc8866_5_14_port_counts_and_formats_of_other_kinds() -> None:
    session = parse(f"{HEAD}m=audio 49170/2 RTP/AVP 31\nm=image 4000 udptl t38\n".encode())
    assert (session.media[0].port, session.media[0].count) == (49170, 2)
    assert session.media[1] == Media("image", 4000, "udptl", ("t38",))


def test_rfc8866_5_13_bare_empty_and_repeated_attributes() -> None:
    session = parse(f"{HEAD}a=sendonly\na=x:\na=y:1\na=y:2:3\n".encode())
    assert session.attributes[:2] == (Attribute("sendonly"), Attribute("x", ""))
    assert values_of(session.attributes, "y") == ("1", "2:3")
    assert value_of(session.attributes, "z") is None


def test_rfc8866_5_bytes_that_are_not_utf8_come_back_as_they_were() -> None:
    raw = HEAD.encode().replace(b"s=-", b"s=M\xfcller")
    assert b"s=M\xfcller\r\n" in write(parse(raw))


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\r\n",
        b"hello",
        b"v=1\r\no=- 1 1 IN IP4 1.2.3.4",
        b"v=0\r\ns=-",
        b"v=0\r\no=- 1 1 IN IP4",
        HEAD.encode() + b"m=audio\n",
        HEAD.encode() + b"m=audio 9 RTP/AVP \xff\n",
        HEAD.encode() + b"m=audio 9 RTP/AVP \x1b[31m\n",
        HEAD.encode() + b"m=audio x RTP/AVP 0\n",
        HEAD.encode() + b"m=audio -1 RTP/AVP 0\n",
        HEAD.encode() + b"m=audio 65536 RTP/AVP 0\n",
        HEAD.encode() + b"m=audio 9/x RTP/AVP 0\n",
        HEAD.encode() + b"no line\n",
        HEAD.encode() + b"a=\0\n",
        HEAD.encode().replace(b"c=IN IP4 192.0.2.4", b"c=IN IP4"),
    ],
)
def test_rfc8866_garbage_is_a_400(garbage: bytes) -> None:
    with pytest.raises(PeerError) as caught:
        parse(garbage)
    assert caught.value.status == 400


@pytest.mark.parametrize("network", ["c=ATM NSAP 47.00", "c=IN E164 49301"])
def test_rfc8866_5_7_other_networks_are_a_488(network: str) -> None:
    with pytest.raises(PeerError) as caught:
        parse(HEAD.replace("c=IN IP4 192.0.2.4", network).encode())
    assert caught.value.status == 488


@pytest.mark.parametrize(
    "more",
    [
        "a=" + "x" * MAX_BYTES,
        "a=x\n" * (MAX_LINES + 1),
        "m=audio 9 RTP/AVP 0\n" * (MAX_MEDIA + 1),
        "m=audio 9 RTP/AVP" + " 0" * (MAX_FORMATS + 1),
    ],
)
def test_hostile_sizes_are_refused(more: str) -> None:
    with pytest.raises(PeerError):
        parse((HEAD + more).encode())


def test_numbers_are_plain_ascii_digits() -> None:
    assert number("65535", 65_535) == 65_535
    for bad in ("", "+1", " 1", "١", "9" * 5000, "²"):
        with pytest.raises(PeerError):
            number(bad, 65_535)


def test_a_value_never_breaks_out_of_its_line() -> None:
    with pytest.raises(LocalError):
        write(Session(Origin("-", "1", "1", "IP4", "192.0.2.1"), name="x\r\na=evil"))
