"""Offer and answer (RFC 3264): what is read, offered, answered and agreed."""

import msgspec
import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.message import Session, value_of, values_of
from vorzimmer.sdp.negotiate import Ours, agreed, answer, common, full_offer, matching, offer_like, read, read_answer
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Agreed, AudioPlan, Format, both, changes, mirrored
from vorzimmer.sdp.write import write

HEAD = "v=0\no=- 1 1 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.4\nt=0 0\n"
PCMA, PCMU, G722 = Format("PCMA", 8), Format("PCMU", 0), Format("G722", 9)
OURS = Ours(Address("198.51.100.1", 20_000), 77)
OURS_B = Ours(Address("198.51.100.1", 20_002), 78)


def sdp(*lines: str, head: str = HEAD) -> Session:
    return parse((head + "\n".join(lines) + "\n").encode())


A = sdp(
    "m=audio 4000 RTP/AVP 96 9 8 3 97",
    "a=rtpmap:96 opus/48000/2",
    "a=fmtp:96 useinbandfec=1",
    "a=rtpmap:97 telephone-event/8000",
    "a=fmtp:97 0-16",
    "a=ptime:20",
)


def refusal(session: Session) -> int:
    with pytest.raises(PeerError) as caught:
        read(session)
    return caught.value.status


def test_rfc3264_5_an_offer_is_read_in_the_peers_order() -> None:
    plan = read(A)
    assert plan.remote == Address("192.0.2.4", 4000)
    assert [f.name for f in plan.formats] == ["OPUS", "G722", "PCMA"]
    assert plan.formats[0] == Format("OPUS", 96, 48_000, 2, "useinbandfec=1")
    assert (plan.telephone_event, plan.ptime, plan.direction) == (97, 20, "sendrecv")


def test_rfc3551_6_static_numbers_need_no_rtpmap_and_an_rtpmap_wins() -> None:
    assert read(sdp("m=audio 4000 RTP/AVP 8 0 9")).formats == (PCMA, PCMU, G722)
    assert read(sdp("m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 VENDOR/8000")).formats == (PCMA,)
    assert read(sdp("m=audio 4000 RTP/AVP 100", "a=rtpmap:100 pcma/8000")).formats == (Format("PCMA", 100),)
    assert read(sdp("m=audio 4000 RTP/AVP 8 8 8")).formats == (PCMA,)


def test_phones_that_spell_g722_and_opus_their_own_way() -> None:
    plan = read(sdp("m=audio 4000 RTP/AVP 9 96", "a=rtpmap:9 G722/16000", "a=rtpmap:96 OPUS/48000"))
    assert plan.formats == (G722, Format("OPUS", 96, 48_000, 2))


def test_rfc4733_2_6_the_event_number_follows_the_audio_clock() -> None:
    events = ("a=rtpmap:110 telephone-event/48000", "a=rtpmap:101 telephone-event/8000")
    assert read(sdp("m=audio 4000 RTP/AVP 96 8 101 110", "a=rtpmap:96 opus/48000/2", *events)).telephone_event == 110
    assert read(sdp("m=audio 4000 RTP/AVP 8 96 110 101", "a=rtpmap:96 opus/48000/2", *events)).telephone_event == 101
    assert read(sdp("m=audio 4000 RTP/AVP 8 110", *events)).telephone_event == 110
    assert read(sdp("m=audio 4000 RTP/AVP 8")).telephone_event is None


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), 488),
        (("m=video 4000 RTP/AVP 31",), 488),
        (("m=audio 0 RTP/AVP 8",), 488),
        (("m=audio 4000 RTP/SAVP 8",), 488),
        (("m=audio 4000 UDP/TLS/RTP/SAVPF 8",), 488),
        (("m=audio 4000 RTP/AVP 3 18",), 488),
        (("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), 488),
        (("m=audio 4000 RTP/AVP 8", "c=IN IP4 phone.example.net"), 488),
        (("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2x"), 488),
        (("m=audio 4000 RTP/AVP 200", "a=rtpmap:200 PCMA/8000"), 488),
    ],
)
def test_rfc3264_6_what_we_cannot_do_is_a_488(lines: tuple[str, ...], status: int) -> None:
    assert refusal(sdp(*lines)) == status


