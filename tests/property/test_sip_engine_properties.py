"""Whatever comes in whatever order: every transaction ends, the engine becomes idle, and each leg ends once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import (
    Answered,
    Cancelled,
    Ended,
    Event,
    Failed,
    Invited,
    Reinvited,
    Requested,
    Responded,
)
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.engines import EnginePair, Side, Weather
from vorzimmer.testing.peer import Peer

LEG = LegId("leg")
STATUSES = st.sampled_from([100, 180, 183, 200, 202, 302, 401, 404, 408, 422, 481, 486, 487, 491, 500, 503, 603])
RELIABLE = st.sampled_from(
    ["", *(f"Require: 100rel\r\nRSeq: {number}\r\nMin-SE: {3000 + number}\r\n" for number in (1, 2, 3))]
)
TAGS = st.sampled_from(["", "one", "two", "three"])
PAUSES = st.sampled_from([0.0, 0.1, 0.6, 2.0, 5.0, 31.0, 33.0, 181.0])


def check_idle(peer: Peer) -> None:
    for leg in peer.engine.legs():
        peer.engine.end(leg, peer.now)
    peer.take()
    peer.wait(1000)
    assert peer.engine.legs() == []
    assert peer.engine.get_timer() is None
    assert peer.engine.idle()


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["udp", "tcp"]),
    st.booleans(),
    st.lists(st.tuples(PAUSES, STATUSES, TAGS, st.integers(0, 3), RELIABLE), max_size=12),
    st.integers(0, 12),
)
def test_any_order_of_responses_and_timers_to_an_invite_ends_in_terminated(
    transport: str, offer: bool, answers: list[tuple[float, int, str, int, str]], give_up: int
) -> None:
    """RFC 3261 17.1.1, 9.1, 13.2: told exactly once how it ended, whatever the peer says and when."""
    peer = Peer(transport)
    peer.invite(body=b"offer" if offer else b"")
    for number, (pause, status, tag, which, extra) in enumerate(answers):
        peer.wait(pause)
        if number == give_up:
            peer.engine.end(LEG, peer.now)
            peer.take()
        requests = [m for m in peer.sent if isinstance(m, Request) and m.method != "ACK"]
        peer.answer(requests[-1 - which % len(requests)], status, tag, extra=extra)
        if not offer:
            peer.engine.ack(LEG, b"answer", peer.now)
            peer.take()
    answered = len(peer.of(Answered))
    assert answered <= 1
    check_idle(peer)
    assert len(peer.of(Failed)) == (0 if answered else 1)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["udp", "tcp"]), st.lists(st.tuples(PAUSES, STATUSES), max_size=8))
def test_any_order_of_responses_and_timers_to_a_request_ends_in_terminated(
    transport: str, answers: list[tuple[float, int]]
) -> None:
    peer = Peer(transport)
    headers = Headers([("From", "<sip:a@b>"), ("To", "<sip:a@b>")])
    peer.engine.request(Request("REGISTER", "sip:b", headers), peer.flow, peer.now)
    peer.take()
    for pause, status in answers:
        peer.wait(pause)
        peer.answer(peer.requests("REGISTER")[0], status)
    check_idle(peer)
    assert len(peer.of(Responded)) == 1


METHODS = st.sampled_from(
    ["INVITE", "ACK", "CANCEL", "BYE", "UPDATE", "PRACK", "INFO", "OPTIONS", "REFER", "SUBSCRIBE"]
)
EXTRAS = st.sampled_from(
    [
        "",
        "Supported: 100rel, timer\r\nSession-Expires: 100\r\n",
        "Require: 100rel\r\n",
        "Session-Expires: 90;refresher=uas\r\n",
    ]
)
DEEDS = st.sampled_from(["ring", "early", "accept", "refuse", "end", "reinvite", "info", "close", ""])


SDP = (("Content-Type", "application/sdp"),)


def deed_on(side: Peer | Side, leg: LegId, deed: str, now: float) -> None:
    engine = side.engine
    if deed == "ring":
        engine.ring(leg, now)
    elif deed == "early":
        engine.ring(leg, now, status=183, body=b"answer")
    elif deed == "accept":
        engine.accept(leg, now, body=b"answer")
    elif deed == "refuse":
        engine.refuse(leg, 486, now)
    elif deed == "end":
        engine.end(leg, now)
    elif deed == "reinvite":
        engine.reinvite(leg, b"offer", now)
    elif deed == "info":
        engine.request_in(leg, "INFO", now)
    elif deed == "update":
        engine.request_in(leg, "UPDATE", now, extra=SDP, body=b"offer")


def rack(peer: Peer, tag: str, cseq: int) -> None:
    """PRACK whatever reliable provisional came last."""
    numbers = [message.headers.get("RSeq") for message in peer.sent if "RSeq" in message.headers]
    if numbers:
        peer.send("PRACK", cseq + 10, tag=tag, extra=f"RAck: {numbers[-1]} {cseq} INVITE\r\n")


def act(peer: Peer, deed: str) -> None:
    for leg in peer.engine.legs():
        deed_on(peer, leg, deed, peer.now)
    if deed == "close" and peer.flow.reliable:
        peer.engine.flow_closed(peer.flow, peer.now)
    peer.take()


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["udp", "tcp"]),
    EXTRAS,
    st.lists(st.tuples(PAUSES, METHODS, st.integers(1, 4), st.booleans(), st.integers(0, 3), DEEDS), max_size=14),
)
def test_any_order_of_requests_deeds_and_timers_becomes_idle(
    transport: str, extra: str, steps: list[tuple[float, str, int, bool, int, str]]
) -> None:
    """RFC 3261 17.2, 12.2.2, 9.2: nothing that a caller sends, in whatever order, leaves anything behind."""
    peer = Peer(transport)
    tag = ""
    for pause, method, cseq, inside, branch, deed in steps:
        peer.wait(pause)
        peer.send(
            method, cseq, tag=tag if inside else "", branch=f"z9hG4bK{branch}" if branch else "", extra=extra, body=b"x"
        )
        act(peer, deed)
        if method == "PRACK" and inside:
            rack(peer, tag, cseq)
        for leg in peer.engine.legs():
            ids = peer.engine.dialog_ids(leg)
            tag = ids[1] if ids else tag
    check_idle(peer)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_spoilt_message_never_raises(data: st.DataObject) -> None:
    """A message with a few bytes changed is answered, dropped or served, and never more."""
    peer = Peer(data.draw(st.sampled_from(["udp", "tcp", "ws"])))
    peer.send("INVITE", body=b"offer")
    text = bytearray(
        b"INVITE sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa;rport\r\n"
        b'Max-Forwards: 70\r\nFrom: "A" <sip:ann@192.0.2.2>;tag=x\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: c\r\n'
        b"CSeq: 1 INVITE\r\nContact: <sip:ann@192.0.2.2>\r\nContent-Length: 0\r\n\r\n"
    )
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    flow = Flow(peer.flow.transport, peer.flow.local, peer.flow.remote, 77)
    peer.engine.receive(bytes(text), flow, peer.now)
    peer.take()
    check_idle(peer)


def polite(side: Side, pair: EnginePair) -> None:
    """Let a side answer whatever needs an answer."""

    def handle(event: Event) -> None:
        if isinstance(event, Requested):
            side.engine.respond(event.transaction, 200, pair.now)
        elif isinstance(event, Reinvited):
            side.engine.accept(event.leg, pair.now, body=b"answer")

    side.handler = handle


DO = st.sampled_from(
    [
        "ring",
        "early",
        "accept",
        "refuse",
        "end a",
        "end b",
        "reinvite a",
        "reinvite b",
        "info a",
        "update a",
        "update b",
    ]
)


def do(pair: EnginePair, deed: str) -> None:
    side = pair.b if deed in {"ring", "early", "accept", "refuse"} or deed.endswith("b") else pair.a
    for leg in side.engine.legs():
        deed_on(side, leg, deed.partition(" ")[0], pair.now)
    pair.collect()


def ends_once(side: Side) -> None:
    ended = [event.leg for event in side.events if isinstance(event, (Failed, Ended, Cancelled))]
    assert len(ended) == len(set(ended))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**16),
    st.builds(
        Weather, st.sampled_from([0.0, 0.1, 0.3]), st.sampled_from([0.0, 0.3]), jitter=st.sampled_from([0.0, 0.7])
    ),
    st.lists(st.tuples(st.sampled_from([0.0, 0.05, 0.3, 1.0, 4.0, 950.0]), DO), max_size=10),
)
def test_two_engines_in_any_weather_agree_and_become_idle(
    seed: int, weather: Weather, deeds: list[tuple[float, str]]
) -> None:
    """Lost, doubled, late and reordered datagrams: both sides end each leg once, and hold nothing afterwards."""
    pair = EnginePair(weather=weather, seed=seed)
    polite(pair.a, pair)
    polite(pair.b, pair)
    pair.call(pair.a)
    for pause, deed in deeds:
        pair.run(pause)
        do(pair, deed)
    pair.run(80)
    do(pair, "end a")
    do(pair, "end b")
    pair.run(800)
    assert pair.idle()
    ends_once(pair.a)
    ends_once(pair.b)
    assert len(pair.b.of(Invited)) <= 1


def test_lost_ack_lost_200_and_lost_bye_are_made_good() -> None:
    """RFC 3261 13.3.1.4 and 17.1.2.2: the first copy of each is lost."""
    pair = EnginePair()
    seen: set[str] = set()

    def first_copy(text: str) -> bool:
        kind = text.partition("\r\n")[0].partition(" sip:")[0]
        new = kind not in seen
        seen.add(kind)
        return new

    pair.a.drop = pair.b.drop = first_copy
    mine, _ = pair.talk(3)
    assert len(pair.a.of(Answered)) == 1
    pair.run(5)
    pair.a.engine.end(mine, pair.now)
    pair.run(5)
    assert [event.cause for event in pair.b.of(Ended)] == ["bye"]
    pair.run()
    assert pair.idle()
