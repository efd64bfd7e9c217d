"""What phones do to each other and to us, one play a behaviour: the caller's script against the called one's.

Every play has two people of its own, so that all of them run beside each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.interop.sipp_script import DIALLED, FAX, VIDEO, Script, sdp


@dataclass(frozen=True)
class Play:
    """`called` None: the caller plays with the server alone. `outcomes` is what the history must say, in any order.
    `heard` is what the caller, `rung` what the called must have got at least: start line, method of CSeq, how often.
    `third` plays on a second phone of the caller once both talk, `picks` on one of the called as soon as that one rings
    (`picks_at`: has said that); both know the dialogs as [first] and [dialog]. `beside` plays on a second phone of the
    called, which is registered; `number` "0" where nobody is called; `flags` are further ones for the caller's sipp."""

    name: str
    caller: Script
    called: Script | None = None
    outcomes: tuple[str, ...] = ()
    heard: tuple[str, str, int] | None = None
    rung: tuple[str, str, int] | None = None
    third: Script | None = None
    picks: Script | None = None
    picks_at: str = "180"
    beside: Script | None = None
    number: str = ""
    flags: tuple[str, ...] = ()


PLAYS: list[Play] = []

SENT_ON = "1998"
"""Somebody who forwards every call to the one who is called in a play of this number."""


Write = Callable[[Script, Script], None]


def play(*outcomes: str, **more: Any) -> Callable[[Write], None]:
    """A play of two."""

    def add(write: Write) -> None:
        name = write.__name__
        caller, called = Script(f"{name}-caller"), Script(f"{name}-called")
        write(caller, called)
        PLAYS.append(Play(name, caller, called, outcomes or ("answered",), **more))

    return add


def alone(*outcomes: str, **more: Any) -> Callable[[Callable[[Script], None]], None]:
    """A play of one phone with the server."""

    def add(write: Callable[[Script], None]) -> None:
        caller = Script(f"{write.__name__}-caller")
        write(caller)
        PLAYS.append(Play(write.__name__, caller, None, outcomes, **more))

    return add


def again(steps: int) -> str:
    """The Via of the message so many steps ago: a repetition, or a CANCEL or ACK of it."""
    return f"SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-{steps}]"


# -- repetitions, and what was lost ----------------------------------------------------------------------------------
@play()
def invite_repeated_at_once_is_one_call(caller: Script, called: Script) -> None:
    caller.dial().hears(100)
    caller.request("INVITE", "[authentication]", body=sdp(), uri=DIALLED, tag="", cseq=2, via=again(2), once="1")
    caller.answered().waits(200).hangs_up()
    called.rung().waits(200).picks_up().told_bye()


@play(heard=("SIP/2.0 200", "INVITE", 3))
def ack_lost_twice_and_the_200_comes_again(caller: Script, called: Script) -> None:
    caller.dial().hears(100, maybe=True).hears(180, maybe=True).hears(200, rrs="true").waits(1800).ack().hangs_up()
    called.rung().picks_up().told_bye()


