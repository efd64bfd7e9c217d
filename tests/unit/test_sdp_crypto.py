"""SDES (RFC 4568): which keys are read, offered, answered and agreed."""

from base64 import b64encode

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp.crypto import KEY_BYTES, Guard, cryptos_of, key_of
from vorzimmer.sdp.message import Session, values_of
from vorzimmer.sdp.negotiate import Ours, agreed, answer, full_offer, read
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Format, Protection, ProtectionError
from vorzimmer.sdp.write import write

HEAD = "v=0\no=- 1 1 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.4\nt=0 0\n"
PCMA = Format("PCMA", 8)
KEY = b64encode(bytes(range(30))).decode()
LINE = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"


def sdp(*lines: str) -> Session:
    return parse((HEAD + "\n".join(lines) + "\n").encode())


def ours(srtp: Protection, *, hints: bool = False) -> Ours:
    return Ours(Address("198.51.100.1", 20_000), 77, guard=Guard(srtp, bytes(32), hints=hints))


def crypto(text: str) -> list[tuple[int, str, bytes]]:
    media = sdp("m=audio 4000 RTP/SAVP 8", f"a=crypto:{text}").media[0]
    return [(c.tag, c.suite, c.key) for c in cryptos_of(media)]


@pytest.mark.parametrize(
    "text",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 aes_cm_128_hmac_sha1_80 inline:{KEY}|2^31",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^48",
        f"1 AES_CM_128_HMAC_SHA1_80 INLINE:{KEY}|1048576",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} WSH=128",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} -X=1",
    ],
)
def test_rfc4568_6_1_keys_with_and_without_a_lifetime(text: str) -> None:
    assert crypto(text) == [(1, "AES_CM_128_HMAC_SHA1_80", bytes(range(30)))]


@pytest.mark.parametrize("suite", KEY_BYTES)
def test_rfc7714_14_2_every_suite_with_a_key_of_its_length(suite: str) -> None:
    key = bytes(KEY_BYTES[suite])
    assert crypto(f"7 {suite} inline:{b64encode(key).decode()}") == [(7, suite, key)]
    assert crypto(f"7 {suite} inline:{b64encode(key).decode().rstrip('=')}") == [(7, suite, key)]
    assert crypto(f"7 {suite} inline:{b64encode(key + b'x').decode()}") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        f"1 F8_128_HMAC_SHA1_80 inline:{KEY}",
        f"x AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20;inline:{KEY}|2^20",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} X=1",
        f"1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}",
        "1 AES_CM_128_HMAC_SHA1_80 inline:!!!!",
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        f"{'9' * 5000} AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        "\u0661 AES_CM_128_HMAC_SHA1_80 inline:" + KEY,
    ],
)
def test_rfc4568_6_3_7_what_we_cannot_honour_fully_is_passed_over(text: str) -> None:
    assert crypto(text) == []


def test_rfc4568_5_1_2_the_first_usable_line_is_answered_with_its_tag_and_a_key_of_ours() -> None:
    other = f"a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"
    offer = sdp("m=audio 4000 RTP/SAVP 8", "a=crypto:2 F8_128_HMAC_SHA1_80 inline:x", other, LINE)
    mine = answer(offer, ours("optional"), (PCMA,))
    assert mine.media[0].protocol == "RTP/SAVP"
    assert [v.split()[:2] for v in values_of(mine.media[0].attributes, "crypto")] == [["4", "AES_CM_128_HMAC_SHA1_32"]]
    secured = agreed(offer, mine, we_offered=False).srtp
    assert secured is not None
    assert secured.receive_key == bytes(range(30)) != secured.send_key
    assert secured.send_key == key_of(ours("optional").guard, "AES_CM_128_HMAC_SHA1_32")


def test_rfc4568_5_1_1_our_offer_and_their_answer() -> None:
    mine = full_offer(ours("required"), (PCMA,))
    assert mine.media[0].protocol == "RTP/SAVP"
    assert [v.split()[1] for v in values_of(mine.media[0].attributes, "crypto")] == list(KEY_BYTES)[:2]
    theirs = sdp("m=audio 9000 RTP/SAVP 8", f"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{KEY}")
    secured = agreed(mine, theirs, we_offered=True).srtp
    assert secured is not None
    assert (secured.suite, secured.receive_key) == ("AES_CM_128_HMAC_SHA1_32", bytes(range(30)))
    assert secured.send_key == read(mine).cryptos[1].key
    again = full_offer(ours("required"), (PCMA,), previous=mine)
    assert again is mine


