"""Which literal addresses in a Request-URI mean this server: sockets tell what the machine has."""

import pytest
from tests.interop.server import own_address

from vorzimmer.app.options import ServeOptions
from vorzimmer.app.own_hosts import OwnHosts
from vorzimmer.kernel.address import Address
from vorzimmer.net.sockets import has_address
from vorzimmer.sip.flow import Flow


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True),  # on every interface, and this machine has it
        ("127.0.0.9", True),
        ("[::1]", True),
        ("203.0.113.7", True),  # advertised
        ("192.0.2.44", True),  # as this peer must see us
        ("198.51.100.8", True),  # where its datagram came to
        ("[2001:DB8:0::7]", True),  # advertised, in another spelling
        ("198.51.100.9", False),
        ("169.254.1.1", False),
        ("0.0.0.0", False),
        ("[::]", False),
        ("not-an-address", False),
        ("999.1.1.1", False),
    ],
)
def test_an_address_that_leads_here_is_ours_and_no_other(host: str, ours: bool) -> None:
    sip = ("udp:0.0.0.0:5060", "udp:198.51.100.200:5060")
    options = ServeOptions(state="x", sip=sip, advertise=("203.0.113.7", "udp:0.0.0.0:5060=[2001:db8::7]"))
    own = OwnHosts(options, lambda flow: Address("192.0.2.44", 5060))
    flow = Flow("udp", Address("198.51.100.8", 5060), Address("10.0.0.1", 5060))
    assert own(host, flow) is ours


def test_the_machine_knows_its_own_address() -> None:
    assert has_address(own_address())
    assert not has_address("203.0.113.200")
