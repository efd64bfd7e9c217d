"""Requests inside dialogs: order, glare, overlap, target refresh, route sets, lost ACKs, dead and frozen dialogs."""

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import LocalError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.engine import EngineConfig
from vorzimmer.sip.events import (
    Acked,
    Answered,
    Ended,
    Invited,
    ReinviteAnswered,
    Reinvited,
    ReinviteFailed,
    Requested,
    Responded,
)
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Request
from vorzimmer.sip.unanswered import is_unanswered
from vorzimmer.testing.peer import OURS, THEIRS, Peer

LEG = LegId("leg")


def called(peer: Peer, *, extra: str = "", acked: bool = True) -> tuple[LegId, str]:
    """A call to the engine, accepted: its leg and the engine's tag."""
    peer.send("INVITE", extra=extra, body=b"offer")
    leg = peer.of(Invited)[-1].leg
    peer.engine.accept(leg, peer.now, body=b"answer")
    peer.take()
    ids = peer.engine.dialog_ids(leg)
    assert ids is not None
    if acked:
        peer.send("ACK", tag=ids[1])
    return leg, ids[1]


def calling(peer: Peer, *, body: bytes = b"offer", extra: str = "", to: Flow | Hop | None = None) -> Request:
    """A call of the engine, answered by "bob"."""
    invite = peer.invite(body=body, to=to)
    peer.answer(invite, 200, extra=extra, body=b"answer")
    return invite


def from_bob(peer: Peer, invite: Request) -> str:
    """Let the pen write requests of "bob" inside the dialog that `invite` made; the engine's tag."""
    peer.call_id, peer.from_tag = invite.headers.get("Call-ID"), "bob"
    return invite.headers.get("From").partition("tag=")[2]


def done(peer: Peer) -> None:
    peer.wait(400)
    assert peer.engine.idle()


# -- ACK --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("transport", ["udp", "tls"])
def test_rfc3261_13_3_1_4_200_is_repeated_until_the_ack_on_any_transport(transport: str) -> None:
    peer = Peer(transport)
    leg, tag = called(peer, acked=False)
    peer.wait(8)
    assert peer.responses("INVITE") == [100, 200, 200, 200, 200, 200]
    peer.send("ACK", tag=tag)
    peer.wait(40)
    assert peer.responses("INVITE") == [100, 200, 200, 200, 200, 200]
    assert [event.leg for event in peer.of(Acked)] == [leg]


def test_rfc3261_13_3_1_4_without_ack_bye_after_64_t1() -> None:
    peer = Peer()
    leg, _ = called(peer, acked=False)
    peer.wait(31.9)
    assert peer.of(Ended) == []
    peer.wait(0.2)
    assert [(event.leg, event.cause) for event in peer.of(Ended)] == [(leg, "no-ack")]
    (bye,) = {message.headers.get("CSeq") for message in peer.requests("BYE")}
    assert bye == "1 BYE"
    done(peer)


def test_rfc3261_15_bye_of_an_accepted_call_waits_for_its_ack() -> None:
    peer = Peer()
    leg, tag = called(peer, acked=False)
    peer.engine.end(leg, peer.now, reason="SIP;cause=200")
    peer.take()
    assert peer.requests("BYE") == []
    assert peer.engine.legs() == []
    peer.send("INFO", 2, tag=tag)
    assert peer.responses("INFO") == [481]
    peer.send("ACK", tag=tag)
    (bye,) = peer.requests("BYE")
    assert bye.headers.get("Reason") == "SIP;cause=200"
    peer.answer(bye, 200)
    assert peer.of(Acked) == []
    assert peer.of(Ended) == []
    done(peer)


def test_rfc3261_15_bye_of_an_accepted_call_goes_out_without_ack_after_64_t1() -> None:
    peer = Peer()
    leg, _ = called(peer, acked=False)
    peer.engine.end(leg, peer.now)
    peer.wait(33)
    assert len({message.headers.get("CSeq") for message in peer.requests("BYE")}) == 1
    assert peer.of(Ended) == []
    done(peer)


