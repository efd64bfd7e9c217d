"""Where devices are: expiry, closed connections, listeners, and a restart."""

from collections.abc import Callable

import msgspec
import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.bindings import Bindings, Contact
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.registration import Visit

UDP = Flow("udp", Address("192.0.2.10", 5060), Address("198.51.100.7", 40123), listener="udp")
TLS = Flow("tls", Address("192.0.2.10", 5061), Address("198.51.100.8", 40123), connection=7, listener="tls")


def request(*contacts: str, cseq: int = 1, call_id: str = "c") -> Request:
    pairs = [("To", "<sip:a@x>"), ("Call-ID", call_id), ("CSeq", f"{cseq} REGISTER")]
    return Request("REGISTER", "sip:x", Headers([*pairs, *(("Contact", contact) for contact in contacts)]))


def changes_of(bindings: Bindings) -> list[tuple[str, bool]]:
    changes: list[tuple[str, bool]] = []
    bindings.listen(lambda device, registered: changes.append((device, registered)))
    return changes


def test_contacts_by_q_then_newest_first() -> None:
    bindings = Bindings()
    bindings.register("m/anna", request("<sip:a@1>;q=0.5", "<sip:a@2>", "<sip:a@3>"), Visit(UDP, 0.0))
    assert [contact.uri for contact in bindings.contacts("m/anna")] == ["sip:a@3", "sip:a@2", "sip:a@1"]
    assert bindings.contacts("m/anna")[0] == Contact("m/anna", "sip:a@3", UDP)
    assert bindings.contacts("m/nobody") == ()


def test_rfc5626_5_3_one_flow_of_an_instance_is_rung() -> None:
    bindings = Bindings()
    instance = '+sip.instance="<urn:uuid:1>"'
    bindings.register("m/a", request(f"<sip:a@1>;{instance};reg-id=1"), Visit(UDP, 0.0))
    bindings.register("m/a", request(f"<sip:a@2>;{instance};reg-id=2", cseq=2), Visit(TLS, 1.0))
    assert [contact.flow for contact in bindings.contacts("m/a")] == [TLS]
    bindings.flow_gone(TLS)
    assert [contact.flow for contact in bindings.contacts("m/a")] == [UDP]


def test_expiry_is_driven_by_time_given_in() -> None:
    bindings = Bindings()
    changes = changes_of(bindings)
    assert bindings.next_expiry() is None
    bindings.register("m/a", request("<sip:a@1>;expires=60", "<sip:a@2>;expires=120"), Visit(UDP, 100.0))
    assert bindings.next_expiry() == 160.0
    bindings.expire(159.9)
    assert len(bindings.contacts("m/a")) == 2
    bindings.expire(160.0)
    assert [contact.uri for contact in bindings.contacts("m/a")] == ["sip:a@2"]
    assert changes == [("m/a", True)]
    bindings.expire(220.0)
    assert changes == [("m/a", True), ("m/a", False)]
    assert (bindings.next_expiry(), bindings.devices(), bindings.has_source("198.51.100.7")) == (
        None,
        frozenset(),
        False,
    )


def test_a_refresh_is_not_ended_by_the_old_expiry() -> None:
    bindings = Bindings()
    bindings.register("m/a", request("<sip:a@1>;expires=60"), Visit(UDP, 0.0))
    bindings.register("m/a", request("<sip:a@1>;expires=60", cseq=2), Visit(UDP, 50.0))
    bindings.expire(60.0)
    assert bindings.registered("m/a")
    assert bindings.next_expiry() == 110.0


def test_refreshing_all_day_does_not_fill_the_memory() -> None:
    bindings = Bindings()
    for second in range(3000):
        bindings.register("m/a", request("<sip:a@1>;expires=3600", cseq=second + 1), Visit(UDP, float(second)))
    assert len(bindings._expiries) < 1100
    bindings.expire(2999 + 3600)
    assert not bindings.registered("m/a")


