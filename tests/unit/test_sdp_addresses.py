"""Addresses that a peer may not name (the issue's *Bad input*)."""

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.sdp.addresses import Own, literal, refused

OWN = Own(frozenset({"198.51.100.1", "2001:db8::1", "127.0.0.1"}), ((5060, 5061), (20_000, 29_999)))


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("localhost", "loopback"),
        ("evil.LOCALHOST.", "loopback"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("224.0.0.5", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.1", "reserved"),
        ("127.1", "not an address"),
        ("2130706433", "not an address"),
        ("0x7f000001", "not an address"),
        ("", "not an address"),
        ("1:2:3", "not an address"),
    ],
)
def test_bad_input_addresses_are_refused(host: str, reason: str) -> None:
    assert refused(Address(host, 4000), False, Own()) == reason


@pytest.mark.parametrize("host", ["192.0.2.4", "10.0.0.1", "2001:db8::9", "fd00::1", "phone.example.net", "cafe.bad"])
def test_ordinary_addresses_pass(host: str) -> None:
    assert refused(Address(host, 4000), False, OWN) is None


def test_loopback_passes_where_the_listener_is_on_loopback() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        assert refused(Address(host, 4000), True, OWN) is None
    assert refused(Address("169.254.1.1", 4000), True, OWN) == "link-local"


def test_our_own_ports_are_refused_and_others_on_our_host_pass() -> None:
    assert refused(Address("198.51.100.1", 5060), False, OWN) == "own port"
    assert refused(Address("::ffff:198.51.100.1", 20_500), False, OWN) == "own port"
    assert refused(Address("2001:0db8::0001", 29_999), False, OWN) == "own port"
    assert refused(Address("127.0.0.1", 20_000), True, OWN) == "own port"
    assert refused(Address("198.51.100.1", 30_000), False, OWN) is None
    assert refused(Address("192.0.2.4", 5060), False, OWN) is None


def test_literal_tells_names_from_addresses() -> None:
    assert literal("phone.example.net") is None
    assert str(literal("[2001:db8::1]")) == "2001:db8::1"
    assert str(literal("::ffff:192.0.2.1")) == "192.0.2.1"
