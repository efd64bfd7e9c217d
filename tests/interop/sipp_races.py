"""More plays: what crosses (glare, both ways), what is repeated, and phones that name a dialog (Replaces).

Which behaviour of the list of names is played where:

| behaviour | plays |
|---|---|
| retransmissions in every state | ``*_repeated_*``, ``ack_lost_twice_*``, ``ours_*_is_sent_again_*`` |
| lost 200, lost ACK | ``ack_lost_twice_*``, ``ack_of_ours_*``, ``phone_hangs_up_before_our_ack_*`` |
| CANCEL against 200 | ``cancel_meets_a_200_of_the_phone`` |
| late offer | ``late_offer_of_the_caller``, ``late_offer_in_a_reinvite`` |
| glare | ``rfc3261_14_1_*``, ``rfc3261_14_2_*``, ``rfc3311_5_2_*`` |
| wrong CSeq, wrong tags, unknown Require | ``rfc3261_12_2_2_*``, ``wrong_tag_*``, ``rfc3261_8_2_2_3_*`` |
| 100rel | ``rfc3262_*`` |
| session refresh by either side | ``rfc4028_*`` |
| three kinds of hold | ``hold_by_*`` |
| REFER with and without subscription | ``refer_with_*``, ``rfc4488_*`` |
| Replaces early and confirmed | ``rfc3891_*`` |
| Join | ``rfc3911_*`` |
| in-dialog OPTIONS, INFO, MESSAGE | ``options_info_and_message_in_a_call`` |
| forks | ``two_phones_ring_*``, ``a_second_200_*`` |
| 3xx | ``rfc3261_8_3_*`` |
"""

from tests.interop.sipp_plays import PLAYS, again, alone, cancel, play
from tests.interop.sipp_script import DIALLED, Script, sdp

__all__ = ["PLAYS"]

EITHER, ONLY = sdp(codecs="8 0"), "0"
"""A phone that offers two codecs and takes one of them away later makes us re-invite the other one."""


# -- glare -----------------------------------------------------------------------------------------------------------
def takes_a_codec_away(caller: Script) -> Script:
    """The caller talks in one of two codecs, then wants the other: we ask the called one for it."""
    caller.dial(body=EITHER).answered().waits(200)
    return caller.request("INVITE", body=sdp(version=2, codecs=ONLY)).hears(100, maybe=True).hears(200).ack()


@play(rung=("SIP/2.0 491", "INVITE", 1))
def rfc3261_14_2_a_reinvite_that_meets_ours_is_491(caller: Script, called: Script) -> None:
    takes_a_codec_away(caller).asked("BYE").says(200, tag="")
    called.rung().says(180).says(200, body=EITHER).asked("ACK").rung_again()
    called.sends("INVITE", body=sdp("sendonly", version=2)).hears(491).sends("ACK", via=again(2))
    called.says(200, again=True, body=sdp(version=2, codecs=ONLY)).asked("ACK")
    called.sends("BYE", cseq=11).hears(200)


@play(rung=("SIP/2.0 491", "UPDATE", 1))
def rfc3311_5_2_an_update_that_meets_our_reinvite_is_491(caller: Script, called: Script) -> None:
    takes_a_codec_away(caller).asked("BYE").says(200, tag="")
    called.rung().says(180).says(200, body=EITHER).asked("ACK").rung_again()
    called.sends("UPDATE", body=sdp("sendonly", version=2)).hears(491)
    called.says(200, again=True, body=sdp(version=2, codecs=ONLY)).asked("ACK")
    called.sends("BYE", cseq=11).hears(200)


@play(rung=("INVITE", "INVITE", 3))
def rfc3261_14_1_our_reinvite_to_the_called_meets_491_and_comes_again(caller: Script, called: Script) -> None:
    takes_a_codec_away(caller).asked("BYE").says(200, tag="")
    called.rung().says(180).says(200, body=EITHER).asked("ACK").asked("INVITE").says(491, tag="").asked("ACK")
    called.asked("INVITE").says(200, tag="", body=sdp(version=2, codecs=ONLY)).asked("ACK").sends("BYE").hears(200)


@play(heard=("INVITE", "INVITE", 2))
def rfc3261_14_1_our_reinvite_to_the_caller_meets_491_and_comes_again(caller: Script, called: Script) -> None:
    caller.dial(body=EITHER).answered().asked("INVITE").says(491, tag="").asked("ACK")
    caller.asked("INVITE").says(200, tag="", body=sdp(version=2, codecs=ONLY)).asked("ACK")
    caller.asked("BYE").says(200, tag="")
    called.rung().says(180).says(200, body=EITHER).asked("ACK").waits(200)
    called.sends("INVITE", body=sdp(version=2, codecs=ONLY)).hears(100, maybe=True).hears(200).sends("ACK")
    called.waits(3000).sends("BYE", cseq=11).hears(200)


