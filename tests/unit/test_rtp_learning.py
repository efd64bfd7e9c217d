"""Symmetric learning: a phone behind NAT or on the move is followed, an attacker is not."""

from vorzimmer.kernel.address import Address
from vorzimmer.rtp.learning import DESERTED, FAREWELL, SILENCE, Learning

SDP, NAT, EVIL, OTHER = (Address(h, 4_000) for h in ("10.0.0.5", "192.0.2.9", "203.0.113.66", "192.0.2.77"))


def talk(policy: Learning, source: Address, ssrc: int, first: int, now: float, *, count: int = 2) -> list[bool]:
    return [policy.accept(source, ssrc, (first + n) & 0xFFFF, now + 0.02 * n) for n in range(count)]


def learned(source: Address = NAT, ssrc: int = 5) -> Learning:
    policy = Learning()
    policy.configure(SDP, 0.0)
    talk(policy, source, ssrc, 1, 0.0)
    assert policy.locked == source
    return policy


def test_the_signalled_address_comes_first() -> None:
    policy = Learning()
    assert policy.destination is None
    policy.configure(SDP, 0.0)
    assert (policy.destination, policy.locked) == (SDP, None)


def test_a_phone_that_sends_from_its_signalled_address_is_locked_at_once() -> None:
    policy = Learning()
    policy.configure(SDP, 0.0)
    assert policy.accept(SDP, 5, 1, 0.0)
    assert policy.locked == SDP


def test_a_phone_behind_nat_is_learned_from_two_packets_in_a_row() -> None:
    policy = Learning()
    policy.configure(SDP, 0.0)
    assert talk(policy, NAT, 5, 65_535, 0.0) == [False, True]
    assert policy.destination == NAT


def test_single_packets_and_jumping_sequences_teach_nothing() -> None:
    policy = Learning()
    policy.configure(SDP, 0.0)
    assert not any(policy.accept(EVIL, n, 7 * n, 0.01 * n) for n in range(50))
    assert (policy.destination, policy.refused) == (SDP, 50)
    assert talk(policy, NAT, 5, 1, 1.0) == [False, True]


def test_noise_in_between_keeps_no_phone_out() -> None:
    policy = Learning()
    policy.configure(SDP, 0.0)
    policy.accept(NAT, 5, 1, 0.0)
    policy.accept(EVIL, 6, 99, 0.0)
    assert policy.accept(NAT, 5, 2, 0.02)
    assert policy.locked == NAT


def test_before_any_sdp_nobody_is_believed() -> None:
    policy = Learning()
    assert talk(policy, EVIL, 5, 1, 0.0, count=5) == [False] * 5
    assert policy.locked is None


def test_once_locked_an_attacker_does_not_move_it() -> None:
    policy = learned()
    for n in range(500):
        now = 0.04 + 0.02 * n
        assert policy.accept(NAT, 5, 3 + n, now)
        assert not policy.accept(EVIL, 5, 3 + n, now)
        assert not policy.accept(EVIL, 6, 3 + n, now)
    assert policy.destination == NAT
    assert policy.refused == 1 + 1_000


def test_silence_alone_moves_nothing_the_ssrc_must_be_the_same() -> None:
    policy = learned()
    assert talk(policy, EVIL, 6, 1, 60.0, count=50) == [False] * 50
    assert policy.destination == NAT


def test_a_moved_phone_is_followed_after_two_seconds_of_silence_with_its_ssrc() -> None:
    policy = learned()
    heard = 0.02
    assert not policy.accept(OTHER, 5, 3, heard + SILENCE - 0.01)
    assert policy.accept(OTHER, 5, 4, heard + SILENCE)
    assert policy.destination == OTHER


def test_the_signalled_address_wins_over_whoever_was_first() -> None:
    policy = learned(EVIL)
    assert policy.accept(SDP, 9, 1, 0.1)
    assert policy.destination == SDP
    assert not any(talk(policy, EVIL, 5, 3, 0.2))


def test_a_new_address_in_an_offer_is_learned_anew() -> None:
    policy = learned()
    policy.configure(OTHER, 10.0)
    assert policy.destination == OTHER
    assert talk(policy, EVIL, 6, 1, 10.0 + FAREWELL) == [False, True]


def test_packets_of_the_former_source_on_their_way_are_heard_but_not_learned() -> None:
    policy = learned()
    policy.configure(OTHER, 10.0)
    assert talk(policy, NAT, 5, 3, 10.0, count=5) == [True] * 5
    assert policy.destination == OTHER
    assert talk(policy, NAT, 5, 9, 10.0 + FAREWELL) == [False, True]
    assert policy.destination == NAT


def test_an_offer_with_the_same_address_keeps_the_lock() -> None:
    policy = learned()
    policy.configure(SDP, 10.0)
    assert policy.destination == NAT
    assert talk(policy, EVIL, 6, 1, 20.0) == [False, False]


def test_a_hold_by_null_address_sends_nothing_and_the_lock_survives_it() -> None:
    policy = learned()
    policy.configure(None, 10.0)
    assert policy.destination is None
    assert policy.accept(NAT, 5, 3, 10.0)
    policy.configure(SDP, 20.0)
    assert policy.destination == NAT


def test_a_new_offer_that_names_the_locked_source_keeps_it() -> None:
    policy = learned()
    policy.configure(NAT, 10.0)
    assert (policy.locked, policy.destination) == (NAT, NAT)


def test_a_new_ssrc_from_the_locked_source_is_believed() -> None:
    policy = learned()
    assert policy.accept(NAT, 77, 1, 0.1)
    assert policy.accept(OTHER, 77, 9, 0.1 + SILENCE)


def test_forgetting_learns_anew_with_the_same_address() -> None:
    policy = learned()
    policy.forget(5.0)
    assert policy.destination == SDP
    assert talk(policy, OTHER, 8, 1, 5.0) == [False, True]


def test_rfc3550_6_5_1_a_new_stream_from_elsewhere_needs_the_phones_canonical_name_and_silence() -> None:
    policy = learned()
    policy.vouch(OTHER.host, 6)
    assert talk(policy, OTHER, 6, 1, 0.02 + DESERTED - 1.0, count=10) == [False] * 10
    assert talk(policy, EVIL, 6, 1, 0.02 + DESERTED, count=10) == [False] * 10
    assert talk(policy, OTHER, 7, 1, 0.02 + DESERTED, count=10) == [False] * 10
    assert talk(policy, OTHER, 6, 20, 0.02 + DESERTED, count=3) == [False, True, True]
    assert policy.destination == OTHER


def test_rfc3711_what_is_authentic_is_believed_from_anywhere() -> None:
    policy = learned()
    assert policy.accept(OTHER, 6, 1, 0.1, authentic=True)
    assert policy.destination == OTHER
