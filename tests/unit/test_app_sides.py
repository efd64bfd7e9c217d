"""Which media side a leg belongs to: that of its listener, and for a trunk that of where its requests leave."""

from vorzimmer.app.media_config import Sides
from vorzimmer.app.options import load
from vorzimmer.kernel.address import Address
from vorzimmer.sip.flow import Flow

OPTIONS = load(None, {"sip": ("udp:10.0.0.1:5060", "udp:192.0.2.1:5060", "tcp:192.0.2.1:5060"), "state": "x"})


def side(local: Address, listener: str = "", transport: str = "udp") -> str:
    sides = Sides(OPTIONS, lambda flow: flow.local)
    return sides.of(Flow(transport, local, Address("203.0.113.9", 5060), 0, listener))


def test_a_phones_leg_is_on_the_side_of_its_listener() -> None:
    assert side(Address("192.0.2.1", 5060), "udp:10.0.0.1:5060").startswith("10.0.0.1_")


def test_a_trunks_leg_is_on_the_side_from_which_its_requests_leave() -> None:
    assert side(Address("192.0.2.1", 5060)).startswith("192.0.2.1_")
    assert side(Address("10.0.0.1", 5060)).startswith("10.0.0.1_")
    assert side(Address("192.0.2.1", 5060), transport="tcp").startswith("192.0.2.1_")
    assert side(Address("198.51.100.1", 1)).startswith("10.0.0.1_")
