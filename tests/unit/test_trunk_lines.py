"""Who speaks for a trunk, what its calls say, and what a record comes to (docs/trunks.md)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deciding import COMPANY
from tests.unit.test_features_trunk import trunk

from vorzimmer.app.house import House, zone
from vorzimmer.app.lines import caller_of, diverted_by, specs_of
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.text import safe_name
from vorzimmer.presence.trunk_line import TrunkLine, TrunkSpec
from vorzimmer.routing.live import Facts
from vorzimmer.routing.model import Diverted, LiveFacts
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.sent_on import sent_on

PBX = Address("192.0.2.1", 5060)


def flow(host: str, port: int = 5060, transport: str = "udp", names: tuple[str, ...] = ()) -> Flow:
    return Flow(transport, PBX, Address(host, port), peer_names=names)


def line(*sources: str, target: str = "203.0.113.9", port: int = 5060, transport: str = "udp") -> TrunkLine:
    hop = Hop(transport, target, port)
    made = TrunkLine(TrunkSpec("nord", "eins", (hop,), target, sources, transport=transport), None, 0.0)
    made.found([(hop, (Address(target, port),))])
    return made


@pytest.mark.parametrize(
    ("known", "by", "speaks"),
    [
        (line(), flow("203.0.113.9"), True),
        (line(), flow("203.0.113.9", 17000), True),  # carriers send from where they like
        (line(), flow("203.0.113.10"), False),
        (line(port=5070), flow("203.0.113.9", 5070), True),
        (line(port=5070), flow("203.0.113.9", 5060), False),  # another service of that host
        (line("198.51.100.0/24"), flow("198.51.100.77"), True),
        (line("198.51.100.0/24"), flow("198.51.101.1"), False),
        (line("198.51.100.7:5080"), flow("198.51.100.7", 5080), True),
        (line("198.51.100.7:5080"), flow("198.51.100.7", 5060), False),
        (line("2001:db8::/32"), flow("2001:db8::5"), True),
        (line("[2001:db8::1]:5060"), flow("2001:db8::1"), True),
        (line(transport="tls", port=5061), flow("203.0.113.9", 40000, "tls"), True),
        (line(transport="tls", port=5061), flow("203.0.113.9", 5061), False),  # a forged datagram
        (line(transport="tcp"), flow("203.0.113.9", 40000, "tcp"), True),
        (line(transport="tcp"), flow("203.0.113.9"), False),
    ],
)
def test_only_a_trunks_own_addresses_speak_for_it(known: TrunkLine, by: Flow, speaks: bool) -> None:
    assert known.speaks(by) is speaks


def asked(*headers: tuple[str, str]) -> Request:
    return Request("INVITE", "sip:+498999998100@192.0.2.1", Headers(headers))


SPEC = TrunkSpec("nord", "eins", (), "carrier.example")


@pytest.mark.parametrize(
    ("headers", "number", "name", "private"),
    [
        ([("From", '"Kunde" <sip:+493023125222@c.example>;tag=1')], "+493023125222", "Kunde", False),
        ([("From", "<sip:03023125222@c.example>;tag=1")], "+493023125222", "", False),
        ([("From", "<sip:anonymous@anonymous.invalid>;tag=1")], None, "", True),
        ([("From", "<sip:unavailable@c.example>;tag=1")], None, "", False),
        (
            [("From", "<sip:110@c.example>"), ("P-Asserted-Identity", '"Wahr" <tel:+493023125222>')],
            "+493023125222",
            "Wahr",
            False,
        ),
        (
            [("From", "<sip:anonymous@anonymous.invalid>"), ("P-Asserted-Identity", "<sip:+493023125222@c>"),
             ("Privacy", "id")],
            "+493023125222",
            "",
            True,
        ),
        ([("From", "<sip:+493023125222@c>"), ("Remote-Party-ID", "<sip:+491111111@c>")], "+493023125222", "", False),
        ([("From", "garbage <<<>")], None, "", False),
        ([("From", '"\r\nEvil: 1" <sip:++49@c>'), ("P-Asserted-Identity", "\x00<sip:>")], None, "Evil: 1", False),
        ([("From", "<sip:anna@nord.example>;tag=1")], None, "", False),  # a name of ours proves nothing
    ],
)  # fmt: skip
def test_rfc3325_who_calls_is_what_the_carrier_asserts(
    headers: list[tuple[str, str]], number: str | None, name: str, private: bool
) -> None:
    found = caller_of(asked(*headers), SPEC, "trunk:eins:in")
    assert (found.ref, found.number, found.private) == (None, number, private)
    assert found.name == name or not name.isalpha()
    assert "\n" not in found.name


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([], 0),
        (["<sip:1@c>;reason=unconditional"], 1),
        (["<sip:1@c>;counter=4, <sip:2@c>;counter=2"], 6),
        (["<<garbage", "<sip:2@c>;counter=x"], 2),
        (["<sip:1@c>;counter=0", "<sip:2@c>;counter=99999999999999999999"], 1000),
        (["<sip:1@c>,"] * 3000, 20),
    ],
)
def test_pre_0_diversions_of_a_call_from_outside_are_counted(values: list[str], count: int) -> None:
    headers = asked(*(("Diversion", value) for value in values)).headers
    assert sum(one.times for one in sent_on(headers)) == sum(one.times for one in diverted_by(headers, SPEC)) == count


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([("Diversion", "<sip:+4930123@c>;reason=no-answer")], [Diverted("+4930123", "no-answer")]),
        ([("Diversion", '"\u202eEva\r" <sip:030123@c>;reason=Away')], [Diverted("+4930123", "away", name="Eva")]),
        ([("Diversion", "<sip:+4930123@c>;reason=evil\u202e;privacy=full")], [Diverted("", "unknown", private=True)]),
        ([("Diversion", "<sip:=HYPERLINK(1)@c>;reason=user-busy")], [Diverted("", "user-busy", private=True)]),
        (
            [("Diversion", "<sip:+493011111@c>"), ("History-Info", "<sip:+493022222@c>;index=1")],
            [Diverted("+493011111", "unknown")],
        ),
        (
            [("History-Info", "<sip:+493011111@c>;index=1, <sip:+493022222@c;cause=486>;index=1.1"),
             ("History-Info", "<sip:9@p>;index=1.1.1, <sip:+493033333@c;cause=302>;index=1.1.1.1")],
            [Diverted("", "unconditional", private=True), Diverted("+493011111", "user-busy")],
        ),
        (
            [("History-Info", "<sip:+493011111@c?Privacy=history>;index=1,<sip:+493022222@c;cause=408>;index=1.1")],
            [Diverted("", "no-answer", private=True)],
        ),
        ([("History-Info", "<sip:+493011111@c>;index=1,<tel:+49302;cause=302>;index=2, <<, ,;,<sip:a@b;cause>")], []),
    ],
)  # fmt: skip
def test_rfc7044_rfc5806_who_sent_a_call_on_is_what_the_carrier_says(
    headers: list[tuple[str, str]], found: list[Diverted]
) -> None:
    assert list(diverted_by(asked(*headers).headers, SPEC)) == found


def specs(*records: Change, passwords: dict[str, str] | None = None) -> list[TrunkSpec]:
    house = House("vorzimmer", lambda company: Facts(LiveFacts()))
    book = Snapshot.of(SCHEMA, zone, [Change("company", "muster", COMPANY), *records])
    house._server = house._server.add(book)
    for ident, password in (passwords or {}).items():
        house._keep_trunk("muster", ident, password)
    return list(specs_of(house, "muster"))


def register(**fields: Any) -> Change:
    base = {"kind": "register", "registrar": "sip:trunk.example", "username": "konto", "transport": "udp"}
    return trunk(**(base | fields))


def test_a_name_without_a_port_is_left_to_srv_and_an_address_gets_the_usual_port() -> None:
    assert specs(register())[0].targets == (Hop("udp", "trunk.example", 0),)
    assert specs(register(registrar="sip:trunk.example:5070"))[0].targets == (Hop("udp", "trunk.example", 5070),)
    assert specs(register(registrar="sip:203.0.113.9", transport="tls"))[0].targets == (
        Hop("tls", "203.0.113.9", 5061),
    )
    assert specs(trunk(peers=["192.0.2.9", "192.0.2.8:5070"], transport="udp"))[0].targets == (
        Hop("udp", "192.0.2.9", 5060),
        Hop("udp", "192.0.2.8", 5070),
    )


def test_a_proxy_is_where_requests_go_and_the_registrar_what_they_name() -> None:
    spec = specs(register(proxy="sip:203.0.113.7"), passwords={"eins": "geheim"})[0]
    assert spec.targets == (Hop("udp", "203.0.113.7", 5060),)
    assert (spec.domain, spec.registrar) == ("trunk.example", "sip:trunk.example")
    assert spec.account is not None
    assert "geheim" not in repr(spec)


def test_disabled_trunks_and_mere_networks_have_no_line() -> None:
    assert specs(register(enabled=False), trunk("zwei", peers=["192.0.2.0/24"])) == []


def test_tokens_tell_trunks_apart_and_say_nothing() -> None:
    one, two = specs(register(), register(ident="zwei"))
    assert one.token != two.token
    assert "muster" not in one.token + two.token


JUNK = st.text(max_size=60) | st.sampled_from([
    '"=HYPERLINK(1)" <sip:+49301234@c>',
    '"\u202ennA\r\nVia: x" <sip:030123@c>;reason=\x00;counter=-1',
    "<sip:" + "a" * 9999 + "@c>",
    '"' + "x" * 9999 + '" <tel:+49301234>',
    "<sip:%00%ff@c?Privacy=>;index=1",
    '<sip:a@b;cause="302">, <<<',
    "<sip:[::1>;privacy",
    '"\udcff\ud800" <sip:+49301234@c;cause=302>;index=1.1',
    "sip:a;b;;=;?;@",
    ',,,;,"',
    "<urn:service:sos>",
    "*",
])  # fmt: skip
SAID = ("P-Asserted-Identity", "From", "To", "Diversion", "History-Info", "Privacy", "P-Called-Party-ID")


@given(st.lists(st.tuples(st.sampled_from(SAID), JUNK), max_size=8))
def test_whatever_a_carrier_says_of_identities_is_read_without_harm(headers: list[tuple[str, str]]) -> None:
    request = Request("INVITE", "sip:x@y", Headers(headers))
    who = caller_of(request, SPEC, "trunk:eins:in")
    found = diverted_by(request.headers, SPEC)
    assert len(found) <= 20
    for name, number in ((who.name, who.number), *((one.name, one.number) for one in found)):
        assert len(name) <= 80
        assert safe_name(name) == name
        assert not number or (number[0] == "+" and number[1:].isdecimal() and number.isascii())
    for one in found:
        assert one.reason.isascii()
        assert 1 <= one.times <= 999
    msgspec.msgpack.encode((who, found))
