"""A trunk that is known by its certificate, wherever its connection comes from (RFC 5922)."""

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.presence.trunk_line import TrunkLine, TrunkSpec
from vorzimmer.sip.flow import Flow, Hop

SPEC = TrunkSpec(
    "company",
    "carrier",
    (Hop("tls", "Carrier.example", 0), Hop("tls", "192.0.2.7", 5061)),
    "carrier.example",
    sources=("edge.carrier.example:5061", "198.51.100.0/24", "2001:db8::1"),
    transport="tls",
)


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (("carrier.example",), True),
        (("other.example", "edge.carrier.example"), True),
        (("evil.example",), False),
        (("example",), False),
        (("192.0.2.7",), False),
        ((), False),
    ],
)
def test_rfc5922_7_a_proven_name_counts_and_nothing_else_that_is_shown(names: tuple[str, ...], known: bool) -> None:
    line = TrunkLine(SPEC, None, 0.0)
    assert SPEC.names == {"carrier.example", "edge.carrier.example"}
    flow = Flow("tls", Address("192.0.2.1", 5061), Address("203.0.113.9", 40000), 7, "tls:192.0.2.1:5061", names)
    assert line.speaks(flow) is known
