"""CANCEL at every moment, late and forked answers, timer B and timer C, from the caller's side and the called one's."""

import pytest

from vorzimmer.kernel.errors import LocalError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import Answered, Cancelled, Ended, Failed, Invited, Progressed
from vorzimmer.sip.flow import Hop
from vorzimmer.testing.peer import Peer

LEG = LegId("leg")


def done(peer: Peer) -> None:
    """Nothing is left once everything has run out."""
    peer.wait(300)
    assert peer.engine.idle()
    assert peer.engine.legs() == []


# -- we cancel --------------------------------------------------------------------------------------------------------
def test_rfc3261_9_1_cancel_before_100_waits_for_the_first_provisional() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.engine.end(LEG, peer.now, reason="SIP;cause=200")
    peer.take()
    assert peer.requests("CANCEL") == []
    peer.answer(invite, 100, "")
    (cancel,) = peer.requests("CANCEL")
    assert cancel.uri == invite.uri
    for name in ("Via", "From", "To", "Call-ID"):
        assert cancel.headers.get(name) == invite.headers.get(name)
    assert cancel.headers.get("CSeq") == invite.headers.get("CSeq").replace("INVITE", "CANCEL")
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    peer.answer(cancel, 200)
    peer.answer(invite, 487)
    assert [event.status for event in peer.of(Failed)] == [487]
    assert len(peer.requests("ACK")) == 1
    done(peer)


def test_rfc3261_9_1_cancel_of_an_invite_nobody_ever_answers_ends_with_timer_b() -> None:
    peer = Peer()
    peer.invite()
    peer.engine.end(LEG, peer.now)
    done(peer)
    assert [event.status for event in peer.of(Failed)] == [487]
    assert peer.requests("CANCEL") == []


def test_rfc3261_9_1_cancel_after_180_twice_is_one_cancel() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.answer(invite, 180)
    peer.engine.end(LEG, peer.now)
    peer.engine.end(LEG, peer.now)
    peer.take()
    assert len(peer.requests("CANCEL")) == 1
    peer.answer(invite, 180)
    assert len(peer.of(Progressed)) == 1
    peer.answer(peer.requests("CANCEL")[0], 200)
    peer.answer(invite, 487)
    done(peer)


def test_rfc3261_9_1_a_cancelled_invite_without_final_response_is_given_up_after_64_t1() -> None:
    peer = Peer()
    peer.answer(peer.invite(), 180)
    peer.engine.end(LEG, peer.now)
    peer.take()
    peer.answer(peer.requests("CANCEL")[0], 200)
    peer.wait(31.9)
    assert peer.of(Failed) == []
    peer.wait(0.2)
    assert [event.status for event in peer.of(Failed)] == [487]
    done(peer)


@pytest.mark.parametrize("before", [(), (100,), (180,)])
def test_rfc3261_9_1_a_200_that_crosses_our_cancel_is_acknowledged_and_ended(before: tuple[int, ...]) -> None:
    peer = Peer()
    invite = peer.invite()
    for status in before:
        peer.answer(invite, status)
    peer.engine.end(LEG, peer.now)
    peer.take()
    peer.answer(invite, 200, body=b"answer")
    assert [event.status for event in peer.of(Failed)] == [487]
    assert peer.of(Answered) == []
    (ack,), (bye,) = peer.requests("ACK"), peer.requests("BYE")
    assert ack.headers.get("CSeq").split()[0] == invite.headers.get("CSeq").split()[0]
    assert bye.uri == "sip:bob@192.0.2.2:5070"
    peer.answer(invite, 200, body=b"answer")
    assert len(peer.requests("ACK")) == 2
    assert len(peer.requests("BYE")) == 1
    peer.answer(bye, 200)
    done(peer)


def test_rfc3261_9_1_another_final_response_that_crosses_our_cancel_is_told_as_it_is() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.answer(invite, 180)
    peer.engine.end(LEG, peer.now)
    peer.take()
    peer.answer(invite, 486)
    assert [event.status for event in peer.of(Failed)] == [486]
    done(peer)


def test_rfc3261_17_1_1_2_no_answer_within_timer_b_is_408() -> None:
    peer = Peer()
    peer.invite()
    peer.wait(31.9)
    assert peer.of(Failed) == []
    peer.wait(0.2)
    assert [(event.status, event.response) for event in peer.of(Failed)] == [(408, None)]
    assert len(peer.requests("INVITE")) == 7
    done(peer)