@play(rung=("ACK", "ACK", 2))
def ack_of_ours_for_every_200_of_the_phone(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(700).hangs_up()
    called.rung().says(180).says(200, body=sdp()).asked("ACK").says(200, body=sdp(), invite=True).waits(300).told_bye()


@play(heard=("SIP/2.0 200", "BYE", 2))
def bye_repeated_is_answered_again(caller: Script, called: Script) -> None:
    caller.dial().answered().request("BYE").hears(200)
    caller.request("BYE", cseq=3, via=again(2), once="1").waits(300)
    called.rung().picks_up().told_bye()


@play()
def phone_hangs_up_before_our_ack_is_there(caller: Script, called: Script) -> None:
    caller.dial().answered().asked("BYE").says(200, tag="")
    called.rung().says(180).says(200, body=sdp()).asked("ACK").sends("BYE").hears(200)


@play(heard=("SIP/2.0 180", "INVITE", 2))
def invite_repeated_while_it_rings_is_told_again(caller: Script, called: Script) -> None:
    caller.dial().hears(100, maybe=True).hears(180)
    caller.request("INVITE", "[authentication]", body=sdp(), uri=DIALLED, tag="", cseq=2, via=again(3), once="1")
    caller.hears(180, maybe=True).hears(200, rrs="true").ack().hangs_up()
    called.rung().says(180).waits(700).says(200, body=sdp()).asked("ACK").told_bye()


@play(beside=Script("beside"))
def two_phones_ring_and_the_slower_one_is_cancelled(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(300).hangs_up()
    called.rung().says(180).waits(400).says(200, body=sdp()).asked("ACK").told_bye()


# -- CANCEL ----------------------------------------------------------------------------------------------------------
def cancel(caller: Script) -> Script:
    """While it rings: CANCEL, its 200, the 487 and its ACK."""
    caller.dial().hears(100, maybe=True).hears(180)
    caller.request("CANCEL", uri=DIALLED, tag="", cseq=2, via=again(3)).hears(200).hears(487)
    return caller.request("ACK", uri=DIALLED, cseq=2, via=again(6))


@play("cancelled")
def cancel_while_it_rings(caller: Script, called: Script) -> None:
    cancel(caller)
    called.rung().says(180).asked("CANCEL").says(200, tag="").waits(100)


@play("cancelled")
def cancel_meets_a_200_of_the_phone(caller: Script, called: Script) -> None:
    cancel(caller)
    called.rung().says(180).asked("CANCEL")
    called.says(200, body=sdp(), invite=True).asked("ACK").asked("BYE").says(200, tag="")


@alone()
def cancel_of_nothing_is_481(caller: Script) -> None:
    caller.request("CANCEL", uri=DIALLED, tag="", cseq=7).hears(481)


# -- offers ----------------------------------------------------------------------------------------------------------
@play()
def late_offer_of_the_caller(caller: Script, called: Script) -> None:
    caller.dial(body="").hears(100, maybe=True).hears(180, maybe=True).hears(200, rrs="true", has="m=audio")
    caller.ack(sdp()).waits(200).hangs_up()
    called.rung(has="m=audio").picks_up().told_bye()


@play()
def late_offer_in_a_reinvite(caller: Script, called: Script) -> None:
    caller.dial().answered().request("INVITE").hears(100, maybe=True).hears(200, has="m=audio").ack(sdp(version=1))
    caller.waits(100).hangs_up()
    called.rung().picks_up().told_bye()


def holds(caller: Script, offer: str, answer: str) -> None:
    caller.dial().answered().request("INVITE", body=offer).hears(100, maybe=True)
    caller.hears(200, has=answer).ack().waits(200)
    caller.request("INVITE", body=sdp(version=3)).hears(100, maybe=True).hears(
        200, hasnot="a=(recvonly|inactive)"
    ).ack()
    caller.hangs_up()


@play()
def hold_by_sendonly(caller: Script, called: Script) -> None:
    holds(caller, sdp("sendonly", version=2), "a=recvonly")
    called.rung().picks_up().told_bye()


@play()
def hold_by_inactive(caller: Script, called: Script) -> None:
    holds(caller, sdp("inactive", version=2), "a=inactive")
    called.rung().picks_up().told_bye()


@play()
def hold_by_0_0_0_0(caller: Script, called: Script) -> None:
    holds(caller, sdp(version=2, host="0.0.0.0"), "m=audio [1-9]")
    called.rung().picks_up().told_bye()


@play()
def video_added_is_refused_with_port_0_and_the_call_lives(caller: Script, called: Script) -> None:
    caller.dial().answered().request("INVITE", body=sdp(version=2, more=VIDEO)).hears(100, maybe=True)
    caller.hears(200, has="m=video 0").ack().waits(100).hangs_up()
    called.rung().picks_up().told_bye()


@play()
def video_in_the_first_offer_is_refused_with_port_0(caller: Script, called: Script) -> None:
    caller.dial(body=sdp(more=VIDEO)).hears(100, maybe=True).hears(180, maybe=True)
    caller.hears(200, rrs="true", has="m=video 0").ack().hangs_up()
    called.rung(hasnot="m=video [1-9]").picks_up().told_bye()


@play()
def fax_in_place_of_audio_is_488_and_the_call_lives(caller: Script, called: Script) -> None:
    caller.dial().answered().request("INVITE", body=FAX).hears(100, maybe=True).hears(488)
    caller.request("ACK", via="SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-3]")
    caller.request("OPTIONS").hears(200).hangs_up()
    called.rung().picks_up().told_bye()


@play()
def update_in_a_call_may_hold(caller: Script, called: Script) -> None:
    caller.dial().answered().request("UPDATE", body=sdp("sendonly", version=2)).hears(200, has="a=recvonly").hangs_up()
    called.rung().picks_up().told_bye()


@play()
def reinvite_of_the_called_is_answered(caller: Script, called: Script) -> None:
    caller.dial().answered().asked("BYE").says(200, tag="")
    called.rung().picks_up().sends("INVITE", body=sdp("sendonly", version=2)).hears(100, maybe=True)
    called.hears(200, has="a=recvonly").sends("ACK").sends("BYE", cseq=11).hears(200)


# -- reliability, sessions, extensions -------------------------------------------------------------------------------
@play()
def rfc3262_the_phone_rings_reliably(caller: Script, called: Script) -> None:
    caller.dial().answered().hangs_up()
    called.rung().says(180, "Require: 100rel", "RSeq: 7").asked("PRACK", has="RAck: 7 ").says(200, tag="")
    called.says(200, body=sdp(), invite=True).asked("ACK").told_bye()


@play()
def rfc3262_the_caller_wants_it_reliable(caller: Script, called: Script) -> None:
    caller.dial("Require: 100rel").hears(100, maybe=True).hears(180, rrs="true", learns="RSeq")
    caller.request("PRACK", "RAck:[$learnt] 2 INVITE").hears(200).hears(200).ack().hangs_up()
    called.rung().picks_up().told_bye()


@play()
def rfc4028_refresh_by_the_caller_disturbs_nobody(caller: Script, called: Script) -> None:
    caller.dial("Supported: timer", "Session-Expires: 1800;refresher=uac").hears(100, maybe=True)
    caller.hears(180, maybe=True).hears(200, rrs="true", has="Session-Expires: 1800;refresher=uac").ack()
    caller.request("INVITE", "Supported: timer", "Session-Expires: 1800;refresher=uac", body=sdp())
    caller.hears(100, maybe=True).hears(200, has="Session-Expires").ack().waits(300).hangs_up()
    called.rung().picks_up().told_bye()


@play()
def rfc4028_refresh_by_update_without_a_body(caller: Script, called: Script) -> None:
    caller.dial("Supported: timer", "Session-Expires: 1800").answered()
    caller.request("UPDATE", "Supported: timer", "Session-Expires: 1800;refresher=uac").hears(
        200, has="Session-Expires"
    )
    caller.hangs_up()
    called.rung().picks_up().told_bye()


@play()
def rfc4028_refresh_by_the_called_disturbs_nobody(caller: Script, called: Script) -> None:
    caller.dial().answered().asked("BYE").says(200, tag="")
    called.rung().says(180).says(200, "Require: timer", "Session-Expires: 1800;refresher=uas", body=sdp()).asked("ACK")
    called.waits(200).sends("INVITE", "Supported: timer", "Session-Expires: 1800;refresher=uac", body=sdp())
    called.hears(100, maybe=True).hears(200, has="Session-Expires").sends("ACK").sends("BYE", cseq=11).hears(200)


@alone()
def rfc4028_too_short_a_session_is_422_with_our_least(caller: Script) -> None:
    caller.invite("Supported: timer", "Session-Expires: 20", body=sdp()).refused(422, has="Min-SE: [0-9]")


@alone()
def rfc3261_8_2_2_3_what_is_required_and_unknown_is_420(caller: Script) -> None:
    caller.invite("Require: teleport", body=sdp()).hears(100, maybe=True).hears(420, has="Unsupported: teleport")
    caller.ack_refusal()


@alone()
def max_forwards_0_is_483(caller: Script) -> None:
    caller.send("\n".join((
        "INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "From: <sip:[account]@[remote_ip]>;tag=[pid]uac[call_number]", "To: <sip:[service]@[remote_ip]>",
        "Call-ID: [call_id]", "CSeq: 1 INVITE", "Contact: <sip:[account]@[local_ip]:[local_port]>",
        "Max-Forwards: 0", "User-Agent: sipp", "Content-Length: 0", "",
    )), repeats=True)  # fmt: skip
    caller.hears(100, maybe=True).hears(401, auth="true")
    caller.ack_refusal()


@alone()
def a_body_that_is_no_description_is_415(caller: Script) -> None:
    caller.invite("Content-Type: text/plain", body="hello").refused(415, has="Accept: ")


@alone()
def options_tells_what_we_can(caller: Script) -> None:
    caller.request("OPTIONS", uri="sip:[remote_ip]:[remote_port]", tag="").hears(200, has="Allow: .*PRACK")


@alone()
def an_unknown_method_is_501(caller: Script) -> None:
    caller.request("JUGGLE", uri="sip:[remote_ip]:[remote_port]", tag="", once="1").hears(501)


@alone()
def message_outside_a_call_is_405(caller: Script) -> None:
    caller.request("MESSAGE", uri=DIALLED, tag="").hears(405)


@alone()
def bye_of_no_dialog_is_481(caller: Script) -> None:
    caller.request("BYE", uri=DIALLED, tag=";tag=nobody").hears(481)


# -- inside a call ---------------------------------------------------------------------------------------------------
@play(heard=("SIP/2.0 500", "INFO", 1), flags=("-default_behaviors", "-abortunexp"))
def rfc3261_12_2_2_a_cseq_that_goes_back_is_500(caller: Script, called: Script) -> None:
    caller.dial().answered().request("INFO", cseq=1, once="1").asked("BYE").says(200, tag="")
    called.rung().picks_up().waits(600).sends("BYE").hears(200)


@play()
def wrong_tag_in_a_dialog_is_481(caller: Script, called: Script) -> None:
    caller.dial().answered().request("INFO", tag=";tag=wrong").hears(481).asked("BYE").says(200, tag="")
    called.rung().picks_up().waits(600).sends("BYE").hears(200)


@play()
def options_info_and_message_in_a_call(caller: Script, called: Script) -> None:
    caller.dial().answered().request("OPTIONS").hears(200)
    caller.request("INFO", "Content-Type: application/dtmf-relay", body="Signal=5\nDuration=160").hears(200)
    caller.request("MESSAGE", "Content-Type: text/plain", body="hello").hears(405).hangs_up()
    called.rung().picks_up().told_bye()


@play(third=Script("replacing"))
def rfc3891_another_phone_takes_the_call_over_without_tags(caller: Script, called: Script) -> None:
    caller.dial().answered().asked("BYE", has="Replaced").says(200, tag="")
    called.rung().picks_up().told_bye()


# -- what the phone answers ------------------------------------------------------------------------------------------
def refusing(status: int, outcome: str, heard: int, *headers: str) -> None:
    def write(caller: Script, called: Script) -> None:
        caller.dial().refused(heard)
        called.rung().says(status, *headers).asked("ACK")

    write.__name__ = f"phone_says_{status}_and_the_caller_hears_{heard}"
    play(outcome)(write)


for code, word, told in (
    (401, "unreachable", 480),
    (404, "unreachable", 480),
    (480, "unreachable", 480),
    (486, "busy", 486),
    (500, "unreachable", 480),
    (503, "unreachable", 480),
    (600, "busy", 486),
    (603, "declined", 603),
):
    refusing(code, word, told)


@play("redirected")
def rfc3261_8_3_a_phone_that_diverts_to_a_colleague(caller: Script, called: Script) -> None:
    caller.dial().refused(480)
    called.rung().says(302, "Contact: <sip:1999@[remote_ip]>").asked("ACK")


@play(number=SENT_ON)
def rfc5806_rfc7044_a_forwarded_call_says_who_was_called_first_and_why(caller: Script, called: Script) -> None:
    caller.dial("Diversion: <sip:1@evil.example>;reason=away").hears(100, maybe=True).hears(181)
    caller.answered().waits(200).hangs_up()
    told = f"Diversion:[^\n]*Sent[^\n]*sip:{SENT_ON}@plays.example>;reason=unconditional.*cause=302>;index=1.1;mp=1"
    called.rung(has=told, hasnot="").picks_up().told_bye()


@play()
def early_media_then_ringing_then_the_answer(caller: Script, called: Script) -> None:
    caller.dial().hears(100, maybe=True).hears(183, has="m=audio").hears(180).hears(200, rrs="true").ack().hangs_up()
    called.rung().says(183, body=sdp()).waits(150).says(180).waits(150).says(200, body=sdp()).asked("ACK").told_bye()


@play()
def a_second_200_of_another_fork_is_acknowledged_and_ended(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(600).hangs_up()
    called.rung().says(180).says(200, body=sdp()).asked("ACK")
    called.says(200, body=sdp(), tag=";tag=other", invite=True).asked("ACK", has="tag=other")
    called.asked("BYE", has="tag=other").says(200, tag="").told_bye()


# -- REFER -----------------------------------------------------------------------------------------------------------
@play("answered", "transfer failed")
def refer_with_a_subscription_tells_how_it_goes(caller: Script, called: Script) -> None:
    caller.dial().answered().request("REFER", "Refer-To: <sip:0999@[remote_ip]>").hears(202)
    caller.asked("NOTIFY", has="SIP/2.0 100").says(200, tag="").asked("NOTIFY", has="Subscription-State: terminated")
    caller.says(200, tag="").hangs_up()
    called.rung().picks_up().told_bye()


@play("answered", "unknown number")
def rfc4488_refer_without_a_subscription(caller: Script, called: Script) -> None:
    caller.dial().answered().request("REFER", "Refer-To: <sip:0999@[remote_ip]>", "Refer-Sub: false",
                                     "Supported: norefersub").hears(202, has="Refer-Sub: false")  # fmt: skip
    caller.waits(800).hangs_up()
    called.rung().picks_up().told_bye()


# -- subscriptions ---------------------------------------------------------------------------------------------------
@alone()
def an_unknown_event_is_489_and_says_what_there_is(caller: Script) -> None:
    uri = DIALLED
    caller.request("SUBSCRIBE", "Event: weather", "Expires: 300", uri=uri, tag="").hears(401, auth="true")
    caller.request("SUBSCRIBE", "Event: weather", "Expires: 300", "[authentication]", uri=uri, tag="")
    caller.hears(489, has="Allow-Events: .*dialog")


@alone()
def rfc6665_a_watcher_hears_at_once_and_at_its_end(caller: Script) -> None:
    uri = DIALLED
    caller.request("SUBSCRIBE", "Event: dialog", "Expires: 300", uri=uri, tag="").hears(401, auth="true")
    caller.request("SUBSCRIBE", "Event: dialog", "Expires: 300", "[authentication]", uri=uri, tag="")
    caller.hears(200, rrs="true").asked("NOTIFY", has="dialog-info").says(200, tag="")


@alone(number="0")
def rfc3261_10_2_too_brief_a_registration_is_423(caller: Script) -> None:
    uri = "sip:[remote_ip]:[remote_port]"
    caller.request("REGISTER", "Expires: 5", uri=uri, tag="", called="<sip:[account]@[remote_ip]>").hears(
        401, auth="true"
    )
    caller.request("REGISTER", "Expires: 5", "[authentication]", uri=uri, tag="", called="<sip:[account]@[remote_ip]>")
    caller.hears(423, has="Min-Expires: 60")


for each in PLAYS:
    if each.beside is not None:
        each.beside.rung().says(180).asked("CANCEL", has="completed elsewhere").says(200, tag="")
        each.beside.says(487, invite=True).asked("ACK")
    if each.third is not None:
        each.third.dial("Replaces: [first];to-tag=0;from-tag=0").answered().waits(300).hangs_up()
