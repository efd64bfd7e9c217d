"""Long requests to phones over UDP: compact names, and what can be spared (RFC 3261 sections 7.3.3 and 18.1.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.compact import LIMIT, fitting
from vorzimmer.sip.events import Answered
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Headers, Request, parse
from vorzimmer.testing.peer import OURS, THEIRS, Peer

UDP = Flow("udp", OURS, THEIRS)


def long_request(size: int, **more: str) -> bytes:
    headers = Headers([
        ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx"), ("From", "<sip:a@b>;tag=1"), ("To", "<sip:c@d>"),
        ("Call-ID", "i"), ("CSeq", "1 INVITE"), ("Content-Type", "application/sdp"), ("User-Agent", "Vorzimmer 1.0"),
        ("Allow", "INVITE, ACK, BYE"), ("Alert-Info", "<x>;info=external"), *more.items(),
    ])  # fmt: skip
    return Request("INVITE", "sip:c@d", headers, b"v" * size).to_bytes()


def test_rfc3261_7_3_3_a_long_one_is_written_short_and_means_the_same() -> None:
    data = long_request(975)
    found = fitting(data, UDP)
    assert len(data) > LIMIT >= len(found)
    before, after = parse(data), parse(found)
    assert after.body == before.body
    assert dict(after.headers) == dict(before.headers)


def test_what_can_be_spared_goes_in_turn_and_nothing_else() -> None:
    found = parse(fitting(long_request(1110), UDP))
    assert "User-Agent" not in found.headers
    assert "Alert-Info" in found.headers
    longer = parse(fitting(long_request(4000), UDP))
    assert {name for name, _ in longer.headers} == {
        "Via", "From", "To", "Call-ID", "CSeq", "Content-Type", "Alert-Info", "Content-Length",
    }  # fmt: skip


@pytest.mark.parametrize("to", [Flow("tcp", OURS, THEIRS, 1), Flow("wss", OURS, THEIRS, 1), Hop("udp", "trunk", 5060)])
def test_streams_and_trunks_get_it_in_full(to: Flow | Hop) -> None:
    assert fitting(long_request(3000), to) == long_request(3000)
    assert fitting(long_request(10), UDP) == long_request(10)


@given(st.integers(0, 3000), st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=300))
def test_whatever_is_in_it_the_rest_stays_and_can_be_read(size: int, text: str) -> None:
    data = long_request(size, Subject=text, Reason=text)
    found = parse(fitting(data, UDP))
    assert found.body == parse(data).body
    assert found.headers.get("Reason") == parse(data).headers.get("Reason")
    assert len(fitting(data, UDP)) <= len(data)


def test_a_call_whose_invite_was_shortened_goes_its_way() -> None:
    peer = Peer()
    body = b"v=0\r\n" + b"a=x\r\n" * 160
    peer.engine.invite(LegId("leg"), replace(peer.spec(), body=body), peer.now)
    peer.take()
    assert len(peer.packets[-1].data) <= LIMIT
    assert peer.packets[-1].data.count(b"\r\nv:") == 1
    invite = peer.requests("INVITE")[-1]
    peer.answer(invite, 200, body=b"answer")
    assert len(peer.of(Answered)) == 1
    assert peer.requests("ACK")[-1].headers.get("To").endswith("tag=bob")
