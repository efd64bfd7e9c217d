"""What comes in: where answers go, what is refused unasked, streams, limits; and requests outside dialogs."""

from collections.abc import Callable

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import LocalError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import FlowGone, Invited, Malformed, Requested, Responded
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.message import Headers, Request, Response, parse
from vorzimmer.testing.peer import OURS, Peer

Deed = Callable[[Engine, LegId, Flow], object]
Inside = Callable[[Engine, LegId], object]


def done(peer: Peer) -> None:
    peer.wait(400)
    assert peer.engine.idle()


# -- Via and where responses go ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("via", "port", "marked"),
    [
        ("192.0.2.2:5060;branch=z9hG4bKx", 5060, "192.0.2.2:5060;branch=z9hG4bKx"),
        ("192.0.2.2:5099;branch=z9hG4bKx", 5099, "192.0.2.2:5099;branch=z9hG4bKx"),
        ("10.0.0.9:5099;branch=z9hG4bKx", 5099, "10.0.0.9:5099;branch=z9hG4bKx;received=192.0.2.2"),
        ("10.0.0.9;branch=z9hG4bKx", 5060, "10.0.0.9;branch=z9hG4bKx;received=192.0.2.2"),
        ("10.0.0.9;rport;branch=z9hG4bKx", 7777, "10.0.0.9;rport=7777;branch=z9hG4bKx;received=192.0.2.2"),
        ("phone.invalid;branch=z9hG4bKx;rport", 7777, "phone.invalid;branch=z9hG4bKx;rport=7777;received=192.0.2.2"),
        ("10.0.0.9;branch=z9hG4bKx;maddr=203.0.113.66", 5060, None),
    ],
)
def test_rfc3261_18_2_2_and_rfc3581_where_a_datagram_is_answered(via: str, port: int, marked: str | None) -> None:
    peer = Peer()
    peer.via = f"SIP/2.0/UDP {via}"
    source = Flow("udp", OURS, Address("192.0.2.2", 7777))
    peer.send("INVITE", flow=source)
    (packet,) = peer.packets
    assert packet.to == Flow("udp", OURS, Address("192.0.2.2", port))
    if marked is not None:
        assert peer.last_response().headers.get("Via") == f"SIP/2.0/UDP {marked}"


def test_rfc3261_18_2_2_a_response_after_the_stream_closed_goes_to_sent_by() -> None:
    peer = Peer("tcp")
    peer.via = "SIP/2.0/TCP 10.0.0.9:5077;branch=z9hG4bKx"
    peer.send("INVITE")
    peer.engine.flow_closed(peer.flow, peer.now)
    peer.engine.refuse(peer.of(Invited)[0].leg, 486, peer.now)
    peer.take()
    assert peer.of(FlowGone) == [FlowGone(peer.flow)]
    assert peer.packets[-1].to == Hop("tcp", "192.0.2.2", 5077)


def test_rfc3261_8_2_6_2_all_vias_are_copied_in_order() -> None:
    peer = Peer()
    peer.send("OPTIONS", extra="Via: SIP/2.0/UDP a.example;branch=z9hG4bKa, SIP/2.0/TCP b.example;branch=z9hG4bKb\r\n")
    peer.engine.respond(peer.of(Requested)[0].transaction, 200, peer.now)
    peer.take()
    vias = peer.last_response().headers.list_of("Via")
    assert [via.split(";")[0] for via in vias] == [
        "SIP/2.0/UDP 192.0.2.2:5060", "SIP/2.0/UDP a.example", "SIP/2.0/TCP b.example",
    ]  # fmt: skip


# -- matching ---------------------------------------------------------------------------------------------------------
def test_rfc3261_17_2_3_a_repeated_request_is_one_transaction() -> None:
    peer = Peer()
    branch = peer.send("INVITE")
    peer.send("INVITE", branch=branch)
    assert len(peer.of(Invited)) == 1
    assert peer.responses("INVITE") == [100, 100]


def test_rfc3261_17_2_3_the_same_branch_from_another_sent_by_is_another_transaction() -> None:
    peer = Peer()
    for port, call in ((5060, "one"), (5062, "two")):
        peer.via, peer.call_id = f"SIP/2.0/UDP 192.0.2.2:{port};branch=z9hG4bKsame", call
        peer.send("OPTIONS")
    assert len(peer.of(Requested)) == 2


