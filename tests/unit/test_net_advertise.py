"""Listener and advertise texts, and which address a peer is told."""

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import StartError
from vorzimmer.net.advertise import (
    Advertise,
    ListenerSpec,
    advertised,
    is_wildcard,
    parse_advertise,
    parse_listener,
)

OWN = Address("10.0.0.5", 5060)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("udp:127.0.0.1:5060", ListenerSpec("udp", "127.0.0.1", 5060)),
        ("udp:[::1]:5060", ListenerSpec("udp", "::1", 5060)),
        ("tcp:0.0.0.0", ListenerSpec("tcp", "0.0.0.0", 5060)),
        ("tls:[::]", ListenerSpec("tls", "::", 5061)),
        ("udp:127.0.0.1:0", ListenerSpec("udp", "127.0.0.1", 0)),
    ],
)
def test_listener_texts(text: str, spec: ListenerSpec) -> None:
    assert parse_listener(text) == spec
    assert parse_listener(spec.name) == spec


@pytest.mark.parametrize(
    "text",
    ["", "udp", "sctp:127.0.0.1:5060", "udp:::1:5060", "udp:localhost:5060", "udp:127.0.0.1:x", "udp:127.0.0.1:70000"],
)
def test_a_bad_listener_text_is_one_clear_line(text: str) -> None:
    with pytest.raises(StartError) as caught:
        parse_listener(text)
    assert "\n" not in str(caught.value)
    assert repr(text) in str(caught.value)


def test_without_rules_peers_see_the_listeners_own_address() -> None:
    assert advertised((), OWN, "192.0.2.1") == OWN


def test_the_narrowest_network_wins_whatever_the_order() -> None:
    rules = (
        parse_advertise("203.0.113.7"),
        parse_advertise("self@10.0.0.0/8"),
        parse_advertise("172.16.0.1:5070@10.1.0.0/16"),
    )
    for order in (rules, rules[::-1]):
        assert advertised(order, OWN, "198.51.100.1") == Address("203.0.113.7", 5060)
        assert advertised(order, OWN, "10.9.9.9") == OWN
        assert advertised(order, OWN, "10.1.2.3") == Address("172.16.0.1", 5070)
        assert advertised(order, OWN, "trunk.example") == Address("203.0.113.7", 5060)


def test_networks_of_the_other_family_do_not_match() -> None:
    assert not parse_advertise("[2001:db8::7]@::/0").covers("10.0.0.1")
    assert parse_advertise("[2001:db8::7]:5070@::/0") == Advertise(
        "2001:db8::7", 5070, parse_advertise("self@::/0").network
    )


@pytest.mark.parametrize("text", ["", "trunk.example", "203.0.113.7:x", "203.0.113.7@lan", "2001:db8::1"])
def test_a_bad_advertise_text_is_one_clear_line(text: str) -> None:
    with pytest.raises(StartError):
        parse_advertise(text)


def test_wildcards() -> None:
    assert is_wildcard("0.0.0.0")
    assert is_wildcard("::")
    assert not is_wildcard("127.0.0.1")