def test_rfc3261_13_2_2_4_late_offer_is_acknowledged_with_our_answer_only() -> None:
    peer = Peer()
    invite = calling(peer, body=b"")
    assert "Content-Type" not in invite.headers
    assert len(peer.of(Answered)) == 1
    peer.answer(invite, 200, body=b"their offer")
    assert peer.requests("ACK") == []
    peer.engine.ack(LEG, b"our answer", peer.now)
    peer.engine.ack(LEG, b"another", peer.now)
    peer.take()
    (ack,) = peer.requests("ACK")
    assert ack.body == b"our answer"
    peer.answer(invite, 200, body=b"their offer")
    assert peer.requests("ACK")[1].to_bytes() == ack.to_bytes()


def test_a_late_offer_that_is_never_answered_is_still_acknowledged_before_bye() -> None:
    peer = Peer()
    calling(peer, body=b"")
    peer.engine.end(LEG, peer.now)
    peer.take()
    assert [m.method for m in peer.sent if isinstance(m, Request)][-2:] == ["ACK", "BYE"]


def test_stray_and_repeated_acks_are_dropped() -> None:
    peer = Peer()
    _, tag = called(peer)
    events, packets = len(peer.events), len(peer.packets)
    peer.send("ACK", tag=tag)
    peer.send("ACK", 99, tag=tag)
    peer.send("ACK", tag="nobody")
    assert (len(peer.events), len(peer.packets)) == (events, packets)


# -- order ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["INFO", "INVITE", "UPDATE", "BYE", "OPTIONS"])
def test_rfc3261_12_2_2_a_stale_cseq_is_500(method: str) -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.send("INFO", 10, tag=tag)
    peer.send(method, 9, tag=tag)
    assert peer.responses(method)[-1] == 500
    assert peer.engine.legs() == [leg]


@pytest.mark.parametrize("method", ["BYE", "INFO", "INVITE", "UPDATE", "REFER", "MESSAGE", "OPTIONS"])
def test_rfc3261_12_2_2_unknown_dialog_is_481(method: str) -> None:
    peer = Peer()
    called(peer)
    peer.send(method, 2, tag="nobody")
    assert peer.responses(method)[-1] == 481


def test_rfc3261_12_2_1_1_our_cseq_rises_by_one_with_each_request() -> None:
    peer = Peer()
    invite = calling(peer)
    first = int(invite.headers.get("CSeq").split()[0])
    peer.engine.request_in(LEG, "INFO", peer.now)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.engine.request_in(LEG, "MESSAGE", peer.now)
    peer.take()
    numbers = [int(m.headers.get("CSeq").split()[0]) for m in peer.sent if isinstance(m, Request)]
    assert numbers == [first, first, first + 1, first + 2, first + 3]


def test_the_ack_of_a_reinvite_has_its_number_even_after_another_request() -> None:
    peer = Peer()
    calling(peer)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.engine.request_in(LEG, "INFO", peer.now)
    peer.take()
    again = peer.requests("INVITE")[-1]
    peer.answer(again, 200)
    assert peer.requests("ACK")[-1].headers.get("CSeq").split()[0] == again.headers.get("CSeq").split()[0]


# -- re-INVITE --------------------------------------------------------------------------------------------------------
def test_rfc3261_14_2_reinvite_is_passed_up_and_accepted() -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.send("INVITE", 2, tag=tag, body=b"hold")
    (event,) = peer.of(Reinvited)
    assert (event.leg, event.request.body) == (leg, b"hold")
    peer.engine.accept(leg, peer.now, body=b"held")
    peer.take()
    peer.send("ACK", 2, tag=tag)
    assert peer.last_response().body == b"held"
    assert len(peer.of(Acked)) == 2


