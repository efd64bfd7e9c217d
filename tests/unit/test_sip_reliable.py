"""Reliable provisional responses (RFC 3262), and UPDATE before the 200 (RFC 3311)."""

import pytest

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import Answered, Cancelled, Ended, Invited, Progressed, Requested, Responded
from vorzimmer.sip.message import Request, Response
from vorzimmer.testing.engines import EnginePair, Weather
from vorzimmer.testing.peer import Peer

LEG = LegId("leg")
SDP = (("Content-Type", "application/sdp"),)
KNOWS = "Supported: 100rel\r\n"
NEEDS = "Require: 100rel\r\n"


def invited(peer: Peer, extra: str) -> LegId:
    peer.send("INVITE", extra=extra, body=b"offer")
    return peer.of(Invited)[-1].leg


def ring(peer: Peer, leg: LegId, status: int = 180, body: bytes = b"") -> None:
    peer.engine.ring(leg, peer.now, status=status, body=body)
    peer.take()


def accept(peer: Peer, leg: LegId) -> None:
    peer.engine.accept(leg, peer.now, body=b"answer")
    peer.take()


def provisionals(peer: Peer) -> list[Response]:
    return [m for m in peer.sent if isinstance(m, Response) and 100 < m.status < 200]


def prack(peer: Peer, cseq: int = 2, *, response: Response | None = None, rack: str = "", body: bytes = b"") -> int:
    """PRACK the newest reliable provisional; the status it gets."""
    response = response or [m for m in provisionals(peer) if "RSeq" in m.headers][-1]
    tag = response.headers.get("To").partition("tag=")[2]
    peer.send(
        "PRACK", cseq, tag=tag, extra=f"RAck: {rack or response.headers.get('RSeq') + ' 1 INVITE'}\r\n", body=body
    )
    return peer.responses("PRACK")[-1] if peer.responses("PRACK") else 0


def done(peer: Peer) -> None:
    for leg in peer.engine.legs():
        peer.engine.end(leg, peer.now)
    peer.wait(400)
    assert peer.engine.idle()


# -- as UAS -----------------------------------------------------------------------------------------------------------
def test_rfc3262_3_a_caller_that_does_not_know_it_gets_nothing_new() -> None:
    peer = Peer()
    leg = invited(peer, "")
    ring(peer, leg, 183, b"answer")
    ring(peer, leg)
    assert [m.status for m in provisionals(peer)] == [183, 180]
    assert all("RSeq" not in m.headers and "Require" not in m.headers for m in provisionals(peer))
    accept(peer, leg)
    done(peer)


def test_rfc3262_3_supported_makes_only_a_description_reliable_required_everything() -> None:
    for extra, reliable in ((KNOWS, [False, True]), (NEEDS, [True, True])):
        peer = Peer()
        leg = invited(peer, extra)
        ring(peer, leg)
        if reliable[0]:
            assert prack(peer) == 200
        ring(peer, leg, 183, b"answer")
        assert ["RSeq" in m.headers for m in provisionals(peer)] == reliable
        assert ["100rel" in m.headers.list_of("Require") for m in provisionals(peer)] == reliable
        done(peer)


def test_rfc3262_3_repeated_with_doubled_pauses_until_the_prack() -> None:
    peer = Peer()
    leg = invited(peer, KNOWS)
    ring(peer, leg, 183, b"answer")
    peer.wait(4)  # after 0.5, 1.5 and 3.5 s
    assert len(provisionals(peer)) == 4
    assert len({m.headers.get("RSeq") for m in provisionals(peer)}) == 1
    assert prack(peer) == 200
    peer.wait(40)
    assert len(provisionals(peer)) == 4
    done(peer)


def test_rfc3262_3_without_prack_5xx_after_64_t1_and_the_leg_is_over() -> None:
    peer = Peer()
    leg = invited(peer, KNOWS)
    ring(peer, leg, 183, b"answer")
    peer.wait(31.9)
    assert peer.of(Ended) == []
    peer.wait(0.2)
    assert [(event.leg, event.cause) for event in peer.of(Ended)] == [(leg, "no-prack")]
    assert peer.responses("INVITE")[-1] == 504
    done(peer)


