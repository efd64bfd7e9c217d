"""Properties of SDP: nothing is lost, nothing but a PeerError comes of garbage, answers stay within the offer."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sdp_checker import faults_of_answer, faults_of_next

from vorzimmer.calls.sound import answer as sound_answer
from vorzimmer.calls.sound import first_offer, next_offer
from vorzimmer.calls.state import Sound
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.sdp.crypto import Guard
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.message import Attribute, Connection, Line, Media, Origin, Session
from vorzimmer.sdp.negotiate import Ours, agreed, answer, full_offer, offer_like, read
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Format
from vorzimmer.sdp.write import write

OURS = Ours(Address("198.51.100.1", 20_000), 77)
words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/:[]"), min_size=1, max_size=8)
values = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=12)
hosts = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
connections = st.builds(Connection, st.sampled_from(["IP4", "IP6"]), words)
attributes = st.lists(st.builds(Attribute, words, st.none() | values), max_size=4).map(tuple)
lines = st.lists(st.builds(Line, st.sampled_from("bkQ"), values), max_size=3).map(
    lambda found: tuple(sorted(found, key=lambda line: "bkQ".index(line.kind)))
)
media = st.builds(
    Media,
    kind=words,
    port=st.integers(0, 65_535),
    protocol=words,
    formats=st.lists(words, max_size=4).map(tuple),
    count=st.integers(0, 9),
    connection=st.none() | connections,
    lines=lines,
    attributes=attributes,
)
sessions = st.builds(
    Session,
    origin=st.builds(Origin, words, words, words, st.sampled_from(["IP4", "IP6"]), words),
    name=values.filter(bool),
    connection=st.none() | connections,
    timing=st.lists(values, min_size=1, max_size=2).map(tuple),
    lines=lines,
    attributes=attributes,
    media=st.lists(media, max_size=4).map(tuple),
)

_MAPS = [
    "PCMA/8000",
    "PCMU/8000",
    "G722/8000",
    "opus/48000/2",
    "GSM/8000",
    "telephone-event/8000",
    "telephone-event/48000",
]
_KINDS = ["audio", "audio", "video", "image", "application"]
_PROTOCOLS = ["RTP/AVP", "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF", "udptl"]
_KEYS = [
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40,
    "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" + "B" * 40 + "|2^31",
    "a=crypto:3 AEAD_AES_256_GCM inline:" + "C" * 60,
    "a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:" + "D" * 40 + "|1:4",
    "a=crypto:5 UNKNOWN inline:x",
]
guards = st.builds(Guard, st.sampled_from(["off", "optional", "required"]), st.binary(min_size=32, max_size=32))


@st.composite
def streams(draw: st.DrawFn) -> str:
    numbers = draw(st.lists(st.sampled_from([0, 3, 8, 9, 18, 96, 97, 101, 111, 127]), min_size=1, max_size=6))
    port = draw(st.sampled_from([0, 4000, 4002]))
    text = [
        f"m={draw(st.sampled_from(_KINDS))} {port} {draw(st.sampled_from(_PROTOCOLS))} {' '.join(map(str, numbers))}"
    ]
    text += [f"a=rtpmap:{n} {draw(st.sampled_from(_MAPS))}" for n in numbers if n > 95 or draw(st.booleans())]
    text += draw(st.lists(st.sampled_from(["a=sendonly", "a=inactive"]), max_size=1))
    text += draw(st.lists(st.sampled_from(["a=ptime:30", "c=IN IP4 0.0.0.0"]), max_size=2))
    text += draw(st.lists(st.sampled_from([*_KEYS, "a=rtcp-mux", "a=rtcp:4001"]), max_size=3, unique=True))
    return "\n".join(text)


offers = st.lists(streams(), min_size=1, max_size=4).map(
    lambda found: parse(("v=0\no=- 1 1 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.4\n" + "\n".join(found)).encode())
)
wishes = st.permutations(DEFAULT_FORMATS).flatmap(lambda order: st.integers(1, 4).map(lambda n: tuple(order[:n])))


@given(sessions)
@settings(max_examples=150)
def test_what_is_written_reads_back_equal(session: Session) -> None:
    assert parse(write(session)) == session


@given(st.binary(max_size=300) | values.map(lambda t: f"v=0\no=- 1 1 IN IP4 192.0.2.3\n{t}".encode()))
@settings(max_examples=200)
def test_garbage_gives_a_value_or_a_peer_error(data: bytes) -> None:
    with contextlib.suppress(PeerError):
        session = parse(data)
        assert parse(write(session)) == session
        read(session)


@given(offers, wishes)
@settings(max_examples=200)
def test_answers_stay_within_the_offer(offer: Session, wanted: tuple[Format, ...]) -> None:
    with contextlib.suppress(PeerError):
        ours = answer(offer, OURS, wanted)
        assert [m.kind for m in ours.media] == [m.kind for m in offer.media]
        for asked, given_ in zip(offer.media, ours.media, strict=True):
            assert set(given_.formats) <= set(asked.formats)
        assert sum(1 for m in ours.media if m.port) == 1
        assert {f.key for f in read(ours).formats} <= {f.key for f in wanted}
        plan = agreed(offer, ours, we_offered=False)
        assert plan.formats
        assert [f.key for f in plan.formats] == [f.key for f in plan.receive_formats]


@given(offers, wishes)
@settings(max_examples=150)
def test_a_call_through_us_agrees_on_both_legs(offer: Session, wanted: tuple[Format, ...]) -> None:
    with contextlib.suppress(PeerError):
        to_b = offer_like(read(offer), OURS)
        from_b = answer(to_b, OURS, wanted)
        to_a = answer(offer, OURS, read(from_b).formats)
        a, b = agreed(offer, to_a, we_offered=False), agreed(to_b, from_b, we_offered=True)
        assert [f.key for f in a.formats] == [f.key for f in b.formats]


@given(offers, wishes)
@settings(max_examples=100)
def test_later_descriptions_keep_every_stream(offer: Session, wanted: tuple[Format, ...]) -> None:
    with contextlib.suppress(PeerError):
        first = answer(offer, OURS, wanted)
        later = full_offer(OURS, wanted, previous=first)
        assert [m.kind for m in later.media] == [m.kind for m in first.media]
        assert int(later.origin.version) - int(first.origin.version) == (later != first)


@given(offers, wishes, guards)
@settings(max_examples=150)
def test_a_strict_reader_is_content_with_any_answer(offer: Session, wanted: tuple[Format, ...], guard: Guard) -> None:
    """RFC 3264 section 6, RFC 4568 section 5.1.2."""
    with contextlib.suppress(PeerError):
        ours = answer(offer, Ours(OURS.address, OURS.session, guard=guard), wanted)
        assert faults_of_answer(write(offer), write(ours)) == []
        srtp = agreed(offer, ours, we_offered=False).srtp
        assert srtp is not None or guard.srtp != "required"
        assert srtp is None or (guard.srtp != "off" and srtp.send_key != srtp.receive_key)


@st.composite
def talks(draw: st.DrawFn) -> list[bytes]:
    """What one phone offers one after the other: the same streams and numbers, other formats, ports and directions."""
    maps = {n: draw(st.sampled_from(_MAPS)) for n in (96, 97, 101, 107)}
    kinds = ["audio", *draw(st.lists(st.sampled_from(_KINDS), max_size=2))]
    texts = []
    for _ in range(draw(st.integers(1, 4))):
        text = "v=0\r\no=- 1 1 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n"
        for kind in kinds:
            numbers = draw(st.lists(st.sampled_from([0, 8, 9, *maps]), min_size=1, max_size=5, unique=True))
            text += f"m={kind} {draw(st.sampled_from([0, 4000, 4002]))} RTP/AVP {' '.join(map(str, numbers))}\r\n"
            text += "".join(f"a=rtpmap:{n} {maps[n]}\r\n" for n in numbers if n in maps)
            text += draw(st.sampled_from(["", "a=sendonly\r\n", "a=inactive\r\n"]))
        texts.append(text.encode())
    return texts


@given(talks(), wishes)
@settings(max_examples=150)
def test_rfc3264_8_a_strict_reader_is_content_with_any_next_description(
    texts: list[bytes], wanted: tuple[Format, ...]
) -> None:
    sound, body = first_offer(Sound(EndpointId("x"), OURS.address, OURS.session), wanted)
    for offer in texts:
        with contextlib.suppress(PeerError):
            sound, said = sound_answer(sound, offer, wanted)
            assert faults_of_next(body, said) == []
            body = write(next_offer(sound, (*wanted, *sound.can)))
            assert faults_of_next(said, body) == []
            body = said