def test_rfc3261_14_2_a_refused_reinvite_leaves_the_call_as_it_was() -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.contact = "sip:elsewhere@192.0.2.77"
    branch = peer.send("INVITE", 2, tag=tag, body=b"hold")
    peer.engine.refuse(leg, 488, peer.now)
    peer.take()
    peer.send("ACK", 2, tag=tag, branch=branch)
    assert peer.engine.legs() == [leg]
    peer.engine.end(leg, peer.now)
    peer.take()
    assert peer.requests("BYE")[0].uri == "sip:ann@192.0.2.2:5060"


def test_rfc3261_14_2_an_overlapping_reinvite_is_500_with_retry_after() -> None:
    peer = Peer()
    _, tag = called(peer)
    peer.send("INVITE", 2, tag=tag, body=b"one")
    peer.send("INVITE", 3, tag=tag, body=b"two")
    assert peer.responses("INVITE")[-1] == 500
    assert 0 <= int(peer.last_response().headers.get("Retry-After")) <= 10
    assert len(peer.of(Reinvited)) == 1


def test_rfc3261_14_2_glare_theirs_is_491() -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.engine.reinvite(leg, b"ours", peer.now)
    peer.take()
    peer.send("INVITE", 2, tag=tag, body=b"theirs")
    assert peer.responses("INVITE")[-1] == 491
    assert peer.of(Reinvited) == []


@pytest.mark.parametrize(("outgoing", "low", "high"), [(True, 2.1, 4.0), (False, 0.0, 2.0)])
@pytest.mark.parametrize("seed", range(5))
def test_rfc3261_14_1_glare_ours_is_tried_again_after_a_random_time(
    *, outgoing: bool, low: float, high: float, seed: int
) -> None:
    peer = Peer(seed=seed)
    leg = LEG
    if outgoing:
        calling(peer)
    else:
        leg, _ = called(peer)
    peer.engine.reinvite(leg, b"hold", peer.now)
    peer.take()
    for tries in range(1, 5):
        holds = [m for m in peer.requests("INVITE") if m.body == b"hold"]
        assert len(holds) == tries
        peer.answer(holds[-1], 491)
        refused = peer.now
        while tries < 4 and len([m for m in peer.requests("INVITE") if m.body == b"hold"]) == tries:
            assert peer.of(ReinviteFailed) == []
            assert peer.now - refused <= high
            peer.wait(0.01)
        assert tries == 4 or peer.now - refused >= low
    assert [event.status for event in peer.of(ReinviteFailed)] == [491]
    assert peer.engine.legs() == [leg]


def test_rfc3261_14_1_our_reinvite_waits_while_theirs_is_under_way() -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.send("INVITE", 2, tag=tag, body=b"theirs")
    peer.engine.reinvite(leg, b"ours", peer.now)
    peer.take()
    assert peer.requests("INVITE") == []
    peer.engine.accept(leg, peer.now, body=b"answer")
    peer.take()
    assert peer.requests("INVITE") == []
    peer.send("ACK", 2, tag=tag)
    assert [m.body for m in peer.requests("INVITE")] == [b"ours"]


def test_rfc3261_14_1_a_second_reinvite_of_ours_waits_for_the_first() -> None:
    peer = Peer()
    calling(peer)
    for body in (b"one", b"two"):
        peer.engine.reinvite(LEG, body, peer.now)
    peer.take()
    assert [m.body for m in peer.requests("INVITE")] == [b"offer", b"one"]
    peer.answer(peer.requests("INVITE")[-1], 200, body=b"answer")
    assert [m.body for m in peer.requests("INVITE")] == [b"offer", b"one", b"two"]
    assert len(peer.of(ReinviteAnswered)) == 1


def test_rfc3261_14_1_a_waiting_reinvite_goes_out_after_the_first_was_refused() -> None:
    peer = Peer()
    calling(peer)
    for body in (b"one", b"two"):
        peer.engine.reinvite(LEG, body, peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 488)
    assert [m.body for m in peer.requests("INVITE")] == [b"offer", b"one", b"two"]