def test_rfc8866_5_7_a_stream_without_any_address_is_a_400() -> None:
    assert refusal(sdp("m=audio 4000 RTP/AVP 8", head="v=0\no=- 1 1 IN IP4 192.0.2.3\ns=-\n")) == 400


@pytest.mark.parametrize(("ptime", "read_as"), [("30", 30), ("0", 20), ("x", 20), ("200", 60), ("5", 10), ("20.0", 20)])
def test_rfc8866_6_4_ptime_within_reason(ptime: str, read_as: int) -> None:
    assert read(sdp("m=audio 4000 RTP/AVP 8", f"a=ptime:{ptime}")).ptime == read_as


def test_rfc8866_6_4_maxptime_bounds_ptime() -> None:
    assert read(sdp("m=audio 4000 RTP/AVP 8", "a=ptime:40", "a=maxptime:30")).ptime == 30


def test_rfc3605_the_rtcp_attribute_names_port_and_host() -> None:
    assert read(sdp("m=audio 4000 RTP/AVP 8", "a=rtcp:5000")).rtcp == Address("192.0.2.4", 5000)
    other = sdp("m=audio 4000 RTP/AVP 8", "a=rtcp:5000 IN IP4 192.0.2.9")
    assert read(other).rtcp == Address("192.0.2.9", 5000)
    assert read(sdp("m=audio 4000 RTP/AVP 8", "a=rtcp:999999")).rtcp is None


@pytest.mark.parametrize("word", ["sendonly", "recvonly", "inactive", "sendrecv"])
def test_rfc3264_5_1_direction_at_media_or_session_level(word: str) -> None:
    assert read(sdp("m=audio 4000 RTP/AVP 8", f"a={word}")).direction == word
    assert read(sdp(f"a={word}", "m=audio 4000 RTP/AVP 8")).direction == word
    assert read(sdp("a=inactive", "m=audio 4000 RTP/AVP 8", f"a={word}")).direction == word


@pytest.mark.parametrize("nowhere", ["c=IN IP4 0.0.0.0", "c=IN IP6 ::"])
def test_rfc3264_8_4_the_old_hold_by_a_null_address(nowhere: str) -> None:
    plan = read(sdp("m=audio 4000 RTP/AVP 8", nowhere))
    assert (plan.remote, plan.direction) == (None, "inactive")


def test_offer_for_the_other_leg_keeps_order_numbers_and_parameters() -> None:
    ours = offer_like(read(A), OURS_B)
    assert ours.media[0].formats == ("96", "9", "8", "97")
    assert values_of(ours.media[0].attributes, "fmtp") == ("96 useinbandfec=1", "97 0-16")
    assert "97 telephone-event/8000" in values_of(ours.media[0].attributes, "rtpmap")
    assert (ours.connection.host if ours.connection else "", ours.media[0].port) == OURS_B.address
    assert (ours.origin.session, ours.origin.version) == ("78", "1")
    assert read(ours).formats == read(A).formats
    assert parse(write(ours)) == ours


def test_rfc4733_2_6_formats_behind_the_callers_bring_the_events_of_their_clock() -> None:
    opus = sdp("m=audio 4000 RTP/AVP 96 97", "a=rtpmap:96 opus/48000/2", "a=rtpmap:97 telephone-event/48000")
    assert [(e.rate, e.payload_type) for e in read(offer_like(read(opus), OURS, (PCMA,))).events] == [
        (48_000, 97),
        (8_000, 101),
    ]
    pcma = sdp("m=audio 4000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000")
    fast = (Format("OPUS", 107, 48_000, 2),)
    assert [e.rate for e in read(offer_like(read(pcma), OURS, fast)).events] == [8_000, 48_000]
    # The clocks that the caller has chosen for its own formats are kept, and who has no events is offered none.
    both = sdp("m=audio 4000 RTP/AVP 96 101", "a=rtpmap:96 opus/48000/2", "a=rtpmap:101 telephone-event/8000")
    assert [e.rate for e in read(offer_like(read(both), OURS, (PCMA,))).events] == [8_000]
    assert read(offer_like(read(sdp("m=audio 4000 RTP/AVP 8")), OURS, fast)).events == ()