def test_rfc5626_4_3_bindings_end_with_their_connection() -> None:
    bindings = Bindings()
    changes = changes_of(bindings)
    bindings.register("m/a", request("<sip:a@1>"), Visit(TLS, 0.0))
    bindings.register("m/b", request("<sip:b@1>"), Visit(TLS, 0.0))
    bindings.register("m/b", request("<sip:b@2>", cseq=2), Visit(UDP, 0.0))
    bindings.flow_gone(TLS)
    assert bindings.devices() == {"m/b"}
    assert [contact.uri for contact in bindings.contacts("m/b")] == ["sip:b@2"]
    assert changes == [("m/a", True), ("m/b", True), ("m/a", False)]
    bindings.flow_gone(TLS)


def test_a_refused_register_changes_nothing() -> None:
    bindings = Bindings()
    bindings.register("m/a", request("<sip:a@1>", cseq=5), Visit(UDP, 0.0))
    before = bindings.bindings("m/a")
    with pytest.raises(PeerError):
        bindings.register("m/a", request("<sip:a@1>", cseq=4), Visit(UDP, 1.0))
    assert bindings.bindings("m/a") == before


def test_a_device_switched_off_is_gone() -> None:
    bindings = Bindings()
    changes = changes_of(bindings)
    bindings.register("m/a", request("<sip:a@1>"), Visit(UDP, 0.0))
    bindings.remove("m/a")
    bindings.remove("m/a")
    assert changes == [("m/a", True), ("m/a", False)]


def restart(saved_at: float, taken_up_at: float) -> Bindings:
    bindings = Bindings()
    bindings.register("m/a", request("<sip:a@1>;expires=300"), Visit(UDP, 1000.0))
    bindings.register("m/b", request("<sip:b@1>;expires=300"), Visit(TLS, 1000.0))
    new = Bindings()
    for device in sorted(bindings.devices()):
        frozen = bindings.frozen(device, saved_at)
        assert frozen is not None
        new.thaw(device, frozen, taken_up_at)
    return new


def test_bindings_survive_a_restart_except_those_of_connections() -> None:
    new = restart(1100.0, 1120.0)
    assert new.devices() == {"m/a"}
    assert new.contacts("m/a") == (Contact("m/a", "sip:a@1", UDP),)
    assert (new.next_expiry(), new.has_source("198.51.100.7"), new.has_source("198.51.100.8")) == (1300.0, True, False)


def test_a_restarted_clock_counts_the_remaining_time_from_now() -> None:
    assert restart(1100.0, 5.0).next_expiry() == 205.0


def test_what_ran_out_meanwhile_is_not_taken_up() -> None:
    assert restart(1100.0, 1300.0).devices() == frozenset()


def test_a_device_without_bindings_needs_no_bytes() -> None:
    assert Bindings().frozen("m/a", 0.0) is None


def test_a_contact_that_is_not_utf8_can_be_stored() -> None:
    bindings = Bindings()
    bindings.register("m/a", request("<sip:\udcff@1>;x=\udcfe", call_id="\udcff"), Visit(UDP, 0.0))
    frozen = bindings.frozen("m/a", 0.0)
    assert frozen is not None
    new = Bindings()
    new.thaw("m/a", frozen, 1.0)
    assert new.registered("m/a")


def test_watchers_are_told_of_every_change_so_that_one_device_is_stored() -> None:
    bindings = Bindings()
    changed: list[str] = []
    bindings.watch(changed.append)
    bindings.register("m/a", request("<sip:a@1>"), Visit(UDP, 0.0))
    bindings.register("m/a", request("<sip:a@1>", cseq=2), Visit(UDP, 10.0))
    bindings.register("m/b", request("<sip:b@1>"), Visit(TLS, 10.0))
    bindings.flow_gone(TLS)
    assert changed == ["m/a", "m/a", "m/b", "m/b"]


def test_bytes_that_are_not_ours_are_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        Bindings().thaw("m/a", b"garbage", 0.0)


def test_a_listener_may_ask_back() -> None:
    bindings = Bindings()
    seen: list[tuple[str, int]] = []
    look: Callable[[str, bool], None] = lambda device, on: seen.append((device, len(bindings.contacts(device))))  # noqa: E731 -- it needs `bindings`
    bindings.listen(look)
    bindings.register("m/a", request("<sip:a@1>"), Visit(UDP, 0.0))
    bindings.remove("m/a")
    assert seen == [("m/a", 1), ("m/a", 0)]
