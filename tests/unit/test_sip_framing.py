"""Streams (RFC 3261 section 18.3) and keep-alives (RFC 5626 section 3.5.1)."""

import pytest

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.framing import PING, PONG, Limits, StreamBuffer
from vorzimmer.sip.message import MessageError

HEAD = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bK1\r\n"
ONE = HEAD + b"Content-Length: 3\r\n\r\nabc"
TWO = HEAD + b"l : 0\r\n\r\n"


def failing(buffer: StreamBuffer, data: bytes) -> PeerError:
    with pytest.raises(PeerError) as caught:
        buffer.feed(data)
    assert buffer.failure is caught.value
    return caught.value


def test_messages_are_cut_by_content_length() -> None:
    buffer = StreamBuffer()
    assert buffer.feed(ONE + TWO + ONE[:-1]) == [ONE, TWO]
    assert buffer.feed(b"c") == [ONE]


def test_no_content_length_is_no_body() -> None:
    assert StreamBuffer().feed(HEAD + b"\r\n" + ONE) == [HEAD + b"\r\n", ONE]


def test_rfc5626_4_4_1_ping_between_messages() -> None:
    buffer = StreamBuffer()
    assert buffer.feed(b"\r\n\r\n" + ONE + b"\r\n") == [PING, ONE]
    assert buffer.feed(b"\r") == []
    assert buffer.feed(b"\n") == [PING]


def test_rfc5626_4_4_1_pong_to_a_client_at_once() -> None:
    buffer = StreamBuffer(client=True)
    assert buffer.feed(b"\r\n") == [PONG]
    assert buffer.feed(b"\r\n\r\n" + ONE) == [PONG, PONG, ONE]


def test_rfc3261_7_5_a_line_end_in_front_of_a_message_is_read_over() -> None:
    assert StreamBuffer().feed(b"\r\n" + ONE) == [PONG, ONE]
    assert StreamBuffer().feed(b"\n" + ONE) == [PONG, ONE]


def test_a_body_over_the_limit_is_413_and_answerable() -> None:
    error = failing(StreamBuffer(Limits(message=200)), HEAD + b"Content-Length: 500\r\n\r\n")
    assert (error.status, error.answerable) == (413, True)
    assert isinstance(error, MessageError)
    assert error.partial is not None


def test_a_header_section_without_end_is_513() -> None:
    buffer = StreamBuffer(Limits(head=300))
    assert buffer.feed(HEAD) == []
    error = failing(buffer, b"X: " + b"y" * 300)
    assert (error.status, error.answerable) == (513, True)
    assert not failing(StreamBuffer(Limits(head=10)), b"\0" * 11).answerable


def test_a_head_over_the_limit_is_refused_even_when_it_comes_whole() -> None:
    assert failing(StreamBuffer(Limits(head=60)), ONE).status == 513


def test_too_many_header_lines_are_513() -> None:
    assert failing(StreamBuffer(Limits(lines=5)), HEAD + b"X: y\r\n" * 10 + b"\r\n").status == 513


@pytest.mark.parametrize("value", [b"-1", b"x", b"1, 1", b"", b"99999999999"])
def test_a_bad_content_length_ends_the_stream(value: bytes) -> None:
    error = failing(StreamBuffer(), HEAD + b"Content-Length: " + value + b"\r\n\r\n")
    assert (error.status, error.answerable) == (400, True)


def test_two_different_content_lengths_end_the_stream() -> None:
    assert failing(StreamBuffer(), HEAD + b"Content-Length: 1\r\nl: 2\r\n\r\nab").status == 400


def test_what_was_whole_before_the_error_is_not_lost() -> None:
    buffer = StreamBuffer()
    assert buffer.feed(ONE + HEAD + b"l: -1\r\n\r\n") == [ONE]
    assert buffer.failure is not None
    assert failing(buffer, ONE).status == 400


def test_a_byte_at_a_time_costs_linear_time() -> None:
    long = HEAD + b"X: " + b"y" * 15_000 + b"\r\nl: 0\r\n\r\n"
    buffer = StreamBuffer()
    pieces = [piece for place in range(len(long)) for piece in buffer.feed(long[place : place + 1])]
    assert pieces == [long]