def test_rfc3261_16_6_11_timer_c_cancels_180_s_after_the_last_provisional_and_is_408() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.answer(invite, 180)
    peer.wait(100)
    peer.answer(invite, 183)
    peer.wait(179)
    assert peer.requests("CANCEL") == []
    peer.wait(2)
    peer.answer(peer.requests("CANCEL")[0], 200)
    peer.answer(invite, 487)
    assert [event.status for event in peer.of(Failed)] == [408]
    done(peer)


def test_rfc3261_8_1_3_1_an_invite_that_cannot_be_sent_is_503() -> None:
    peer = Peer()
    peer.invite(to=Hop("tcp", "192.0.2.2", 5060))
    peer.engine.send_failed(peer.packets[0].transaction, peer.now)
    peer.take()
    assert [event.status for event in peer.of(Failed)] == [503]
    done(peer)


def test_rfc3261_18_4_an_invite_on_a_stream_that_closes_before_any_answer_is_503() -> None:
    peer = Peer("tls")
    peer.invite()
    peer.engine.flow_closed(peer.flow, peer.now)
    peer.take()
    assert [event.status for event in peer.of(Failed)] == [503]
    done(peer)


# -- forks and late answers -------------------------------------------------------------------------------------------
def test_rfc3261_13_2_2_4_the_first_200_wins_and_the_other_forks_200_is_acknowledged_and_ended() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.answer(invite, 180, "one")
    peer.answer(invite, 180, "two")
    assert [event.fork for event in peer.of(Progressed)] == ["one", "two"]
    peer.answer(invite, 200, "two", contact="sip:two@192.0.2.2")
    assert len(peer.of(Answered)) == 1
    assert peer.requests("BYE") == []
    peer.answer(invite, 200, "one", contact="sip:one@192.0.2.2")
    assert len(peer.of(Answered)) == 1
    (bye,) = peer.requests("BYE")
    assert bye.uri == "sip:one@192.0.2.2"
    assert bye.headers.get("To").endswith("tag=one")
    peer.answer(bye, 200)
    assert peer.engine.dialog_ids(LEG) == (
        invite.headers.get("Call-ID"), invite.headers.get("From").partition("tag=")[2], "two",
    )  # fmt: skip
    peer.engine.end(LEG, peer.now)
    peer.take()
    assert peer.requests("BYE")[-1].uri == "sip:two@192.0.2.2"
    peer.answer(peer.requests("BYE")[-1], 200)
    done(peer)


def test_rfc3261_13_2_2_4_a_repeated_200_gets_the_same_ack_again() -> None:
    peer = Peer()
    invite = peer.invite()
    for _ in range(3):
        peer.answer(invite, 200)
    acks = peer.requests("ACK")
    assert len(acks) == 3
    assert acks[0].to_bytes() == acks[1].to_bytes() == acks[2].to_bytes()
    assert acks[0].headers.get("Via") != invite.headers.get("Via")
    assert len(peer.of(Answered)) == 1


def test_rfc3261_12_3_early_dialogs_of_a_refused_invite_are_gone() -> None:
    peer = Peer()
    invite = peer.invite()
    peer.answer(invite, 180, "one")
    ids = peer.engine.dialog_ids(LEG)
    assert ids is not None
    assert peer.engine.find(*ids) == LEG
    peer.answer(invite, 603, "one")
    assert peer.engine.find(*ids) is None
    done(peer)


def test_a_peer_that_makes_up_tags_without_end_gets_no_dialogs_for_them() -> None:
    peer = Peer()
    invite = peer.invite()
    for number in range(100):
        peer.answer(invite, 180, f"t{number}")
    call_id, tag = invite.headers.get("Call-ID"), invite.headers.get("From").partition("tag=")[2]
    known = [number for number in range(100) if peer.engine.find(call_id, tag, f"t{number}")]
    assert known == list(range(16))


