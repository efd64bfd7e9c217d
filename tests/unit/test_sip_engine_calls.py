"""Calls between two engines joined in memory: setting up, ringing, answering, refusing, ending."""

import pytest
from msgspec.structs import replace

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import (
    Acked,
    Answered,
    Cancelled,
    Ended,
    Event,
    Failed,
    Invited,
    Progressed,
    ReinviteAnswered,
    Reinvited,
    ReinviteFailed,
)
from vorzimmer.sip.flow import Hop
from vorzimmer.testing.engines import FOREVER, EnginePair, Side

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


def accepting(pair: EnginePair, side: Side) -> None:
    """Let a side accept every re-INVITE."""

    def handle(event: Event) -> None:
        if isinstance(event, Reinvited):
            side.engine.accept(event.leg, pair.now, body=b"answer")

    side.handler = handle


@pytest.mark.parametrize("seed", range(8))
def test_rfc3261_14_1_glare_between_two_engines_is_settled_by_retrying(seed: int) -> None:
    pair = EnginePair(seed=seed)
    accepting(pair, pair.a)
    accepting(pair, pair.b)
    mine, theirs = pair.talk()
    pair.a.engine.reinvite(mine, b"from a", pair.now)
    pair.b.engine.reinvite(theirs, b"from b", pair.now)
    pair.run(20)
    for side, body in ((pair.a, b"from b"), (pair.b, b"from a")):
        assert len(side.starts("SIP/2.0 491")) >= 1
        assert len(side.of(ReinviteAnswered)) == 1
        assert side.of(ReinviteFailed) == []
        assert [event.request.body for event in side.of(Reinvited)] == [body]
    pair.a.engine.end(mine, pair.now)
    pair.run()
    assert pair.idle()


def test_cancel_and_200_that_cross_on_the_wire_leave_no_call() -> None:
    pair = EnginePair()
    mine = pair.call(pair.a)
    pair.run(1)
    pair.b.engine.accept(pair.b.of(Invited)[0].leg, pair.now, body=b"answer")
    pair.a.engine.end(mine, pair.now)
    pair.run(1)
    assert [event.status for event in pair.a.of(Failed)] == [487]
    assert [event.cause for event in pair.b.of(Ended)] == ["bye"]
    assert pair.b.of(Cancelled) == []
    pair.run()
    assert pair.idle()


def test_byes_that_cross_on_the_wire_end_both_sides_quietly() -> None:
    pair = EnginePair()
    mine, theirs = pair.talk()
    pair.a.engine.end(mine, pair.now)
    pair.b.engine.end(theirs, pair.now)
    pair.run(1)
    assert pair.a.of(Ended) == pair.b.of(Ended) == []
    assert pair.a.starts("SIP/2.0 200")
    pair.run()
    assert pair.idle()


def test_a_call_to_a_hop_goes_on_over_the_flow_that_was_found() -> None:
    pair = EnginePair(transport="tcp")
    mine = pair.call(pair.a, to=Hop("tcp", "192.0.2.2", 5060))
    pair.run(1)
    pair.b.engine.accept(pair.b.of(Invited)[0].leg, pair.now, body=b"answer")
    pair.run(1)
    pair.a.engine.end(mine, pair.now)
    pair.run(1)
    assert {packet.to for packet in pair.a.packets[1:]} == {pair.flow(pair.a)}
    assert [event.cause for event in pair.b.of(Ended)] == ["bye"]
    pair.run()
    assert pair.idle()


def test_rfc7332_max_forwards_is_what_the_caller_says() -> None:
    pair = EnginePair()
    pair.call(pair.a)
    assert "Max-Forwards: 70\r\n" in pair.a.sent[-1]
    spec = replace(pair.spec(pair.a), max_forwards=3)
    pair.a.engine.invite(LegId("few"), spec, pair.now)
    pair.collect()
    assert "Max-Forwards: 3\r\n" in pair.a.sent[-1]
