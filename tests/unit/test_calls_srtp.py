"""SRTP by SDES through a whole call: what each account allows, whose keys are used, and when they change (RFC 4568)."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from vorzimmer.calls import opening
from vorzimmer.calls.state import CallState
from vorzimmer.media.port import MediaPlan, Srtp
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Protection
from vorzimmer.sdp.reading import read
from vorzimmer.sip.pack import pack
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone
from vorzimmer.testing.phone_call import PhoneCall

Scenario = Callable[[House, Phone, Phone, PhoneCall], Awaitable[None]]


def plan_of(house: House, user: str) -> MediaPlan:
    """What media was told about the leg of `user`."""
    legs = [leg for state in house.board.live_view() for leg in state.parties]
    endpoint = next(leg.sound.endpoint for leg in legs if leg.party.ref is not None and leg.party.ref.id == user)
    plan = house.media.endpoints[endpoint].plan
    assert plan is not None
    return plan


def keys(house: House, user: str) -> Srtp:
    """The keys of the leg of `user`."""
    found = plan_of(house, user).srtp
    assert found is not None
    return found


def fit(house: House, user: str, call: PhoneCall) -> bool:
    """Whether the phone has the same keys the other way round."""
    ours, theirs = keys(house, user), call.agreed.srtp if call.agreed else None
    assert theirs is not None
    return (ours.suite, ours.send_key, ours.receive_key) == (theirs.suite, theirs.receive_key, theirs.send_key)


def talk(
    scenario: Scenario, phone: Protection = "required", account: Protection = "required", bea: Protection = "required"
) -> House:
    """anna (with `phone` and `account` set as said) talks to bea (both as `bea`); then the scenario."""
    houses: list[House] = []

    async def main() -> None:
        house = House()
        houses.append(house)
        house.srtp = {"anna-1": account, "bea-1": bea}
        one, other = house.phone("anna", srtp=phone), house.phone("bea", srtp=bea)
        call = one.call("bea")
        await one.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        await scenario(house, one, other, call)
        call.hang_up()
        await house.check_empty(records=1)

    run(main())
    return houses[0]


@pytest.mark.parametrize(
    ("phone", "account", "encrypted"),
    [
        ("off", "off", False),
        ("off", "optional", False),
        ("optional", "off", False),
        ("optional", "optional", True),
        ("optional", "required", True),
        ("required", "optional", True),
        ("required", "required", True),
    ],
)
def test_rfc4568_5_1_2_a_caller_is_encrypted_as_phone_and_account_agree(
    phone: Protection, account: Protection, encrypted: bool
) -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        assert (plan_of(house, "anna").srtp is not None) == encrypted
        assert plan_of(house, "bea").srtp is None
        assert not encrypted or fit(house, "anna", call)

    talk(scenario, phone, account, "off")


@pytest.mark.parametrize(("phone", "account"), [("required", "off"), ("off", "required")])
def test_a_caller_that_its_account_does_not_allow_is_refused_488_with_the_reason_in_the_record(
    phone: Protection, account: Protection
) -> None:
    async def main() -> None:
        house = House()
        house.srtp = {"anna-1": account}
        anna, bea = house.phone("anna", srtp=phone), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [488]
        assert bea.calls == []
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "no common encryption"

    run(main())


@pytest.mark.parametrize(
    ("phone", "account", "transport", "encrypted"),
    [
        ("off", "optional", "udp", False),
        ("optional", "optional", "udp", False),
        ("optional", "optional", "tls", True),
        ("off", "optional", "tls", False),
        ("optional", "required", "udp", True),
        ("required", "required", "tls", True),
        ("optional", "off", "tls", False),
    ],
)
def test_a_called_phone_is_offered_what_its_account_and_its_way_to_us_allow(
    phone: Protection, account: Protection, transport: str, encrypted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The network in memory has datagrams only; here they count as what hides a key, or not.
    monkeypatch.setattr(opening, "ENCRYPTED", frozenset({"udp"} if transport == "tls" else ()))

    async def main() -> None:
        house = House()
        house.srtp = {"bea-1": account}
        anna, bea = house.phone("anna"), house.phone("bea", srtp=phone)
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert (plan_of(house, "bea").srtp is not None) == encrypted
        assert not encrypted or fit(house, "bea", bea.last)
        offered = parse(bea.last.request.body).media[0]  # type: ignore[union-attr]
        assert offered.protocol == ("RTP/SAVP" if account == "required" else "RTP/AVP")
        assert any(a.name == "crypto" for a in offered.attributes) == (
            account == "required" or (account, transport) == ("optional", "tls")
        )
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_each_leg_has_keys_of_its_own_and_no_two_calls_share_one() -> None:
    seen: set[bytes] = set()

    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        assert fit(house, "anna", call)
        assert fit(house, "bea", bea.last)
        seen.update(k for user in ("anna", "bea") for k in (keys(house, user).send_key, keys(house, user).receive_key))
        assert len(seen) == 4

    talk(scenario)


def test_rfc4568_7_1_4_hold_and_resume_and_our_own_reinvite_keep_the_keys() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        before = keys(house, "anna"), keys(house, "bea")
        call.hold()
        await house.clock.sleep(1)
        call.resume()
        await house.clock.sleep(1)
        call.reinvite(late=True)
        await house.clock.sleep(1)
        call.update("sendrecv")
        await house.clock.sleep(1)
        assert (keys(house, "anna"), keys(house, "bea")) == before
        assert fit(house, "anna", call)
        assert house.talking("anna", "bea")

    talk(scenario)


def test_rfc4568_7_1_4_a_phone_with_a_new_key_gets_a_new_one() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        before = keys(house, "anna")
        call.rekey()
        await house.clock.sleep(1)
        after = keys(house, "anna")
        assert before.send_key != after.send_key
        assert before.receive_key != after.receive_key
        assert fit(house, "anna", call)

    talk(scenario)


def test_rfc3711_3_3_1_a_new_worker_needs_new_keys() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        before = keys(house, "anna").send_key, keys(house, "bea").send_key
        house.media.lose_worker()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        after = keys(house, "anna").send_key, keys(house, "bea").send_key
        assert not set(before) & set(after)
        assert fit(house, "anna", call)
        assert fit(house, "bea", bea.last)

    talk(scenario)


def test_keys_survive_a_restart_of_control() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        state = house.board.live_view()[0]
        back = msgspec.msgpack.decode(pack(state), type=CallState)
        assert back == state
        assert [leg.sound.guard for leg in back.parties] == [leg.sound.guard for leg in state.parties]
        before = keys(house, "anna"), keys(house, "bea")
        await house.restart()
        await house.clock.sleep(1)
        assert (keys(house, "anna"), keys(house, "bea")) == before

    talk(scenario)


def test_security_no_key_in_any_repr_record_or_fact() -> None:
    shown: list[str] = []
    found: set[bytes] = set()

    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        state = house.board.live_view()[0]
        shown.extend((repr(state), repr(house.media.commands), repr(house.facts)))
        for leg in state.parties:
            ours = leg.sound.ours
            assert ours is not None
            found.update(each.key for each in read(ours).cryptos)
            found.add(leg.sound.guard.secret)
        assert len(found) >= 4

    house = talk(scenario)
    shown.append(repr(house.bench.records))
    everything = "".join(shown)
    assert "inline:" not in everything
    assert not any(repr(key)[2:-1] in everything or key.hex() in everything for key in found)
