"""A request to a name whose servers fail one after the other (RFC 3263 section 4.3), with a scripted network."""

import re

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.engine import Engine, EngineConfig, InviteSpec
from vorzimmer.sip.events import Answered, Event, Failed, Responded
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.chance import SeededChance

ONE, TWO = Address("192.0.2.11", 5060), Address("2001:db8::12", 5070)
HOP = Hop("udp", "carrier.example", 0)
LEG = LegId("leg")


def sent_by(to: Flow | Hop) -> Address:
    if isinstance(to, Flow) and ":" in to.remote.host:
        return Address("2001:db8::1", 5060)
    return Address("192.0.2.1", 5061 if to.transport == "tls" else 5060)


class Bench:
    """An engine, and a network that a test plays by hand."""

    def __init__(self) -> None:
        self.engine = Engine(EngineConfig(sent_by), SeededChance(1))
        self.now = 0.0
        self.events: list[Event] = []
        self.packets: list[Packet] = []

    def invite(self, hop: Hop = HOP) -> None:
        spec = InviteSpec("sip:1@carrier.example", hop, "<sip:me@pbx>", "<sip:1@carrier.example>", b"offer")
        self.engine.invite(LEG, spec, self.now)
        self.look()

    def look(self) -> None:
        while (event := self.engine.next_event()) is not None:
            self.events.append(event)
        self.packets += self.engine.to_send(self.now)

    def found(self, remote: Address, *, spare: bool, transport: str = "udp") -> str:
        """The newest packet finds its flow; what is sent there."""
        packet = self.packets[-1]
        self.flow = Flow(transport, Address("192.0.2.1", 5060), remote, 0, "udp:192.0.2.1:5060")
        data = self.engine.flow_found(packet.transaction, self.flow, self.now, spare=spare) or packet.data
        self.look()
        return data.decode()

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.engine.handle_timer(self.now)
        self.look()

    def answer(self, request: str, status: int) -> None:
        via, rest = (re.findall(rf"^{name}: .*\r$", request, re.M) for name in ("Via", "(?:From|Call-ID|CSeq)"))
        to = "To: <sip:1@carrier.example>;tag=x\r"
        contact = "Contact: <sip:1@192.0.2.11>\r"
        lines = "\n".join((via[0], *rest, to, contact, "Content-Length: 0\r\n\r\n"))
        self.engine.receive(f"SIP/2.0 {status} Said\r\n{lines}".encode(), self.flow, self.now)
        self.look()

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def branch(text: str) -> str:
    return re.findall(r"branch=([^;\r]+)", text)[0]


def first_and_second(bench: Bench, fail: str) -> tuple[str, str]:
    """Send, let the first server fail, and give back both requests."""
    bench.invite()
    first = bench.found(ONE, spare=True)
    if fail == "silence":
        bench.wait(4.1)
    elif fail == "503":
        bench.answer(first, 100)
        bench.answer(first, 503)
    else:
        bench.engine.send_failed(bench.packets[-1].transaction, bench.now)
        bench.look()
    assert bench.packets[-1].to == Hop("udp", "carrier.example", 0, "", (ONE,)), "the next one is asked for"
    return first, bench.found(TWO, spare=False)


@pytest.mark.parametrize("fail", ["silence", "503", "unsent"])
def test_rfc3263_4_3_the_next_server_gets_a_transaction_of_its_own(fail: str) -> None:
    bench = Bench()
    first, second = first_and_second(bench, fail)
    assert branch(first) != branch(second)
    assert [re.findall(r"CSeq: .*", text) for text in (first,)] == [re.findall(r"CSeq: .*", second)]
    assert not bench.events, "nobody is told of the first one"
    assert "[2001:db8::1]:5060" in second.partition("Via: ")[2].partition("\r")[0], "the Via that this server sees"
    assert re.search(r"Contact: <sip:me@\[2001:db8::1\]:5060>\r", second)
    bench.answer(second, 200)
    assert bench.told(Answered)
    assert bench.packets[-1].data.startswith(b"ACK")


