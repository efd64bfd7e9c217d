"""Session timers (RFC 4028): negotiation in both directions, refresh by either side, expiry, restart."""

import pytest
from msgspec.structs import replace

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.engine import EngineConfig
from vorzimmer.sip.events import Answered, Ended, Invited, ReinviteAnswered, Reinvited, Requested
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.session_timer import Session, asked_by, granted, restored, taken
from vorzimmer.testing.engines import EnginePair
from vorzimmer.testing.peer import OURS, Peer

LEG = LegId("leg")
TIMER = "Supported: timer\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"


def called(peer: Peer, extra: str) -> tuple[LegId, str]:
    """A call to the engine, accepted and acknowledged: its leg and the engine's tag."""
    peer.send("INVITE", extra=extra, body=b"offer")
    leg = peer.of(Invited)[-1].leg
    peer.engine.accept(leg, peer.now, body=b"answer")
    peer.take()
    ids = peer.engine.dialog_ids(leg)
    assert ids is not None
    peer.send("ACK", tag=ids[1])
    return leg, ids[1]


def granted_to(extra: str, config: EngineConfig | None = None) -> tuple[str, bool]:
    """Session-Expires of our 200, and whether it requires timer."""
    peer = Peer(config=config)
    called(peer, extra)
    headers = peer.last_response().headers
    return headers.get("Session-Expires"), "timer" in headers.list_of("Require")


def calling(peer: Peer, extra: str = "") -> Request:
    invite = peer.invite()
    peer.answer(invite, 200, extra=extra, body=b"answer")
    return invite


def from_bob(peer: Peer, invite: Request) -> str:
    peer.call_id, peer.from_tag = invite.headers.get("Call-ID"), "bob"
    return invite.headers.get("From").partition("tag=")[2]


def updates(peer: Peer) -> list[Request]:
    return list({request.headers.get("CSeq"): request for request in peer.requests("UPDATE")}.values())


def done(peer: Peer) -> None:
    for leg in peer.engine.legs():
        peer.engine.end(leg, peer.now)
    peer.wait(400)
    assert peer.engine.idle()


# -- as UAS -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("extra", "answer", "required"),
    [
        (TIMER, "1800;refresher=uac", True),
        (TIMER + "Session-Expires: 600\r\n", "600;refresher=uac", True),
        (TIMER + "x: 600;refresher=uas\r\n", "600;refresher=uas", True),
        (TIMER + "Session-Expires: 600;Refresher=UAC\r\nMin-SE: 300\r\n", "600;refresher=uac", True),
        (TIMER + "Session-Expires: nonsense\r\nMin-SE: 4000\r\n", "4000;refresher=uac", True),
        ("", "1800;refresher=uas", False),
        ("Session-Expires: 30\r\n", "90;refresher=uas", False),
        (TIMER + "Session-Expires: 999999999999\r\n", "86400;refresher=uac", True),
    ],
)
def test_rfc4028_9_what_the_200_grants(extra: str, answer: str, required: bool) -> None:
    assert granted_to(extra) == (answer, required)


def test_rfc4028_9_switched_off_we_take_what_is_asked_and_ask_nothing() -> None:
    off = EngineConfig(sent_by=lambda _: OURS, session_expires=0)
    assert granted_to(TIMER, off) == ("", False)
    assert granted_to(TIMER + "Session-Expires: 600\r\n", off) == ("600;refresher=uac", True)
    assert "Session-Expires" not in Peer(config=off).invite().headers


@pytest.mark.parametrize("usual", [1800, 0])
def test_rfc4028_9_a_leg_may_have_an_interval_of_its_own_in_either_direction(usual: int) -> None:
    peer = Peer(config=EngineConfig(sent_by=lambda _: OURS, session_expires=usual))
    peer.send("INVITE", extra="Supported: timer\r\n", body=b"offer")
    leg = peer.of(Invited)[-1].leg
    peer.engine.expect(leg, 600)
    peer.engine.accept(leg, peer.now, body=b"answer")
    peer.take()
    assert peer.last_response().headers.get("Session-Expires") == "600;refresher=uac"
    peer.engine.invite(LEG, replace(peer.spec(), session=900), peer.now)
    peer.take()
    assert peer.requests("INVITE")[-1].headers.get("Session-Expires") == "900"
    peer.invite("another")
    assert peer.requests("INVITE")[-1].headers.get("Session-Expires") == ("1800" if usual else "")
    peer.engine.expect(LegId("gone"), 600)


