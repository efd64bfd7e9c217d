"""The subscription of a REFER refreshed and ended (RFC 3515, RFC 6665), and a REFER beside its call (RFC 4538)."""

from collections.abc import Awaitable, Callable

import pytest

from vorzimmer.calls.referring import target_dialog
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone, declines, rings
from vorzimmer.testing.phone_call import PhoneCall


class Scene:
    """anna talks to bea; carl's phone rings when it is called."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.anna, self.bea, self.carl = (house.phone(name) for name in ("anna", "bea", "carl"))
        self.carl.manner = rings

    async def talk(self) -> PhoneCall:
        """bea's call."""
        self.anna.call("bea")
        await self.anna.until(lambda: self.anna.last.talking)
        await self.house.clock.sleep(1)
        return self.bea.last

    async def subscribe(self, call: PhoneCall, expires: str, event: str = "refer") -> int:
        """A SUBSCRIBE inside the dialog; its status."""
        sent = call.request_in("SUBSCRIBE", (("Event", event), *((("Expires", expires),) if expires else ())))
        await self.house.clock.sleep(1)
        return self.bea.answers[sent].status

    async def ringing(self) -> None:
        """Somebody is rung for the other party."""
        await self.carl.until(lambda: bool(self.carl.calls))
        await self.house.clock.sleep(1)


def play(scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        house = House()
        await scene(Scene(house))
        await house.clock.sleep(40)
        assert house.board.idle()
        assert house.bench.bugs == []

    run(main())


def test_rfc6665_4_2_1_4_a_refresh_is_answered_by_how_it_stands() -> None:
    async def scene(s: Scene) -> None:
        call = await s.talk()
        call.transfer("carl")
        await s.ringing()
        assert await s.subscribe(call, "600") == 200
        assert call.notified == ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 180 Ringing"]
        assert call.subscription[-1] == "active;expires=600"
        s.carl.last.answer()
        await s.bea.until(lambda: call.over)
        assert call.notified[-1] == "SIP/2.0 200 OK"
        assert call.subscription[-1] == "terminated;reason=noresource"
        s.anna.last.hang_up()

    play(scene)


def test_rfc3515_2_4_4_who_does_not_want_to_hear_more_is_told_once_and_the_transfer_goes_on() -> None:
    async def scene(s: Scene) -> None:
        call = await s.talk()
        call.transfer("carl")
        await s.ringing()
        assert await s.subscribe(call, "0") == 200
        assert call.subscription[-1] == "terminated;reason=timeout"
        told = len(call.notified)
        assert await s.subscribe(call, "0") == 481
        s.carl.last.answer()
        await s.bea.until(lambda: call.over)
        assert len(call.notified) == told
        assert s.house.talking("anna", "carl")
        s.anna.last.hang_up()

    play(scene)


def test_rfc3515_2_4_6_the_second_refer_is_meant_by_its_cseq() -> None:
    async def scene(s: Scene) -> None:
        call = await s.talk()
        s.carl.manner = declines
        call.transfer("carl")
        await s.bea.until(lambda: "terminated" in "".join(call.subscription[-1:]))
        await s.house.clock.sleep(1)
        s.carl.manner = rings
        call.transfer("carl")
        await s.carl.until(lambda: len(s.carl.calls) == 2)
        await s.house.clock.sleep(1)
        event = s.bea.requests[-1].headers.get("Event")
        assert event.startswith("refer;id=")
        assert await s.subscribe(call, "60") == 481
        assert await s.subscribe(call, "60", event) == 200
        assert call.subscription[-1] == "active;expires=60"
        call.hang_up()
        s.anna.last.hang_up()

    play(scene)


@pytest.mark.parametrize(
    ("event", "expires", "status"),
    [("refer", "60", 481), ("refer;id=99", "", 481), ("dialog", "60", 489), ("", "60", 489), (";;=", "x", 489)],
)
def test_rfc6665_4_2_1_a_subscription_that_nobody_has_is_481_and_another_event_489(
    event: str, expires: str, status: int
) -> None:
    async def scene(s: Scene) -> None:
        call = await s.talk()
        assert await s.subscribe(call, expires, event) == status
        call.hang_up()

    play(scene)


# -- beside the call -------------------------------------------------------------------------------------------------
def apart(phone: Phone, target: str, *extra: tuple[str, str], contact: bool = True) -> str:
    """A REFER of `phone` to the server outside all dialogs."""
    lines = [
        ("From", f"<{phone.address}>"),
        ("To", "<sip:bea@muster.example>"),
        ("Refer-To", "<sip:carl@muster.example>"),
    ]
    lines += [("Target-Dialog", target), *extra] if target else [*extra]
    if contact:
        lines.append(("Contact", f"<sip:{phone.line.user}@{phone.line.contact}>"))
    request = Request("REFER", "sip:bea@muster.example", Headers(lines))
    sent = phone.signalling.engine.request(request, phone.hop, phone.signalling.now())
    phone.signalling.kick()
    return sent


def names(call: PhoneCall, form: str = "{0};local-tag={2};remote-tag={1}") -> str:
    """The dialog as the server sees it: its tag is the local one."""
    ids = call.phone.signalling.engine.dialog_ids(call.leg)
    assert ids is not None
    return form.format(*ids)


@pytest.mark.parametrize("form", ["{0};local-tag={2};remote-tag={1}", "{0};local-tag={1};remote-tag={2}"])
def test_rfc4538_4_a_party_transfers_with_a_refer_of_its_own(form: str) -> None:
    async def scene(s: Scene) -> None:
        call = await s.talk()
        sent = apart(s.bea, names(call, form))
        await s.ringing()
        assert s.bea.answers[sent].status == 202
        s.carl.last.answer()
        await s.anna.until(lambda: s.house.talking("anna", "carl"))
        await s.bea.until(lambda: call.over)
        await s.house.clock.sleep(1)
        bodies = [each.body.decode().strip() for each in s.bea.requests if each.method == "NOTIFY"]
        assert bodies == ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]
        tag = s.bea.answers[sent].headers.get("To").rpartition("tag=")[2]
        assert {each.headers.get("From").rpartition("tag=")[2] for each in s.bea.requests} == {tag}
        s.anna.last.hang_up()

    play(scene)


