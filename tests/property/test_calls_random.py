"""Whatever phones do, in whatever order and weather: nothing is left behind, and every call has exactly one record."""

from collections.abc import Sequence
from typing import TypeVar

import pytest

from vorzimmer.calls.state import Rung
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import FellSilent
from vorzimmer.sdp.plan import Format, Protection
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.network import FAIR, ROUGH, Weather
from vorzimmer.testing.phone import Manner, Phone, answers, declines, diverts, early, ignores, rings
from vorzimmer.testing.phone_call import PhoneCall

T = TypeVar("T")
PCMA, PCMU, G722 = Format("PCMA", 8), Format("PCMU", 0), Format("G722", 9)
CODECS = ((PCMA,), (PCMU,), (PCMA, PCMU), (G722, PCMA, PCMU), (G722, PCMU))
PROTECTIONS: tuple[Protection, ...] = ("off", "optional", "required")
USERS = ("anna", "bea", "carl", "dora")
MANNERS: tuple[Manner, ...] = (
    answers(0.0),
    answers(0.5),
    answers(3.0),
    early(2.0),
    rings,
    ignores,
    declines(486),
    declines(603, 1.0),
    declines(480),
    diverts("sip:anna@muster.example"),
)


class Chaos:
    """Phones that do something, now and then."""

    def __init__(self, seed: int, weather: Weather, *, restarts: bool = False) -> None:
        self.restarts = restarts
        self.chance = SeededChance(seed)
        self.house = House(seed + 1, weather)
        self.house.seconds = 8.0
        self.house.may = lambda actor, action, call: True
        self.house.open()
        self.phones = [self.phone(user, number) for user, number in (*((user, 1) for user in USERS), ("bea", 2))]

    def phone(self, user: str, number: int) -> Phone:
        """A phone that encrypts as its account says; what is offered to *optional* over datagrams is plain."""
        srtp = self.pick(PROTECTIONS)
        self.house.srtp[f"{user}-{number}"] = srtp
        return self.house.phone(user, formats=self.pick(CODECS), srtp=srtp)

    def pick(self, items: Sequence[T]) -> T:
        return items[self.chance.number(0, len(items) - 1)]

    async def live(self, turns: int) -> None:
        """Do `turns` things, then hang up everywhere."""
        for turn in range(turns):
            await self.act()
            await self.house.clock.sleep(self.chance.fraction() * self.pick((0.01, 0.3, 3.0)))
            if self.house.network.weather is FAIR and turn % 10 == 9:
                await self.house.clock.sleep(9)
                self.check_heard()
        for _ in range(3):
            for phone in self.phones:
                for call in phone.calls:
                    call.hang_up()
            await self.house.clock.sleep(20)

    def check_heard(self) -> None:
        """In fair weather, once everything has settled: all who hold nobody hear each other."""
        for state in self.house.board.live_view():
            assert not any(leg.busy for leg in state.parties), state
            talking = [leg.sound.endpoint for leg in state.parties if not leg.held and leg.sound.agreed]
            if len(talking) > 1:
                assert self.house.media.talking(*talking), state
                for each in talking:
                    self.check_keys(each)

    def check_keys(self, endpoint: EndpointId) -> None:
        """Some phone has the very keys of this leg, the other way round."""
        plan = self.house.media.endpoints[endpoint].plan
        if plan is None or plan.srtp is None:
            return
        agreed = [call.agreed.srtp for phone in self.phones for call in phone.calls if call.agreed is not None]
        theirs = [(each.receive_key, each.send_key) for each in agreed if each is not None]
        assert (plan.srtp.send_key, plan.srtp.receive_key) in theirs

    async def act(self) -> None:
        if self.restarts and self.chance.number(0, 14) == 0:
            await self.house.restart()
        phone = self.pick(self.phones)
        phone.manner = self.pick(MANNERS)
        talking = [call for call in phone.calls if call.talking]
        kind = self.chance.number(0, 23)
        if kind >= 20:
            self.take(phone)
        elif kind < 6 or not talking:
            self.begin(phone)
        elif kind == 6:
            self.media()
        else:
            self.inside(phone, self.pick(talking), kind)

    def begin(self, phone: Phone) -> None:
        call = phone.call(self.pick((*USERS, "nobody")), late=self.chance.number(0, 4) == 0)
        if self.chance.number(0, 3) == 0:
            phone.later(self.chance.fraction(), call.hang_up)

    def take(self, phone: Phone) -> None:
        """INVITE with Replaces or Join, for whatever rings or talks, now and then without tags or with early-only."""
        house = self.house
        legs = [leg for state in house.board.live_view() for leg in (*state.parties, *state.ringing)]
        if not legs:
            return
        found = self.pick(legs)
        ids = house.engine.dialog_ids(found.leg if isinstance(found, Rung) else found.id)
        if ids is not None:
            form = self.pick(("{0};to-tag={1};from-tag={2}", "{0}", "{0};to-tag=0;from-tag={2};early-only"))
            phone.call(
                "x", late=self.chance.number(0, 3) == 0, extra=((self.pick(("Replaces", "Join")), form.format(*ids)),)
            )

    def media(self) -> None:
        endpoints = self.house.media.leaks()
        if endpoints and self.chance.number(0, 2):
            self.house.board.media_event(FellSilent(self.pick(endpoints), 30.0))
        elif endpoints:
            self.house.media.lose_worker()

    def inside(self, phone: Phone, call: PhoneCall, kind: int) -> None:
        others = [c for c in phone.calls if c is not call and not c.over and phone.signalling.engine.dialog_ids(c.leg)]
        if kind in {7, 8}:
            call.hold(self.pick(("sendonly", "inactive")))
        elif kind == 9:
            call.resume()
        elif kind == 10:
            call.reinvite(formats=self.pick(CODECS))
        elif kind == 11:
            call.reinvite(late=True)
        elif kind in {12, 13, 14}:
            call.transfer(self.pick((*USERS, "nobody")))
        elif kind in {15, 16, 17} and others:
            call.transfer_to(self.pick(others))
        elif kind == 18:
            call.request_in(self.pick(("OPTIONS", "INFO", "UPDATE", "MESSAGE")))
        else:
            call.hang_up()


@pytest.mark.parametrize("weather", [FAIR, ROUGH], ids=["fair", "rough"])
@pytest.mark.parametrize("seed", range(10))
def test_random_orders_leave_nothing_behind(seed: int, weather: Weather) -> None:
    async def main() -> None:
        chaos = Chaos(seed, weather)
        await chaos.live(turns=40)
        begun = len([fact for fact in chaos.house.facts if fact.kind == "started"])
        assert begun > 5
        await chaos.house.check_empty(records=begun)

    run(main())


@pytest.mark.parametrize("seed", range(5))
def test_random_orders_with_restarts_leave_one_record_each(seed: int) -> None:
    """The engine is dropped with everything else, so phones find out by themselves what is gone; nothing may stay."""

    async def main() -> None:
        chaos = Chaos(seed, FAIR, restarts=True)
        await chaos.live(turns=40)
        begun = len({fact.call for fact in chaos.house.facts if fact.kind == "started"})
        await chaos.house.check_empty(records=begun)

    run(main())