@pytest.mark.parametrize("branch", ["", ";branch=1", ";branch=z9hG4bK"])
def test_rfc3261_17_2_3_rfc2543_clients_are_matched_by_their_other_headers(branch: str) -> None:
    peer = Peer()
    peer.via = f"SIP/2.0/UDP 192.0.2.2:5060{branch}"
    peer.send("INVITE")
    peer.send("INVITE")
    (invited,) = peer.of(Invited)
    peer.engine.refuse(invited.leg, 486, peer.now)
    peer.take()
    tag = peer.last_response().headers.get("To").partition("tag=")[2]
    assert peer.responses("INVITE") == [100, 100, 486]
    peer.send("ACK", tag=tag)
    peer.wait(3)
    assert peer.responses("INVITE") == [100, 100, 486]
    peer.send("INVITE", 2)
    assert len(peer.of(Invited)) == 2
    peer.send("CANCEL", 2)
    assert peer.responses("CANCEL") == [200]
    assert peer.responses("INVITE")[-1] == 487


def test_rfc3261_17_2_3_the_ack_of_an_rfc2543_client_for_a_200_reaches_its_dialog() -> None:
    peer = Peer()
    peer.via = "SIP/2.0/UDP 192.0.2.2:5060"
    peer.send("INVITE")
    (invited,) = peer.of(Invited)
    peer.engine.accept(invited.leg, peer.now)
    peer.take()
    ids = peer.engine.dialog_ids(invited.leg)
    assert ids is not None
    peer.send("ACK", tag=ids[1])
    peer.wait(3)
    assert peer.responses("INVITE") == [100, 200]


def test_rfc3261_8_2_2_2_a_merged_request_is_482() -> None:
    peer = Peer()
    peer.send("INVITE")
    peer.send("INVITE")
    assert peer.responses("INVITE") == [100, 482]
    assert len(peer.of(Invited)) == 1


@pytest.mark.parametrize("second", ["Via: SIP/2.0/UDP x;branch=z9hG4bKy\r\n", ""])
def test_rfc3261_18_1_2_and_8_1_3_3_stray_responses_are_dropped(second: str) -> None:
    peer = Peer()
    invite = peer.invite()
    if second:
        peer.answer(invite, 180, extra=second)
    else:
        invite.headers.set("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKstray")
        peer.answer(invite, 180)
    assert peer.events == []


def test_a_response_to_another_method_of_the_same_branch_is_stray() -> None:
    peer = Peer()
    invite = peer.invite()
    invite.headers.set("CSeq", "1 BYE")
    peer.answer(invite, 200)
    assert peer.events == []


# -- refused without asking -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("method", "status"), [("PUBLISH", 405), ("DANCE", 501)])
def test_rfc3261_8_2_1_methods(method: str, status: int) -> None:
    peer = Peer(config=EngineConfig(sent_by=lambda _: OURS, allow=("INVITE", "ACK", "BYE")))
    peer.send(method)
    assert peer.responses(method) == [status]
    assert "INVITE" in peer.last_response().headers.get("Allow")
    assert peer.of(Requested) == []
    done(peer)


def test_rfc3261_8_2_2_3_unsupported_extension_is_420() -> None:
    peer = Peer()
    peer.send("INVITE", extra="Require: replaces, precondition\r\n")
    assert peer.responses("INVITE") == [420]
    assert peer.last_response().headers.get("Unsupported") == "precondition"


def test_rfc3261_8_2_3_unsupported_body_is_415() -> None:
    peer = Peer()
    peer.send("INVITE", extra="Content-Type: text/plain\r\n", body=b"hello")
    assert peer.responses("INVITE") == [415]
    assert peer.last_response().headers.get("Accept") == "application/sdp"


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE"])
def test_rfc3261_15_1_2_a_request_that_needs_a_dialog_without_one_is_481(method: str) -> None:
    peer = Peer()
    peer.send(method)
    assert peer.responses(method) == [481]


def test_options_outside_a_dialog_is_a_request() -> None:
    peer = Peer()
    peer.send("OPTIONS")
    (event,) = peer.of(Requested)
    assert event.leg is None
    tag = peer.engine.local_tag(event.transaction)
    peer.engine.respond(event.transaction, 100, peer.now)
    peer.engine.respond(event.transaction, 200, peer.now)
    peer.take()
    assert peer.responses("OPTIONS") == [100, 200]
    assert peer.last_response().headers.get("To").endswith(f";tag={tag}")
    done(peer)
    assert peer.engine.local_tag(event.transaction) == ""


