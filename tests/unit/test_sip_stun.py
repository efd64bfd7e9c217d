"""STUN Binding on the SIP port (RFC 5389, RFC 5626 section 8; the vectors of RFC 5769)."""

from ipaddress import IPv4Address, IPv6Address
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.stun import answer, is_stun
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.peer import OURS, THEIRS

COOKIE = bytes.fromhex("2112a442")
RFC5769 = bytes.fromhex("b7e7a701bc34d686fa87dfae")


def binding(attributes: bytes = b"", kind: int = 1, transaction: bytes = RFC5769) -> bytes:
    return pack("!HH", kind, len(attributes)) + COOKIE + transaction + attributes


def test_rfc5769_2_2_the_published_ipv4_mapping() -> None:
    found = answer(binding(), Address("192.0.2.1", 32853))
    assert found == pack("!HH", 0x0101, 12) + COOKIE + RFC5769 + bytes.fromhex("002000080001a147e112a643")


def test_rfc5769_2_3_the_published_ipv6_mapping() -> None:
    found = answer(binding(), Address("2001:db8:1234:5678:11:2233:4455:6677", 32853))
    assert found.endswith(bytes.fromhex("002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"))


def test_rfc5389_7_3_1_unknown_attributes_are_420_and_named() -> None:
    found = answer(binding(pack("!HHI", 0x0003, 4, 6) + pack("!HHI", 0x8022, 4, 6)), THEIRS)
    assert found[:2] == b"\x01\x11"
    assert b"\x04\x14Unknown Attribute" in found
    assert found.endswith(b"\x00\x0a\x00\x02\x00\x03\x00\x00")
    assert len(found) == 20 + int.from_bytes(found[2:4], "big")


def test_rfc5389_optional_and_proving_attributes_are_read_over() -> None:
    attributes = pack("!HH", 0x8022, 3) + b"abc\0" + pack("!HH", 0x0006, 1) + b"u\0\0\0"
    assert answer(binding(attributes), THEIRS)[:2] == b"\x01\x01"


@pytest.mark.parametrize(
    "data",
    [
        binding(kind=0x0011),  # an indication
        binding(kind=0x0101),  # a response: never answered, or two servers would talk for ever
        binding(kind=0x0111),
        binding()[:19],
        binding() + b"x",
        binding(b"\x80\x22\x00\xff"),
        binding(b"\x80\x22"),
        b"\x00\x01" + bytes(18),
    ],
)
def test_what_is_no_whole_binding_request_gets_no_answer(data: bytes) -> None:
    assert answer(data, THEIRS) == b""


@given(st.binary(max_size=200), st.sampled_from(["192.0.2.7", "2001:db8::7"]))
def test_no_garbage_raises_and_no_answer_is_much_longer_than_its_request(data: bytes, host: str) -> None:
    for each in (data, binding(data[: len(data) // 4 * 4])):
        found = answer(each, Address(host, 5060))
        assert len(found) <= len(each) + 48
        assert not found or is_stun(found)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6), st.integers(1, 65535), st.binary(min_size=12, max_size=12))
def test_rfc5389_15_2_the_mapping_can_be_read_back(host: IPv4Address | IPv6Address, port: int, number: bytes) -> None:
    found = answer(binding(transaction=number), Address(str(host), port))
    value = found[24:]
    assert int.from_bytes(value[2:4], "big") ^ 0x2112 == port
    assert bytes(a ^ b for a, b in zip(value[4:], COOKIE + number, strict=False)) == host.packed


def test_rfc5626_8_the_sip_port_answers_datagrams_and_nothing_else() -> None:
    engine = Engine(EngineConfig(sent_by=lambda _: OURS), SeededChance(1))
    flow = Flow("udp", OURS, THEIRS)
    engine.receive(binding(), flow, 0.0)
    (packet,) = engine.to_send(0.0)
    assert packet.to == flow
    assert is_stun(packet.data)
    for nothing in (binding(kind=0x0101), b"\r\n\r\n", b"\r\n", b"\0\0\0\0"):
        engine.receive(nothing, flow, 0.0)
    assert engine.to_send(0.0) == []
    assert engine.next_event() is None
    assert engine.idle()