@pytest.mark.parametrize(
    "lines",
    [
        ("m=audio 9000 RTP/SAVP 8",),
        ("m=audio 9000 RTP/AVP 8",),
        ("m=audio 9000 RTP/SAVP 8", f"a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
        ("m=audio 9000 RTP/SAVP 8", f"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
    ],
)
def test_rfc4568_5_1_3_an_answer_without_the_key_of_an_offered_line_is_none(lines: tuple[str, ...]) -> None:
    with pytest.raises(ProtectionError):
        agreed(full_offer(ours("required"), (PCMA,)), sdp(*lines), we_offered=True)


def test_keys_in_a_plain_offer_are_hints_that_may_be_ignored() -> None:
    mine = full_offer(ours("optional", hints=True), (PCMA,))
    assert mine.media[0].protocol == "RTP/AVP"
    assert agreed(mine, sdp("m=audio 9000 RTP/AVP 8"), we_offered=True).srtp is None
    assert agreed(mine, sdp("m=audio 9000 RTP/AVP 8", LINE), we_offered=True).srtp is not None
    offer = sdp("m=audio 4000 RTP/AVP 8", LINE)
    assert b"crypto" in write(answer(offer, ours("optional"), (PCMA,)))
    assert b"crypto" not in write(answer(offer, ours("off"), (PCMA,)))
    assert b"crypto" not in write(answer(offer, Ours(Address("198.51.100.1", 20_000), 77), (PCMA,)))


@pytest.mark.parametrize(
    ("srtp", "lines", "reason"),
    [
        ("off", ("m=audio 4000 RTP/SAVP 8", LINE), "Encryption Not Allowed"),
        ("required", ("m=audio 4000 RTP/AVP 8",), "Encryption Required"),
        ("required", ("m=audio 4000 RTP/SAVP 8",), "Encryption Required"),
        ("optional", ("m=audio 4000 RTP/SAVP 8",), "No Usable Encryption"),
        ("optional", ("m=audio 4000 RTP/SAVP 3", LINE), "no audio format in common"),
        ("optional", ("m=audio 4000 UDP/TLS/RTP/SAVPF 8", LINE), "no usable audio stream"),
    ],
)
def test_what_the_account_does_not_allow_is_refused_with_the_reason(
    srtp: Protection, lines: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(PeerError) as caught:
        answer(sdp(*lines), ours(srtp), (PCMA,))
    assert (caught.value.status, caught.value.reason) == (488, reason)


@pytest.mark.parametrize(
    ("srtp", "ports"), [("off", [0, 20_000]), ("optional", [20_000, 0]), ("required", [20_000, 0])]
)
def test_of_an_encrypted_and_a_plain_twin_the_first_that_is_allowed_is_taken(
    srtp: Protection, ports: list[int]
) -> None:
    offer = sdp("m=audio 4000 RTP/SAVP 8", LINE, "m=audio 4002 RTP/AVP 8")
    mine = answer(offer, ours(srtp), (PCMA,))
    assert [m.port for m in mine.media] == ports
    plan = agreed(offer, mine, we_offered=False)
    assert plan.remote == Address("192.0.2.4", 4000 if ports[0] else 4002)
    assert (plan.srtp is not None) == bool(ports[0])


def test_another_turn_means_other_keys_and_a_new_version_with_the_same_tag() -> None:
    first = answer(sdp("m=audio 4000 RTP/SAVP 8", LINE.replace(":1 ", ":3 ")), ours("optional"), (PCMA,))
    turned = Ours(Address("198.51.100.1", 20_000), 77, guard=Guard("optional", bytes(32), turn=1))
    again = full_offer(turned, (PCMA,), previous=first)
    assert again.media[0].protocol == "RTP/SAVP"
    assert again.origin.version == "2"
    one, other = read(first).cryptos, read(again).cryptos
    assert [c.tag for c in one] == [c.tag for c in other] == [3]
    assert one[0].key != other[0].key


def test_no_key_is_in_a_repr() -> None:
    offer = sdp("m=audio 4000 RTP/SAVP 8", LINE)
    mine = answer(offer, ours("optional"), (PCMA,))
    for shown in map(repr, (offer, mine, read(offer), agreed(offer, mine, we_offered=False), ours("optional"))):
        assert "inline" not in shown
        assert KEY not in shown
        assert repr(bytes(range(30)))[2:-1] not in shown