def test_rfc4320_4_2_a_request_that_nobody_answers_leaves_nothing_behind() -> None:
    peer = Peer()
    peer.send("OPTIONS")
    done(peer)
    peer.engine.respond(peer.of(Requested)[0].transaction, 200, peer.now)
    peer.take()
    assert peer.sent == []


def test_rfc6665_a_subscription_inside_its_own_dialog_is_a_request() -> None:
    peer = Peer()
    peer.send("SUBSCRIBE", tag="ours")
    (event,) = peer.of(Requested)
    peer.engine.respond(event.transaction, 200, peer.now)
    peer.take()
    assert peer.last_response().headers.get("To").count("tag=") == 1
    assert peer.last_response().headers.get("Contact") == "<sip:192.0.2.1:5060>"


# -- limits -----------------------------------------------------------------------------------------------------------
def test_a_flood_of_half_open_invites_is_bounded() -> None:
    peer = Peer(config=EngineConfig(sent_by=lambda _: OURS, max_legs=10))
    for number in range(50):
        peer.call_id = f"call{number}"
        peer.send("INVITE")
    assert len(peer.of(Invited)) == 10
    assert peer.responses("INVITE").count(503) == 40
    assert peer.last_response().headers.get("Retry-After") == "10"
    assert len(peer.engine.legs()) == 10


def test_a_flood_of_other_requests_is_bounded_and_calls_go_on() -> None:
    peer = Peer(config=EngineConfig(sent_by=lambda _: OURS, max_transactions=10))
    peer.send("INVITE")
    leg = peer.of(Invited)[0].leg
    peer.engine.accept(leg, peer.now)
    peer.take()
    ids = peer.engine.dialog_ids(leg)
    assert ids is not None
    for number in range(50):
        peer.call_id = f"call{number}"
        peer.send("OPTIONS")
    assert len(peer.of(Requested)) == 9
    peer.call_id = "call"
    peer.send("ACK", tag=ids[1])
    peer.send("BYE", 2, tag=ids[1])
    assert peer.responses("BYE") == [200]
    done_after = peer.now + 40
    peer.wait(40)
    assert peer.now == done_after
    assert peer.engine.idle()


@pytest.mark.parametrize(("method", "tag", "status"), [("BYE", "x", 481), ("DANCE", "", 501), ("CANCEL", "", 481)])
def test_a_flood_of_what_is_refused_unasked_keeps_no_state_beyond_the_limit(method: str, tag: str, status: int) -> None:
    peer = Peer(config=EngineConfig(sent_by=lambda _: OURS, max_transactions=5))
    for number in range(20):
        peer.call_id = f"call{number}"
        peer.send(method, tag=tag)
    assert peer.responses(method) == [status] * 20
    deadlines = 0
    while (due := peer.engine.get_timer()) is not None:
        deadlines += 1
        peer.wait(due - peer.now)
    assert deadlines <= 5
    done(peer)


# -- streams and garbage ----------------------------------------------------------------------------------------------
def message(call_id: str) -> bytes:
    return (
        "OPTIONS sip:b@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK" + call_id + "\r\n"
        f"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("size", [1, 3, 50, 10_000])
def test_rfc3261_18_3_a_stream_is_cut_into_messages_and_its_pings_answered(size: int) -> None:
    peer = Peer("tcp")
    data = message("one") + b"\r\n\r\n" + message("two") + message("three")
    for start in range(0, len(data), size):
        peer.engine.receive(data[start : start + size], peer.flow, peer.now)
    while (event := peer.engine.next_event()) is not None:
        peer.events.append(event)
    assert [event.request.headers.get("Call-ID") for event in peer.of(Requested)] == ["one", "two", "three"]
    assert [packet.data for packet in peer.engine.to_send(0.0)] == [b"\r\n"]


def test_a_stream_that_cannot_be_read_on_is_answered_and_said_to_be_broken() -> None:
    peer = Peer("tls")
    bad = message("one").replace(b"Content-Length: 0", b"Content-Length: x")
    peer.engine.receive(message("good") + bad + message("lost"), peer.flow, peer.now)
    peer.take()
    assert [event.request.headers.get("Call-ID") for event in peer.of(Requested)] == ["good"]
    (malformed,) = peer.of(Malformed)
    assert malformed.fatal
    assert peer.responses("OPTIONS") == [400]
    peer.engine.flow_closed(peer.flow, peer.now)
    peer.engine.receive(message("again"), peer.flow, peer.now)
    peer.take()
    assert len(peer.of(Requested)) == 2


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes(range(33, 256)) + b"\r\n\r\n"])
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_stream_of_something_else_than_sip_is_broken_a_datagram_dropped(garbage: bytes, transport: str) -> None:
    peer = Peer(transport)
    peer.engine.receive(garbage, peer.flow, peer.now)
    peer.take()
    (malformed,) = peer.of(Malformed)
    assert malformed.fatal is (transport != "udp")
    assert peer.sent == []


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0"])
def test_rfc5626_keep_alives_of_datagrams_are_read_over(data: bytes) -> None:
    peer = Peer()
    peer.engine.receive(data, peer.flow, peer.now)
    peer.take()
    assert (peer.events, peer.sent) == ([], [])