def test_offer_drops_parameters_that_could_hurt_the_other_phone() -> None:
    evil = sdp("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 x=\x1b[31m" + "y" * 9_000)
    assert read(evil).formats[0].fmtp == ""


def test_full_offer_has_events_for_every_clock() -> None:
    plan = read(full_offer(OURS))
    assert [f.name for f in plan.formats] == ["OPUS", "G722", "PCMA", "PCMU"]
    assert [(e.rate, e.payload_type) for e in plan.events] == [(8_000, 101), (48_000, 96)]
    assert [e.rate for e in read(full_offer(OURS, (PCMA,))).events] == [8_000]
    assert read(full_offer(OURS, (PCMA,), event=None)).telephone_event is None


def test_rfc3264_8_3_2_event_numbers_keep_their_meaning() -> None:
    fast = sdp("m=audio 4000 RTP/AVP 107 101", "a=rtpmap:107 opus/48000/2", "a=rtpmap:101 telephone-event/48000")
    ours = answer(fast, OURS, (Format("OPUS", 107, 48_000, 2),))
    again = read(full_offer(OURS, (Format("OPUS", 107, 48_000, 2), PCMA), event=101, previous=ours))
    assert [(e.rate, e.payload_type) for e in again.events] == [(8_000, 96), (48_000, 101)]
    taken = read(full_offer(OURS, (Format("OPUS", 101, 48_000, 2),)))
    assert [(e.rate, e.payload_type) for e in taken.events] == [(8_000, 96), (48_000, 97)]
    assert read(full_offer(OURS, (PCMA,), event=96, previous=full_offer(OURS, (PCMA,), event=99))).telephone_event == 99


def test_a_description_of_ours_survives_being_written_down() -> None:
    """Decision 2: calls are values; hostile bytes of the offer must not make ours impossible to store."""
    raw = write(sdp("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2")).replace(b"t=0 0", b"t=\xff \x1b")
    evil = parse(raw.replace(b"a=rtpmap", b"a=fmtp:96 \xff\r\na=rtpmap"))
    ours = answer(evil, OURS, DEFAULT_FORMATS)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(ours), type=Session) == ours
    plan = agreed(evil, ours, we_offered=False)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(plan), type=Agreed) == plan


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("IN IP6 2001:DB8:0::0001", "2001:db8::1"),
        ("IN IP6 [2001:db8::1]", "2001:db8::1"),
        ("IN IP6 ::ffff:192.0.2.4", "192.0.2.4"),
        ("IN IP6 64:ff9b::c000:204", "64:ff9b::c000:204"),
    ],
)
def test_rfc5118_addresses_are_spelled_as_sockets_do(written: str, host: str) -> None:
    plan = read(sdp("m=audio 4000 RTP/AVP 8", f"c={written}"))
    assert plan.remote == Address(host, 4000)


def test_an_address_with_a_zone_is_no_media_address() -> None:
    assert refusal(sdp("m=audio 4000 RTP/AVP 8", "c=IN IP6 fe80::1%eth0")) == 488


def test_rfc3264_8_the_version_rises_only_when_something_changed() -> None:
    first = offer_like(read(A), OURS)
    assert offer_like(read(A), OURS, previous=first) is first
    held = offer_like(read(A), OURS, direction="sendonly", previous=first)
    assert (held.origin.session, held.origin.version) == ("77", "2")
    moved = offer_like(read(A), Ours(Address("198.51.100.9", 4), 99), previous=held)
    assert moved.origin == first.origin.__class__("-", "77", "3", "IP4", "198.51.100.1")
    answered = answer(A, OURS, (PCMA,), previous=moved)
    assert answered.origin.version == "4"


