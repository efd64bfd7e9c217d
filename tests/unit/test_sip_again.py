"""A request sent again after a refusal: RFC 3261 sections 8.1.3.5 and 22.2."""

from dataclasses import replace

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
