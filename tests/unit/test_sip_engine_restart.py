"""Legs without a final answer over a restart: frozen, thawed, and ended as RFC 3261 wants it, whatever crosses."""

import pytest

from vorzimmer.kernel.errors import LocalError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Answered, Cancelled, Failed, Invited
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Request
from vorzimmer.sip.unanswered import is_unanswered
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.peer import OURS, THEIRS, Peer

LEG = LegId("leg")
HEAD = ("Via", "From", "To", "Call-ID", "Route", "Max-Forwards")


def restart(peer: Peer, leg: LegId) -> None:
    """A new engine that knows of the old one what was frozen of that leg."""
    frozen = peer.engine.freeze(leg)
    assert frozen is not None
    assert is_unanswered(frozen)
    peer.engine = Engine(EngineConfig(sent_by=lambda _: OURS), SeededChance(7))
    peer.events.clear()
    peer.sent.clear()
    peer.packets.clear()
    peer.engine.thaw(leg, frozen, peer.now)
    peer.take()


def done(peer: Peer) -> None:
    """Nothing is left once everything has run out."""
    peer.wait(300)
    assert peer.engine.idle()
    assert peer.engine.legs() == []


# -- an INVITE to us --------------------------------------------------------------------------------------------------
def called(peer: Peer, extra: str = "") -> tuple[LegId, str]:
    """An INVITE that rings, after a restart; its leg and branch."""
    branch = peer.send("INVITE", body=b"offer", extra=extra)
    (event,) = peer.of(Invited)
    peer.engine.ring(event.leg, peer.now)
    peer.take()
    restart(peer, event.leg)
    return event.leg, branch


def test_rfc3261_13_3_1_an_invite_from_before_a_restart_gets_its_final_response_until_ack() -> None:
    peer = Peer()
    leg, branch = called(peer, "Record-Route: <sip:p.example;lr>\r\nAuthorization: Digest secret\r\n")
    peer.engine.refuse(leg, 500, peer.now, reason="Interrupted")
    peer.take()
    response = peer.last_response()
    assert (response.status, response.reason) == (500, "Interrupted")
    assert f"branch={branch}" in response.headers.get("Via")
    assert "rport=5060" in response.headers.get("Via")
    assert ";tag=" in response.headers.get("To")
    assert response.headers.get("CSeq") == "1 INVITE"
    assert peer.packets[-1].to == peer.flow
    peer.wait(3.6)
    assert peer.responses("INVITE") == [500, 500, 500, 500]
    peer.send("ACK", branch=branch)
    peer.wait(10)
    assert peer.responses("INVITE") == [500, 500, 500, 500]
    done(peer)


def test_rfc3261_13_3_1_the_to_tag_of_the_final_response_is_that_of_the_180_before() -> None:
    peer = Peer()
    peer.send("INVITE", body=b"offer")
    (event,) = peer.of(Invited)
    peer.engine.ring(event.leg, peer.now)
    peer.take()
    to = peer.last_response().headers.get("To")
    restart(peer, event.leg)
    peer.engine.end(event.leg, peer.now)
    peer.take()
    assert peer.responses("INVITE") == [487]
    assert peer.last_response().headers.get("To") == to
    done(peer)


def test_rfc3261_9_2_a_cancel_after_the_restart_is_answered_200_and_487() -> None:
    peer = Peer()
    leg, branch = called(peer)
    peer.send("CANCEL", branch=branch)
    assert peer.responses("CANCEL") == [200]
    assert peer.responses("INVITE") == [487]
    assert [event.leg for event in peer.of(Cancelled)] == [leg]
    peer.send("ACK", branch=branch)
    done(peer)


def test_rfc3261_9_2_a_cancel_that_crosses_the_500_changes_nothing() -> None:
    peer = Peer()
    leg, branch = called(peer)
    peer.engine.refuse(leg, 500, peer.now)
    peer.take()
    peer.send("CANCEL", branch=branch)
    assert peer.responses("CANCEL") == [200]
    assert peer.responses("INVITE") == [500]
    assert peer.of(Cancelled) == []
    done(peer)


def test_rfc3261_17_2_1_an_invite_that_comes_again_after_the_restart_is_absorbed() -> None:
    peer = Peer()
    leg, branch = called(peer)
    assert peer.sent == []
    peer.send("INVITE", branch=branch, body=b"offer")
    assert peer.of(Invited) == []
    assert peer.responses("INVITE") == [100]
    peer.engine.refuse(leg, 500, peer.now)
    peer.take()
    peer.send("INVITE", branch=branch, body=b"offer")
    assert peer.responses("INVITE") == [100, 500, 500]
    done(peer)