def test_rfc3264_8_a_later_offer_keeps_the_refused_streams_in_place() -> None:
    offer = sdp("m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/AVP 8", "m=image 6000 udptl t38")
    ours = answer(offer, OURS, (PCMA,))
    again = full_offer(OURS, (PCMA, PCMU), previous=ours)
    assert [(m.kind, m.port) for m in again.media] == [("video", 0), ("audio", 20_000), ("image", 0)]
    assert again.media[1].formats == ("8", "0", "101")


def test_rfc3264_6_an_answer_uses_the_offerers_numbers() -> None:
    ours = answer(A, OURS, (Format("OPUS", 107, 48_000, 2),))
    assert ours.media[0].formats == ("96", "97")
    assert value_of(ours.media[0].attributes, "rtpmap") == "96 opus/48000/2"


def test_rfc3264_6_events_are_answered_only_if_offered() -> None:
    assert answer(sdp("m=audio 4000 RTP/AVP 8"), OURS, (PCMA,)).media[0].formats == ("8",)


def test_rfc3264_6_all_other_streams_are_refused_in_place() -> None:
    offer = sdp(
        "m=application 7000 TCP/BFCP *",
        "m=audio 4000 RTP/AVP 8",
        "m=audio 4002 RTP/AVP 0",
        "m=video 5000 RTP/AVPF 31 34",
        "m=image 6000 udptl t38",
        "m=text 0 RTP/AVP 98",
    )
    ours = answer(offer, OURS, (PCMA, PCMU))
    assert [(m.kind, m.port, m.protocol) for m in ours.media] == [
        ("application", 0, "TCP/BFCP"),
        ("audio", 20_000, "RTP/AVP"),
        ("audio", 0, "RTP/AVP"),
        ("video", 0, "RTP/AVPF"),
        ("image", 0, "udptl"),
        ("text", 0, "RTP/AVP"),
    ]
    assert ours.media[3].formats == ("31", "34")


def test_rfc8843_7_3_bundle_is_left_out() -> None:
    offer = sdp(
        "a=group:BUNDLE 0", "m=audio 4000 RTP/AVP 8", "a=rtcp-mux", "a=mid:0", "a=candidate:1 1 UDP 1 192.0.2.4 1"
    )
    text = write(answer(offer, OURS, (PCMA,)))
    assert not any(word in text for word in (b"BUNDLE", b"mid", b"candidate"))


def test_rfc5761_5_1_1_rtcp_mux_is_taken_where_it_is_offered_and_kept() -> None:
    offer = sdp("m=audio 4000 RTP/AVP 8", "a=rtcp-mux")
    ours = answer(offer, OURS, (PCMA,))
    assert b"a=rtcp-mux" in write(ours)
    assert agreed(offer, ours, we_offered=False).rtcp_mux
    assert b"a=rtcp-mux" in write(full_offer(OURS, (PCMA,), previous=ours))
    plain = sdp("m=audio 4000 RTP/AVP 8")
    assert b"rtcp-mux" not in write(answer(plain, OURS, (PCMA,), previous=ours))
    assert not agreed(full_offer(OURS, (PCMA,)), offer, we_offered=True).rtcp_mux


def test_the_savp_twin_of_a_stream_is_passed_over() -> None:
    offer = sdp("m=audio 4000 RTP/SAVP 8", "m=audio 4000 RTP/AVP 8")
    assert [m.port for m in answer(offer, OURS, (PCMA,)).media] == [0, 20_000]


@pytest.mark.parametrize(
    ("offered", "wish", "answered"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
    ],
)
def test_rfc3264_6_1_the_answer_mirrors_the_direction(offered: str, wish: str, answered: str) -> None:
    offer = sdp("m=audio 4000 RTP/AVP 8", f"a={offered}")
    assert read(answer(offer, OURS, (PCMA,), direction=wish)).direction == answered  # type: ignore[arg-type]  # table


