"""The notifier in any order of things: numbers never go back, one NOTIFY at a time, and the newest state arrives."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.sip.dialog import Dialog
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.subscription import Event, Subscription, frozen, thawed
from vorzimmer.sip.subscription_machine import Document, Notifier, Outlet

FLOWS = tuple(
    Flow(transport, Address("192.0.2.1", 5060), Address("192.0.2.2", port), port)
    for transport, port in (("udp", 5060), ("udp", 5061), ("tcp", 7))
)
KEYS = ("a", "b", "c")
LATEST = 100_000.0

steps = st.lists(
    st.one_of(
        st.tuples(st.just("subscribe"), st.sampled_from(KEYS), st.integers(60, 3600)),
        st.tuples(st.just("refresh"), st.sampled_from(KEYS), st.integers(60, 3600)),
        st.tuples(st.just("end"), st.sampled_from(KEYS), st.just(0)),
        st.tuples(st.just("change"), st.just(""), st.integers(0, 1_000_000)),
        st.tuples(st.just("answer"), st.just(""), st.sampled_from((200, 200, 200, 481, 408, 500, -5))),
        st.tuples(st.just("move"), st.sampled_from(KEYS), st.integers(-1, 2)),
        st.tuples(st.just("wait"), st.just(""), st.integers(0, 400)),
        st.tuples(st.just("restart"), st.just(""), st.integers(0, 100)),
    ),
    max_size=60,
)


@dataclass
class World:
    """A machine that is killed and comes back from what it kept; every NOTIFY is checked as it leaves."""

    now: float = 0.0
    life: int = 1
    state: str = "0"
    tag: int = 0
    kept: dict[str, bytes] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    out: dict[str, tuple[str, str]] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        self.machine = self._machine()

    def _machine(self) -> Notifier:
        outlet = Outlet(self._send, lambda s, v: Document("", self.state.encode()), self._keep, lambda s: None)
        return Notifier(outlet, self.life)

    def _send(self, one: Subscription, lines: str, body: bytes) -> str:
        number = one.dialog.local_cseq
        assert number > self.last.get(one.key, -1), "a number went back"
        assert number + 1 < 2**31
        assert one.flow is not None
        self.last[one.key] = number
        assert not one.pending, "two at a time"
        self.count += 1
        if "active" in lines:
            self.out[f"t{self.count}"] = one.key, body.decode()
        return f"t{self.count}"

    def _keep(self, one: Subscription) -> None:
        if one.gone:
            self.kept.pop(one.key, None)
        else:
            self.kept[one.key] = frozen(one, self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.machine.get_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.machine.handle_timer(self.now)
        self.now = end

    def answer(self, status: int) -> None:
        for transaction in list(self.out)[:1]:
            key, body = self.out.pop(transaction)
            found = self.machine.find(key)
            after = -status if status < 0 else None
            mine = self.machine.responded(transaction, 503 if after else status, after, self.now)
            if mine and status == 200 and found is not None:
                self.told[key] = body

    def subscribe(self, name: str, seconds: int) -> None:
        self.tag += 1
        dialog = Dialog(name, f"<sip:x@y>;tag={name}{self.tag}", "<sip:w@y>;tag=1")
        made = Subscription(dialog, Event("d", "d"), FLOWS[0])
        made.account, made.resource = name, "r"
        self.machine.add(made, self.now + seconds)

    def step(self, what: str, name: str, value: int) -> None:
        mine = self.machine.of_account(name) if name else ()
        if what == "subscribe":
            self.subscribe(name, value)
        elif what == "change":
            self.state = str(value)
            self.machine.changed("r")
        elif what == "answer":
            self.answer(value)
        elif what == "wait":
            self.run(float(value))
        elif what == "restart":
            self.restart(float(value))
        for one in mine:
            if what == "refresh" and not one.over:
                self.machine.refresh(one, self.now + value)
            elif what == "end":
                self.machine.end(one, "timeout")
            elif what == "move":
                self.machine.move(one, FLOWS[value] if value >= 0 else None)
        self.run(0.0)

    def restart(self, down: float) -> None:
        self.out.clear()
        self.life += 1
        self.now += down
        self.machine = self._machine()
        for data in list(self.kept.values()):
            found = thawed(data, self.now)
            if found.expires > self.now:
                self.machine.take_up(found, self.now)
            else:
                self.kept.pop(found.key)


@given(steps)
def test_rfc6665_any_order_ends_with_the_truth_and_numbers_only_grow(
    todo: list[tuple[str, str, int]],
) -> None:
    world = World()
    for step in todo:
        world.step(*step)
    # From here on every phone can be reached and answers.
    for one in world.machine:
        if not one.over:
            world.machine.refresh(one, world.now + 3600)
            world.machine.move(one, FLOWS[1])
    for _ in range(80):
        world.run(10.0)
        world.answer(200)
        world.answer(200)
    alive = [one for one in world.machine if not one.over]
    assert all(world.told.get(one.key) == world.state for one in alive)
    assert world.out == {}
    assert set(world.kept) == {one.key for one in alive}
    assert [one for one in world.machine if one.over] == []
    world.run(4000.0)
    for _ in range(20):
        world.answer(200)
        world.run(1.0)
    assert len(world.machine) == 0
    assert world.kept == {}