def test_a_ping_over_websocket_is_answered() -> None:
    peer = Peer("wss")
    peer.engine.receive(b"\r\n\r\n", peer.flow, peer.now)
    assert [packet.data for packet in peer.engine.to_send(0.0)] == [b"\r\n"]


def test_a_repeated_bad_request_gets_the_same_answer_and_keeps_no_state() -> None:
    peer = Peer()
    for _ in range(2):
        peer.send("OPTIONS", branch="z9hG4bKbad", extra="Contact: *\r\n")
    answers = [message.to_bytes() for message in peer.sent]
    assert answers[0] == answers[1]
    assert isinstance(peer.sent[0], Response)
    assert peer.sent[0].status == 400
    assert len(peer.of(Malformed)) == 2
    assert peer.engine.idle()


def test_nobody_smuggles_header_lines_through_reasons_names_or_extras() -> None:
    peer = Peer()
    peer.send("INVITE")
    leg = peer.of(Invited)[0].leg
    evil = "x\r\nEvil: 1\r\n\r\nbody"
    peer.engine.refuse(leg, 486, peer.now, reason=evil, extra=(("X-Note", evil),))
    peer.take()
    assert "Evil" not in peer.last_response().headers
    assert peer.last_response().body == b""
    peer.invite()
    peer.answer(peer.requests("INVITE")[-1], 180)
    peer.engine.end(LegId("leg"), peer.now, reason=evil)
    peer.take()
    assert "Evil" not in peer.requests("CANCEL")[0].headers


# -- our own requests -------------------------------------------------------------------------------------------------
def own(method: str = "REGISTER", **headers: str) -> Request:
    pairs = {"From": "<sip:a@example.com>", "To": "<sip:a@example.com>", **headers}
    return Request(method, "sip:example.com", Headers(pairs.items()))


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "MESSAGE"])
def test_rfc3261_8_1_1_a_request_of_ours_is_completed(method: str) -> None:
    peer = Peer("tls")
    asked = own(method)
    transaction = peer.engine.request(asked, peer.flow, peer.now)
    peer.take()
    (sent,) = peer.requests(method)
    headers = sent.headers
    assert headers.get("Via").startswith("SIP/2.0/TLS 192.0.2.1:5060;branch=z9hG4bK")
    assert ";tag=" in headers.get("From")
    assert (headers.get("CSeq"), headers.get("Max-Forwards")) == (f"1 {method}", "70")
    assert headers.get("Call-ID")
    assert ("Contact" in headers) == (method in {"SUBSCRIBE", "NOTIFY"})
    assert "Via" not in asked.headers
    peer.answer(sent, 100, "")
    peer.answer(sent, 423, extra="Min-Expires: 60\r\n")
    (responded,) = peer.of(Responded)
    assert (responded.transaction, responded.status, responded.leg) == (transaction, 423, None)
    assert responded.response is not None
    done(peer)


def test_what_is_given_in_a_request_of_ours_is_kept() -> None:
    peer = Peer()
    given = {"From": "<sip:a@b>;tag=mine", "Call-ID": "abc", "CSeq": "12 REGISTER", "Max-Forwards": "5"}
    peer.engine.request(own(**given), peer.flow, peer.now)
    peer.take()
    headers = peer.requests("REGISTER")[0].headers
    assert {name: headers.get(name) for name in given} == given


