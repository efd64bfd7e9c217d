"""apply(state, event, at) as a table: what each event makes of an answered call, without engine, media or time."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.calls.apply import CallEvent, apply
from vorzimmer.calls.effects import (
    Accept,
    Bye,
    Close,
    Configure,
    Deny,
    Dismissed,
    Effect,
    Finish,
    HangUp,
    Hear,
    Joined,
    Look,
    MediaLost,
    MovedOut,
    Present,
    Probe,
    Probed,
    Reopen,
    Reopened,
    Replaced,
    Respond,
    SendReinvite,
    Unpresented,
    Waits,
)
from vorzimmer.calls.sound import answer, answered, first_offer, next_offer, plan_of, untranscoded
from vorzimmer.calls.state import CallState, Leg, Party, Rung, Sound, change, change_leg, change_sound
from vorzimmer.calls.thaw import calm
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId, JourneyId, LegId
from vorzimmer.media.port import FellSilent, Mix, Music, Nothing, Peer, Tone, WorkerLost, speakers
from vorzimmer.routing.model import Asked, Caller
from vorzimmer.sdp import negotiate
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Direction, Format
from vorzimmer.sdp.write import write
from vorzimmer.sip.events import Acked, Ended, ReinviteAnswered, Reinvited, ReinviteFailed, Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Headers, Request, Response

PCMA, PCMU, G722 = Format("PCMA", 8), Format("PCMU", 0), Format("G722", 9)
A, B, C, D = LegId("a"), LegId("b"), LegId("c"), LegId("d")
FLOW = Flow("udp", Address("192.0.2.1", 5060), Address("192.0.2.10", 5060))
SDP = Headers((("Content-Type", "application/sdp"),))


def phone_offer(leg: LegId, formats: tuple[Format, ...], direction: Direction = "sendrecv", port: int = 4000) -> bytes:
    """What the phone of `leg` offers."""
    ours = negotiate.Ours(Address(f"192.0.2.{ord(leg)}", port), 7)
    return write(negotiate.full_offer(ours, formats, direction=direction))


def phone_answer(leg: LegId, offer: bytes, formats: tuple[Format, ...], direction: Direction = "sendrecv") -> bytes:
    """What the phone of `leg` answers."""
    ours = negotiate.Ours(Address(f"192.0.2.{ord(leg)}", 4000), 7)
    return write(negotiate.answer(parse(offer), ours, formats, direction=direction))


def leg(name: LegId, *formats: Format, **fields: Any) -> Leg:
    """A leg that has agreed on `formats`."""
    sound = Sound(EndpointId(name), Address("192.0.2.200", 20000 + ord(name)))
    sound, _ = answer(sound, phone_offer(name, formats), formats)
    return Leg(name, Party(Ref("user", name), f"{name}-1", name.upper(), name), sound, **fields)


def call(*legs: Leg) -> CallState:
    """Legs that talk."""
    state = CallState(CallId("1"), JourneyId("1"), "muster", Asked("muster", Caller(), "b"), 0.0)
    shown = {x.id: next((y.party for y in legs if y.id != x.id), Party()) for x in legs}
    state, _ = apply(state, Joined(tuple(change_leg(x, shown=shown[x.id]) for x in legs)), 1.0)
    return state


def two(*formats: Format) -> CallState:
    """A and B in the same formats."""
    return call(leg(A, *formats), leg(B, *formats, outgoing=True))


def reinvite(
    name: LegId, formats: tuple[Format, ...], direction: Direction = "sendrecv", port: int = 4000
) -> Reinvited:
    """A re-INVITE of the phone of `name`."""
    return Reinvited(name, Request("INVITE", "sip:x", SDP, phone_offer(name, formats, direction, port)))


def only(effects: tuple[Effect, ...], kind: type) -> Any:
    """The one effect of a kind."""
    found = [effect for effect in effects if isinstance(effect, kind)]
    assert len(found) == 1, effects
    return found[0]


def kinds(effects: tuple[Effect, ...]) -> list[str]:
    """What the effects are."""
    return [type(effect).__name__ for effect in effects]


# -- joining and ending ---------------------------------------------------------------------------------------------
def test_joined_parties_hear_each_other_and_the_call_is_answered() -> None:
    state = CallState(CallId("1"), JourneyId("1"), "muster", Asked("muster", Caller(), "b"), 0.0)
    one, other = leg(A, PCMA, awaiting="ack"), leg(B, PCMA, outgoing=True)
    one, other = change_leg(one, shown=other.party), change_leg(other, shown=one.party)
    accept = Accept(A, b"body", other.party)
    state, effects = apply(state, Joined((one, other), accept), 5.0)
    assert effects[0] == accept
    assert kinds(effects) == ["Accept", "Configure", "Configure", "Hear", "Hear"]
    assert state.hears == {"a": Peer(EndpointId("b")), "b": Peer(EndpointId("a"))}
    assert state.answered == 5.0


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("bye", "hung up"),
        ("timeout", "phone vanished"),
        ("gone", "phone vanished"),
        ("no-ack", "no ACK"),
        ("no-prack", "no ACK"),
    ],
)
def test_either_end_ends_the_other_and_everything(cause: str, reason: str) -> None:
    state, effects = apply(two(PCMA), Ended(B, cause), 9.0)
    assert kinds(effects) == ["Bye", "Close", "Close", "Finish"]
    assert only(effects, Bye).leg == A
    assert state.ended is not None
    assert (state.ended.by, state.ended.reason, state.ended.at) == ("user:b", reason, 9.0)
    assert [p.id for p in state.past] == [A, B]


def test_an_ended_call_ignores_everything() -> None:
    ended, _ = apply(two(PCMA), HangUp("system", "x"), 1.0)
    for event in (Ended(A, "bye"), HangUp("system", "y"), reinvite(A, (PCMA,)), WorkerLost((EndpointId("a"),))):
        assert apply(ended, event, 2.0) == (ended, ())


# -- hold -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_hold_is_answered_here_and_plays_music_to_the_other(direction: Direction) -> None:
    state, effects = apply(two(PCMA, PCMU), reinvite(A, (PCMA, PCMU), direction), 2.0)
    assert kinds(effects) == ["Accept", "Configure", "Hear", "Hear"]
    answered = plan_of(only(effects, Accept).body)
    assert answered.direction == {"sendonly": "recvonly", "inactive": "inactive"}[direction]
    assert state.hears == {"a": Nothing(), "b": Music()}


def test_rfc3264_8_4_hold_by_address_zero() -> None:
    body = phone_offer(A, (PCMA,)).replace(b"c=IN IP4 192.0.2.97", b"c=IN IP4 0.0.0.0")
    state, _ = apply(two(PCMA), Reinvited(A, Request("INVITE", "sip:x", SDP, body)), 2.0)
    assert state.hears["b"] == Music()


def test_a_new_address_reconfigures_one_endpoint_and_nothing_else() -> None:
    state = two(PCMA)
    state, _ = apply(state, Acked(A, Request("ACK", "sip:x")), 2.0)
    _, effects = apply(state, reinvite(A, (PCMA,), port=4444), 2.0)
    assert kinds(effects) == ["Accept", "Configure"]
    assert only(effects, Configure).plan.remote == Address("192.0.2.97", 4444)


# -- codecs ---------------------------------------------------------------------------------------------------------
def test_a_codec_that_is_taken_away_is_answered_at_once_and_the_other_phone_follows_after_the_ack() -> None:
    changed, effects = apply(two(PCMA, PCMU), reinvite(A, (PCMU,)), 2.0)
    assert [f.name for f in plan_of(only(effects, Accept).body).formats] == ["PCMU"]
    assert [f.name for f in changed.parties[0].sound.agreed.formats] == ["PCMU"]  # type: ignore[union-attr]
    waiting, effects = apply(changed, Acked(A, Request("ACK", "sip:x")), 2.0)
    asked = only(effects, SendReinvite)
    assert (asked.leg, [f.name for f in plan_of(asked.body).formats]) == (B, ["PCMU"])
    response = Response(200, "OK", SDP, phone_answer(B, asked.body, (PCMA, PCMU)))
    done, effects = apply(waiting, ReinviteAnswered(B, response), 3.0)
    assert kinds(effects) == ["Configure"]
    assert untranscoded(done.parties[0].sound, done.parties[1].sound)


def test_a_phone_that_will_not_follow_is_asked_once_and_then_transcoded_for() -> None:
    state = call(leg(A, PCMA, PCMU), leg(B, PCMA, outgoing=True))
    knows = change_leg(state.parties[1], sound=change_sound(state.parties[1].sound, can=(PCMA, PCMU)))
    state, _ = apply(state.with_leg(knows), reinvite(A, (PCMU,)), 2.0)
    state, effects = apply(state, Acked(A, Request("ACK", "sip:x")), 2.0)
    assert only(effects, SendReinvite).leg == B
    state, effects = apply(state, ReinviteFailed(B, 488, ""), 3.0)
    assert (effects, state.ended) == ((), None)
    assert apply(state, Look(), 4.0) == (state, ())
    resumed, _ = apply(state, reinvite(A, (PCMU, PCMA)), 5.0)
    assert untranscoded(resumed.parties[0].sound, resumed.parties[1].sound)


def test_rfc3264_8_3_2_an_offer_of_ours_keeps_the_numbers_of_this_leg() -> None:
    mine, yours = Format("OPUS", 96, 48000, 2), Format("OPUS", 111, 48000, 2)
    state = call(leg(A, PCMA, mine), leg(B, PCMA, yours, outgoing=True))
    state, _ = apply(state, reinvite(A, (mine,)), 2.0)
    assert [f.payload_type for f in state.parties[0].sound.agreed.formats] == [96]  # type: ignore[union-attr]
    _, effects = apply(state, Reinvited(B, Request("INVITE", "sip:x")), 3.0)
    offered = plan_of(only(effects, Accept).body).formats
    assert [f.payload_type for f in offered if f.name == "OPUS"] == [111]


def test_rfc3264_8_3_2_no_number_of_ours_ever_changes_its_meaning() -> None:
    """We offer Opus as 107 and events as 101 and 96; the phone calls Opus 96, and nothing of ours is renumbered."""
    sound = Sound(EndpointId("b"), Address("192.0.2.200", 20000))
    sound, body = first_offer(sound, DEFAULT_FORMATS)
    first = plan_of(body)
    theirs = b"v=0\r\no=- 1 1 IN IP4 192.0.2.98\r\ns=-\r\nc=IN IP4 192.0.2.98\r\nt=0 0\r\n"
    theirs += b"m=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\n"
    assert sound.ours is not None
    sound = answered(sound, sound.ours, theirs)
    assert [f.payload_type for f in sound.agreed.formats] == [96]  # type: ignore[union-attr]
    assert [f.payload_type for f in sound.agreed.receive_formats] == [107]  # type: ignore[union-attr]
    again = negotiate.read(next_offer(sound, DEFAULT_FORMATS))
    assert set(again.formats) == set(first.formats)
    assert set(again.events) <= set(first.events)


def test_what_was_under_way_between_two_messages_is_forgotten_over_a_restart() -> None:
    moved, _ = apply(two(PCMA), Reopened(B, EndpointId("b+1"), Address("192.0.2.201", 1)), 2.0)
    back = calm(moved)
    assert [(x.offering, x.awaiting, x.stale) for x in back.parties] == [(None, "", ""), (None, "", "reinvite")]


def test_both_phones_may_change_their_codecs_at_the_same_moment() -> None:
    state, _ = apply(two(PCMA, PCMU), reinvite(A, (PCMU,)), 2.0)
    state, effects = apply(state, reinvite(B, (G722, PCMA)), 2.0)
    assert [f.name for f in plan_of(only(effects, Accept).body).formats] == ["PCMA"]
    state, effects = apply(state, Acked(A, Request("ACK", "sip:x")), 2.0)
    state, effects = apply(state, Acked(B, Request("ACK", "sip:x")), 2.0)
    assert only(effects, SendReinvite).leg in {A, B}


def test_unknown_codecs_and_bodies_are_refused_without_any_change() -> None:
    state = two(PCMA)
    fax = Request(
        "INVITE", "sip:x", SDP, phone_offer(A, (PCMA,)).replace(b"audio", b"image").replace(b"RTP/AVP", b"udptl")
    )
    assert apply(state, Reinvited(A, fax), 2.0) == (state, (Deny(A, 488),))
    text = Request("INVITE", "sip:x", Headers((("Content-Type", "text/plain"),)), b"hello")
    assert apply(state, Reinvited(A, text), 2.0) == (state, (Deny(A, 415),))
    garbage = Request("INVITE", "sip:x", SDP, b"garbage")
    assert apply(state, Reinvited(A, garbage), 2.0)[1][0].status in {400, 488}  # type: ignore[union-attr]


def test_a_late_offer_is_answered_with_what_is_in_use_and_the_ack_brings_the_answer() -> None:
    state, effects = apply(two(PCMA), Reinvited(A, Request("INVITE", "sip:x")), 2.0)
    offer = only(effects, Accept).body
    assert [f.name for f in plan_of(offer).formats] == ["PCMA", "OPUS", "G722", "PCMU"]
    held = Request("ACK", "sip:x", SDP, phone_answer(A, offer, (PCMA,), "sendonly"))
    state, _ = apply(state, Acked(A, held), 3.0)
    assert state.hears["b"] == Music()


def test_a_late_offer_whose_ack_has_no_answer_ends_the_call() -> None:
    state, _ = apply(two(PCMA), Reinvited(A, Request("INVITE", "sip:x")), 2.0)
    state, effects = apply(state, Acked(A, Request("ACK", "sip:x")), 3.0)
    assert state.ended is not None
    assert kinds(effects) == ["Bye", "Bye", "Close", "Close", "Finish"]


def test_rfc4028_a_refresh_by_reinvite_changes_nothing_and_disturbs_nobody() -> None:
    state = two(PCMA, PCMU)
    before = state.parties[0].sound.ours
    assert before is not None
    after, effects = apply(state, reinvite(A, (PCMA, PCMU)), 2.0)
    assert effects == (Accept(A, write(before)),)
    settled, effects = apply(after, Acked(A, Request("ACK", "sip:x")), 2.0)
    assert (settled, effects) == (state, ())


def test_an_added_video_line_is_refused_in_its_place_and_the_call_lives_on() -> None:
    state = two(PCMA)
    video = phone_offer(A, (PCMA,)) + b"m=video 4002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
    state, effects = apply(state, Reinvited(A, Request("INVITE", "sip:x", SDP, video)), 2.0)
    assert kinds(effects) == ["Accept"]
    assert [(m.kind, m.port == 0) for m in parse(only(effects, Accept).body).media] == [
        ("audio", False),
        ("video", True),
    ]
    state, _ = apply(state, Acked(A, Request("ACK", "sip:x")), 2.0)
    state, effects = apply(state, WorkerLost((EndpointId("a"),)), 3.0)
    state, effects = apply(state, Reopened(A, EndpointId("a+1"), Address("192.0.2.201", 7)), 3.0)
    assert [(m.kind, m.port) for m in parse(only(effects, SendReinvite).body).media] == [("audio", 7), ("video", 0)]


def test_legs_with_different_codecs_are_settled_on_a_common_one_only_after_the_ack() -> None:
    one, other = leg(A, PCMU, PCMA, awaiting="ack"), leg(B, PCMA, outgoing=True)
    state = call(one, other)
    state, effects = apply(state, Acked(A, Request("ACK", "sip:x")), 2.0)
    asked = only(effects, SendReinvite)
    assert (asked.leg, [f.name for f in plan_of(asked.body).formats]) == (A, ["PCMA"])
    answered = Response(200, "OK", SDP, phone_answer(A, asked.body, (PCMA, PCMU)))
    state, effects = apply(state, ReinviteAnswered(A, answered), 3.0)
    assert kinds(effects) == ["Configure"]
    assert state.tries == 0


def test_a_phone_that_knows_more_than_the_other_is_left_alone() -> None:
    _, effects = apply(
        call(leg(A, PCMA, PCMU)),
        Joined((leg(B, PCMA, outgoing=True, shown=Party(Ref("user", "a"), "a-1", "A", "a")),)),
        2.0,
    )
    assert [e for e in effects if isinstance(e, SendReinvite) and not e.connected] == []


def test_phones_without_a_common_codec_talk_each_its_own_and_nobody_is_reinvited_for_it() -> None:
    joined = leg(B, PCMU, outgoing=True)
    state, effects = apply(
        call(leg(A, PCMA)), Joined((change_leg(joined, shown=Party(Ref("user", "a"), "a-1", "A", "a")),)), 2.0
    )
    assert state.ended is None
    assert state.hears == {"a": Peer(EndpointId("b")), "b": Peer(EndpointId("a"))}
    assert only(effects, Present).leg == A  # to learn whom it talks to, nothing else
    assert "SendReinvite" not in kinds(effects)


# -- identity, moving, replacing ------------------------------------------------------------------------------------
def test_rfc5876_whoever_was_shown_somebody_else_is_told_by_update_and_else_by_reinvite() -> None:
    state, effects = apply(call(leg(A, PCMA)), Joined((leg(B, PCMA, outgoing=True, shown=Party(name="T")),)), 2.0)
    told = [effect for effect in effects if isinstance(effect, Present)]
    assert {(e.leg, e.connected.name) for e in told} == {(A, "B"), (B, "A")}
    assert [leg.offering for leg in state.parties] == [None, None]
    state, effects = apply(state, Unpresented(A), 3.0)
    asked = only(effects, SendReinvite)
    assert (asked.leg, asked.connected.name) == (A, "B")
    alone, _ = apply(state, MovedOut((B,)), 3.0)
    assert apply(alone, Unpresented(A), 3.0) == (alone, ())
    failed, effects = apply(state, ReinviteFailed(A, 500, ""), 3.0)
    assert effects == ()
    assert failed.ended is None


def test_a_moved_leg_leaves_endpoint_and_dialog_alone_and_the_rest_ends_as_transferred() -> None:
    state, effects = apply(two(PCMA), MovedOut((A,)), 2.0)
    assert effects == (Hear(EndpointId("b"), Nothing()),)
    state, effects = apply(state, Ended(B, "bye"), 3.0)
    assert state.ended is not None
    assert state.ended.reason == "transferred"
    assert kinds(effects) == ["Close", "Finish"]


def test_a_lone_party_hears_what_it_waits_with() -> None:
    state = call(leg(A, PCMA))
    for source in (Music(), Tone("ringback"), Peer(EndpointId("x"))):
        state, effects = apply(state, Waits(source), 2.0)
        assert effects == (Hear(EndpointId("a"), source),)


def test_a_replaced_leg_is_ended_and_closed_once_the_new_one_is_in() -> None:
    new = leg(C, PCMA, awaiting="ack")
    state, effects = apply(two(PCMA), Replaced(B, new, Accept(C, b"x")), 2.0)
    assert kinds(effects)[:3] == ["Accept", "Bye", "Close"]
    assert [p.id for p in state.parties] == [A, C]
    assert state.hears["a"] == Peer(EndpointId("c"))
    _, effects = apply(state, Replaced(B, leg(LegId("d"), PCMA)), 2.0)
    assert kinds(effects) == ["Bye", "Close"]


# -- media and silence ----------------------------------------------------------------------------------------------
def test_silence_is_probed_once_and_only_a_dead_phone_ends_the_call() -> None:
    state, effects = apply(two(PCMA), FellSilent(EndpointId("b"), 30.0), 2.0)
    assert effects == (Probe(B),)
    assert apply(state, FellSilent(EndpointId("b"), 30.0), 3.0) == (state, ())
    alive, effects = apply(state, Probed(B, alive=True), 3.0)
    assert (alive, effects) == (two(PCMA), ())
    dead, effects = apply(state, Probed(B, alive=False), 3.0)
    assert dead.ended is not None
    assert (dead.ended.by, dead.ended.reason) == ("user:b", "phone vanished")
    assert {e.leg for e in effects if isinstance(e, Bye)} == {A, B}


def test_a_holding_phone_may_be_silent() -> None:
    state, _ = apply(two(PCMA), reinvite(A, (PCMA,), "inactive"), 2.0)
    assert apply(state, FellSilent(EndpointId("a"), 30.0), 3.0) == (state, ())


def test_a_look_asks_only_phones_that_may_be_silent_and_once_at_a_time() -> None:
    talking = two(PCMA)
    assert apply(talking, Look(), 2.0) == (talking, ())
    held, _ = apply(talking, reinvite(A, (PCMA,), "inactive"), 2.0)
    asked, effects = apply(held, Look(), 3.0)
    assert effects == (Probe(A),)
    assert apply(asked, Look(), 4.0) == (asked, ())


def test_a_lost_worker_means_new_endpoints_and_a_reinvite_each() -> None:
    state, effects = apply(two(PCMA), WorkerLost((EndpointId("a"), EndpointId("b"))), 2.0)
    assert [(e.leg, e.endpoint) for e in effects if isinstance(e, Reopen)] == [(A, "a+1"), (B, "b+1")]
    state, effects = apply(state, Reopened(A, EndpointId("a+1"), Address("192.0.2.201", 1)), 3.0)
    asked = only(effects, SendReinvite)
    assert parse(asked.body).connection.host == "192.0.2.201"  # type: ignore[union-attr]
    state, effects = apply(state, Reopened(B, EndpointId("b+1"), Address("192.0.2.201", 3)), 3.0)
    assert state.hears == {"a+1": Peer(EndpointId("b+1")), "b+1": Peer(EndpointId("a+1"))}
    gone, effects = apply(state, MediaLost(A), 4.0)
    assert gone.ended is not None
    assert gone.ended.reason == "media lost"


# -- requests ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "kind", "body", "status"),
    [
        ("OPTIONS", "", b"", 200),
        ("INFO", "application/dtmf-relay", b"Signal=1", 200),
        ("INFO", "text/plain", b"x", 415),
        ("MESSAGE", "text/plain", b"x", 405),
        ("NOTIFY", "", b"", 489),
        ("UPDATE", "", b"", 200),
        ("UPDATE", "text/plain", b"x", 415),
        ("PUBLISH", "", b"", 501),
    ],
)
def test_every_request_inside_the_dialog_gets_one_answer(method: str, kind: str, body: bytes, status: int) -> None:
    state = two(PCMA)
    request = Request(method, "sip:x", Headers((("Content-Type", kind),) if kind else ()), body)
    assert apply(state, Requested("t", request, FLOW, A), 2.0) == (state, (Respond("t", status),))


def test_rfc3311_update_changes_the_session_at_once() -> None:
    state = two(PCMA, PCMU)
    hold = Request("UPDATE", "sip:x", SDP, phone_offer(A, (PCMA, PCMU), "sendonly"))
    held, effects = apply(state, Requested("t", hold, FLOW, A), 2.0)
    assert only(effects, Respond).status == 200
    assert held.hears["b"] == Music()
    other = Request("UPDATE", "sip:x", SDP, phone_offer(A, (PCMU,)))
    changed, effects = apply(state, Requested("t", other, FLOW, A), 2.0)
    assert only(effects, Respond).status == 200
    assert [f.name for f in changed.parties[0].sound.agreed.formats] == ["PCMU"]  # type: ignore[union-attr]


# -- more than two ----------------------------------------------------------------------------------------------------
def three(*formats: Format) -> CallState:
    """A and B talk, C has joined them."""
    state, _ = apply(two(PCMA), Joined((leg(C, *(formats or (PCMA,))),)), 2.0)
    return state


def test_rfc3911_4_a_third_is_mixed_with_the_others() -> None:
    state, effects = apply(two(PCMA), Joined((leg(C, PCMA),)), 2.0)
    mix = Mix((EndpointId("a"), EndpointId("b"), EndpointId("c")))
    assert state.hears == {"a": mix, "b": mix, "c": mix}
    assert [e for e in effects if isinstance(e, Hear)] == [Hear(EndpointId(name), mix) for name in "abc"]
    assert not [e for e in effects if isinstance(e, (SendReinvite, Accept))]


def test_phones_in_a_mix_are_not_asked_for_other_codecs_until_two_are_left() -> None:
    state, effects = apply(two(PCMA, PCMU), Joined((leg(C, G722, PCMA),)), 2.0)
    assert not [e for e in effects if isinstance(e, SendReinvite)]
    left, effects = apply(state, Ended(B, "bye"), 3.0)
    assert left.ended is None
    assert left.hears == {"a": Peer(EndpointId("c")), "c": Peer(EndpointId("a"))}
    assert [e.leg for e in effects if isinstance(e, SendReinvite)]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Ended(B, "bye"), ""),
        (Ended(B, "timeout"), ""),
        (Probed(B, alive=False), "Phone does not answer"),
        (MediaLost(B), "Media lost"),
        (Dismissed(B, "no common codec"), "Normal call clearing"),
    ],
)
def test_whoever_leaves_leaves_the_others_talking(event: CallEvent, reason: str) -> None:
    state, effects = apply(three(), event, 3.0)
    assert [p.id for p in state.parties] == [A, C]
    assert (state.ended, [p.id for p in state.past], state.past[0].left) == (None, [B], 3.0)
    assert [reason in e.reason for e in effects if isinstance(e, Bye)] == ([True] if reason else [])
    assert [e.endpoint for e in effects if isinstance(e, Close)] == ["b"]
    assert state.hears == {"a": Peer(EndpointId("c")), "c": Peer(EndpointId("a"))}
    # A was shown B, who is not there any more.
    assert [e.connected.name for e in effects if isinstance(e, Present) and e.leg == A] == ["C"]
    over, effects = apply(state, Ended(C, "bye"), 4.0)
    assert over.ended is not None
    assert [type(e) for e in effects] == [Bye, Close, Close, Finish]


def test_features_0_6_hold_in_a_call_of_many_is_silence_there_and_music_for_nobody_but_the_last() -> None:
    state, _ = apply(three(), reinvite(B, (PCMA,), "sendonly"), 3.0)
    assert state.hears == {"a": Peer(EndpointId("c")), "b": Nothing(), "c": Peer(EndpointId("a"))}
    state, _ = apply(state, Acked(B, Request("ACK", "sip:x")), 3.0)
    state, _ = apply(state, reinvite(C, (PCMA,), "inactive"), 3.0)
    assert state.hears == {"a": Music(), "b": Nothing(), "c": Nothing()}
    state, _ = apply(state, Acked(C, Request("ACK", "sip:x")), 3.0)
    state, _ = apply(state, reinvite(B, (PCMA,)), 3.0)
    assert state.hears == {"a": Peer(EndpointId("b")), "b": Peer(EndpointId("a")), "c": Nothing()}


def test_a_refresh_by_a_phone_in_a_mix_changes_nothing_and_disturbs_nobody() -> None:
    state = three()
    after, effects = apply(state, reinvite(B, (PCMA,)), 3.0)
    assert only(effects, Accept).leg == B
    assert [e for e in effects if not isinstance(e, (Accept, Configure))] == []
    assert after.hears == state.hears


def test_a_busy_phone_in_a_mix_does_not_keep_the_others_from_learning_what_they_must() -> None:
    state, _ = apply(three(), reinvite(A, (PCMA,)), 3.0)  # its ACK has not come
    state, effects = apply(state, Reopened(B, EndpointId("b+1"), Address("192.0.2.201", 1)), 3.0)
    assert [e.leg for e in effects if isinstance(e, SendReinvite)] == [B]
    _, effects = apply(state, ReinviteFailed(B, 408, ""), 4.0)
    assert [e.leg for e in effects if isinstance(e, Bye)] == [B]


def test_a_worker_dies_under_a_mix_and_all_hear_all_again() -> None:
    state, effects = apply(three(), WorkerLost(tuple(EndpointId(name) for name in "abc")), 3.0)
    assert [e.leg for e in effects if isinstance(e, Reopen)] == [A, B, C]
    for number, name in enumerate((A, B, C)):
        state, _ = apply(state, Reopened(name, EndpointId(f"{name}+1"), Address("192.0.2.201", 2 * number)), 3.0)
    mix = Mix((EndpointId("a+1"), EndpointId("b+1"), EndpointId("c+1")))
    assert state.hears == {"a+1": mix, "b+1": mix, "c+1": mix}


def test_rfc3891_one_of_many_is_replaced() -> None:
    state, effects = apply(three(), Replaced(B, leg(D, PCMA)), 3.0)
    assert [p.id for p in state.parties] == [A, D, C]
    assert speakers(state.hears["a"]) == ("a", "d", "c")
    assert [e.leg for e in effects if isinstance(e, Bye)] == [B]


def test_one_is_left_for_whom_somebody_rings() -> None:
    state, _ = apply(two(PCMA), Waits(Tone("ringback")), 2.0)
    state = change(state, ringing=(Rung(C, Party()),))
    left, effects = apply(state, Ended(B, "bye"), 3.0)
    assert left.ended is None
    assert left.hears == {"a": Tone("ringback")}
    assert not [e for e in effects if isinstance(e, (Bye, Finish))]


def check_heard(state: CallState) -> None:
    """Nobody hears himself; whoever does not hold hears all others who do not, and music if there is none."""
    talking = {p.sound.endpoint for p in state.parties if not p.held and p.sound.agreed is not None}
    for party in state.parties:
        endpoint = party.sound.endpoint
        heard = set(speakers(state.hears[endpoint])) - ({endpoint} if len(talking) > 2 else set())
        assert heard == (set() if party.held or len(state.parties) < 2 else talking - {endpoint}), state.hears


# -- any order --------------------------------------------------------------------------------------------------------
FORMATS = st.sampled_from([(PCMA,), (PCMU,), (PCMA, PCMU), (G722, PCMA)])
DIRECTIONS: st.SearchStrategy[Direction] = st.sampled_from(["sendrecv", "sendonly", "inactive", "recvonly"])
LEGS = st.sampled_from([A, B, C, D])
EVENTS: st.SearchStrategy[CallEvent] = st.one_of(
    st.builds(reinvite, LEGS, FORMATS, DIRECTIONS),
    st.builds(lambda name: Reinvited(name, Request("INVITE", "sip:x")), LEGS),
    st.builds(lambda name, f: Acked(name, Request("ACK", "sip:x", SDP, phone_offer(name, f))), LEGS, FORMATS),
    st.builds(lambda n, f: ReinviteAnswered(n, Response(200, "OK", SDP, phone_offer(n, f))), LEGS, FORMATS),
    st.builds(lambda name: ReinviteFailed(name, 488, ""), LEGS),
    st.builds(lambda name: FellSilent(EndpointId(name), 30.0), LEGS),
    st.builds(Probed, LEGS, st.booleans()),
    st.builds(lambda name: WorkerLost((EndpointId(name),)), LEGS),
    st.builds(lambda name: Reopened(name, EndpointId(f"{name}+1"), Address("192.0.2.201", 1)), LEGS),
    st.builds(lambda names: MovedOut(tuple(names)), st.lists(LEGS, min_size=1, max_size=2, unique=True)),
    st.builds(lambda name, f: Joined((leg(name, *f, outgoing=True),)), st.sampled_from([C, D]), FORMATS),
    st.builds(lambda name: Dismissed(name, "no common codec"), LEGS),
    st.builds(Ended, LEGS, st.just("bye")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_any_order_of_events_ends_with_every_leg_told_and_every_endpoint_closed_once(events: list[CallEvent]) -> None:
    state = two(PCMA, PCMU)
    inside, known, ended, closed = {A, B}, {A, B}, [], []
    for event in (*events, HangUp("system", "end")):
        if isinstance(event, Joined) and (event.legs[0].id in known or state.ended is not None):
            continue
        before = state
        state, effects = apply(state, event, 2.0)
        if isinstance(event, Joined):
            inside.add(event.legs[0].id)
            known.add(event.legs[0].id)
        if isinstance(event, MovedOut):
            inside -= {name for name in event.legs if before.leg(name)}
        if isinstance(event, Ended) and before.leg(event.leg) and not before.ended:
            ended.append(event.leg)
        ended += [e.leg for e in effects if isinstance(e, Bye)]
        closed += [e.endpoint for e in effects if isinstance(e, Close)]
        assert [type(e) for e in effects if isinstance(e, Finish)] == [Finish] * (state.ended is not before.ended)
        answered = [e.leg for e in effects if isinstance(e, (Accept, Deny))]
        assert len(answered) == len(set(answered))
        check_heard(state)
    assert state.ended is not None
    assert sorted(ended) == sorted(inside)
    assert sorted(e.partition("+")[0] for e in closed) == sorted(inside)