@pytest.mark.parametrize("extra", [(), (("Content-Type", "application/sdp"),), (("content-type", "text/x"),)])
def test_rfc3261_20_15_a_body_of_ours_has_one_content_type(extra: tuple[tuple[str, str], ...]) -> None:
    peer = Peer()
    peer.send("INVITE", body=b"offer")
    leg = peer.of(Invited)[0].leg
    peer.engine.ring(leg, peer.now, status=183, body=b"early", extra=extra)
    peer.engine.accept(leg, peer.now, body=b"answer", extra=extra)
    peer.take()
    for message in peer.sent[-2:]:
        assert message.headers.get_all("Content-Type") == [extra[0][1] if extra else "application/sdp"]


def test_rfc3261_14_1_reinvite_without_offer_is_acknowledged_with_the_answer() -> None:
    peer = Peer()
    calling(peer)
    peer.engine.reinvite(LEG, b"", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 200, body=b"their offer")
    assert len(peer.requests("ACK")) == 1
    peer.engine.ack(LEG, b"our answer", peer.now)
    peer.take()
    assert peer.requests("ACK")[-1].body == b"our answer"


@pytest.mark.parametrize("status", [488, 500, 603])
def test_rfc3261_14_1_a_failed_reinvite_leaves_the_call(status: int) -> None:
    peer = Peer()
    calling(peer)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], status)
    assert [event.status for event in peer.of(ReinviteFailed)] == [status]
    assert peer.engine.legs() == [LEG]


def test_rfc3261_12_2_1_2_a_reinvite_answered_481_ends_the_call() -> None:
    peer = Peer()
    calling(peer)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 481)
    assert [event.status for event in peer.of(ReinviteFailed)] == [481]
    assert [event.cause for event in peer.of(Ended)] == ["gone"]
    assert peer.requests("BYE") == []
    done(peer)


def test_rfc3261_12_2_1_2_a_reinvite_without_answer_ends_the_call_with_bye() -> None:
    peer = Peer()
    calling(peer)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.wait(33)
    assert [event.status for event in peer.of(ReinviteFailed)] == [408]
    assert [event.cause for event in peer.of(Ended)] == ["timeout"]
    assert len({m.headers.get("CSeq") for m in peer.requests("BYE")}) == 1
    done(peer)


def test_a_reinvite_that_only_ever_rings_is_cancelled_by_timer_c() -> None:
    peer = Peer()
    calling(peer)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 180)
    done(peer)
    assert len({m.headers.get("CSeq") for m in peer.requests("CANCEL")}) == 1
    assert [event.status for event in peer.of(ReinviteFailed)] == [408]


def test_bye_during_our_reinvite_leaves_nothing_behind() -> None:
    peer = Peer()
    invite = calling(peer)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 100, "")
    peer.send("BYE", 1, tag=from_bob(peer, invite))
    assert [event.cause for event in peer.of(Ended)] == ["bye"]
    peer.answer(peer.requests("INVITE")[-1], 200)
    assert len(peer.requests("ACK")) == 2
    done(peer)
    assert peer.of(ReinviteFailed) == []


def test_bye_during_our_reinvite_that_is_never_answered_cancels_it() -> None:
    peer = Peer()
    invite = calling(peer)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 100, "")
    peer.send("BYE", 1, tag=from_bob(peer, invite))
    assert len(peer.requests("CANCEL")) == 1
    done(peer)


