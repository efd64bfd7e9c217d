"""The four transaction machines, row by row, as RFC 3261 section 17, RFC 6026 and RFC 4320 have them.

The expectations are written down here by what can be seen from outside (packets, what the user is told, what the
timers are set to), not taken from the tables.
"""

from dataclasses import dataclass, field

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.sip.arrived import Arrived
from vorzimmer.sip.core import Core, EngineConfig
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Request, Response, parse
from vorzimmer.sip.outline import Outline
from vorzimmer.sip.timers import Timer
from vorzimmer.sip.transaction_layer import Layer, Transaction
from vorzimmer.sip.transactions import TABLES, Signal, State
from vorzimmer.testing.chance import SeededChance

OURS, THEIRS = Address("192.0.2.1", 5060), Address("192.0.2.2", 5060)
KEEP, OFF = -1.0, 0.0


@dataclass(frozen=True)
class Expect:
    """One row. `sends`: what leaves ("" nothing); `told`: what the user hears; timers: seconds, KEEP or OFF."""

    rfc: str
    machine: str
    state: str
    signal: str
    then: str
    sends: str = ""
    told: str = ""
    retry: float = KEEP
    limit: float = KEEP

    def __str__(self) -> str:
        return f"rfc{self.rfc}_{self.machine}_{self.state}_{self.signal}".replace(" ", "_")