def test_rfc4028_9_too_small_is_422_with_min_se() -> None:
    peer = Peer(config=EngineConfig(sent_by=lambda _: OURS, min_se=120))
    peer.send("INVITE", extra=TIMER + "Session-Expires: 119\r\n", body=b"offer")
    assert peer.responses("INVITE") == [422]
    assert peer.last_response().headers.get("Min-SE") == "120"
    assert peer.of(Invited) == []


def test_rfc4028_10_a_caller_that_does_not_refresh_is_ended_before_the_time_is_up() -> None:
    for interval, over in ((1800, 1768), (90, 60)):
        peer = Peer()
        leg, _ = called(peer, TIMER + f"Session-Expires: {interval}\r\n")
        peer.wait(over - 0.1)
        assert peer.of(Ended) == []
        peer.wait(0.2)
        assert [(event.leg, event.cause) for event in peer.of(Ended)] == [(leg, "timeout")]
        assert len(peer.requests("BYE")) == 1
        done(peer)


def test_rfc4028_9_an_update_refreshes_and_is_answered_with_the_interval() -> None:
    peer = Peer()
    _, tag = called(peer, TIMER + "Session-Expires: 90\r\n")
    for cseq in range(2, 12):
        peer.wait(45)
        peer.send("UPDATE", cseq, tag=tag, extra=TIMER + "Session-Expires: 90;refresher=uac\r\n")
        peer.engine.respond(peer.of(Requested)[-1].transaction, 200, peer.now)
        peer.take()
        assert peer.last_response().headers.get("Session-Expires") == "90;refresher=uac"
    peer.send("UPDATE", 12, tag=tag, extra=TIMER + "Session-Expires: 89;refresher=uac\r\n")
    assert peer.responses("UPDATE")[-1] == 422
    assert peer.of(Ended) == []
    done(peer)


def test_rfc4028_9_a_reinvite_with_the_sdp_of_before_is_answered_here_and_is_nobody_s_news() -> None:
    peer = Peer()
    _, tag = called(peer, TIMER + "Session-Expires: 90\r\n")
    for cseq in range(2, 8):
        peer.wait(45)
        before = len(peer.events)
        peer.send("INVITE", cseq, tag=tag, extra=TIMER + "Session-Expires: 90;refresher=uac\r\n", body=b"offer")
        assert peer.responses("INVITE")[-1] == 200
        assert peer.last_response().body == b"answer"
        assert peer.last_response().headers.get("Session-Expires") == "90;refresher=uac"
        peer.send("ACK", cseq, tag=tag)
        assert len(peer.events) == before
    peer.send("INVITE", 9, tag=tag, extra=TIMER + "Session-Expires: 90;refresher=uac\r\n", body=b"offer, held")
    assert len(peer.of(Reinvited)) == 1
    done(peer)


# -- as UAC -----------------------------------------------------------------------------------------------------------
def test_rfc4028_7_1_the_invite_asks_and_names_no_refresher() -> None:
    invite = Peer().invite()
    assert invite.headers.get("Session-Expires") == "1800"
    assert "timer" in invite.headers.list_of("Supported")
    assert "Require" not in invite.headers
    assert "Min-SE" not in invite.headers


