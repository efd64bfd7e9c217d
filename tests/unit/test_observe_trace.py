"""Traces (ARCHITECTURE decision 8): bounded, in order, drawn, readable by capture tools, and without any secret."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.observe.tracing import hep
from vorzimmer.observe.tracing.pcap import Datagram, capture
from vorzimmer.observe.tracing.redact import redacted
from vorzimmer.observe.tracing.ring import CALL_BYTES, Decision, Limits, Message, Ring, call_id_of
from vorzimmer.observe.tracing.view import View
from vorzimmer.routing.model import Because
from vorzimmer.sip.flow import Flow

PHONE, OTHER, US = Address("192.0.2.10", 5070), Address("192.0.2.20", 5080), Address("192.0.2.1", 5060)
LEFT, RIGHT = Flow("udp", US, PHONE), Flow("tcp", US, OTHER, 3)
DIGEST = (
    'Digest username="anna", realm="vorzimmer", nonce="n0", uri="sip:102@x", response="0123abcd", cnonce="zzz", nc=1'
)


def sip(line: str, *headers: str, body: str = "", call: str = "c1") -> bytes:
    method = "INVITE" if line.startswith("SIP/2.0") else line.split(maxsplit=1)[0]
    head = "".join(f"{header}\r\n" for header in (f"Call-ID: {call}", f"CSeq: 1 {method}", *headers))
    return f"{line}\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


SECRETS = [
    (sip("INVITE sip:102@x SIP/2.0", f"Authorization: {DIGEST}"), b"0123abcd"),
    (sip("INVITE sip:102@x SIP/2.0", f"Authorization: {DIGEST}"), b"zzz"),
    (sip("REGISTER sip:x SIP/2.0", "Proxy-Authorization: Digest a=b,\r\n response=0123abcd"), b"0123abcd"),
    (sip("REGISTER sip:x SIP/2.0", "AUTHORIZATION : Bearer tokentoken"), b"tokentoken"),
    (sip("SIP/2.0 200 OK", 'Authentication-Info: rspauth="feedbeef"'), b"feedbeef"),
    (sip("SIP/2.0 200 OK", "Cookie: session=hushhush"), b"hushhush"),
    (sip("INVITE sip:*861234@x SIP/2.0"), b"1234"),
    (sip("INVITE sip:%2386991234@x SIP/2.0", "To: <sip:%2386991234@x>"), b"991234"),
    (
        sip("INVITE sip:1@x SIP/2.0", "Content-Type: application/sdp", body="a=crypto:1 AES inline:KEYKEY\r\n"),
        b"KEYKEY",
    ),
    (sip("INVITE sip:1@x SIP/2.0", "c: application/sdp", body="v=0\r\nk=clear:hushhush\r\n"), b"hushhush"),
    (sip("INFO sip:1@x SIP/2.0", "Content-Type: application/dtmf-relay", body="Signal=7\r\n"), b"7"),
    (sip("MESSAGE sip:1@x SIP/2.0", "Content-Type: text/plain", body="the PIN is 4711"), b"4711"),
    (sip("INFO sip:1@x SIP/2.0", body="4711"), b"4711"),
    (b"nonsense 4711", b"4711"),
]


@pytest.mark.parametrize(("message", "secret"), SECRETS)
def test_decision_8_secrets_never_leave_and_lengths_stay(message: bytes, secret: bytes) -> None:
    assert secret in message
    shown = redacted(message)
    assert secret not in shown
    assert len(shown) == len(message)


def test_what_is_no_secret_stays_readable() -> None:
    plain = sip("INVITE sip:102@x SIP/2.0", "From: <sip:*23@x>", body="v=0\r\na=sendonly\r\n")
    with_kind = plain.replace(b"CSeq", b"Content-Type: application/sdp\r\nCSeq")
    assert redacted(with_kind) == with_kind
    shown = redacted(sip("INVITE sip:102@x SIP/2.0", f"Authorization: {DIGEST}"))
    assert b'Digest username="anna", realm="vorzimmer", nonce="n0", uri="sip:102@x", ' in shown


@given(st.binary(max_size=300), st.sampled_from([m for m, _ in SECRETS]), st.integers(0, 200))
def test_redaction_of_garbage_never_raises_or_changes_a_length(noise: bytes, message: bytes, at: int) -> None:
    broken = message[:at] + noise + message[at:]
    assert len(redacted(broken)) == len(broken)
    assert len(redacted(noise)) == len(noise)


def test_a_call_id_is_found_in_every_form() -> None:
    assert call_id_of(sip("INVITE sip:1@x SIP/2.0", call="abc@1")) == "abc@1"
    assert call_id_of(b"INVITE sip:1@x SIP/2.0\r\ni :  short\r\n\r\n") == "short"
    assert call_id_of(b"INVITE sip:1@x SIP/2.0\r\nCALL-ID:up\r\n\r\n") == "up"
    assert call_id_of(b"\r\n\r\n") == ""


def test_both_legs_and_the_decision_are_one_trace_in_order_of_time() -> None:
    ring = Ring()
    ring.message(Message(1.0, sip("INVITE sip:102@x SIP/2.0"), LEFT, sent=False))
    ring.leg("call", "c1")
    ring.decision("call", Decision(1.1, (Because("ringing", "ring.user"),)))
    ring.message(Message(1.2, sip("INVITE sip:carl@y SIP/2.0", call="c2"), RIGHT, sent=True))
    ring.leg("call", "c2")
    ring.message(Message(1.3, sip("SIP/2.0 180 Ringing", call="c2"), RIGHT, sent=False))
    trace = ring.of("call")
    assert trace is not None
    lines = View(trace, lambda because: f"because {because.key}", 0.0).lines()
    assert [line.split()[0] for line in lines[1:]] == ["0.000", "0.100", "0.200", "0.300"]
    assert lines[0].split() == [f"udp:{PHONE}", "Vorzimmer", f"tcp:{OTHER}"]
    assert "INVITE 102@x" in lines[1]
    assert lines[1].rstrip().endswith(">|") or ">" in lines[1]
    assert "* because ring.user" in lines[2]
    assert "180 Ringing (INVITE)" in lines[4]
    assert ring.of("c2") is trace


def test_after_a_transfer_the_dialog_speaks_for_its_new_call() -> None:
    ring = Ring()
    ring.message(Message(1.0, sip("INVITE sip:1@x SIP/2.0"), LEFT, sent=False))
    ring.leg("one", "c1")
    ring.leg("two", "c1")
    ring.message(Message(2.0, sip("BYE sip:1@x SIP/2.0"), LEFT, sent=False))
    one, two = ring.of("one"), ring.of("two")
    assert one is not None
    assert two is not None
    assert [entry.at for entry in one.entries()] == [1.0]
    assert [entry.at for entry in two.entries()] == [2.0]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6000), st.booleans()), max_size=200))
def test_no_trace_and_no_ring_grows_over_its_limit(packets: list[tuple[int, int, bool]]) -> None:
    limits = Limits(calls=100_000, others=20_000)
    ring = Ring(limits)
    for at, (number, size, linked) in enumerate(packets):
        ring.message(
            Message(float(at), sip("INVITE sip:1@x SIP/2.0", body="x" * size, call=f"c{number}"), LEFT, sent=True)
        )
        if linked:
            ring.leg(f"call{number % 7}", f"c{number}")
        assert ring.size <= limits.calls + limits.others
        for name in range(7):
            trace = ring.of(f"call{name}")
            if trace is not None:
                assert trace.size <= CALL_BYTES
                assert [e.at for e in trace.entries()] == sorted(e.at for e in trace.entries())


def test_a_long_call_keeps_its_beginning_and_its_newest_and_says_what_is_missing() -> None:
    ring = Ring()
    ring.leg("call", "c1")
    for at in range(100):
        ring.message(Message(float(at), sip("INFO sip:1@x SIP/2.0", body="x" * 500), LEFT, sent=True))
    trace = ring.of("call")
    assert trace is not None
    times = [entry.at for entry in trace.entries()]
    assert times[0] == 0.0
    assert times[-1] == 99.0
    assert trace.lost == 100 - len(times)
    assert View(trace, str, 0.0).lines()[-1] == f"{trace.lost} messages in between were not kept"


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.mark.parametrize("data", [b"even", b"odd"])
def test_a_capture_file_holds_whole_datagrams_with_their_ends_and_times(data: bytes) -> None:
    six = Address("2001:db8::1", 5061)
    file = capture([Datagram(1.5, PHONE, US, data), Datagram(2.25, six, US, data * 2)])
    assert file[:4] == bytes.fromhex("d4c3b2a1")
    assert struct.unpack("<I", file[20:24]) == (101,)
    seconds, micros, length, _ = struct.unpack("<IIII", file[24:40])
    assert (seconds, micros) == (1, 500_000)
    four = file[40 : 40 + length]
    assert four[12:20] == ip_address(PHONE.host).packed + ip_address(US.host).packed
    assert checksum(four[:20]) == 0xFFFF
    assert struct.unpack("!HH", four[20:24]) == (PHONE.port, US.port)
    assert four[28:] == data
    at = 40 + length
    seconds, micros, length, _ = struct.unpack("<IIII", file[at : at + 16])
    assert (seconds, micros) == (2, 250_000)
    packet = file[at + 16 :]
    assert len(packet) == length
    assert packet[0] >> 4 == 6
    udp = packet[40:]
    whole = packet[8:40] + struct.pack("!II", len(udp), 17) + udp
    assert checksum(whole + b"\0" * (len(whole) % 2)) == 0xFFFF
    assert udp[8:] == data * 2


def test_hep3_chunks_say_who_when_and_what() -> None:
    packet = hep.packet(Datagram(1.5, PHONE, US, b"INVITE"), agent=7, reliable=False, correlation="c1")
    assert packet[:4] == b"HEP3"
    assert struct.unpack("!H", packet[4:6]) == (len(packet),)
    chunks, at = {}, 6
    while at < len(packet):
        vendor, kind, length = struct.unpack("!HHH", packet[at : at + 6])
        assert vendor == 0
        chunks[kind] = packet[at + 6 : at + length]
        at += length
    assert chunks[3] == ip_address(PHONE.host).packed
    assert chunks[4] == ip_address(US.host).packed
    assert struct.unpack("!HH", chunks[7] + chunks[8]) == (PHONE.port, US.port)
    assert struct.unpack("!II", chunks[9] + chunks[10]) == (1, 500_000)
    assert (chunks[1], chunks[2], chunks[11]) == (b"\x02", b"\x11", b"\x01")
    assert (chunks[12], chunks[15], chunks[17]) == (b"\0\0\0\x07", b"INVITE", b"c1")
