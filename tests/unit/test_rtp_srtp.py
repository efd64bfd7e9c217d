"""SRTP against RFC 3711: its test vectors, and an own small implementation that is proven by them."""

import hashlib
import hmac
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.kernel.errors import LocalError
from vorzimmer.rtp import packet
from vorzimmer.rtp.srtp import SrtpReceiver, SrtpSender

MASTER_KEY = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
MASTER_SALT = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
SUITE_80, SUITE_32 = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"
SUITES = {SUITE_80: 30, SUITE_32: 30, "AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44}


def keystream(key: bytes, iv: int, length: int) -> bytes:
    """RFC 3711 section 4.1.1."""
    encryptor = Cipher(algorithms.AES(key), modes.CTR(iv.to_bytes(16))).encryptor()
    return encryptor.update(bytes(length))


def derived(label: int, length: int) -> bytes:
    """RFC 3711 section 4.3.1 with a key derivation rate of 0."""
    return keystream(MASTER_KEY, (int.from_bytes(MASTER_SALT) ^ label << 48) << 16, length)


def expected(plain: bytes, roc: int, tag: int) -> bytes:
    """The SRTP packet by the book."""
    _, _, sequence, _, ssrc = struct.unpack("!BBHII", plain[:12])
    iv = int.from_bytes(derived(2, 14)) << 16 ^ ssrc << 64 ^ (roc << 16 | sequence) << 16
    stream = keystream(derived(0, 16), iv, len(plain) - 12)
    body = plain[:12] + bytes(a ^ b for a, b in zip(plain[12:], stream, strict=True))
    return body + hmac.digest(derived(1, 20), body + roc.to_bytes(4), hashlib.sha1)[:tag]


def rtp(sequence: int, payload: bytes = bytes(160), ssrc: int = 0xDEADBEEF) -> bytes:
    return packet.build(payload, payload_type=8, sequence=sequence, timestamp=sequence * 160, ssrc=ssrc)


def both(suite: str = SUITE_80) -> tuple[SrtpSender, SrtpReceiver]:
    key = bytes(range(SUITES[suite]))
    return SrtpSender(suite, key), SrtpReceiver(suite, key)


def test_rfc3711_b_2_aes_cm_keystream() -> None:
    key, salt = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), 0xF0F1F2F3F4F5F6F7F8F9FAFBFCFD
    assert keystream(key, salt << 16, 32).hex().upper() == (
        "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB"
    )
    assert keystream(key, (salt << 16) + 0xFEFF, 48).hex().upper() == (
        "EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44"
    )


def test_rfc3711_b_3_key_derivation() -> None:
    assert derived(0, 16).hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derived(2, 14).hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert derived(1, 94).hex().upper() == (
        "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF7227098"
        "6371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2"
    )


@pytest.mark.parametrize(("suite", "tag"), [(SUITE_80, 10), (SUITE_32, 4)])
def test_rfc3711_4_packets_are_those_of_the_book(suite: str, tag: int) -> None:
    sender = SrtpSender(suite, MASTER_KEY + MASTER_SALT)
    receiver = SrtpReceiver(suite, MASTER_KEY + MASTER_SALT)
    for sequence in range(65530, 65530 + 20):
        plain = rtp(sequence & 0xFFFF, bytes([sequence & 0xFF]) * 160)
        sealed = sender.protect(plain)
        assert sealed == expected(plain, sequence >> 16, tag)
        assert sealed is not None
        assert receiver.open(sealed) == plain


@pytest.mark.parametrize("suite", SUITES)
def test_rfc3711_3_3_2_replayed_changed_and_foreign_packets_are_refused(suite: str) -> None:
    sender, receiver = both(suite)
    sealed = sender.protect(rtp(1))
    assert sealed is not None
    assert receiver.open(sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert receiver.open(sealed) == rtp(1)
    assert receiver.open(sealed) is None
    assert receiver.open(rtp(2)) is None
    other = SrtpSender(suite, bytes(SUITES[suite])).protect(rtp(3))
    assert other is not None
    assert receiver.open(other) is None


@pytest.mark.parametrize("suite", SUITES)
def test_rfc3711_3_4_srtcp(suite: str) -> None:
    sender, receiver = both(suite)
    report = struct.pack("!BBHI", 0x80, 201, 1, 7)
    sealed = sender.protect_control(report)
    assert sealed is not None
    assert report not in sealed or len(sealed) > len(report)
    assert receiver.open_control(sealed) == report
    assert receiver.open_control(sealed) is None
    assert receiver.open_control(report) is None


def test_keys_of_the_wrong_length_and_unknown_suites_are_our_fault() -> None:
    with pytest.raises(LocalError, match="30 bytes"):
        SrtpSender(SUITE_80, b"secret")
    with pytest.raises(LocalError, match="no SRTP suite"):
        SrtpReceiver("NULL_HMAC_SHA1_80", bytes(30))


def test_packets_that_are_too_long_or_sent_twice_stay_behind() -> None:
    sender, _ = both()
    assert sender.protect(rtp(1, bytes(1600))) is None
    assert sender.protect(rtp(1)) is not None
    assert sender.protect(rtp(1)) is None


@given(st.binary(max_size=1600))
@settings(max_examples=200, deadline=None)
def test_nothing_that_a_stranger_sends_is_believed(data: bytes) -> None:
    _, receiver = both()
    assert receiver.open(data) is None
    assert receiver.open_control(data) is None


@given(st.permutations(range(40)), st.integers(0, 0xFFFF))
@settings(max_examples=50, deadline=None)
def test_rfc3711_3_3_1_any_order_within_the_window_opens_once(order: list[int], first: int) -> None:
    sender, receiver = both()
    plain = [rtp((first + n) & 0xFFFF, bytes([n]) * 20) for n in range(41)]
    sealed = [sender.protect(each) for each in plain]
    assert sealed[0] is not None
    assert receiver.open(sealed[0]) == plain[0]
    for n in order:
        each = sealed[n + 1]
        assert each is not None
        assert receiver.open(each) == plain[n + 1]
        assert receiver.open(each) is None