@pytest.mark.parametrize("method", ["INVITE", "ACK", "CANCEL"])
def test_requests_that_are_no_requests_outside_dialogs_are_misuse(method: str) -> None:
    peer = Peer()
    with pytest.raises(LocalError):
        peer.engine.request(own(method), peer.flow, peer.now)
    with pytest.raises(LocalError):
        peer.engine.request(Request("OPTIONS", "sip:x", Headers()), peer.flow, peer.now)


def test_rfc3261_17_1_4_a_request_that_cannot_be_sent_is_503_and_without_answer_408() -> None:
    peer = Peer()
    first = peer.engine.request(own(), Hop("tcp", "192.0.2.2", 5060), peer.now)
    second = peer.engine.request(own(), peer.flow, peer.now)
    peer.take()
    assert peer.packets[0].transaction == first
    peer.engine.send_failed(first, peer.now)
    peer.wait(33)
    assert [(event.transaction, event.status) for event in peer.of(Responded)] == [(first, 503), (second, 408)]
    done(peer)


@pytest.mark.parametrize(
    ("transport", "contact"),
    [
        ("udp", "<sip:ann@192.0.2.1:5060>"),
        ("tcp", "<sip:ann@192.0.2.1:5060;transport=tcp>"),
        ("tls", "<sip:ann@192.0.2.1:5060;transport=tls>"),
        ("ws", "<sip:ann@192.0.2.1:5060;transport=ws>"),
        ("wss", "<sip:ann@192.0.2.1:5060;transport=ws>"),
    ],
)
def test_contact_names_our_advertised_address_and_transport(transport: str, contact: str) -> None:
    peer = Peer(transport)
    assert peer.invite().headers.get("Contact") == contact


def test_contact_and_via_of_an_ipv6_flow_have_brackets() -> None:
    ours = Address("2001:db8::1", 5060)
    peer = Peer(config=EngineConfig(sent_by=lambda _: ours))
    invite = peer.invite()
    assert invite.headers.get("Contact") == "<sip:ann@[2001:db8::1]:5060>"
    assert invite.headers.get("Via").startswith("SIP/2.0/UDP [2001:db8::1]:5060;")


def test_via_and_contact_follow_the_advertised_address_of_each_peer() -> None:
    outside = Address("198.51.100.7", 5062)
    config = EngineConfig(sent_by=lambda to: outside if isinstance(to, Hop) else OURS)
    peer = Peer(config=config)
    invite = peer.invite(to=Hop("udp", "trunk.example", 5060))
    assert "198.51.100.7:5062" in invite.headers.get("Via")
    assert "198.51.100.7:5062" in invite.headers.get("Contact")
    assert parse(peer.packets[0].data).headers.get("Via") == invite.headers.get("Via")


LATER = 50.0
"""Long after the last thing that came in, but before anything of it is due."""


@pytest.mark.parametrize(
    ("deed", "due"),
    [
        (lambda engine, leg, _: engine.ring(leg, LATER), 60.0),
        (lambda engine, leg, _: engine.accept(leg, LATER), 0.5),
        (lambda engine, leg, _: engine.refuse(leg, 486, LATER), 0.5),
        (lambda engine, leg, _: engine.end(leg, LATER), 0.5),
        (lambda engine, leg, _: engine.invite(LegId("new"), Peer().spec(), LATER), 0.5),
        (lambda engine, leg, flow: engine.request(own(), flow, LATER), 0.5),
    ],
)
def test_deadlines_are_counted_from_the_moment_of_the_command(deed: Deed, due: float) -> None:
    peer = Peer()
    peer.send("INVITE")
    assert peer.engine.get_timer() is None
    deed(peer.engine, peer.of(Invited)[0].leg, peer.flow)
    assert peer.engine.get_timer() == LATER + due


@pytest.mark.parametrize(
    ("deed", "due"),
    [
        (lambda engine, leg: engine.end(leg, LATER), 0.5),
        (lambda engine, leg: engine.reinvite(leg, b"x", LATER), 0.5),
        (lambda engine, leg: engine.request_in(leg, "INFO", LATER), 0.5),
    ],
)
def test_deadlines_inside_dialogs_are_counted_from_the_moment_of_the_command(deed: Inside, due: float) -> None:
    peer = Peer("udp")
    peer.answer(peer.invite(), 200)
    peer.wait(40)
    deed(peer.engine, LegId("leg"))
    assert peer.engine.get_timer() == LATER + due
