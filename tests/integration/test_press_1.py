"""Who is rung outside, with real sockets and digits in RTP: parallel ringing asks for a 1, a forward does not."""

from collections.abc import Iterator

import pytest
from tests.integration.phone_bench import PhoneBench
from tests.integration.socket_carrier import ACCOUNT, HOST, PASSWORD, SocketCarrier
from tests.integration.socket_phone import SocketPhone
from tests.interop.server import password

from vorzimmer.testing.phone import answers

KUNDE, MOBIL = "+493023125222", "+491713920001"


def company(port: int) -> str:
    """Anna's calls ring her mobile, too; Bea's go on to that mobile; Carl calls."""
    both = f'{{enabled: true, numbers: ["{MOBIL}"]}}'
    on = f'{{always: {{enabled: true, to: "{MOBIL}"}}}}'
    more = {"anna": f", parallel_ringing: {both}", "bea": f", forwarding: {on}", "carl": ""}
    lines = ["company: {id: aussen, name: Aussen GmbH, sip_domain: aussen.example}", "users:"]
    for at, (name, rest) in enumerate(more.items()):
        numbers = f"[{{number: '+49899999810{at}'}}]"
        lines.append(f"  - {{id: {name}, name: {name.title()}, extension: '10{at}', numbers: {numbers}{rest}}}")
    lines.append("devices:")
    lines += [
        f'  - {{id: {name}, owner: "user:{name}", kind: sip, username: {name}, password: {password(name)}}}'
        for name in more
    ]
    lines += [
        "trunks:",
        f'  - {{id: netz, kind: register, registrar: "sip:{HOST}:{port}", username: {ACCOUNT}, transport: udp,',
        f"     password: {{value: {PASSWORD}}}, numbers: [{{from: '+498999998000', to: '+498999998199'}}]}}",
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PhoneBench, SocketCarrier]]:
    bench = PhoneBench(tmp_path_factory.mktemp("outside"))
    port = bench.block.take()
    bench.server.company = company(port)
    bench.start()
    carrier = SocketCarrier(bench.server, port)
    try:
        bench.run(carrier.start(KUNDE, MOBIL))
        yield bench, carrier
    finally:
        bench.run(carrier.close())
        bench.close()
    assert not carrier.bugs


@pytest.fixture(autouse=True)
def _hang_up(outside: tuple[PhoneBench, SocketCarrier]) -> Iterator[None]:
    bench, carrier = outside
    carrier.person(MOBIL).manner = answers(0.1)
    bench.run(bench.mark())
    yield
    for person in carrier.carrier.persons.values():
        for call in person.calls:
            call.hang_up()
        person.calls.clear()
    bench.run(bench.hang_up())


async def answered(carrier: SocketCarrier) -> None:
    """The mobile has been answered and is told something."""
    mobil, keypad = carrier.person(MOBIL), carrier.keypads[MOBIL]
    await mobil.until(lambda: bool(mobil.calls) and mobil.last.talking, 10)
    await keypad.hears(10)


async def hear_each_other(carrier: SocketCarrier, number: str, phone: SocketPhone) -> None:
    """Both speak, and each hears the other one."""
    keypad = carrier.keypads[number]
    keypad.speak(carrier.person(number).last.agreed)
    phone.speak()
    await keypad.hears(10)
    await phone.heard(10)


def test_bas_7_who_answers_outside_presses_1_as_rfc4733_digit_and_has_the_call(
    outside: tuple[PhoneBench, SocketCarrier],
) -> None:
    bench, carrier = outside

    async def main() -> None:
        anna, carl = await bench.phone("anna"), await bench.phone("carl")
        outgoing = carl.call("100")
        desk = await anna.rung()
        await answered(carrier)
        await carrier.press(MOBIL, "5")
        await carrier.keypads[MOBIL].hears(10)
        assert (outgoing.talking, desk.over) == (False, False)
        await carrier.press(MOBIL, "1")
        await carl.until(lambda: outgoing.talking)
        await anna.until(lambda: desk.over)
        assert "cause=200" in desk.reason
        await hear_each_other(carrier, MOBIL, carl)
        outgoing.hang_up()
        (record,) = await bench.records(1)
        assert (record["outcome"], record["from"]) == ("answered", "user:carl")

    bench.run(main())


def test_bas_7_nobody_presses_anything_and_the_desk_phone_takes_the_call(
    outside: tuple[PhoneBench, SocketCarrier],
) -> None:
    bench, carrier = outside

    async def main() -> None:
        anna, carl = await bench.phone("anna"), await bench.phone("carl")
        outgoing = carl.call("100")
        desk = await anna.rung()
        await answered(carrier)
        desk.answer()
        await carl.until(lambda: outgoing.talking)
        mobil = carrier.person(MOBIL)
        await mobil.until(lambda: mobil.last.over, 10)
        outgoing.hang_up()
        (record,) = await bench.records(1)
        assert record["answered_by"] == "user:anna"

    bench.run(main())


def test_12_4_a_caller_from_outside_is_connected_with_the_mobile_that_pressed_1(
    outside: tuple[PhoneBench, SocketCarrier],
) -> None:
    bench, carrier = outside

    async def main() -> None:
        anna = await bench.phone("anna")
        incoming = carrier.carrier.call(KUNDE, "+498999998100")
        await anna.rung()
        await answered(carrier)
        assert not incoming.talking
        await carrier.press(MOBIL, "1")
        kunde = carrier.person(KUNDE)
        await kunde.until(lambda: incoming.talking, 10)
        incoming.hang_up()
        await bench.records(1)

    bench.run(main())


def test_bas_1_a_forward_to_the_outside_asks_for_nothing(outside: tuple[PhoneBench, SocketCarrier]) -> None:
    bench, carrier = outside

    async def main() -> None:
        carl = await bench.phone("carl")
        outgoing = carl.call("101")
        await carl.until(lambda: outgoing.talking)
        await hear_each_other(carrier, MOBIL, carl)
        outgoing.hang_up()
        (record,) = await bench.records(1)
        assert record["outcome"] == "answered"

    bench.run(main())