# -- repetitions in further states -----------------------------------------------------------------------------------
@play("cancelled", heard=("SIP/2.0 200", "CANCEL", 2))
def cancel_repeated_is_answered_again(caller: Script, called: Script) -> None:
    caller.dial().hears(100, maybe=True).hears(180)
    caller.request("CANCEL", uri=DIALLED, tag="", cseq=2, via=again(3)).hears(200).hears(487)
    caller.request("ACK", uri=DIALLED, cseq=2, via=again(6))
    caller.request("CANCEL", uri=DIALLED, tag="", cseq=2, via=again(7), once="1").hears(200)
    called.rung().says(180).asked("CANCEL").says(200, tag="").waits(100)


@play(rung=("INVITE", "INVITE", 2))
def ours_invite_is_sent_again_to_a_phone_that_says_nothing_at_first(caller: Script, called: Script) -> None:
    caller.dial().answered().hangs_up()
    called.rung().waits(800).picks_up().told_bye()


@play(rung=("BYE", "BYE", 2))
def ours_bye_is_sent_again_until_it_is_answered(caller: Script, called: Script) -> None:
    caller.dial().answered().hangs_up()
    called.rung().picks_up().asked("BYE").waits(800).says(200, tag="")


@play("cancelled", rung=("CANCEL", "CANCEL", 2))
def ours_cancel_is_sent_again_until_it_is_answered(caller: Script, called: Script) -> None:
    cancel(caller)
    called.rung().says(180).asked("CANCEL").waits(800).says(200, tag="").says(487, invite=True).asked("ACK")


# -- phones that name a dialog ---------------------------------------------------------------------------------------
PICKED = "Replaces: [dialog]"


@play(picks=Script("picks-up-early").dial(f"{PICKED};early-only").answered().told_bye())
def rfc3891_3_a_colleague_phone_picks_up_what_rings(caller: Script, called: Script) -> None:
    caller.dial().hears(100, maybe=True).hears(180).hears(200, rrs="true").ack().waits(500).hangs_up()
    called.rung().says(180).asked("CANCEL", has="completed elsewhere").says(200, tag="").says(487, invite=True)
    called.asked("ACK")


@play(picks=Script("takes-over").dial(PICKED).answered().told_bye(), picks_at="ACK")
def rfc3891_3_another_phone_takes_a_confirmed_dialog_over(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(1500).hangs_up()
    called.rung().picks_up().asked("BYE", has="Replaced").says(200, tag="")


@play(picks=Script("too-late").dial(f"{PICKED};early-only").refused(486), picks_at="ACK")
def rfc3891_3_early_only_leaves_a_confirmed_dialog_alone(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(1500).hangs_up()
    called.rung().picks_up().told_bye()


# -- one more in a call ------------------------------------------------------------------------------------------------
JOINED = "Join: [dialog]"


@play(picks=Script("joins").dial(JOINED).answered().waits(300).hangs_up(), picks_at="ACK")
def rfc3911_4_whoever_joins_and_leaves_again_leaves_two(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(2000).hangs_up()
    called.rung().picks_up().told_bye()


def is_told_who_is_there(script: Script) -> Script:
    """A re-INVITE that changes nothing but whom the phone shows: this one takes no UPDATE."""
    return script.asked("INVITE").says(200, tag="", body=sdp()).asked("ACK")


@play(picks=is_told_who_is_there(Script("stays").dial(JOINED).answered()).told_bye(), picks_at="ACK")
def rfc3911_4_the_caller_leaves_and_whoever_joined_goes_on(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(1000).hangs_up()
    is_told_who_is_there(called.rung().picks_up()).waits(1000).sends("BYE").hears(200)


@play(picks=Script("too-early").dial(JOINED).refused(486))
def rfc3911_4_what_rings_cannot_be_joined_yet(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(500).hangs_up()
    called.rung().says(180).waits(1000).says(200, body=sdp()).asked("ACK").told_bye()


@alone()
def rfc3911_4_a_join_of_a_dialog_that_nobody_has_is_481(caller: Script) -> None:
    caller.dial("Join: nobody@nowhere;to-tag=1;from-tag=2").refused(481)


@alone()
def rfc3911_4_join_and_replaces_exclude_each_other(caller: Script) -> None:
    caller.dial("Join: nobody@nowhere;to-tag=1;from-tag=2\nReplaces: nobody@nowhere;to-tag=1;from-tag=2").refused(400)


@play(picks=Script("after-its-end").dial(PICKED).refused(603), picks_at="BYE")
def rfc3891_3_a_dialog_that_has_ended_is_603(caller: Script, called: Script) -> None:
    caller.dial().answered().waits(200).hangs_up()
    called.rung().picks_up().told_bye()


@alone()
def rfc3891_3_a_dialog_that_nobody_has_is_481(caller: Script) -> None:
    caller.dial("Replaces: nobody@nowhere;to-tag=1;from-tag=2").refused(481)