def test_rfc3261_17_2_1_a_thawed_leg_can_still_be_answered() -> None:
    peer = Peer()
    leg, _ = called(peer)
    peer.engine.accept(leg, peer.now, body=b"answer")
    peer.take()
    assert peer.responses("INVITE") == [200]
    peer.send("ACK", tag=peer.last_response().headers.get("To").partition("tag=")[2])
    assert not is_unanswered(peer.engine.freeze(leg) or b"")
    peer.engine.end(leg, peer.now)
    peer.take()
    (bye,) = peer.requests("BYE")
    assert int(bye.headers.get("CSeq").split()[0]) > 1000  # An UPDATE may have used lower ones before the restart.
    peer.answer(bye, 200)
    done(peer)


def test_rfc3261_18_2_2_the_stream_of_a_caller_has_gone_with_the_old_process() -> None:
    peer = Peer("tcp")
    leg, _ = called(peer)
    peer.engine.refuse(leg, 500, peer.now)
    peer.take()
    assert [packet.to for packet in peer.packets] == [Hop("tcp", THEIRS.host, 5060)]
    done(peer)


def test_rfc3261_8_2_7_what_a_caller_proves_itself_with_is_not_written_down() -> None:
    peer = Peer()
    peer.send("INVITE", body=b"offer", extra="Authorization: Digest secret\r\n")
    frozen = peer.engine.freeze(peer.of(Invited)[0].leg)
    assert frozen is not None
    assert b"secret" not in frozen
    assert b"offer" not in frozen


# -- an INVITE of ours ------------------------------------------------------------------------------------------------
def assert_cancels(cancel: Request, invite: Request) -> None:
    """RFC 3261 section 9.1: the same but for method and body."""
    assert cancel.uri == invite.uri
    for name in HEAD:
        assert cancel.headers.get_all(name) == invite.headers.get_all(name)
    assert cancel.headers.get("CSeq") == invite.headers.get("CSeq").replace("INVITE", "CANCEL")


def test_rfc3261_9_1_after_a_provisional_cancel_goes_out_at_once_after_a_restart() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.answer(invite, 180)
    restart(peer, LEG)
    assert peer.sent == []
    peer.engine.end(LEG, peer.now, reason="SIP;cause=500")
    peer.take()
    (cancel,) = peer.requests("CANCEL")
    assert_cancels(cancel, invite)
    assert cancel.headers.get("Reason") == "SIP;cause=500"
    peer.answer(cancel, 200)
    peer.answer(invite, 487)
    (ack,) = peer.requests("ACK")
    assert ack.headers.get("Via") == invite.headers.get("Via")
    assert ack.headers.get("To").endswith(";tag=bob")
    assert [event.status for event in peer.of(Failed)] == [487]
    done(peer)


def test_rfc3261_9_1_without_a_provisional_the_invite_is_repeated_and_cancelled_on_the_next() -> None:
    peer = Peer()
    invite = peer.invite()
    restart(peer, LEG)
    peer.engine.end(LEG, peer.now)
    peer.take()
    assert [again.to_bytes() for again in peer.requests("INVITE")] == [invite.to_bytes()]
    assert peer.requests("CANCEL") == []
    peer.answer(invite, 180)
    (cancel,) = peer.requests("CANCEL")
    assert_cancels(cancel, invite)
    peer.answer(cancel, 200)
    peer.answer(invite, 487)
    assert len(peer.requests("ACK")) == 1
    done(peer)


def test_rfc3261_9_1_nobody_who_ever_answers_again_is_forgotten() -> None:
    for heard in (True, False):
        peer = Peer()
        invite = peer.invite()
        if heard:
            peer.answer(invite, 180)
        restart(peer, LEG)
        peer.engine.end(LEG, peer.now)
        done(peer)
        assert [event.status for event in peer.of(Failed)] == [487]


@pytest.mark.parametrize("before", [(), (180,)])
def test_rfc3261_9_1_a_200_after_the_restart_is_acknowledged_and_ended(before: tuple[int, ...]) -> None:
    peer = Peer()
    invite = peer.invite()
    for status in before:
        peer.answer(invite, status)
    restart(peer, LEG)
    peer.engine.end(LEG, peer.now)
    peer.take()
    peer.answer(invite, 200, body=b"answer")
    (ack,), (bye,) = peer.requests("ACK"), peer.requests("BYE")
    assert ack.headers.get("CSeq").split()[0] == invite.headers.get("CSeq").split()[0]
    assert bye.uri == "sip:bob@192.0.2.2:5070"
    assert bye.headers.get("To").endswith(";tag=bob")
    peer.answer(invite, 200, body=b"answer")
    assert len(peer.requests("ACK")) == 2
    assert len(peer.requests("BYE")) == 1
    assert peer.of(Answered) == []
    peer.answer(bye, 200)
    done(peer)