def test_rfc4028_7_3_a_422_is_answered_with_a_longer_interval_in_the_same_leg() -> None:
    peer = Peer()
    first = peer.invite()
    peer.answer(first, 180, "early")
    peer.answer(first, 422, extra="Min-SE: 3600\r\n")
    again = peer.requests("INVITE")[-1]
    assert again.headers.get("Session-Expires") == "3600"
    assert again.headers.get("Min-SE") == "3600"
    assert again.headers.get("Call-ID") == first.headers.get("Call-ID")
    assert again.headers.get("From") == first.headers.get("From")
    assert int(again.headers.get("CSeq").split()[0]) == int(first.headers.get("CSeq").split()[0]) + 1
    assert again.body == first.body
    peer.answer(again, 200, extra="Session-Expires: 3600;refresher=uac\r\n", body=b"answer")
    assert [event.leg for event in peer.of(Answered)] == [LEG]
    done(peer)


@pytest.mark.parametrize("least", ["", "Min-SE: 90\r\n", "Min-SE: 99999999\r\n", "Min-SE: x\r\n"])
def test_rfc4028_7_3_a_422_that_asks_for_nothing_new_ends_the_leg(least: str) -> None:
    peer = Peer()
    peer.answer(peer.invite(), 422, extra=least)
    if "9999" in least:  # cut to a day, which may be asked for once
        peer.answer(peer.requests("INVITE")[-1], 422, extra=least)
    assert peer.engine.legs() == []
    assert len(peer.requests("INVITE")) == (2 if "9999" in least else 1)
    done(peer)


def test_rfc4028_7_4_we_refresh_at_half_time_by_update_without_a_body() -> None:
    peer = Peer()
    calling(peer, TIMER + "Session-Expires: 600;refresher=uac\r\n")
    for round_ in range(1, 5):
        peer.wait(299)
        assert len(updates(peer)) == round_ - 1
        peer.wait(1.1)
        update = updates(peer)[-1]
        assert update.body == b""
        assert update.headers.get("Session-Expires") == "600;refresher=uac"
        peer.answer(update, 200, extra="Session-Expires: 600;refresher=uac\r\n")
    assert peer.of(Ended) == []
    done(peer)


def test_rfc4028_7_4_without_update_by_reinvite_with_the_description_of_before() -> None:
    for how in ("never allowed", "405"):
        peer = Peer()
        first = calling(peer, (TIMER if how == "405" else "") + "Session-Expires: 600;refresher=uac\r\n")
        peer.wait(301)
        if how == "405":
            peer.answer(updates(peer)[0], 405)
        again = peer.requests("INVITE")[-1]
        assert again is not first
        assert again.body == first.body
        peer.answer(again, 200, extra="Session-Expires: 600;refresher=uac\r\n", body=b"answer")
        assert len(peer.requests("ACK")) == 2
        assert peer.of(ReinviteAnswered) == []
        peer.wait(301)
        assert len({request.headers.get("CSeq") for request in peer.requests("INVITE")}) == 3
        done(peer)


def test_rfc4028_7_4_the_last_description_counts_not_the_first() -> None:
    peer = Peer()
    calling(peer, "Session-Expires: 600;refresher=uac\r\n")
    peer.engine.reinvite(LEG, b"offer 2", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 200, body=b"answer 2")
    peer.engine.reinvite(LEG, b"offer 3", peer.now)
    peer.take()
    peer.answer(peer.requests("INVITE")[-1], 488)
    peer.wait(1000)
    assert peer.requests("INVITE")[-1].body == b"offer 2"
    done(peer)


def test_rfc4028_7_2_a_peer_without_timers_is_refreshed_by_us() -> None:
    peer = Peer()
    calling(peer)
    peer.wait(901)
    again = peer.requests("INVITE")[-1]
    assert again.body == b"offer"
    peer.answer(again, 488)  # it is there, whatever it says
    peer.wait(890)  # beyond the end of the first interval
    assert peer.of(Ended) == []
    peer.wait(11)
    peer.wait(33)  # nobody answers the next one
    assert [event.cause for event in peer.of(Ended)] == ["timeout"]
    done(peer)


def test_rfc4028_10_as_uac_we_end_a_session_that_the_peer_does_not_refresh() -> None:
    peer = Peer()
    calling(peer, TIMER + "Session-Expires: 600;refresher=uas\r\n")
    peer.wait(567)
    assert (peer.of(Ended), updates(peer)) == ([], [])
    peer.wait(2)
    assert [event.cause for event in peer.of(Ended)] == ["timeout"]
    done(peer)


