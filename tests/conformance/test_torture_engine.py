"""Every torture message of RFC 4475 and RFC 5118 through the whole engine: the proper response, or silence.

Above the engine sits the least server that works: it challenges REGISTER, answers OPTIONS, and knows nobody.
"""

import pytest
from torture_table import ACCEPT, CASES, DROP, Case

from vorzimmer.kernel.address import Address
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Invited, Malformed, Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Response, parse
from vorzimmer.testing.chance import SeededChance

OURS = Address("192.0.2.1", 5060)
STRANGER = Address("203.0.113.9", 6060)
ANSWERS = {"REGISTER": 401, "OPTIONS": 200, "MESSAGE": 404, "SUBSCRIBE": 489, "NOTIFY": 481}

FINAL: dict[str, int] = {
    # Inside a dialog that does not exist (RFC 3261 section 12.2.2).
    "wsinv": 481, "via-received-param-with-delim": 481, "mult-ip-in-header": 481,
    # What reaches the server above, which knows nobody.
    "lwsdisp": 200, "longreq": 404, "semiuri": 200, "transports": 200, "esc01": 404, "unksm2": 401,
    "inv2543": 404, "mpart01": 404, "baddate": 404, "badbranch": 200, "zeromf": 200, "dblreq": 401,
    # Methods that are none: an unknown one, and %47 which is no escape in a method (RFC 3261 section 8.2.1).
    "intmeth": 501, "esc02": 501, "escnull": 401,
    "via-received-param-no-delim": 200, "ipv6-in-sdp": 404,
    "mult-ip-in-sdp": 404, "ipv4-mapped-ipv6": 404, "ipv6-bug-abnf-3-colons": 200,
    "ipv6-correct-abnf-2-colons": 200,
}  # fmt: skip
"""The final response of the accepted ones for which the table does not name one status."""


def expected(case: Case) -> int:
    return FINAL[case.name] if case.engine == ACCEPT else case.engine


class Least:
    """The engine and the least server above it."""

    def __init__(self, transport: str) -> None:
        self.engine = Engine(EngineConfig(sent_by=lambda _: OURS), SeededChance(7))
        self.flow = Flow(transport, OURS, STRANGER, 0 if transport == "udp" else 5)
        self.packets: list[bytes] = []
        self.malformed = 0

    def drain(self) -> None:
        while (event := self.engine.next_event()) is not None:
            if isinstance(event, Invited):
                self.engine.refuse(event.leg, 404, 0.0)
            elif isinstance(event, Requested):
                self.engine.respond(event.transaction, ANSWERS[event.request.method], 0.0)
            elif isinstance(event, Malformed):
                self.malformed += 1
        self.packets += [packet.data for packet in self.engine.to_send(0.0)]

    def receive(self, data: bytes) -> None:
        self.engine.receive(data, self.flow, 0.0)
        self.drain()

    def responses(self) -> list[Response]:
        messages = [parse(data) for data in self.packets]
        assert all(isinstance(message, Response) for message in messages)
        return [message for message in messages if isinstance(message, Response)]


@pytest.mark.parametrize("transport", ["udp", "ws"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rfc}-{case.section}-{case.name}")
def test_torture_through_the_engine(case: Case, transport: str) -> None:
    server = Least(transport)
    server.receive(case.data)
    finals = [response.status for response in server.responses() if response.status >= 200]
    assert finals == ([] if case.engine == DROP else [expected(case)])
    if case.parse not in {ACCEPT, 420, 415, 406}:
        assert server.malformed == 1
    time = 0.0
    while (due := server.engine.get_timer()) is not None:
        time = max(time, due)
        server.engine.handle_timer(time)
        server.drain()
    assert server.engine.idle()
    assert time < 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rfc}-{case.name}")
def test_torture_over_a_stream_is_answered_alike_or_ends_the_stream(case: Case) -> None:
    """A stream is cut by Content-Length: what RFC 4475 calls a datagram's trouble may leave a rest in the buffer."""
    server = Least("tcp")
    for start in range(0, len(case.data), 7):
        server.receive(case.data[start : start + 7])
    finals = [response.status for response in server.responses() if response.status >= 200]
    if case.engine == DROP or case.name == "clerr":
        assert finals == []
    elif case.name == "dblreq":
        assert finals == [401, 404]
    else:
        assert finals[:1] == [expected(case)]


def test_every_accepted_case_has_its_answer_named() -> None:
    assert {case.name for case in CASES if case.engine == ACCEPT} == set(FINAL)
