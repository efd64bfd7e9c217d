"""Bindings against a simple model: any order of registrations, removals, expiry and closed connections."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.bindings import Bindings
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.registration import Visit

FLOWS = [
    Flow("udp" if n % 2 else "tls", Address("192.0.2.1", 5060), Address(f"198.51.100.{n}", 5060), connection=n)
    for n in range(4)
]


class Registrations(RuleBasedStateMachine):
    """The model keeps (device, uri) -> (flow, expires, call id, cseq)."""

    def __init__(self) -> None:
        super().__init__()
        self.bindings = Bindings()
        self.model: dict[tuple[str, str], tuple[Flow, float, str, int]] = {}
        self.now = 0.0
        self.told: dict[str, bool] = {}
        self.bindings.listen(self.changed)

    def changed(self, device: str, registered: bool) -> None:
        assert self.told.get(device, False) is not registered
        self.told[device] = registered

    @rule(
        device=st.sampled_from("ab"),
        uri=st.sampled_from(["sip:x@h", "sip:y@h", "sip:z@h"]),
        expires=st.sampled_from([0, 60, 300, 3600]),
        order=st.tuples(st.sampled_from("12"), st.integers(1, 5)),
        flow=st.sampled_from(FLOWS),
    )
    def register(self, device: str, uri: str, expires: int, order: tuple[str, int], flow: Flow) -> None:
        call_id, cseq = order
        lines = [("Call-ID", call_id), ("CSeq", f"{cseq} REGISTER"), ("Contact", f"<{uri}>;expires={expires}")]
        old = self.model.get((device, uri))
        stale = old is not None and old[1] > self.now and old[2] == call_id and cseq <= old[3]
        try:
            self.bindings.register(device, Request("REGISTER", "sip:h", Headers(lines)), Visit(flow, self.now))
        except PeerError:
            assert stale
            return
        assert not stale
        self.model.pop((device, uri), None)
        if expires:
            self.model[device, uri] = (flow, self.now + expires, call_id, cseq)

    @rule(seconds=st.sampled_from([1.0, 60.0, 299.0, 4000.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.bindings.expire(self.now)
        self.model = {key: value for key, value in self.model.items() if value[1] > self.now}

    @rule(flow=st.sampled_from(FLOWS))
    def close(self, flow: Flow) -> None:
        self.bindings.flow_gone(flow)
        self.model = {key: value for key, value in self.model.items() if value[0] != flow}

    @rule()
    def restart(self) -> None:
        saved = {device: self.bindings.frozen(device, self.now) for device in self.bindings.devices()}
        self.bindings = Bindings()
        self.told = {}
        self.bindings.listen(self.changed)
        for device, data in saved.items():
            assert data is not None
            self.bindings.thaw(device, data, self.now)
        self.model = {key: value for key, value in self.model.items() if not value[0].reliable}

    @invariant()
    def same_as_the_model(self) -> None:
        found = {(d, b.uri): (b.flow, b.expires, b.call_id, b.cseq) for d in "ab" for b in self.bindings.bindings(d)}
        assert found == self.model
        assert (
            {device for device, on in self.told.items() if on} == self.bindings.devices() == {d for d, _ in self.model}
        )
        next_expiry = self.bindings.next_expiry()
        assert (
            next_expiry is None or next_expiry <= min((v[1] for v in self.model.values()), default=next_expiry)
        ) or not self.model
        assert not self.model or next_expiry is not None
        hosts = {value[0].remote.host for value in self.model.values()}
        assert {flow.remote.host for flow in FLOWS if self.bindings.has_source(flow.remote.host)} == hosts


Registrations.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestRegistrations = Registrations.TestCase
