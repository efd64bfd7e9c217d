"""No message of any kind reaches another company's user, dialog or lamp (ARCHITECTURE decision 6).

Two companies that look alike live on one server; a phone of one tries everything it can against the other, knowing even
the other's dialogs. Whatever it sends, nobody over there rings, moves, holds or hears of it.
"""

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulation.companies import NORD, SUED, House, company_file
from tests.simulation.phones import Handset

from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.network import FAIR, Network
from vorzimmer.testing.server import SERVER, SimulatedServer

USERS = st.sampled_from(["anna", "bea", "carl", "dora", "emil"])
WAYS = st.sampled_from(["domain", "account", "number", "tel", "extension", "phone"])
CODES = st.sampled_from(["*72", "*90", "*92", "*94", "*67"])
METHODS = st.sampled_from(["SUBSCRIBE", "MESSAGE", "OPTIONS", "PUBLISH", "NOTIFY", "INFO", "REFER", "BYE", "UPDATE"])
ATTEMPTS = st.one_of(
    st.tuples(st.just("call"), WAYS, USERS),
    st.tuples(st.just("code"), CODES, USERS),
    st.tuples(st.just("replace"), st.booleans(), USERS),
    st.tuples(st.just("transfer"), WAYS, USERS),
    st.tuples(st.just("attended"), st.booleans(), USERS),
    st.tuples(st.just("request"), METHODS, USERS),
)


@dataclass
class Scene:
    """The server, the phones that talk in the other company, its third phone, and the attacker with a colleague."""

    server: SimulatedServer
    clock: VirtualClock
    victims: list[Handset]
    attacker: Handset
    colleague: Handset

    def address(self, way: str, user: str) -> str:
        """A user of the other company, as one might try to name him."""
        host = f"{SERVER.host}:{SERVER.port}"
        return {
            "domain": f"sip:{SUED.number(user)[-3:]}@{SUED.domain}",
            "account": f"sip:{SUED.account(user + '-1')}@{host}",
            "number": f"sip:{SUED.number(user)}@{host}",
            "tel": f"tel:{SUED.number(user)}",
            "extension": f"sip:{SUED.number(user)[-3:]}@{host};company={SUED.id}",
            "phone": f"sip:{SUED.account(user + '-1')}@10.2.1.1:5060",
        }[way]

    def dialog(self, *, swapped: bool) -> tuple[str, str, str]:
        """The ids of the victims' dialog with the server: call, and the tags of server and phone (or swapped)."""
        handset = self.victims[0]
        ids = handset.engine.dialog_ids(handset.talks[0].leg)
        assert ids is not None
        call, phone, server = ids
        return (call, phone, server) if swapped else (call, server, phone)

    def attempt(self, kind: str, how: object, user: str) -> None:
        """One try."""
        phone = self.attacker.phone
        if kind == "call":
            phone.call(self.address(str(how), user))
        elif kind == "code":
            phone.call(f"{how}{SUED.number(user)}")
        elif kind == "replace":
            call, one, other = self.dialog(swapped=bool(how))
            extra = (("Replaces", f"{call};to-tag={one};from-tag={other}"),)
            phone.call(SUED.number(user), extra=extra)
        elif kind == "request":
            self._request(str(how), user)
        else:
            self._transfer(kind, how, user)

    def _transfer(self, kind: str, how: object, user: str) -> None:
        if not self.attacker.talks:
            return
        call, one, other = self.dialog(swapped=bool(how))
        replaces = f"?Replaces={call}%3Bto-tag%3D{one}%3Bfrom-tag%3D{other}"
        to = self.address(str(how), user) if kind == "transfer" else f"sip:{user}@{SUED.domain}{replaces}"
        self.attacker.talks[0].transfer(to)

    def _request(self, method: str, user: str) -> None:
        phone = self.attacker.phone
        headers = [("From", f"<{phone.address}>;tag=x"), ("To", f"<{self.address('domain', user)}>")]
        if method == "REFER":
            headers.append(("Refer-To", f"<{self.address('number', user)}>"))
        if method in {"SUBSCRIBE", "PUBLISH"}:
            headers.append(("Event", "dialog"))
        request = Request(method, self.address("domain", user), Headers(headers))
        self.attacker.engine.request(request, phone.hop, self.clock.now())
        self.attacker.pump.kick()


async def scene() -> Scene:
    clock = VirtualClock()
    network = Network(clock, SeededChance(1), FAIR)
    server = SimulatedServer(network, clock, RecordingMedia(), seed=2)
    for house in (NORD, SUED):
        await server.apply(company_file(house))
    await server.start()

    async def plugged(house: House, device: str) -> Handset:
        handset = Handset(network, clock, (house, device, 1), on_bug=server.told.bug, transport="udp")
        handset.register()
        await handset.phone.until(lambda: handset.phone.registered)
        return handset

    victims = [await plugged(SUED, device) for device in ("anna-1", "bea-1", "carl-1", "dora-1", "emil-1")]
    attacker, colleague = await plugged(NORD, "anna-1"), await plugged(NORD, "bea-1")
    victims[0].phone.call(SUED.number("bea")[-3:])
    await victims[0].phone.until(lambda: bool(victims[0].talks))
    attacker.phone.call(NORD.number("bea")[-3:])
    await attacker.phone.until(lambda: bool(attacker.talks))
    return Scene(server, clock, victims, attacker, colleague)


async def play(attempts: list[tuple[str, object, str]]) -> None:
    seen = await scene()
    server, exchange = seen.server, seen.server.exchange
    before = [(len(v.phone.calls), len(v.phone.requests), len(v.talks)) for v in seen.victims]
    calls = {state.id for state in exchange.board.live_view(SUED.id)}
    told = sum(fact.company == SUED.id for fact in server.told.facts)
    revision = exchange.house.book(SUED.id).revision
    for attempt in attempts:
        seen.attempt(*attempt)
        await seen.clock.sleep(3.0)
    await seen.clock.sleep(20.0)
    assert [(len(v.phone.calls), len(v.phone.requests), len(v.talks)) for v in seen.victims] == before
    assert {state.id for state in exchange.board.live_view(SUED.id)} == calls
    assert sum(fact.company == SUED.id for fact in server.told.facts) == told
    assert exchange.house.book(SUED.id).revision == revision
    for state in exchange.board.live_view():
        assert {leg.party.ref for leg in state.parties} <= {
            None,
            *(e.ref for e in exchange.house.book(NORD.id).entries("user")),
        }
        assert len({leg.sound.endpoint for leg in state.parties}) == len(state.parties)
    assert server.told.bugs == []
    task = asyncio.current_task()
    await server.kill({task} if task else set())


@given(st.lists(ATTEMPTS, min_size=1, max_size=6))
@settings(max_examples=20, deadline=None)
def test_nothing_that_a_phone_sends_reaches_the_other_company(attempts: list[tuple[str, object, str]]) -> None:
    run(play(attempts))
