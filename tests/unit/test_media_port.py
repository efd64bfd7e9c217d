"""What the values of the media port promise by themselves."""

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.port import SRTP_SUITES, Codec, MediaPlan, Srtp, srtp_key_bytes

KEYS = Srtp("AES_CM_128_HMAC_SHA1_80", b"send-this-is-a-secret-of-30-by", b"receive-secret-of-thirty-bytes")


def test_no_text_of_a_plan_shows_a_key() -> None:
    plan = MediaPlan(Address("192.0.2.1", 4000), (Codec("PCMA", 8),), (), srtp=KEYS)
    for shown in (
        repr(plan),
        str(plan),
        f"{plan}",
        f"{KEYS}",
        repr(wire.Configure(EndpointId("a"), plan)),
    ):
        assert "secret" not in shown
        assert "AES_CM_128_HMAC_SHA1_80" in shown


def test_keys_cross_the_wire() -> None:
    plan = MediaPlan(None, (), (), srtp=KEYS, rtcp_mux=True, comfort_noise=13, remote_rtcp=Address("192.0.2.1", 9))
    sent = wire.Request(1, wire.Configure(EndpointId("a"), plan))
    (body,) = wire.Frames().feed(wire.frame(sent))
    assert wire.read_request(body) == sent


def test_rfc3711_8_2_and_rfc7714_12_master_key_and_salt_lengths() -> None:
    assert [srtp_key_bytes(suite) for suite in SRTP_SUITES] == [30, 30, 28, 44]