def test_rfc4028_10_a_refresh_of_ours_that_nobody_answers_ends_the_session_in_time() -> None:
    """Before the transaction of the refresh itself gives up."""
    peer = Peer()
    calling(peer, TIMER + "Session-Expires: 90;refresher=uac\r\n")
    peer.wait(46)
    assert len(updates(peer)) == 1
    assert peer.of(Ended) == []
    peer.wait(60 - 46 + 1)  # a third of the interval before its end (section 10)
    assert [event.cause for event in peer.of(Ended)] == ["timeout"]
    done(peer)


def test_rfc4028_7_4_any_session_change_counts_as_a_refresh() -> None:
    peer = Peer()
    invite = calling(peer, TIMER + "Session-Expires: 600;refresher=uac\r\n")
    peer.wait(200)
    peer.engine.reinvite(LEG, b"offer 2", peer.now)
    peer.take()
    again = peer.requests("INVITE")[-1]
    assert again.headers.get("Session-Expires") == "600;refresher=uac"
    peer.answer(again, 200, extra="Session-Expires: 600;refresher=uac\r\n", body=b"answer 2")
    peer.wait(150)
    assert updates(peer) == []
    tag = from_bob(peer, invite)
    peer.send("UPDATE", 1, tag=tag)
    peer.engine.respond(peer.of(Requested)[0].transaction, 200, peer.now)
    peer.take()
    assert peer.last_response().headers.get("Session-Expires") == "600;refresher=uas"
    peer.wait(299)
    assert updates(peer) == []
    peer.wait(2)
    assert len(updates(peer)) == 1
    done(peer)


def test_rfc4028_a_refresh_that_meets_491_or_no_way_is_tried_again() -> None:
    for status in (491, 500):
        peer = Peer()
        calling(peer, TIMER + "Session-Expires: 600;refresher=uac\r\n")
        peer.wait(301)
        peer.answer(updates(peer)[-1], status)
        peer.wait(9)
        assert len(updates(peer)) == 1
        peer.wait(2)
        assert len(updates(peer)) == 2
        peer.answer(updates(peer)[-1], 200, extra="Session-Expires: 600;refresher=uac\r\n")
        done(peer)
    peer = Peer("tcp")
    calling(peer, TIMER + "Session-Expires: 600;refresher=uac\r\n")
    peer.wait(301)
    peer.engine.flow_closed(peer.flow, peer.now)
    peer.take()
    assert peer.of(Ended) == []
    peer.wait(300)
    assert [event.cause for event in peer.of(Ended)] == ["timeout"]
    done(peer)


def test_rfc4028_7_4_a_422_to_a_refresh_raises_the_interval() -> None:
    peer = Peer()
    calling(peer, TIMER + "Session-Expires: 600;refresher=uac\r\n")
    peer.wait(301)
    peer.answer(updates(peer)[-1], 422, extra="Min-SE: 900\r\n")
    assert updates(peer)[-1].headers.get("Session-Expires") == "900;refresher=uac"
    assert updates(peer)[-1].headers.get("Min-SE") == "900"
    done(peer)
    plain = Peer()
    calling(plain, "Session-Expires: 600;refresher=uac\r\n")
    plain.wait(301)
    plain.answer(plain.requests("INVITE")[-1], 422, extra="Min-SE: 900\r\n")
    assert plain.requests("INVITE")[-1].headers.get("Session-Expires") == "900;refresher=uac"
    done(plain)