def test_rfc4538_4_without_a_subscription_nobody_is_told() -> None:
    async def scene(s: Scene) -> None:
        call = await s.talk()
        sent = apart(s.bea, names(call), ("Refer-Sub", "false"))
        await s.ringing()
        assert s.bea.answers[sent].headers.get("Refer-Sub") == "false"
        s.carl.last.answer()
        await s.bea.until(lambda: call.over)
        assert s.bea.requests == []
        s.anna.last.hang_up()

    play(scene)


@pytest.mark.parametrize(
    ("who", "form", "status"),
    [
        ("carl", "{0};local-tag={2};remote-tag={1}", 403),  # a colleague who has learnt the ids
        ("anna", "{0};local-tag={2};remote-tag={1}", 403),  # a party, but this is the other one's dialog
        ("eve", "{0};local-tag={2};remote-tag={1}", 481),  # of another company: as if there were none
        ("bea", "{0};local-tag=x;remote-tag=y", 481),
        ("bea", "{0};local-tag={2}", 400),
        ("bea", ";local-tag=a;remote-tag=b", 400),
        ("bea", "", 403),
    ],
)
def test_security_a_refer_beside_a_call_needs_a_partys_own_account(who: str, form: str, status: int) -> None:
    async def scene(s: Scene) -> None:
        s.house.may = lambda actor, action, call: True
        eve = s.house.phone("eve", company="other")
        call = await s.talk()
        phone = {"carl": s.carl, "anna": s.anna, "bea": s.bea, "eve": eve}[who]
        sent = apart(phone, names(call, form) if form else "")
        await s.house.clock.sleep(1)
        assert phone.answers[sent].status == status
        assert s.house.talking("anna", "bea")
        assert s.carl.calls == []
        call.hang_up()

    play(scene)


@pytest.mark.parametrize("text", ["", ";", "a", "a;local-tag=", "a;local-tag=1;remote-tag", "a;=;=;=", "a;local-tag=1"])
def test_rfc4538_7_a_target_dialog_needs_both_tags(text: str) -> None:
    with pytest.raises(PeerError):
        target_dialog(text)
