"""No message of any kind reaches another company's user, dialog or lamp (ARCHITECTURE decision 6).

Two companies that look alike live on one server; a phone of one tries everything it can against the other, knowing even
the other's dialogs, talking and ringing. Whatever it sends, nobody over there rings, moves, holds or hears of it; no
lamp shows it anything of them, and nothing leaves by their trunk.
"""

import asyncio
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.simulation.companies import NORD, SUED, House, company_file
from tests.simulation.outside import MAIN, MOBIL, trunk
from tests.simulation.outside import PASSWORD as CARRIER_PASSWORD
from tests.simulation.phones import Handset

from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.carrier import Carrier, join
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.network import FAIR, Network
from vorzimmer.testing.phone import rings
from vorzimmer.testing.server import SERVER, SimulatedServer

USERS = st.sampled_from(["anna", "bea", "carl", "dora", "emil"])
WAYS = st.sampled_from(["domain", "account", "number", "tel", "extension", "phone", "gruu"])
NAMING = st.tuples(
    st.sampled_from(["Replaces", "Join"]), st.sampled_from(["talking", "ringing", "rung"]), st.booleans()
)
CODES = st.sampled_from(["*72", "*90", "*92", "*94", "*67"])
METHODS = st.sampled_from(["SUBSCRIBE", "MESSAGE", "OPTIONS", "PUBLISH", "NOTIFY", "INFO", "REFER", "BYE", "UPDATE"])
ATTEMPTS = st.one_of(
    st.tuples(st.just("call"), WAYS, USERS),
    st.tuples(st.just("code"), CODES, USERS),
    st.tuples(st.just("name"), NAMING, USERS),
    st.tuples(st.just("watch"), st.tuples(WAYS, st.sampled_from(["dialog", "reg", "message-summary"])), USERS),
    st.tuples(st.just("publish"), WAYS, USERS),
    st.tuples(st.just("outside"), st.booleans(), USERS),
    st.tuples(st.just("transfer"), WAYS, USERS),
    st.tuples(st.just("attended"), st.booleans(), USERS),
    st.tuples(st.just("request"), METHODS, USERS),
)


@dataclass
class Scene:
    """The server, the other company's phones (the first two talk, the third rings the last) and its carrier, and the
    attacker with a colleague."""

    server: SimulatedServer
    clock: VirtualClock
    victims: list[Handset]
    attacker: Handset
    colleague: Handset
    carrier: Carrier
    sent: list[tuple[str, Request]] = field(default_factory=list)

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
            "gruu": f"sip:{SUED.number(user)[-3:]}@{SUED.domain};gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        }[way]

    def dialog(self, which: str = "talking", *, swapped: bool) -> tuple[str, str, str]:
        """The ids of a dialog of the victims with the server: call, and the tags of server and phone (or swapped)."""
        handset = self.victims[{"talking": 0, "ringing": 2, "rung": 4}[which]]
        ids = handset.engine.dialog_ids(handset.phone.calls[0].leg)
        if ids is None:
            ids = (handset.engine.call_id(handset.phone.calls[0].leg), "0", "0")
        call, phone, server = ids
        return (call, phone, server) if swapped else (call, server, phone)

    def attempt(self, kind: str, how: object, user: str) -> None:
        """One try."""
        phone = self.attacker.phone
        if kind == "call":
            phone.call(self.address(str(how), user))
        elif kind == "code":
            phone.call(f"{how}{SUED.number(user)}")
        elif kind == "name":
            header, which, swapped = how  # type: ignore[misc]  # as NAMING makes it
            call, one, other = self.dialog(which, swapped=swapped)
            phone.call(SUED.number(user), extra=((header, f"{call};to-tag={one};from-tag={other}"),))
        elif kind == "watch":
            way, event = how  # type: ignore[misc]  # as drawn
            phone.watch(self.address(way, user), event)
        elif kind == "publish":
            self._publish(self.address(str(how), user))
        elif kind == "outside":
            claims = (("P-Called-Party-ID", f"<sip:{SUED.number(user)}@{MAIN}>"), ("Diversion", f"<sip:1@{MAIN}>"))
            phone.call(f"sip:{MOBIL}@{MAIN}" if how else MOBIL, extra=claims)
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

    def _publish(self, target: str) -> None:
        """A state of somebody else's phone."""
        dialogs = '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity="%s">'
        body = f'{dialogs % target}<dialog id="1"><state>confirmed</state></dialog></dialog-info>'.encode()
        headers = [("From", f"<{target}>;tag=x"), ("To", f"<{target}>"), ("Event", "dialog"), ("Expires", "300")]
        headers.append(("Content-Type", "application/dialog-info+xml"))
        self._send(Request("PUBLISH", target, Headers(headers), body))

    def _send(self, request: Request) -> None:
        phone = self.attacker.phone
        self.sent.append((self.attacker.engine.request(request, phone.hop, self.clock.now()), request))
        self.attacker.pump.kick()

    def prove(self) -> None:
        """Send what was challenged again, with credentials."""
        sent, self.sent = self.sent, []
        for transaction, request in sent:
            challenge = self.attacker.phone.answers.get(transaction)
            if challenge is None or challenge.status not in {401, 407} or "Authorization" in request.headers:
                continue
            reply = self.attacker.phone.credentials(challenge.headers, request)
            assert reply is not None
            self._send(Request(request.method, request.uri, Headers([*request.headers, reply]), request.body))

    def _request(self, method: str, user: str) -> None:
        phone = self.attacker.phone
        headers = [("From", f"<{phone.address}>;tag=x"), ("To", f"<{self.address('domain', user)}>")]
        if method == "REFER":
            headers.append(("Refer-To", f"<{self.address('number', user)}>"))
        if method in {"SUBSCRIBE", "PUBLISH"}:
            headers.append(("Event", "dialog"))
        self._send(Request(method, self.address("domain", user), Headers(headers)))