IC, C, IS, S = "invite client", "client", "invite server", "server"
ROWS = [
    # RFC 3261 17.1.1.2: INVITE client. Timer B only in Calling.
    Expect("3261_17_1_1_2", IC, "calling", "timer A", "calling", "request", retry=1.0),
    Expect("3261_17_1_1_2", IC, "calling", "timer B", "terminated", told="408", retry=OFF, limit=OFF),
    Expect("3261_17_1_1_2", IC, "calling", "1xx", "proceeding", told="180", retry=OFF, limit=OFF),
    Expect("6026_7_2", IC, "calling", "2xx", "accepted", told="200", retry=OFF, limit=32.0),
    Expect("3261_17_1_1_2", IC, "calling", "300-699", "completed", "ACK", "486", retry=OFF, limit=32.0),
    Expect("3261_17_1_4", IC, "calling", "transport error", "terminated", told="503", retry=OFF, limit=OFF),
    Expect("3261_17_1_1_2", IC, "proceeding", "1xx", "proceeding", told="180"),
    Expect("6026_7_2", IC, "proceeding", "2xx", "accepted", told="200", limit=32.0),
    Expect("3261_17_1_1_2", IC, "proceeding", "300-699", "completed", "ACK", "486", limit=32.0),
    Expect("6026_7_2", IC, "accepted", "2xx", "accepted", told="200"),
    Expect("6026_7_2", IC, "accepted", "timer M", "terminated", retry=OFF, limit=OFF),
    Expect("3261_17_1_1_2", IC, "completed", "300-699", "completed", "ACK"),
    Expect("3261_17_1_1_2", IC, "completed", "timer D", "terminated", retry=OFF, limit=OFF),
    Expect("3261_17_1_1_2", IC, "completed", "transport error", "terminated", told="503", retry=OFF, limit=OFF),
    # RFC 3261 17.1.2.2: any other client.
    Expect("3261_17_1_2_2", C, "trying", "timer E", "trying", "request", retry=1.0),
    Expect("3261_17_1_2_2", C, "trying", "timer F", "terminated", told="408", retry=OFF, limit=OFF),
    Expect("3261_17_1_2_2", C, "trying", "1xx", "proceeding", told="180"),
    Expect("3261_17_1_2_2", C, "trying", "200-699", "completed", told="200", retry=OFF, limit=5.0),
    Expect("3261_17_1_4", C, "trying", "transport error", "terminated", told="503", retry=OFF, limit=OFF),
    Expect("3261_17_1_2_2", C, "proceeding", "timer E", "proceeding", "request", retry=4.0),
    Expect("3261_17_1_2_2", C, "proceeding", "timer F", "terminated", told="408", retry=OFF, limit=OFF),
    Expect("3261_17_1_2_2", C, "proceeding", "1xx", "proceeding", told="180"),
    Expect("3261_17_1_2_2", C, "proceeding", "200-699", "completed", told="200", retry=OFF, limit=5.0),
    Expect("3261_17_1_4", C, "proceeding", "transport error", "terminated", told="503", retry=OFF, limit=OFF),
    Expect("3261_17_1_2_2", C, "completed", "200-699", "completed"),
    Expect("3261_17_1_2_2", C, "completed", "timer K", "terminated", retry=OFF, limit=OFF),
    # RFC 3261 17.2.1 and RFC 6026 7.1: INVITE server.
    Expect("3261_17_2_1", IS, "proceeding", "request", "proceeding", "last"),
    Expect("3261_17_2_1", IS, "proceeding", "send 1xx", "proceeding", "new"),
    Expect("6026_7_1", IS, "proceeding", "send 2xx", "accepted", "new", limit=32.0),
    Expect("3261_17_2_1", IS, "proceeding", "send 300-699", "completed", "new", retry=0.5, limit=32.0),
    Expect("6026_7_1", IS, "proceeding", "transport error", "proceeding", told="503"),
    Expect("6026_7_1", IS, "accepted", "request", "accepted"),
    Expect("6026_7_1", IS, "accepted", "send 2xx", "accepted", "new"),
    Expect("6026_7_1", IS, "accepted", "ack", "accepted", told="ack"),
    Expect("6026_7_1", IS, "accepted", "timer L", "terminated", retry=OFF, limit=OFF),
    Expect("6026_7_1", IS, "accepted", "transport error", "accepted", told="503"),
    Expect("3261_17_2_1", IS, "completed", "request", "completed", "last"),
    Expect("3261_17_2_1", IS, "completed", "timer G", "completed", "last", retry=1.0),
    Expect("3261_17_2_1", IS, "completed", "timer H", "terminated", told="408", retry=OFF, limit=OFF),
    Expect("3261_17_2_1", IS, "completed", "ack", "confirmed", retry=OFF, limit=5.0),
    Expect("6026_7_1", IS, "completed", "transport error", "completed", told="503"),
    Expect("3261_17_2_1", IS, "confirmed", "request", "confirmed"),
    Expect("3261_17_2_1", IS, "confirmed", "ack", "confirmed"),
    Expect("3261_17_2_1", IS, "confirmed", "timer I", "terminated", retry=OFF, limit=OFF),
    # RFC 3261 17.2.2: any other server. RFC 4320 4.2: no answer after the client has given up.
    Expect("3261_17_2_2", S, "trying", "request", "trying"),
    Expect("3261_17_2_2", S, "trying", "send 1xx", "proceeding", "new"),
    Expect("3261_17_2_2", S, "trying", "send 200-699", "completed", "new", limit=32.0),
    Expect("4320_4_2", S, "trying", "abandoned", "terminated", retry=OFF, limit=OFF),
    Expect("3261_17_2_2", S, "proceeding", "request", "proceeding", "last"),
    Expect("3261_17_2_2", S, "proceeding", "send 1xx", "proceeding", "new"),
    Expect("3261_17_2_2", S, "proceeding", "send 200-699", "completed", "new", limit=32.0),
    Expect("6026_7_1", S, "proceeding", "transport error", "proceeding", told="503"),
    Expect("4320_4_2", S, "proceeding", "abandoned", "terminated", retry=OFF, limit=OFF),
    Expect("3261_17_2_2", S, "completed", "request", "completed", "last"),
    Expect("3261_17_2_2", S, "completed", "send 200-699", "completed"),
    Expect("3261_17_2_2", S, "completed", "timer J", "terminated", retry=OFF, limit=OFF),
    Expect("6026_7_1", S, "completed", "transport error", "completed", told="503"),
]