def test_rfc3264_8_4_a_null_address_is_answered_inactive_with_our_address() -> None:
    ours = answer(sdp("m=audio 4000 RTP/AVP 8", "c=IN IP4 0.0.0.0"), OURS, (PCMA,))
    assert (read(ours).direction, read(ours).remote) == ("inactive", OURS.address)


def test_rfc3264_6_without_a_common_codec_488() -> None:
    with pytest.raises(PeerError) as caught:
        answer(sdp("m=audio 4000 RTP/AVP 8"), OURS, (PCMU,))
    assert caught.value.status == 488
    assert common((PCMA,), (PCMU,)) is None


def test_rfc3264_6_1_the_common_codec_is_the_answerers_first_choice() -> None:
    offered = (Format("OPUS", 96, 48_000, 2, "a=1"), PCMA, PCMU)
    wanted = (G722, PCMU, Format("OPUS", 111, 48_000, 2, "b=2"))
    assert common(offered, wanted) == PCMU
    assert matching(offered, wanted) == (PCMU, Format("OPUS", 96, 48_000, 2, "b=2"))


def test_two_opus_numbers_are_answered_with_the_first() -> None:
    assert (
        matching((Format("OPUS", 96, 48_000, 2), Format("OPUS", 97, 48_000, 2)), (Format("OPUS", 5, 48_000, 2),))[
            0
        ].payload_type
        == 96
    )


def test_rfc3264_6_agreed_as_offerer_and_as_answerer() -> None:
    ours = offer_like(read(A), OURS_B)
    theirs = sdp("m=audio 9000 RTP/AVP 8 120", "a=rtpmap:120 telephone-event/8000", "a=recvonly")
    plan = agreed(ours, theirs, we_offered=True)
    assert (plan.remote, plan.formats, plan.receive_formats) == (Address("192.0.2.4", 9000), (PCMA,), (PCMA,))
    assert (plan.telephone_event, plan.receive_telephone_event) == (120, 97)
    assert (plan.sends, plan.receives) == (True, False)
    back = agreed(A, answer(A, OURS, read_answer(ours, theirs).formats), we_offered=False)
    assert (back.formats, back.telephone_event, back.sends, back.receives) == ((PCMA,), 97, True, True)


def test_rfc3264_6_1_each_side_may_number_a_dynamic_format_its_own_way() -> None:
    theirs = sdp("m=audio 9000 RTP/AVP 100", "a=rtpmap:100 opus/48000/2")
    plan = agreed(full_offer(OURS), theirs, we_offered=True)
    assert (plan.formats[0].payload_type, plan.receive_formats[0].payload_type) == (100, 107)
    assert plan.telephone_event is None
    assert plan.receive_telephone_event is None


def test_rfc4733_2_6_the_agreed_event_clock_follows_the_codec() -> None:
    theirs = sdp("m=audio 9000 RTP/AVP 107 96 101", "a=rtpmap:107 opus/48000/2")
    plan = agreed(full_offer(OURS), theirs, we_offered=True)
    assert (plan.telephone_event, plan.telephone_event_rate) == (96, 48_000)


def test_a_lazy_answer_without_rtpmap_means_the_offers_numbers() -> None:
    plan = read_answer(full_offer(OURS), sdp("m=audio 9000 RTP/AVP 107 101"))
    assert plan.formats == (Format("OPUS", 107, 48_000, 2),)
    assert plan.telephone_event == 101


@pytest.mark.parametrize(
    "lines",
    [
        ("m=audio 9000 RTP/AVP 0",),
        ("m=audio 0 RTP/AVP 8",),
        ("m=audio 9000 RTP/AVP 8", "m=video 9 RTP/AVP 31"),
    ],
)
def test_rfc3264_6_an_answer_that_is_none_ends_in_488(lines: tuple[str, ...]) -> None:
    with pytest.raises(PeerError) as caught:
        agreed(full_offer(OURS, (PCMA,)), sdp(*lines), we_offered=True)
    assert caught.value.status == 488