async def scene() -> Scene:
    clock = VirtualClock()
    network = Network(clock, SeededChance(1), FAIR)
    server = SimulatedServer(network, clock, RecordingMedia(), seed=2)
    carrier = join(network, clock, MAIN, on_bug=server.told.bug)
    carrier.account("sued-eins", CARRIER_PASSWORD)
    carrier.person(MOBIL, SERVER)
    await server.apply(company_file(NORD))
    await server.apply(company_file(SUED) + f"trunks:\n{trunk(SUED)}")
    await server.start()

    async def plugged(house: House, device: str) -> Handset:
        handset = Handset(network, clock, (house, device, 1), on_bug=server.told.bug, transport="udp")
        handset.register()
        await handset.phone.until(lambda: handset.phone.registered)
        return handset

    victims = [await plugged(SUED, device) for device in ("anna-1", "bea-1", "carl-1", "dora-1", "emil-1")]
    attacker, colleague = await plugged(NORD, "anna-1"), await plugged(NORD, "bea-1")
    victims[4].phone.manner = rings
    ringing = victims[2].phone.call(SUED.number("emil")[-3:])
    await victims[2].phone.until(lambda: 180 in ringing.statuses)
    victims[0].phone.call(SUED.number("bea")[-3:])
    await victims[0].phone.until(lambda: bool(victims[0].talks))
    attacker.phone.call(NORD.number("bea")[-3:])
    await attacker.phone.until(lambda: bool(attacker.talks))
    return Scene(server, clock, victims, attacker, colleague, carrier)


async def play(attempts: list[tuple[str, object, str]]) -> None:
    seen = await scene()
    server, exchange = seen.server, seen.server.exchange
    before = [(len(v.phone.calls), len(v.phone.requests), len(v.talks)) for v in seen.victims]
    calls = {state.id for state in exchange.board.live_view(SUED.id)}
    told = sum(fact.company == SUED.id for fact in server.told.facts)
    revision = exchange.house.book(SUED.id).revision
    for attempt in attempts:
        seen.attempt(*attempt)
        await seen.clock.sleep(2.0)
        seen.prove()
        await seen.clock.sleep(2.0)
    await seen.clock.sleep(20.0)
    assert [(len(v.phone.calls), len(v.phone.requests), len(v.talks)) for v in seen.victims] == before
    assert {state.id for state in exchange.board.live_view(SUED.id)} == calls
    assert seen.victims[4].phone.last.state == "ringing"
    assert seen.carrier.invites == []
    for watch in seen.attacker.phone.watches:
        assert not any(b"sued" in document for document in watch.documents)
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
@example(
    [
        ("name", ("Replaces", "talking", True), "anna"),
        ("name", ("Replaces", "ringing", True), "emil"),
        ("name", ("Replaces", "rung", False), "emil"),
        ("name", ("Join", "talking", False), "bea"),
    ]
)
@example(
    [
        ("watch", ("domain", "dialog"), "anna"),
        ("watch", ("gruu", "reg"), "anna"),
        ("publish", "domain", "anna"),
        ("outside", True, "anna"),
        ("outside", False, "bea"),
        ("call", "gruu", "carl"),
        *(("request", method, "dora") for method in ("SUBSCRIBE", "PUBLISH", "MESSAGE", "REFER", "NOTIFY")),
    ]
)
@settings(max_examples=20, deadline=None)
def test_nothing_that_a_phone_sends_reaches_the_other_company(attempts: list[tuple[str, object, str]]) -> None:
    run(play(attempts))