@pytest.mark.parametrize("ring", [True, False])
def test_an_answered_call_without_a_session_interval_holds_no_timer(ring: bool) -> None:
    peer = Peer(config=EngineConfig(sent_by=lambda _: OURS, session_expires=0))
    invite = peer.invite()
    if ring:
        peer.answer(invite, 180)
    peer.answer(invite, 200)
    peer.send("INVITE", body=b"offer")
    theirs = peer.of(Invited)[0].leg
    if ring:
        peer.engine.ring(theirs, peer.now)
    peer.engine.accept(theirs, peer.now)
    peer.take()
    ids = peer.engine.dialog_ids(theirs)
    assert ids is not None
    peer.send("ACK", tag=ids[1])
    peer.wait(40)
    assert peer.engine.get_timer() is None
    assert sorted(peer.engine.legs()) == sorted([LEG, theirs])


def test_rfc3261_12_2_1_2_a_later_180_refreshes_the_target_of_its_early_dialog() -> None:
    peer = Peer()
    invite = peer.invite()
    for contact in ("sip:bob@192.0.2.2:5070", "sip:bob@192.0.2.3"):
        peer.answer(invite, 180, contact=contact)
    peer.engine.request_in(LEG, "UPDATE", peer.now)
    peer.take()
    assert peer.requests("UPDATE")[0].uri == "sip:bob@192.0.2.3"


def test_rfc3311_5_2_an_update_with_offer_while_their_reinvite_is_open_is_500() -> None:
    peer = Peer()
    _, tag = called(peer)
    peer.send("INVITE", 2, tag=tag, body=b"hold")
    peer.send("UPDATE", 3, tag=tag, body=b"offer")
    assert peer.responses("UPDATE") == [500]
    peer.send("UPDATE", 4, tag=tag)
    assert len(peer.of(Requested)) == 1


def test_rfc3311_5_2_an_update_with_offer_while_our_reinvite_is_open_is_491() -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.engine.reinvite(leg, b"hold", peer.now)
    peer.take()
    peer.send("UPDATE", 2, tag=tag, body=b"offer")
    assert peer.responses("UPDATE") == [491]


def test_bye_during_their_reinvite_answers_it_487() -> None:
    peer = Peer()
    _, tag = called(peer)
    branch = peer.send("INVITE", 2, tag=tag, body=b"hold")
    peer.send("BYE", 3, tag=tag)
    assert peer.responses("INVITE")[-1] == 487
    assert peer.responses("BYE") == [200]
    peer.send("ACK", 2, tag=tag, branch=branch)
    done(peer)


def test_cancel_of_a_reinvite_leaves_the_call() -> None:
    peer = Peer()
    leg, tag = called(peer)
    branch = peer.send("INVITE", 2, tag=tag, body=b"hold")
    peer.send("CANCEL", 2, tag=tag, branch=branch)
    assert peer.responses("INVITE")[-1] == 487
    assert peer.engine.legs() == [leg]


def test_crossing_byes_are_both_answered_200() -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.engine.end(leg, peer.now)
    peer.take()
    peer.send("BYE", 2, tag=tag)
    assert peer.responses("BYE") == [200]
    assert peer.of(Ended) == []
    peer.answer(peer.requests("BYE")[0], 200)
    peer.send("BYE", 3, tag=tag)
    assert peer.responses("BYE") == [200, 481]
    done(peer)


# -- target refresh and route sets ------------------------------------------------------------------------------------
def test_rfc3261_12_2_2_target_refresh_by_their_reinvite_and_update() -> None:
    peer = Peer()
    leg, tag = called(peer)
    for cseq, (method, target) in enumerate([("INVITE", "sip:new@192.0.2.8"), ("UPDATE", "sip:newer@192.0.2.9")], 2):
        peer.contact = target
        peer.send(method, cseq, tag=tag)
        if method == "INVITE":
            peer.engine.accept(leg, peer.now, body=b"x")
        else:
            peer.engine.respond(peer.of(Requested)[-1].transaction, 200, peer.now)
        peer.take()
        peer.send("ACK", cseq, tag=tag)
        peer.engine.request_in(leg, "INFO", peer.now)
        peer.take()
        assert peer.requests("INFO")[-1].uri == target