def test_rfc3262_3_one_at_a_time_the_others_wait_and_count_on() -> None:
    peer = Peer()
    leg = invited(peer, NEEDS)
    for status in (180, 181, 183):
        ring(peer, leg, status)
    assert [m.status for m in provisionals(peer)] == [180]
    assert prack(peer, 2) == 200
    assert prack(peer, 3) == 200
    assert [m.status for m in provisionals(peer)] == [180, 181, 183]
    numbers = [int(m.headers.get("RSeq")) for m in provisionals(peer)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    done(peer)


def test_rfc3262_3_a_2xx_waits_for_the_prack_of_a_description_only() -> None:
    peer = Peer()
    leg = invited(peer, KNOWS)
    ring(peer, leg, 183, b"answer")
    accept(peer, leg)
    assert 200 not in peer.responses("INVITE")
    assert prack(peer) == 200
    assert peer.responses("INVITE")[-1] == 200
    done(peer)
    other = Peer()
    leg = invited(other, NEEDS)
    ring(other, leg)
    accept(other, leg)
    assert other.responses("INVITE")[-1] == 200
    other.wait(3)
    assert len(provisionals(other)) == 1
    assert prack(other) == 200
    done(other)


def test_rfc3262_3_a_2xx_that_waits_can_be_cancelled_ended_and_given_up() -> None:
    for how in ("cancel", "end", "silence"):
        peer = Peer()
        peer.send("INVITE", extra=KNOWS, body=b"offer", branch="z9hG4bKone")
        leg = peer.of(Invited)[-1].leg
        ring(peer, leg, 183, b"answer")
        accept(peer, leg)
        if how == "cancel":
            peer.send("CANCEL", branch="z9hG4bKone")
            assert [event.leg for event in peer.of(Cancelled)] == [leg]
        elif how == "end":
            peer.engine.end(leg, peer.now)
            peer.take()
        else:
            peer.wait(33)
            assert [event.leg for event in peer.of(Ended)] == [leg]
        assert peer.responses("INVITE")[-1] == (504 if how == "silence" else 487)
        done(peer)


@pytest.mark.parametrize("rack", ["1 1 INVITE", "x", "", "1 2 3 4", f"{'9' * 30} 1 INVITE", "NUMBER 2 INVITE"])
def test_rfc3262_3_a_prack_that_matches_nothing_is_481(rack: str) -> None:
    peer = Peer()
    leg = invited(peer, KNOWS)
    ring(peer, leg, 183, b"answer")
    number = provisionals(peer)[-1].headers.get("RSeq")
    assert prack(peer, rack=rack.replace("NUMBER", number) or " ") == 481
    peer.wait(1)
    assert len(provisionals(peer)) == 2
    done(peer)


def test_rfc3262_3_a_second_prack_of_the_same_is_481_its_repetition_is_not() -> None:
    peer = Peer()
    leg = invited(peer, KNOWS)
    ring(peer, leg, 183, b"answer")
    assert prack(peer, 2) == 200
    assert prack(peer, 3) == 481
    done(peer)


def test_rfc3262_5_an_offer_in_a_prack_is_passed_up_and_the_provisional_counts_as_heard() -> None:
    peer = Peer()
    leg = invited(peer, KNOWS)
    ring(peer, leg, 183, b"answer")
    prack(peer, body=b"offer 2")
    (asked,) = peer.of(Requested)
    assert (asked.leg, asked.request.method) == (leg, "PRACK")
    peer.engine.respond(asked.transaction, 200, peer.now, extra=SDP, body=b"answer 2")
    accept(peer, leg)
    assert peer.responses("PRACK") == [200]
    assert peer.responses("INVITE")[-1] == 200
    done(peer)


def test_rfc3261_13_3_1_1_after_a_minute_a_provisional_follows_that_is_no_repetition() -> None:
    for extra in ("", KNOWS, NEEDS):
        peer = Peer()
        leg = invited(peer, extra)
        ring(peer, leg, 183, b"answer")
        if extra:
            assert prack(peer) == 200
        peer.wait(61)
        assert [m.status for m in provisionals(peer)[:2]] == [183, 183]
        if extra:
            first, second = provisionals(peer)[:2]
            assert second.headers.get("RSeq") != first.headers.get("RSeq")
            assert second.body == b""
        done(peer)


# -- as UAC -----------------------------------------------------------------------------------------------------------
def reliable(
    peer: Peer, invite: Request, number: int, *, tag: str = "bob", status: int = 183, body: bytes = b""
) -> None:
    peer.answer(invite, status, tag, extra=f"Require: 100rel\r\nRSeq: {number}\r\n", body=body)


def racks(peer: Peer) -> list[str]:
    return [request.headers.get("RAck").rpartition(" INVITE")[0].split()[0] for request in peer.requests("PRACK")]


def test_rfc3262_4_we_support_it_and_never_require_it() -> None:
    peer = Peer()
    invite = peer.invite()
    assert "100rel" in invite.headers.list_of("Supported")
    assert "Require" not in invite.headers
    late = peer.invite("late", b"")
    assert "100rel" not in late.headers.list_of("Supported")


def test_rfc3262_4_each_is_acknowledged_once_in_order_and_per_fork() -> None:
    peer = Peer()
    invite = peer.invite()
    for number in (7, 7, 9, 8, 7, 9):  # 9 has overtaken 8: it comes again
        reliable(peer, invite, number)
    assert racks(peer) == ["7", "8", "9"]
    reliable(peer, invite, 500, tag="eve")
    assert racks(peer) == ["7", "8", "9", "500"]
    assert [event.fork for event in peer.of(Progressed)] == ["bob", "bob", "bob", "eve"]
    pracks = peer.requests("PRACK")
    assert [request.uri for request in pracks] == ["sip:bob@192.0.2.2:5070"] * 4
    number = int(invite.headers.get("CSeq").split()[0])
    assert [request.headers.get("CSeq") for request in pracks] == [f"{number + n} PRACK" for n in (1, 2, 3, 1)]
    for request in pracks:
        peer.answer(request, 200)
    peer.answer(invite, 200, body=b"answer")
    assert peer.requests("ACK")[-1].headers.get("CSeq") == f"{number} ACK"
    done(peer)


def test_rfc3261_13_2_2_1_a_180_after_a_183_is_passed_on() -> None:
    peer = Peer()
    invite = peer.invite()
    reliable(peer, invite, 1, body=b"answer")
    peer.answer(invite, 180)
    assert [event.response.status for event in peer.of(Progressed)] == [183, 180]


def test_rfc3262_5_the_answer_of_a_provisional_stands_in_a_200_without_one() -> None:
    peer = Peer()
    invite = peer.invite()
    reliable(peer, invite, 1, body=b"answer")
    peer.answer(invite, 200)
    (answered,) = peer.of(Answered)
    assert answered.response.body == b"answer"
    assert answered.response.headers.get("Content-Type") == "application/sdp"
    other = Peer()
    invite = other.invite()
    reliable(other, invite, 1, body=b"answer")
    other.answer(invite, 200, "eve")
    assert other.of(Answered)[0].response.body == b""


def test_rfc3262_after_a_restart_the_prack_has_a_fresh_cseq() -> None:
    peer = Peer()
    invite = peer.invite()
    reliable(peer, invite, 1)
    frozen = peer.engine.freeze(LEG)
    assert frozen is not None
    again = Peer(seed=5)
    again.engine.thaw(LEG, frozen, 0.0)
    again.take()
    reliable(again, invite, 1)
    before, after = (int(p.requests("PRACK")[0].headers.get("CSeq").split()[0]) for p in (peer, again))
    assert after > before


def test_rfc3262_3_a_2xx_that_waits_goes_out_after_a_restart() -> None:
    peer = Peer()
    leg = invited(peer, KNOWS)
    ring(peer, leg, 183, b"answer")
    peer.engine.accept(leg, peer.now, extra=(("X-Kept", "yes"),), body=b"answer")
    frozen = peer.engine.freeze(leg)
    assert frozen is not None
    again = Peer(seed=5)
    again.engine.thaw(leg, frozen, 0.0)
    again.take()
    assert again.responses("INVITE") == [200]
    assert again.last_response().headers.get("X-Kept") == "yes"
    assert again.last_response().body == b"answer"


# -- both, in any weather ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(12))
def test_rfc3262_in_bad_weather_the_answer_arrives_and_everything_is_acknowledged_once(seed: int) -> None:
    pair = EnginePair(weather=Weather(loss=0.2, duplication=0.1, delay=0.02, jitter=0.3), seed=seed)
    leg = pair.call(pair.a)
    pair.run(12)
    theirs = pair.b.of(Invited)[0].leg
    pair.b.engine.ring(theirs, pair.now, status=183, body=b"answer")
    pair.run(1)
    pair.b.engine.ring(theirs, pair.now, status=183, body=b"answer")
    pair.b.engine.accept(theirs, pair.now, body=b"answer")
    pair.run(30)
    assert [event.leg for event in pair.a.of(Answered)] == [leg]
    acknowledged = [text for text in pair.a.sent if text.startswith("PRACK")]
    numbers = {text.partition("RAck: ")[2].split()[0] for text in acknowledged}
    branches = {text.partition("branch=")[2].partition(";")[0] for text in acknowledged}
    assert len(numbers) == len(branches) <= 2
    pair.a.engine.end(leg, pair.now)
    pair.run()
    assert pair.idle()


# -- UPDATE before the 200 (RFC 3311) ---------------------------------------------------------------------------------
def test_rfc3311_5_1_update_in_an_early_dialog_both_ways() -> None:
    pair = EnginePair()
    mine = pair.call(pair.a)
    pair.run(1)
    theirs = pair.b.of(Invited)[0].leg
    pair.b.engine.ring(theirs, pair.now)
    pair.run(1)
    assert pair.a.engine.allows(mine, "INVITE")
    assert pair.b.engine.allows(theirs, "UPDATE")
    for side, other, leg in ((pair.a, pair.b, mine), (pair.b, pair.a, theirs)):
        side.engine.request_in(leg, "UPDATE", pair.now)
        pair.run(1)
        asked = other.of(Requested)[-1]
        assert asked.request.method == "UPDATE"
        assert "UPDATE" in asked.request.headers.list_of("Allow")
        other.engine.respond(asked.transaction, 200, pair.now)
        pair.run(1)
        assert [event.status for event in side.of(Responded)] == [200]


def test_rfc3311_5_2_offers_cross_before_the_answer_491_and_500() -> None:
    peer = Peer()
    leg = invited(peer, KNOWS)
    ring(peer, leg)
    tag = provisionals(peer)[-1].headers.get("To").partition("tag=")[2]
    peer.send("UPDATE", 2, tag=tag, body=b"offer 2")
    assert peer.responses("UPDATE") == [500]
    assert 0 <= int(peer.last_response().headers.get("Retry-After")) <= 10
    ring(peer, leg, 183, b"answer")
    assert prack(peer, 3) == 200
    peer.send("UPDATE", 4, tag=tag, body=b"offer 2")
    assert [event.request.method for event in peer.of(Requested)] == ["UPDATE"]
    calling = Peer()
    invite = calling.invite()
    reliable(calling, invite, 1)
    calling.call_id, calling.from_tag = invite.headers.get("Call-ID"), "bob"
    ours = invite.headers.get("From").partition("tag=")[2]
    calling.send("UPDATE", 1, tag=ours, body=b"offer 2")
    assert calling.responses("UPDATE") == [491]
    calling.engine.request_in(LEG, "UPDATE", calling.now, extra=SDP, body=b"offer 2")
    calling.take()
    assert [event.status for event in calling.of(Responded)] == [491]
    reliable(calling, invite, 2, body=b"answer")
    calling.engine.request_in(LEG, "UPDATE", calling.now, extra=SDP, body=b"offer 2", fork="bob")
    calling.take()
    assert calling.requests("UPDATE")[-1].body == b"offer 2"


def test_rfc3311_each_fork_is_spoken_to_apart() -> None:
    peer = Peer()
    invite = peer.invite()
    for tag in ("bob", "eve"):
        peer.answer(invite, 180, tag, contact=f"sip:{tag}@192.0.2.2:5070")
    for fork in ("bob", "eve", ""):
        peer.engine.request_in(LEG, "UPDATE", peer.now, fork=fork)
    peer.take()
    assert [request.uri.partition("@")[0] for request in peer.requests("UPDATE")] == ["sip:bob", "sip:eve", "sip:eve"]
    assert peer.engine.request_in(LEG, "UPDATE", peer.now, fork="nobody").startswith("none-")


def test_rfc3261_20_5_what_a_peer_allows_and_supports_is_remembered() -> None:
    peer = Peer()
    invite = peer.invite()
    assert not peer.engine.allows(LEG, "UPDATE")
    assert peer.engine.allows(LEG, "BYE")
    peer.answer(invite, 180, extra="Allow: INVITE, UPDATE\r\nAllow: BYE\r\nSupported: From-Change\r\n")
    assert peer.engine.allows(LEG, "UPDATE")
    assert peer.engine.supports(LEG, "from-change")
    peer.answer(invite, 200, body=b"answer")
    assert peer.engine.allows(LEG, "UPDATE")
    frozen = peer.engine.freeze(LEG)
    assert frozen is not None
    again = Peer()
    again.engine.thaw(LEG, frozen, 0.0)
    assert again.engine.allows(LEG, "UPDATE")
    assert not again.engine.allows(LEG, "REFER")
    assert again.engine.supports(LEG, "from-change")
    assert not again.engine.allows(LegId("nobody"), "BYE")


def test_rfc3261_13_2_1_an_invite_without_an_offer_gets_no_reliable_provisional() -> None:
    for extra in (KNOWS, NEEDS):
        peer = Peer()
        peer.send("INVITE", extra=extra)
        leg = peer.of(Invited)[-1].leg
        ring(peer, leg)
        assert "RSeq" not in provisionals(peer)[-1].headers
        accept(peer, leg)
        assert peer.responses("INVITE")[-1] == 200
        done(peer)