# -- they cancel ------------------------------------------------------------------------------------------------------
def test_rfc3261_9_2_cancel_before_any_answer_of_ours() -> None:
    peer = Peer()
    branch = peer.send("INVITE", body=b"offer")
    assert peer.responses("INVITE") == [100]
    peer.send("CANCEL", branch=branch, extra="Reason: SIP;cause=200\r\n")
    assert peer.responses("CANCEL") == [200]
    assert peer.responses("INVITE") == [100, 487]
    (cancelled,) = peer.of(Cancelled)
    assert cancelled.request.headers.get("Reason") == "SIP;cause=200"
    peer.engine.accept(cancelled.leg, peer.now)
    peer.take()
    assert peer.responses("INVITE") == [100, 487]
    peer.send("ACK", branch=branch)
    done(peer)


def test_rfc3261_9_2_the_200_to_cancel_and_the_487_carry_the_same_to_tag() -> None:
    peer = Peer()
    branch = peer.send("INVITE")
    peer.engine.ring(peer.of(Invited)[0].leg, peer.now)
    peer.take()
    peer.send("CANCEL", branch=branch)
    tags = {m.headers.get("To").partition(";tag=")[2] for m in peer.sent if getattr(m, "status", 100) > 100}
    assert len(tags) == 1
    assert tags != {""}


def test_rfc3261_9_2_cancel_that_crosses_our_200_changes_nothing() -> None:
    peer = Peer()
    branch = peer.send("INVITE")
    (invited,) = peer.of(Invited)
    peer.engine.accept(invited.leg, peer.now)
    peer.take()
    peer.send("CANCEL", branch=branch)
    assert peer.responses("CANCEL") == [200]
    assert peer.of(Cancelled) == []
    assert peer.engine.legs() == [invited.leg]


def test_rfc3261_9_2_cancel_of_nothing_is_481() -> None:
    peer = Peer()
    peer.send("CANCEL")
    assert peer.responses("CANCEL") == [481]
    done(peer)


def test_rfc3261_9_2_a_repeated_cancel_is_answered_again() -> None:
    peer = Peer()
    branch = peer.send("INVITE")
    peer.send("CANCEL", branch=branch)
    peer.send("CANCEL", branch=branch)
    assert peer.responses("CANCEL") == [200, 200]
    assert len(peer.of(Cancelled)) == 1


def test_rfc3261_15_bye_in_an_early_dialog_ends_the_invite_with_487() -> None:
    peer = Peer()
    peer.send("INVITE")
    (invited,) = peer.of(Invited)
    peer.engine.ring(invited.leg, peer.now)
    ids = peer.engine.dialog_ids(invited.leg)
    assert ids is not None
    peer.send("BYE", 2, tag=ids[1])
    assert peer.responses("BYE") == [200]
    assert peer.responses("INVITE") == [100, 180, 487]
    assert len(peer.of(Cancelled)) == 1
    assert peer.of(Ended) == []
    done(peer)


def test_a_leg_that_ends_unanswered_is_487_and_unheard_of() -> None:
    peer = Peer()
    peer.send("INVITE")
    (invited,) = peer.of(Invited)
    peer.engine.end(invited.leg, peer.now)
    peer.engine.end(invited.leg, peer.now)
    peer.take()
    assert peer.responses("INVITE") == [100, 487]
    assert len(peer.events) == 1
    done(peer)


@pytest.mark.parametrize("status", [99, 100, 200, 486])
def test_only_provisional_answers_above_100_ring(status: int) -> None:
    peer = Peer()
    peer.send("INVITE")
    with pytest.raises(LocalError):
        peer.engine.ring(peer.of(Invited)[0].leg, peer.now, status=status)


def test_ringing_after_the_answer_is_ignored() -> None:
    peer = Peer()
    peer.send("INVITE")
    (invited,) = peer.of(Invited)
    peer.engine.accept(invited.leg, peer.now)
    peer.engine.ring(invited.leg, peer.now)
    peer.engine.accept(invited.leg, peer.now)
    peer.engine.refuse(invited.leg, 486, peer.now)
    peer.take()
    assert peer.responses("INVITE") == [100, 200]


def test_rfc3261_13_3_1_1_ringing_is_repeated_every_minute() -> None:
    peer = Peer()
    peer.send("INVITE")
    (invited,) = peer.of(Invited)
    peer.engine.ring(invited.leg, peer.now)
    peer.wait(130)
    assert peer.responses("INVITE") == [100, 180, 180, 180]
    peer.engine.refuse(invited.leg, 480, peer.now)
    done(peer)