def message(method: str) -> bytes:
    return (
        f"{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKone;rport\r\n"
        f"From: <sip:a@192.0.2.2>;tag=f\r\nTo: <sip:b@192.0.2.1>\r\nCall-ID: one\r\nCSeq: 7 {method}\r\n\r\n"
    ).encode()


def response(status: int) -> Response:
    parsed = parse(
        f"SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP h;branch=b\r\nFrom: <sip:a@h>;tag=f\r\nTo: <sip:b@h>;tag=t\r\n"
        "Call-ID: one\r\nCSeq: 7 INVITE\r\n\r\n".encode()
    )
    assert isinstance(parsed, Response)
    return parsed


@dataclass
class Bench:
    """A layer with one transaction on it."""

    transport: str = "udp"
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.core = Core(EngineConfig(sent_by=lambda _: OURS), SeededChance())
        self.core.now = 100.0
        self.layer = Layer(self.core)
        self.layer.on_ack = lambda _: self.told.append("ack")
        self.flow = Flow(self.transport, OURS, THEIRS, 0 if self.transport == "udp" else 3)

    def on_response(self, transaction: Transaction, answer: Response, flow: Flow) -> None:
        self.told.append(str(answer.status))

    def on_failure(self, transaction: Transaction, status: int) -> None:
        self.told.append(str(status))

    def make(self, machine: str) -> Transaction:
        method = "INVITE" if "invite" in machine else "OPTIONS"
        if "client" in machine:
            tx = self.layer.client(method, "z9hG4bKtwo", b"request", self.flow, user=self)
            tx.outline = Outline(method, "sip:bob@192.0.2.2", 7, "one")
            tx.flow = self.flow
        else:
            request = parse(message(method))
            assert isinstance(request, Request)
            tx = self.layer.server(Arrived(request, self.flow))
            tx.data, tx.user, tx.interval = b"last", self, 0.5
        self.core.packets.clear()
        return tx

    def feed(self, tx: Transaction, signal: Signal) -> None:
        payloads: dict[Signal, object] = {
            Signal.PROVISIONAL: response(180), Signal.SUCCESS: response(200), Signal.FINAL: response(200),
            Signal.FAILURE: response(486), Signal.SEND_PROVISIONAL: b"new", Signal.SEND_SUCCESS: b"new",
            Signal.SEND_FAILURE: b"new", Signal.SEND_FINAL: b"new",
        }  # fmt: skip
        self.layer.feed(tx, signal, payloads.get(signal))

    def sent(self) -> str:
        return " ".join(packet.data.decode().split(" ")[0] for packet in self.core.packets)


def timer_now(timer: Timer | None, before: Timer | None) -> float:
    if timer is None or timer[2] is None:
        return OFF
    return KEEP if timer is before else round(timer[0] - 100.0, 6)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_transaction_row(row: Expect) -> None:
    bench = Bench()
    tx = bench.make(row.machine)
    tx.state = State(row.state)
    retry, limit = tx.retry, tx.limit
    bench.feed(tx, Signal(row.signal))
    assert tx.state == row.then
    assert bench.sent() == row.sends
    assert " ".join(bench.told) == row.told
    for expected, timer, before in ((row.retry, tx.retry, retry), (row.limit, tx.limit, limit)):
        if not (expected == KEEP and before is None):
            assert timer_now(timer, before) == expected
    if row.then == "terminated":
        assert bench.layer.idle()
        assert len(bench.core.timers) == 0


def test_rfc3261_17_2_1_the_ack_ends_the_repetitions_of_a_refusal() -> None:
    bench = Bench()
    tx = bench.make(IS)
    bench.feed(tx, Signal.SEND_FAILURE)
    assert timer_now(tx.retry, None) == 0.5
    bench.feed(tx, Signal.ACK)
    assert timer_now(tx.retry, None) == OFF
    assert timer_now(tx.limit, None) == 5.0