def test_rfc3261_12_2_1_2_target_refresh_by_the_2xx_to_our_reinvite() -> None:
    peer = Peer()
    calling(peer)
    peer.engine.reinvite(LEG, b"hold", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 200, contact="sip:moved@192.0.2.99")
    peer.engine.end(LEG, peer.now)
    peer.take()
    assert peer.requests("ACK")[-1].uri == "sip:moved@192.0.2.99"
    assert peer.requests("BYE")[-1].uri == "sip:moved@192.0.2.99"


def test_rfc3261_12_1_2_route_set_of_the_caller_is_reversed() -> None:
    peer = Peer()
    calling(peer, extra="Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\r\n")
    (ack,) = peer.requests("ACK")
    assert ack.headers.get_all("Route") == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]
    assert ack.uri == "sip:bob@192.0.2.2:5070"


def test_rfc3261_12_1_1_route_set_of_the_called_side_keeps_its_order_and_is_copied_into_the_200() -> None:
    peer = Peer()
    leg, _ = called(peer, extra="Record-Route: <sip:p2.example;lr>\r\nRecord-Route: <sip:p1.example;lr>\r\n")
    assert peer.last_response().headers.get_all("Record-Route") == ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]
    peer.engine.end(leg, peer.now)
    peer.take()
    assert peer.requests("BYE")[0].headers.get_all("Route") == ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]


def test_rfc3261_12_2_1_1_a_strict_router_gets_its_uri_in_the_request_line() -> None:
    peer = Peer()
    calling(peer, extra="Record-Route: <sip:p2.example;lr>, <sip:old.example?x=y>\r\n")
    (ack,) = peer.requests("ACK")
    assert ack.uri == "sip:old.example"
    assert ack.headers.get_all("Route") == ["<sip:p2.example;lr>", "<sip:bob@192.0.2.2:5070>"]


def test_rfc3261_8_1_2_a_dialog_with_a_trunk_follows_route_or_contact() -> None:
    peer = Peer()
    calling(peer, to=Hop("udp", "trunk.example", 5060, "outside"))
    assert peer.packets[-1].to == Hop("udp", "192.0.2.2", 5070, "outside")
    routed = Peer()
    calling(routed, to=Hop("udp", "trunk.example", 5060), extra="Record-Route: <sip:edge.example:5080;lr>\r\n")
    assert routed.packets[-1].to == Hop("udp", "edge.example", 5080)


def test_a_dialog_with_a_trunk_uses_the_flow_that_was_found_when_it_leads_there() -> None:
    peer = Peer("tcp")
    invite = peer.invite(to=Hop("tcp", "192.0.2.2", 5060))
    peer.engine.flow_found(peer.packets[-1].transaction, peer.flow, peer.now)
    peer.answer(invite, 200, contact="sip:bob@192.0.2.2:5060;transport=tcp")
    assert peer.packets[-1].to == peer.flow


def test_a_dialog_with_a_phone_uses_its_flow_whatever_its_contact_says() -> None:
    peer = Peer()
    calling(peer)
    assert peer.packets[-1].to == peer.flow


def test_requests_inside_dialogs_use_the_newest_flow() -> None:
    peer = Peer("tls")
    calling(peer)
    newer = Flow("tls", OURS, Address("192.0.2.2", 40_000), 9)
    peer.engine.refreshed(LEG, newer)
    peer.engine.request_in(LEG, "OPTIONS", peer.now)
    peer.take()
    assert peer.packets[-1].to == newer


def test_a_phone_that_reconnects_while_it_rings_gets_cancel_and_answers_on_its_new_flow() -> None:
    peer = Peer("tls")
    newer = Flow("tls", OURS, Address("192.0.2.2", 40_000), 9)
    peer.answer(peer.invite(), 180)
    peer.send("INVITE")
    theirs = peer.of(Invited)[0].leg
    peer.engine.flow_closed(peer.flow, peer.now)
    for leg in (LEG, theirs):
        peer.engine.refreshed(leg, newer)
    peer.engine.end(LEG, peer.now)
    peer.engine.accept(theirs, peer.now)
    peer.take()
    assert [packet.to for packet in peer.packets[-2:]] == [newer, newer]
    peer.engine.refreshed(theirs, peer.flow)
    peer.wait(1)
    assert peer.packets[-1].to == newer
    peer.engine.end(theirs, peer.now)
    done(peer)


