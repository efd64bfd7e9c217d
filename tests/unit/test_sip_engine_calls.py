"""Calls between two engines joined in memory: setting up, ringing, answering, refusing, ending."""

import pytest

from vorzimmer.sip.events import Acked, Answered, Cancelled, Ended, Failed, Invited, Progressed
from vorzimmer.testing.engines import FOREVER, EnginePair

TRANSPORTS = ["udp", "tcp", "tls", "ws", "wss"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_rfc3261_13_invite_200_ack_bye_from_the_caller(transport: str) -> None:
    pair = EnginePair(transport=transport)
    mine = pair.call(pair.a)
    pair.run(1)
    (invited,) = pair.b.of(Invited)
    assert pair.b.starts("SIP/2.0 100")
    assert invited.request.body == b"offer"
    pair.b.engine.ring(invited.leg, pair.now)
    pair.run(1)
    (progressed,) = pair.a.of(Progressed)
    assert progressed.response.status == 180
    assert progressed.fork
    pair.b.engine.accept(invited.leg, pair.now, body=b"answer")
    pair.run(1)
    (answered,) = pair.a.of(Answered)
    assert answered.response.body == b"answer"
    assert len(pair.b.of(Acked)) == 1
    pair.a.engine.end(mine, pair.now)
    pair.run(1)
    assert [event.cause for event in pair.b.of(Ended)] == ["bye"]
    assert pair.a.of(Ended) == []
    pair.run()
    assert pair.idle()


def test_rfc3261_15_bye_from_the_called_side() -> None:
    pair = EnginePair()
    _, theirs = pair.talk()
    pair.b.engine.end(theirs, pair.now, reason="Q.850;cause=16")
    pair.run(1)
    (ended,) = pair.a.of(Ended)
    assert ended.cause == "bye"
    assert ended.request is not None
    assert ended.request.headers.get("Reason") == "Q.850;cause=16"
    pair.run()
    assert pair.idle()


@pytest.mark.parametrize("status", [302, 404, 486, 603])
def test_rfc3261_13_3_1_3_refused_invite_is_acknowledged_and_gone_on_both_sides(status: int) -> None:
    pair = EnginePair()
    pair.call(pair.a)
    pair.run(1)
    pair.b.engine.refuse(pair.b.of(Invited)[0].leg, status, pair.now)
    pair.run(1)
    assert [event.status for event in pair.a.of(Failed)] == [status]
    assert pair.a.starts("ACK")
    pair.run()
    assert pair.idle()


def test_rfc3261_9_1_cancel_after_180() -> None:
    pair = EnginePair()
    mine = pair.call(pair.a)
    pair.run(1)
    pair.b.engine.ring(pair.b.of(Invited)[0].leg, pair.now)
    pair.run(1)
    pair.a.engine.end(mine, pair.now, reason='SIP;cause=200;text="Call completed elsewhere"')
    pair.run(1)
    (cancelled,) = pair.b.of(Cancelled)
    assert cancelled.request.headers.get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'
    assert [event.status for event in pair.a.of(Failed)] == [487]
    pair.run(FOREVER)
    assert pair.idle()