def test_every_row_of_every_table_has_its_test() -> None:
    rows = {(name, state, signal) for name, table in TABLES.items() for state, on in table.items() for signal in on}
    assert {(row.machine, row.state, row.signal) for row in ROWS} == rows
    assert len(ROWS) == len(rows)


EVERYTHING = [
    (machine, state, signal)
    for machine, table in TABLES.items()
    for state in [*table, State.TERMINATED]
    for signal in Signal
    if signal not in table.get(state, {})
]


@pytest.mark.parametrize(("machine", "state", "signal"), EVERYTHING)
def test_what_no_row_names_changes_nothing(machine: str, state: State, signal: Signal) -> None:
    bench = Bench()
    tx = bench.make(machine)
    tx.state = state
    bench.feed(tx, signal)
    assert (tx.state, bench.sent(), bench.told) == (state, "", [])


@pytest.mark.parametrize(
    ("machine", "state", "signal"),
    [
        (IC, "calling", "300-699"),  # timer D is zero (RFC 3261 17.1.1.2)
        (C, "trying", "200-699"),  # timer K (17.1.2.2)
        (S, "trying", "send 200-699"),  # timer J (17.2.2)
        (IS, "completed", "ack"),  # timer I (17.2.1)
    ],
)
def test_rfc3261_table_4_no_lingering_on_a_stream(machine: str, state: str, signal: str) -> None:
    bench = Bench("tcp")
    tx = bench.make(machine)
    tx.state = State(state)
    bench.feed(tx, Signal(signal))
    assert tx.state is State.TERMINATED
    assert bench.layer.idle()


@pytest.mark.parametrize("machine", [IC, C])
def test_rfc3261_17_1_nothing_is_repeated_on_a_stream(machine: str) -> None:
    bench = Bench("tls")
    tx = bench.make(machine)
    assert tx.retry is None
    assert timer_now(tx.limit, None) == 32.0


def test_rfc3261_17_2_1_timer_g_never_on_a_stream() -> None:
    bench = Bench("tcp")
    tx = bench.make(IS)
    bench.feed(tx, Signal.SEND_FAILURE)
    assert tx.retry is None
    assert timer_now(tx.limit, None) == 32.0


def times_of(machine: str, until: float) -> list[float]:
    """When a client nobody answers sends its request again."""
    bench = Bench()
    bench.make(machine)
    times = []
    while (due := bench.core.timers.next()) is not None and due <= 100.0 + until:
        bench.core.now = due
        bench.core.timers.fire(due)
        times += [round(due - 100.0, 3)] * len(bench.core.packets)
        bench.core.packets.clear()
    return times


def test_rfc3261_17_1_1_2_timer_a_doubles_until_timer_b() -> None:
    assert times_of(IC, 40) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


def test_rfc3261_17_1_2_2_timer_e_doubles_up_to_t2_until_timer_f() -> None:
    assert times_of(C, 40) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_rfc3261_17_1_1_2_timer_b_only_in_calling() -> None:
    bench = Bench()
    tx = bench.make(IC)
    bench.feed(tx, Signal.PROVISIONAL)
    bench.core.now = 10_000.0
    bench.core.timers.fire(10_000.0)
    assert tx.state is State.PROCEEDING
    assert bench.told == ["180"]


def test_timers_are_compacted_when_most_are_stopped() -> None:
    bench = Bench()
    timers = [bench.core.timers.start(200.0 + n, lambda _: None, None) for n in range(10_000)]
    for timer in timers[:-1]:
        bench.core.timers.stop(timer)
    assert len(bench.core.timers) == 1
    assert bench.core.timers.next() == 200.0 + 9_999
    bench.core.timers.stop(timers[-1])
    bench.core.timers.stop(timers[-1])
    bench.core.timers.stop(None)
    assert bench.core.timers.next() is None