def test_a_request_from_a_new_place_moves_a_phones_dialog_there() -> None:
    peer = Peer()
    leg, tag = called(peer)
    newer = Flow("udp", OURS, Address("192.0.2.2", 40_000))
    peer.send("INFO", 2, tag=tag, flow=newer)
    peer.engine.end(leg, peer.now)
    peer.take()
    assert peer.packets[-1].to == newer


# -- other requests ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["REFER", "NOTIFY", "INFO", "UPDATE", "MESSAGE", "SUBSCRIBE", "OPTIONS"])
def test_other_requests_go_both_ways_inside_a_dialog(method: str) -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.send(method, 2, tag=tag)
    (event,) = peer.of(Requested)
    assert (event.leg, event.request.method) == (leg, method)
    peer.engine.respond(event.transaction, 202, peer.now, extra=(("X", "y"),))
    peer.take()
    assert peer.responses(method) == [202]
    with pytest.raises(LocalError):
        peer.engine.respond(event.transaction, 200, peer.now)
    transaction = peer.engine.request_in(leg, method, peer.now, extra=(("Content-Type", "text/plain"),), body=b"hello")
    peer.take()
    (request,) = peer.requests(method)
    assert request.body == b"hello"
    assert ("Contact" in request.headers) == (method in {"REFER", "NOTIFY", "UPDATE", "SUBSCRIBE"})
    peer.answer(request, 200)
    (responded,) = peer.of(Responded)
    assert (responded.transaction, responded.status, responded.leg) == (transaction, 200, leg)


@pytest.mark.parametrize(("status", "cause", "byes"), [(481, "gone", 0), (408, "timeout", 1)])
def test_rfc3261_12_2_1_2_408_and_481_end_the_call(status: int, cause: str, byes: int) -> None:
    peer = Peer()
    calling(peer)
    peer.engine.request_in(LEG, "OPTIONS", peer.now)
    peer.take()
    peer.answer(peer.requests("OPTIONS")[0], status)
    assert [type(event) for event in peer.events[-2:]] == [Responded, Ended]
    assert [event.cause for event in peer.of(Ended)] == [cause]
    assert len(peer.requests("BYE")) == byes
    done(peer)


def test_a_phone_that_vanished_is_found_out_by_options() -> None:
    peer = Peer()
    calling(peer)
    peer.engine.request_in(LEG, "OPTIONS", peer.now)
    peer.wait(33)
    assert [(event.status, event.response) for event in peer.of(Responded)] == [(408, None)]
    assert [event.cause for event in peer.of(Ended)] == ["timeout"]
    done(peer)


def test_rfc5057_5_1_a_notify_answered_481_ends_no_call() -> None:
    peer = Peer()
    calling(peer)
    peer.engine.request_in(LEG, "NOTIFY", peer.now)
    peer.take()
    peer.answer(peer.requests("NOTIFY")[0], 481)
    assert peer.of(Ended) == []
    assert peer.engine.legs() == [LEG]


def test_rfc3311_5_2_an_update_with_offer_during_ours_is_491_and_a_second_one_500() -> None:
    peer = Peer()
    leg, tag = called(peer)
    peer.engine.request_in(leg, "UPDATE", peer.now, extra=(("Content-Type", "application/sdp"),), body=b"offer")
    peer.take()
    peer.send("UPDATE", 2, tag=tag, body=b"offer")
    assert peer.responses("UPDATE") == [491]
    peer.answer(peer.requests("UPDATE")[0], 200)
    peer.send("UPDATE", 3, tag=tag, body=b"offer")
    peer.send("UPDATE", 4, tag=tag, body=b"offer")
    assert peer.responses("UPDATE") == [491, 500]
    assert "Retry-After" in peer.last_response().headers