# -- restart ----------------------------------------------------------------------------------------------------------
def test_rfc4028_deadline_and_role_survive_a_restart() -> None:
    peer = Peer()
    calling(peer, TIMER + "Session-Expires: 600;refresher=uac\r\n")
    peer.wait(100)
    frozen = peer.engine.freeze(LEG)
    assert frozen is not None
    again = Peer(seed=3)
    again.now = 110.0
    again.engine.thaw(LEG, frozen, again.now)
    again.wait(189)
    assert updates(again) == []
    again.wait(2)
    assert len(updates(again)) == 1
    theirs = Peer()
    calling(theirs, TIMER + "Session-Expires: 600;refresher=uas\r\n")
    frozen = theirs.engine.freeze(LEG)
    assert frozen is not None
    again = Peer(seed=3)
    again.engine.thaw(LEG, frozen, 0.0)
    again.wait(567)
    assert (again.of(Ended), updates(again)) == ([], [])
    again.wait(2)
    assert [event.cause for event in again.of(Ended)] == ["timeout"]


def test_rfc4028_a_refresh_after_a_restart_says_what_was_said() -> None:
    peer = Peer()
    calling(peer, "Session-Expires: 600;refresher=uac\r\n")
    frozen = peer.engine.freeze(LEG)
    assert frozen is not None
    again = Peer(seed=3)
    again.engine.thaw(LEG, frozen, 0.0)
    again.wait(301)
    assert again.requests("INVITE")[-1].body == b"offer"


def test_a_call_is_not_ended_for_a_restart_of_the_server_or_its_clock() -> None:
    session = Session(600, ours=False, expires=1000.0)
    assert restored(session, 500.0, 650.0) == session
    assert restored(session, 500.0, session.refresh_at).expires == session.refresh_at + 600
    assert restored(session, 500.0, 999.0).expires == 1599.0
    assert restored(session, 500.0, 5.0).expires == 605.0


# -- the tables -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "supported", "ours", "expected"),
    [
        ("600;refresher=uac", True, None, False),
        ("600;refresher=uas", True, None, True),
        ("600", True, None, False),
        ("600", True, True, True),
        ("600;refresher=uac", False, None, True),
        ("600", False, False, True),
    ],
)
def test_rfc4028_9_table_2_refresher(text: str, supported: bool, ours: bool | None, expected: bool) -> None:
    asked = asked_by(Headers([("Session-Expires", text)]))
    assert granted(asked, usual=1800, least=90, supported=supported, ours=ours) == (600, expected)


def test_rfc4028_7_2_who_refreshes_by_the_2xx() -> None:
    for text, expected in (("600;refresher=uas", (600, False)), ("600;refresher=uac", (600, True)), ("", (1800, True))):
        assert taken(asked_by(Headers([("Session-Expires", text)] if text else [])), 1800) == expected


def test_rfc4028_two_engines_keep_each_other_alive_for_a_day() -> None:
    pair = EnginePair()
    for side in (pair.a, pair.b):
        engine = side.engine

        def answer(event: object, engine: object = engine) -> None:
            if isinstance(event, Requested):
                engine.respond(event.transaction, 200, pair.now)  # type: ignore[attr-defined]  # an Engine

        side.handler = answer
    mine, theirs = pair.talk()
    pair.run(86_400)
    assert (pair.a.of(Ended), pair.b.of(Ended)) == ([], [])
    assert pair.a.starts("INVITE") == pair.a.starts("INVITE")[:1]
    assert 90 < len(pair.a.starts("UPDATE")) + len(pair.b.starts("UPDATE")) < 100
    pair.a.engine.end(mine, pair.now)
    pair.run()
    assert [event.leg for event in pair.b.of(Ended)] == [theirs]
    assert pair.idle()


def test_after_a_restart_refreshes_that_were_due_do_not_come_all_at_once() -> None:
    peer = Peer()
    calling(peer, TIMER + "Session-Expires: 1800;refresher=uac\r\n")
    frozen = peer.engine.freeze(LEG)
    assert frozen is not None
    again = Peer(seed=3)
    again.now = 5000.0
    for number in range(100):
        again.engine.thaw(LegId(f"leg{number}"), frozen, again.now)
    first = again.engine.get_timer()
    assert first is not None
    assert 450 <= first - again.now < 500
    again.wait(675)
    half = len({request.headers.get("Via") for request in again.requests("UPDATE")})
    assert 30 < half < 70