def test_rfc3261_17_1_1_3_the_server_that_refused_is_acknowledged_again_and_again() -> None:
    bench = Bench()
    first, second = first_and_second(bench, "503")
    acks = [packet for packet in bench.packets if packet.data.startswith(b"ACK")]
    assert len(acks) == 1
    bench.answer(first, 503)
    again = [packet.data for packet in bench.packets if packet.data.startswith(b"ACK")]
    assert len(again) == 2
    assert branch(again[1].decode()) == branch(first)
    assert not bench.events
    bench.answer(second, 486)
    assert [event.status for event in bench.told(Failed)] == [486]
    bench.wait(40)
    assert bench.engine.idle()


def test_rfc3263_4_3_after_the_last_server_the_failure_is_told() -> None:
    bench = Bench()
    first_and_second(bench, "silence")
    bench.wait(20)
    assert not bench.events, "no other server: it is waited for as long as RFC 3261 says"
    bench.wait(20)
    assert [event.status for event in bench.told(Failed)] == [408]


@pytest.mark.parametrize("status", [180, 486, 500])
def test_who_has_begun_to_answer_is_the_server_to_stay_with(status: int) -> None:
    bench = Bench()
    bench.invite()
    first = bench.found(ONE, spare=True)
    bench.answer(first, status)
    if status < 200:
        bench.answer(first, 503)
    assert [event.status for event in bench.told(Failed)] == [503 if status < 200 else status]


def test_rfc3261_9_1_nobody_goes_elsewhere_with_a_call_that_was_cancelled() -> None:
    bench = Bench()
    bench.invite()
    first = bench.found(ONE, spare=True)
    bench.answer(first, 100)
    bench.engine.end(LEG, bench.now)
    bench.look()
    cancel = bench.packets[-1].data.decode()
    assert cancel.startswith("CANCEL")
    assert branch(cancel) == branch(first)
    bench.answer(first, 503)
    assert bench.told(Failed)


def test_a_cancel_goes_to_the_second_server_with_its_branch() -> None:
    bench = Bench()
    _, second = first_and_second(bench, "silence")
    bench.answer(second, 180)
    bench.engine.end(LEG, bench.now)
    bench.look()
    cancel = bench.packets[-1]
    assert cancel.data.startswith(b"CANCEL")
    assert branch(cancel.data.decode()) == branch(second)
    assert cancel.to == bench.flow


def test_rfc3263_4_1_a_hop_without_a_transport_says_what_dns_has_chosen() -> None:
    bench = Bench()
    bench.invite(Hop("", "carrier.example", 0))
    assert bench.engine.get_timer() == 32.0, "nothing is repeated before the way is known"
    sent = bench.found(ONE, spare=False, transport="tls")
    assert "Via: SIP/2.0/TLS 192.0.2.1:5061;" in sent
    assert "Contact: <sip:me@192.0.2.1:5061;transport=tls>\r\n" in sent
    other = Bench()
    other.invite(Hop("", "carrier.example", 0))
    assert "Via: SIP/2.0/UDP 192.0.2.1:5060;" in other.found(ONE, spare=False)
    other.wait(0.6)
    assert len(other.packets) == 2, "over UDP it is repeated"


def test_rfc3263_4_3_requests_outside_dialogs_fail_over_under_one_id() -> None:
    bench = Bench()
    headers = Headers([("From", "<sip:pbx>"), ("To", "<sip:carrier.example>")])
    asked = bench.engine.request(Request("OPTIONS", "sip:carrier.example", headers), HOP, bench.now)
    bench.look()
    first = bench.found(ONE, spare=True)
    bench.answer(first, 503)
    second = bench.found(TWO, spare=False)
    assert branch(second) != branch(first)
    bench.answer(second, 200)
    answers = bench.told(Responded)
    assert [(each.transaction, each.status) for each in answers] == [(asked, 200)]
    bench.wait(40)
    assert bench.engine.idle()