def test_late_offer_on_both_legs() -> None:
    """A invites without SDP, B offers in its 200; A's answer in the ACK becomes ours to B."""
    b_offer = sdp("m=audio 9000 RTP/AVP 9 8 101", "a=rtpmap:101 telephone-event/8000")
    a_offer = offer_like(read(b_offer), OURS)
    a_answer = sdp("m=audio 4000 RTP/AVP 8 101")
    b_answer = answer(b_offer, OURS_B, read_answer(a_offer, a_answer).formats)
    assert agreed(a_offer, a_answer, we_offered=True).formats == (PCMA,)
    assert agreed(b_offer, b_answer, we_offered=False).formats == (PCMA,)


def plan_of(*lines: str) -> AudioPlan:
    return read(sdp("m=audio 4000 RTP/AVP 8", *lines))


def test_hold_resume_move_and_codec_are_told_apart() -> None:
    before = plan_of()
    assert not changes(before, plan_of("a=ptime:20")).any
    for hold in ("a=sendonly", "a=inactive", "c=IN IP4 0.0.0.0"):
        held = changes(before, plan_of(hold))
        assert (held.held, held.resumed, held.moved, held.codec) == (True, False, False, False)
        assert changes(plan_of(hold), before).resumed
        assert not changes(plan_of(hold), plan_of(hold)).any
    assert changes(before, plan_of("c=IN IP4 192.0.2.99")).moved
    assert changes(before, read(sdp("m=audio 4000 RTP/AVP 0 8"))).codec
    assert not changes(before, plan_of("a=recvonly")).held


def test_rfc3264_6_1_mirroring_and_common_wishes() -> None:
    assert [mirrored(d) for d in ("sendonly", "recvonly", "inactive", "sendrecv")] == [
        "recvonly",
        "sendonly",
        "inactive",
        "sendrecv",
    ]
    assert both("sendonly", "recvonly") == "inactive"
    assert both("sendrecv", "recvonly") == "recvonly"


def test_ipv6_addresses_of_ours() -> None:
    text = write(full_offer(Ours(Address("2001:db8::5", 4000), 1), origin_free())).decode()
    assert "c=IN IP6 2001:db8::5" in text
    assert "o=- 1 1 IN IP6 2001:db8::5" in text


def origin_free() -> tuple[Format, ...]:
    return (PCMA,)


def test_rfc3389_4_comfort_noise_is_agreed_only_beside_8000_hz_audio_of_both() -> None:
    offer = sdp("m=audio 5004 RTP/AVP 8 13 101", "a=rtpmap:101 telephone-event/8000")
    ours = answer(offer, OURS, DEFAULT_FORMATS)
    assert ours.media[0].formats == ("8", "13", "101")
    assert agreed(offer, ours, we_offered=False).comfort_noise == 13
    plain = sdp("m=audio 5004 RTP/AVP 8")
    assert "13" not in answer(plain, OURS, DEFAULT_FORMATS).media[0].formats
    assert agreed(plain, answer(plain, OURS, DEFAULT_FORMATS), we_offered=False).comfort_noise is None
    wide = sdp("m=audio 5004 RTP/AVP 107 13", "a=rtpmap:107 opus/48000/2")
    assert answer(wide, OURS, DEFAULT_FORMATS).media[0].formats == ("107",)


def test_rfc3389_4_comfort_noise_of_the_caller_is_offered_to_the_called() -> None:
    caller = read(sdp("m=audio 5004 RTP/AVP 8 13"))
    ours = offer_like(caller, OURS_B)
    assert ours.media[0].formats == ("8", "13")
    taken, left = sdp("m=audio 6004 RTP/AVP 8 13"), sdp("m=audio 6004 RTP/AVP 8")
    assert agreed(ours, taken, we_offered=True).comfort_noise == 13
    assert agreed(ours, left, we_offered=True).comfort_noise is None


def test_comfort_noise_alone_is_no_audio() -> None:
    assert refusal(sdp("m=audio 5004 RTP/AVP 13")) == 488