def test_a_command_for_a_leg_that_is_gone_is_ignored_and_a_request_answered_481() -> None:
    peer = Peer()
    gone = LegId("gone")
    peer.engine.ring(gone, 0.0)
    peer.engine.accept(gone, 0.0)
    peer.engine.refuse(gone, 486, 0.0)
    peer.engine.ack(gone, b"", 0.0)
    peer.engine.reinvite(gone, b"", 0.0)
    peer.engine.end(gone, 0.0)
    peer.engine.refreshed(gone, peer.flow)
    peer.engine.respond("s99", 200, 0.0)
    transaction = peer.engine.request_in(gone, "INFO", 0.0)
    peer.take()
    assert peer.events == [Responded(transaction, 481, "Call/Transaction Does Not Exist", None, gone)]
    assert peer.sent == []
    assert peer.engine.freeze(gone) is None
    assert peer.engine.dialog_ids(gone) is None


@pytest.mark.parametrize("method", ["INVITE", "ACK", "CANCEL", "BYE"])
def test_requests_with_a_command_of_their_own_are_misuse(method: str) -> None:
    peer = Peer()
    calling(peer)
    with pytest.raises(LocalError):
        peer.engine.request_in(LEG, method, peer.now)
    with pytest.raises(LocalError):
        peer.engine.refuse(LEG, 200, peer.now)
    with pytest.raises(LocalError):
        peer.invite("leg")


# -- frozen -----------------------------------------------------------------------------------------------------------
def test_a_confirmed_dialog_survives_as_bytes() -> None:
    old = Peer()
    leg, tag = called(old, extra="Record-Route: <sip:p1.example;lr>\r\n")
    frozen = old.engine.freeze(leg)
    assert frozen is not None
    new = Peer(seed=9)
    new.engine.thaw(leg, frozen, 0.0)
    assert new.engine.legs() == [leg]
    assert new.engine.dialog_ids(leg) == old.engine.dialog_ids(leg)
    assert new.engine.find("call", tag, "ann") == leg
    with pytest.raises(LocalError):
        new.engine.thaw(leg, frozen, 0.0)
    new.send("INVITE", 2, tag=tag, body=b"hold")
    assert len(new.of(Reinvited)) == 1
    new.engine.accept(leg, 0.0, body=b"held")
    new.take()
    new.send("ACK", 2, tag=tag)
    new.engine.end(leg, 0.0)
    new.take()
    (bye,) = new.requests("BYE")
    assert bye.headers.get("CSeq") == "1001 BYE"
    assert bye.headers.get("Route") == "<sip:p1.example;lr>"
    assert (bye.uri, new.packets[-1].to) == ("sip:ann@192.0.2.2:5060", new.flow)
    new.answer(bye, 200)
    new.wait(100)
    assert new.engine.idle()


def test_a_thawed_dialog_still_refuses_stale_requests() -> None:
    old = Peer()
    leg, tag = called(old)
    old.send("INFO", 7, tag=tag)
    frozen = old.engine.freeze(leg)
    assert frozen is not None
    new = Peer()
    new.engine.thaw(leg, frozen, 0.0)
    new.send("INFO", 7, tag=tag)
    assert new.responses("INFO") == [500]


def test_only_confirmed_dialogs_are_frozen_as_dialogs() -> None:
    peer = Peer()
    peer.send("INVITE")
    assert is_unanswered(peer.engine.freeze(peer.of(Invited)[0].leg) or b"")
    peer.answer(peer.invite(), 180)
    assert is_unanswered(peer.engine.freeze(LEG) or b"")
    assert peer.flow.remote == THEIRS