def test_rfc3262_4_the_bye_after_a_late_200_does_not_use_the_cseq_of_a_prack_from_before_the_restart() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.answer(invite, 183, extra="Require: 100rel\r\nRSeq: 7\r\n", body=b"answer")
    (prack,) = peer.requests("PRACK")
    peer.answer(prack, 200)
    restart(peer, LEG)
    peer.engine.end(LEG, peer.now)
    peer.take()
    peer.answer(invite, 200, body=b"answer")
    (ack,), (bye,) = peer.requests("ACK"), peer.requests("BYE")
    assert ack.headers.get("CSeq").split()[0] == invite.headers.get("CSeq").split()[0]
    assert int(bye.headers.get("CSeq").split()[0]) > int(prack.headers.get("CSeq").split()[0])
    peer.answer(bye, 200)
    done(peer)


def test_rfc3261_17_1_1_3_a_refusal_after_the_restart_is_acknowledged() -> None:
    peer = Peer()
    invite = peer.invite()
    restart(peer, LEG)
    peer.engine.end(LEG, peer.now)
    peer.take()
    peer.answer(invite, 486)
    assert len(peer.requests("ACK")) == 1
    assert peer.requests("CANCEL") == []
    done(peer)


def test_rfc3261_9_1_a_cancel_that_a_closed_stream_has_swallowed_follows_the_phone_to_its_new_one() -> None:
    peer = Peer("tcp")
    invite = peer.invite()
    restart(peer, LEG)
    assert peer.sent == []
    peer.engine.end(LEG, peer.now)
    peer.take()
    peer.engine.send_failed(peer.packets[-1].transaction, peer.now)
    newer = Flow("tcp", OURS, THEIRS, 2)
    peer.engine.refreshed(LEG, newer)
    peer.take()
    assert [packet.to for packet in peer.packets] == [peer.flow, newer]
    _, second = peer.requests("CANCEL")
    assert_cancels(second, invite)
    peer.engine.refreshed(LEG, newer)
    peer.take()
    assert len(peer.requests("CANCEL")) == 2
    peer.answer(second, 200)
    peer.answer(invite, 487)
    assert [event.status for event in peer.of(Failed)] == [487]
    done(peer)


@pytest.mark.parametrize("status", [200, 180])
def test_rfc3261_18_2_2_an_answer_over_another_stream_shows_where_the_phone_is(status: int) -> None:
    peer = Peer("tcp")
    invite = peer.invite()
    restart(peer, LEG)
    peer.engine.end(LEG, peer.now)
    peer.take()
    peer.engine.send_failed(peer.packets[-1].transaction, peer.now)
    newer = Flow("tcp", OURS, THEIRS, 2)
    peer.packets.clear()
    peer.answer(invite, status, body=b"answer", flow=newer)
    wanted = ["ACK", "BYE"] if status == 200 else ["CANCEL"]
    assert [packet.data.split()[0].decode() for packet in peer.packets] == wanted
    assert {packet.to for packet in peer.packets} == {newer}
    if status == 180:
        peer.answer(invite, 487, flow=newer)
        assert peer.packets[-1].data.startswith(b"ACK")
        assert peer.packets[-1].to == newer
    done(peer)


# -- both -------------------------------------------------------------------------------------------------------------
def test_rfc3261_12_what_is_answered_ended_or_unknown_is_no_leg_without_an_answer() -> None:
    peer = Peer()
    assert peer.engine.freeze(LEG) is None
    invite = peer.invite()
    peer.answer(invite, 200, body=b"answer")
    dialog = peer.engine.freeze(LEG)
    assert dialog is not None
    assert not is_unanswered(dialog)
    assert not is_unanswered(b"\xc1")
    peer.send("INVITE", body=b"offer")
    leg = peer.of(Invited)[0].leg
    peer.engine.refuse(leg, 486, peer.now)
    assert peer.engine.freeze(leg) is None


def test_rfc3261_12_bytes_that_are_no_leg_and_a_leg_in_use_are_refused() -> None:
    peer = Peer()
    peer.invite()
    frozen = peer.engine.freeze(LEG)
    assert frozen is not None
    with pytest.raises(LocalError):
        peer.engine.thaw(LEG, frozen, peer.now)
    for old, new in ((b"calling", b"unknown"), (b"INVITE ", b"INVITE\x00"), (b"SIP/2.0\r", b"SIP/3.0\r")):
        with pytest.raises(LocalError):
            peer.engine.thaw(LegId("other"), frozen.replace(old, new), peer.now)
