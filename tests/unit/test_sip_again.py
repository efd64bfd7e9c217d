"""A request sent again after a refusal: RFC 3261 sections 8.1.3.5 and 22.2."""

from msgspec.structs import replace

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import Failed
from vorzimmer.testing.peer import Peer


def test_rfc3261_8_1_3_5_call_id_and_from_stay_and_cseq_grows() -> None:
    peer = Peer()
    first = peer.invite()
    peer.answer(first, 401, extra='WWW-Authenticate: Digest realm="r", nonce="n"\r\n')
    (failed,) = peer.of(Failed)
    assert failed.status == 401
    peer.engine.invite(LegId("again"), replace(peer.spec(), after=failed.response), peer.now)
    peer.take()
    again = peer.requests("INVITE")[-1]
    for name in ("Call-ID", "From", "To"):
        assert again.headers.get(name) == first.headers.get(name)
    assert int(again.headers.get("CSeq").split()[0]) == int(first.headers.get("CSeq").split()[0]) + 1
    assert again.headers.get("Via") != first.headers.get("Via")
    peer.answer(again, 200, body=b"answer")
    assert len(peer.requests("ACK")) == 2


def test_rfc3261_13_2_2_4_a_200_long_after_cancel_and_the_end_of_the_leg_is_acknowledged_and_ended() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.answer(invite, 180)
    peer.engine.end(LegId("leg"), peer.now)
    peer.take()
    peer.answer(peer.requests("CANCEL")[0], 200)
    peer.wait(33)
    assert [event.status for event in peer.of(Failed)] == [487]
    peer.wait(20)
    peer.answer(invite, 200, body=b"answer")
    assert len(peer.requests("ACK")) == 1
    assert len(peer.requests("BYE")) == 1
    peer.answer(invite, 200, body=b"answer")
    assert (len(peer.requests("ACK")), len(peer.of(Failed))) == (2, 1)
    peer.wait(400)
    assert peer.engine.idle()


def test_rfc3261_21_5_4_a_refusal_is_passed_up_with_its_headers() -> None:
    for status in (401, 407, 503, 600):
        peer = Peer()
        peer.answer(peer.invite(), status, extra="Retry-After: 7\r\nWWW-Authenticate: Digest realm=x\r\n")
        (failed,) = peer.of(Failed)
        assert failed.status == status
        assert failed.response is not None
        assert failed.response.headers.get("Retry-After") == "7"
        assert len(peer.requests("INVITE")) == 1  # a phone's challenge is never answered
