"""Connection reuse (RFC 5923): we offer the connections that we open over TLS, and hear what a proven peer offers."""

import pytest
from msgspec.structs import replace

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.engine import EngineConfig
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Headers, Request, parse
from vorzimmer.testing.peer import OURS, THEIRS, Peer

LEG = LegId("leg")
ASKED = Request("OPTIONS", "sip:c", Headers([("From", "<sip:a>"), ("To", "<sip:c>")]))


def vias(peer: Peer) -> list[bool]:
    """Whether each request of ours offers its connection."""
    requests = [message for message in peer.sent if isinstance(message, Request)]
    return [request.headers.get("Via").endswith(";alias") for request in requests]


@pytest.mark.parametrize(
    ("to", "offers"),
    [
        (Hop("tls", "carrier.example", 0), True),
        (Hop("tcp", "carrier.example", 0), False),
        (Hop("udp", THEIRS.host, 5060), False),
        (Flow("tls", OURS, THEIRS, 7), False),  # a phone's own connection
    ],
)
def test_rfc5923_6_what_goes_over_a_connection_of_ours_says_alias(to: Flow | Hop, offers: bool) -> None:
    peer = Peer("tls")
    peer.engine.request(ASKED, to, peer.now)
    peer.engine.invite(LEG, peer.spec(to=to), peer.now)
    peer.take()
    assert vias(peer) == [offers, offers]


def test_rfc5923_6_all_requests_of_a_trunks_call_say_so_once_dns_has_chosen_tls() -> None:
    peer = Peer("tls")
    hop = Hop("", "carrier.example", 0)
    peer.engine.invite(LEG, replace(peer.spec(), to=hop), peer.now)
    packet = peer.engine.to_send(peer.now)[0]
    there = peer.engine.flow_found(packet.transaction, peer.flow, peer.now)
    assert there is not None
    assert b";alias\r\n" in there
    invite = parse(there)
    assert isinstance(invite, Request)
    peer.answer(invite, 200, body=b"answer", contact=f"sip:bob@{THEIRS};transport=tls")
    peer.engine.end(LEG, peer.now)
    peer.take()
    assert vias(peer) == [True, True], "ACK and BYE"


@pytest.mark.parametrize(
    ("transport", "names", "via", "told"),
    [
        ("tls", ("carrier.example",), ";alias", [5060]),
        ("tls", ("carrier.example",), ";ALIAS;foo", [5060]),
        ("tls", ("carrier.example",), "", []),
        ("tls", (), ";alias", []),
        ("tcp", (), ";alias", []),
        ("udp", (), ";alias", []),
    ],
)
def test_rfc5923_8_only_a_peer_that_proves_who_it_is_may_offer_its_connection(
    transport: str, names: tuple[str, ...], via: str, told: list[int]
) -> None:
    heard: list[tuple[Flow, int]] = []
    config = EngineConfig(sent_by=lambda _: OURS, aliased=lambda flow, port: heard.append((flow, port)))
    peer = Peer(transport, config=config)
    flow = Flow(transport, OURS, THEIRS, 0 if transport == "udp" else 1, peer_names=names)
    peer.via = f"SIP/2.0/{transport.upper()} 192.0.2.2:5060;branch=z9hG4bKx;rport{via}"
    peer.send("OPTIONS", flow=flow)
    assert heard == [(flow, port) for port in told]
