"""Codecs and their order as accounts allow them (docs/media.md), and session intervals of companies and trunks."""

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.calls.sound import allowed, answer, first_offer, next_offer, offer_like, plan_of
from vorzimmer.calls.state import Sound
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.plan import Format
from vorzimmer.sdp.write import write
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone_call import PhoneCall

NAMES = ("OPUS", "G722", "PCMA", "PCMU")
BY_NAME = {each.name: each for each in DEFAULT_FORMATS}
some = st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple)


def formats(*names: str) -> tuple[Format, ...]:
    return tuple(BY_NAME[name] for name in names)


def named(body: bytes) -> list[str]:
    """The codecs of a description, in its order."""
    return [each.name for each in plan_of(body).formats]


def sound(*codecs: str) -> Sound:
    return Sound(EndpointId("e"), Address("192.0.2.1", 4000), codecs=codecs)


def offered(call: PhoneCall) -> list[str]:
    assert call.request is not None
    return named(call.request.body)


@given(some, some)
def test_media_policy_our_offers_name_nothing_but_what_is_allowed_best_first(
    codecs: tuple[str, ...], can: tuple[str, ...]
) -> None:
    _, late = first_offer(sound(*codecs), DEFAULT_FORMATS)
    assert named(late) == list(codecs)
    plan = plan_of(first_offer(sound(), formats(*can))[1])
    _, like = offer_like(sound(*codecs), plan, DEFAULT_FORMATS)
    found = named(like)
    both = [name for name in codecs if name in can]
    assert found[: len(both)] == both, "what needs no transcoding leads, in the order of the account"
    assert sorted(found) == sorted(codecs)


@given(some, some, some)
def test_media_policy_answers_take_nothing_but_what_is_allowed(
    codecs: tuple[str, ...], can: tuple[str, ...], other: tuple[str, ...]
) -> None:
    _, offer = first_offer(sound(), formats(*can))
    both = set(codecs) & set(can)
    if not both:
        with pytest.raises(PeerError) as refused:
            answer(sound(*codecs), offer, formats(*other))
        assert refused.value.status == 488
        return
    after, body = answer(sound(*codecs), offer, formats(*other))
    assert set(named(body)) <= both
    assert {each.name for each in after.can} <= set(codecs), "so that no re-INVITE of ours asks for others"
    if both & set(other):
        assert set(named(body)) == both & set(other)
    again = named(write(next_offer(after, (*after.can, *DEFAULT_FORMATS))))
    assert set(again) == set(codecs)


def test_media_policy_without_a_word_everything_stays_as_it_was() -> None:
    _, body = first_offer(sound(), DEFAULT_FORMATS)
    assert named(body) == list(NAMES)
    with pytest.raises(PeerError):
        allowed(("OPUS",), formats("PCMA"))


# -- through whole calls ---------------------------------------------------------------------------------------------
def play(scene: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        house = House()
        await scene(house)
        await house.clock.sleep(40)
        assert house.board.idle()

    run(main())


def test_media_policy_a_phone_is_offered_its_own_codecs_in_their_order() -> None:
    async def scene(house: House) -> None:
        house.codecs = {"bea-1": ("PCMU", "G722")}
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert offered(bea.last) == ["PCMU", "G722"]
        assert call.agreed is not None
        assert call.agreed.formats[0].name == "PCMU", "the caller knows it too: nothing is transcoded"
        call.hang_up()

    play(scene)


def test_media_policy_the_callers_order_leads_the_offer_to_the_called() -> None:
    async def scene(house: House) -> None:
        house.codecs = {"anna-1": ("PCMU", "PCMA")}
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert offered(bea.last)[:2] == ["PCMU", "PCMA"]
        assert call.agreed is not None
        assert [each.name for each in call.agreed.formats][:1] == ["PCMU"]
        call.hang_up()

    play(scene)


def test_media_policy_two_phones_that_may_share_no_codec_are_transcoded_for_and_left_alone() -> None:
    async def scene(house: House) -> None:
        house.codecs = {"anna-1": ("PCMA",), "bea-1": ("PCMU",)}
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(10)
        ours, theirs = call.agreed, bea.last.agreed
        assert ours is not None
        assert theirs is not None
        assert ([f.name for f in ours.formats], [f.name for f in theirs.formats]) == (["PCMA"], ["PCMU"])
        assert (call.reinvited, bea.last.reinvited) == (0, 0)
        call.hang_up()

    play(scene)


def test_media_policy_a_phone_that_has_none_of_its_codecs_is_refused() -> None:
    async def scene(house: House) -> None:
        house.codecs = {"anna-1": ("OPUS",)}
        anna = house.phone("anna", formats=formats("PCMA"))
        house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses[-1] == 488

    play(scene)


def test_rfc4028_the_session_interval_of_a_leg_is_that_of_its_account() -> None:
    async def scene(house: House) -> None:
        house.sessions = {"bea-1": 900}
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert bea.last.request is not None
        assert bea.last.request.headers.get("Session-Expires") == "900"
        call.hang_up()

    play(scene)
