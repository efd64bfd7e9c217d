"""Descriptions in the manner of real phones: each is answered as a strict reader wants it."""

import pytest
from tests.sdp_checker import faults_of_answer, faults_of_next
from tests.sdp_checker import read as read_strictly

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp.crypto import Guard
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.negotiate import Ours, agreed, answer, full_offer, offer_like, read
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Format
from vorzimmer.sdp.write import write

OURS = Ours(Address("198.51.100.1", 20_000), 77, guard=Guard("optional", bytes(32)))
KEY = "inline:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0"
LONG = KEY[:-8] + "YWJjZGVm"

SNOM = """v=0
o=root 1821342 1821342 IN IP4 192.0.2.21
s=call
c=IN IP4 192.0.2.21
t=0 0
m=audio 57124 RTP/AVP 9 8 0 3 99 112 18 101
a=rtpmap:9 G722/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:3 GSM/8000
a=rtpmap:99 G726-32/8000
a=rtpmap:112 AAL2-G726-32/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv
"""
YEALINK = """v=0
o=- 20041 20041 IN IP4 192.0.2.22
s=SDP data
c=IN IP4 192.0.2.22
t=0 0
m=audio 11780 RTP/AVP 9 0 8 18 107 101
a=rtpmap:9 G722/8000
a=fmtp:9 bitrate=64000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:107 opus/48000/2
a=fmtp:107 maxplaybackrate=16000; useinbandfec=1
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv
a=rtcp:11781 IN IP4 192.0.2.22
"""
POLY = """v=0
o=- 1700000000 1700000000 IN IP4 192.0.2.23
s=Polycom IP Phone
c=IN IP4 192.0.2.23
b=AS:1024
t=0 0
a=sendrecv
m=audio 2242 RTP/AVP 9 102 0 8 18 127
a=rtpmap:9 G722/8000
a=rtpmap:102 G7221/16000
a=fmtp:102 bitrate=32000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:127 telephone-event/8000
m=video 2244 RTP/AVP 109 34
a=rtpmap:109 H264/90000
a=fmtp:109 profile-level-id=42800d; max-mbps=27600
a=rtpmap:34 H263/90000
"""
CISCO = """v=0
o=Cisco-SIPUA 26254 0 IN IP4 192.0.2.24
s=SIP Call
b=AS:4064
t=0 0
m=audio 16436 RTP/AVP 0 8 116 18 101
c=IN IP4 192.0.2.24
b=TIAS:64000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:116 iLBC/8000
a=fmtp:116 mode=20
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=yes
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
m=video 16438 RTP/AVP 100
c=IN IP4 192.0.2.24
a=rtpmap:100 H264/90000
a=sendrecv
"""
MITEL = """v=0
o=MxSIP 0 1 IN IP4 192.0.2.25
s=SIP Call
c=IN IP4 192.0.2.25
t=0 0
m=audio 3000 RTP/AVP 8 0 13
a=ptime:30
a=maxptime:60
a=silenceSupp:on - - - -
"""
GRANDSTREAM = f"""v=0
o=2001 8000 8000 IN IP4 192.0.2.26
s=SIP Call
c=IN IP4 192.0.2.26
t=0 0
m=audio 5004 RTP/SAVP 8 0 9 101
a=sendrecv
a=rtpmap:8 PCMA/8000
a=ptime:20
a=rtpmap:0 PCMU/8000
a=rtpmap:9 G722/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}|2^32
a=crypto:2 AES_CM_128_HMAC_SHA1_32 {KEY}|2^32
"""
FRITZBOX = """v=0
o=user 8132214 8132214 IN IP4 192.0.2.27
s=call
c=IN IP4 192.0.2.27
t=0 0
m=audio 7078 RTP/AVP 9 8 0 2 102 100 99 101 97 120 121
a=sendrecv
a=rtpmap:2 G726-32/8000
a=rtpmap:102 G726-32/8000
a=rtpmap:100 G726-40/8000
a=rtpmap:99 G726-24/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=rtpmap:97 iLBC/8000
a=fmtp:97 mode=30
a=rtpmap:120 PCMA/16000
a=rtpmap:121 PCMU/16000
a=rtcp:7079
"""
LINPHONE = f"""v=0
o=anna 3125 2211 IN IP4 192.0.2.28
s=Talk
c=IN IP4 192.0.2.28
t=0 0
a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics
a=record:off
m=audio 7076 RTP/SAVP 96 97 98 0 8 101 99 100
a=rtpmap:96 opus/48000/2
a=fmtp:96 useinbandfec=1
a=rtpmap:97 speex/16000
a=fmtp:97 vbr=on
a=rtpmap:98 speex/8000
a=fmtp:98 vbr=on
a=rtpmap:101 telephone-event/48000
a=rtpmap:99 telephone-event/16000
a=rtpmap:100 telephone-event/8000
a=crypto:1 AEAD_AES_128_GCM {LONG}
a=crypto:2 AES_CM_128_HMAC_SHA1_80 {KEY}
a=crypto:3 AES_256_CM_HMAC_SHA1_80 inline:{"A" * 64}
a=rtcp-fb:* trr-int 1000
a=rtcp-fb:* ccm tmmbr
m=video 0 RTP/SAVP 96
"""
BARESIP = """v=0
o=- 2890844526 2890842807 IN IP4 192.0.2.29
s=-
c=IN IP4 192.0.2.29
t=0 0
a=tool:baresip 1.0.0
m=audio 10000 RTP/AVP 96 8 0 97
b=AS:125
a=rtpmap:96 opus/48000/2
a=fmtp:96 stereo=1;sprop-stereo=1
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:97 telephone-event/8000
a=fmtp:97 0-15
a=rtcp:10001
a=sendrecv
a=label:1
a=rtcp-rsize
a=ssrc:1833041231 cname:sip:anna@192.0.2.29
a=ptime:20
"""
PJSUA = f"""v=0
o=- 3940000000 3940000000 IN IP4 192.0.2.30
s=pjmedia
b=AS:117
t=0 0
a=X-nat:0
m=audio 4000 RTP/AVP 96 97 98 99 3 0 8 9 120 121 122
c=IN IP4 192.0.2.30
b=TIAS:96000
a=rtcp:4001 IN IP4 192.0.2.30
a=sendrecv
a=rtpmap:96 speex/16000
a=rtpmap:97 speex/8000
a=rtpmap:98 speex/32000
a=rtpmap:99 iLBC/8000
a=fmtp:99 mode=30
a=rtpmap:3 GSM/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:9 G722/8000
a=rtpmap:120 telephone-event/16000
a=fmtp:120 0-16
a=rtpmap:121 telephone-event/8000
a=fmtp:121 0-16
a=rtpmap:122 telephone-event/32000
a=fmtp:122 0-16
a=ssrc:1431655765 cname:1a2b3c4d5e6f
a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:{"A" * 64}
a=crypto:3 AES_CM_128_HMAC_SHA1_80 {KEY}
a=rtcp-mux
"""
BROWSER = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS stream
m=audio 49170 RTP/AVPF 111 63 9 0 8 13 110 126
c=IN IP4 192.0.2.31
a=rtcp:9 IN IP4 0.0.0.0
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:stream track
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:3735928559 cname:abc
m=video 49170 RTP/AVPF 96 97
c=IN IP4 192.0.2.31
a=mid:1
a=bundle-only
a=rtpmap:96 VP8/90000
a=rtpmap:97 rtx/90000
"""
ALTC = """v=0
o=- 25678 753849 IN IP4 192.0.2.32
s=-
c=IN IP4 192.0.2.32
t=0 0
m=audio 12340 RTP/AVP 0 8
a=altc:1 IP6 2001:db8::32 45678
a=altc:2 IP4 192.0.2.32 12340
"""
SIX = """v=0
o=- 25678 753849 IN IP6 2001:db8::33
s=-
c=IN IP6 2001:db8::33
t=0 0
m=audio 12340 RTP/AVP 8 101
a=rtpmap:101 telephone-event/8000
"""
PHONES = {
    "snom": (SNOM, ["G722", "PCMA", "PCMU"], 101),
    "yealink": (YEALINK, ["G722", "PCMU", "PCMA", "OPUS"], 101),
    "poly": (POLY, ["G722", "PCMU", "PCMA"], 127),
    "cisco": (CISCO, ["PCMU", "PCMA"], 101),
    "mitel": (MITEL, ["PCMA", "PCMU"], None),
    "grandstream": (GRANDSTREAM, ["PCMA", "PCMU", "G722"], 101),
    "fritzbox": (FRITZBOX, ["G722", "PCMA", "PCMU"], 101),
    "linphone": (LINPHONE, ["OPUS", "PCMU", "PCMA"], 101),
    "baresip": (BARESIP, ["OPUS", "PCMA", "PCMU"], 97),
    "pjsua": (PJSUA, ["PCMU", "PCMA", "G722"], 121),
    "browser": (BROWSER, ["OPUS", "G722", "PCMU", "PCMA"], 110),
    "altc": (ALTC, ["PCMU", "PCMA"], None),
    "ipv6": (SIX, ["PCMA"], 101),
}


def body(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("name", PHONES)
def test_rfc3264_6_every_phones_offer_is_read_and_answered(name: str) -> None:
    text, formats, event = PHONES[name]
    offer = parse(body(text))
    plan = read(offer)
    assert [f.name for f in plan.formats] == formats
    assert plan.telephone_event == event
    for wanted in (DEFAULT_FORMATS, (Format("PCMA", 8),)):
        ours = answer(offer, OURS, wanted)
        assert faults_of_answer(body(text), write(ours)) == []
        result = agreed(offer, ours, we_offered=False)
        assert result.formats
        assert result.sends
        assert result.receives
        assert (result.srtp is not None) == ("crypto" in text)
        assert result.rtcp_mux == ("rtcp-mux" in text)


@pytest.mark.parametrize("name", PHONES)
def test_rfc3264_5_every_phones_offer_goes_on_to_another_phone_as_a_clean_one(name: str) -> None:
    ours = write(offer_like(read(parse(body(PHONES[name][0]))), OURS, DEFAULT_FORMATS))
    text = read_strictly(ours)
    assert text.faults == []
    (stream,) = text.streams
    assert {"PCMA/8000", "PCMU/8000", "G722/8000", "OPUS/48000/2"} <= set(stream.maps().values())
    assert stream.connection == "IN IP4 198.51.100.1"


@pytest.mark.parametrize("name", PHONES)
def test_an_offer_to_a_phone_over_udp_is_short(name: str) -> None:
    """An INVITE of ours has some 700 bytes of headers and must stay well below 1,300 (RFC 3261 section 18.1.1)."""
    ours = offer_like(read(parse(body(PHONES[name][0]))), Ours(OURS.address, OURS.session), DEFAULT_FORMATS)
    assert len(write(ours)) <= 450
    assert len([f for f in read(ours).events if f.rate not in {8_000, 48_000}]) == 0


@pytest.mark.parametrize("name", PHONES)
@pytest.mark.parametrize(
    "hold",
    ["a=sendonly", "a=inactive", "session sendonly", "session inactive", "c=IN IP4 0.0.0.0"],
)
def test_rfc3264_8_4_every_way_to_hold_and_resume(name: str, hold: str) -> None:
    text = PHONES[name][0]
    first = answer(parse(body(text)), OURS, (Format("PCMA", 8),))
    held = _hold(text, hold)
    plan = read(parse(body(held)))
    assert not plan.wants_audio
    ours = answer(parse(body(held)), OURS, (Format("PCMA", 8),), previous=first)
    assert faults_of_answer(body(held), write(ours)) == []
    assert faults_of_next(write(first), write(ours)) == []
    assert not agreed(parse(body(held)), ours, we_offered=False).sends
    again = answer(parse(body(text)), OURS, (Format("PCMA", 8),), previous=ours)
    assert faults_of_next(write(ours), write(again)) == []
    assert agreed(parse(body(text)), again, we_offered=False).sends


def _hold(text: str, hold: str) -> str:
    lines = [line for line in text.splitlines() if line != "a=sendrecv"]
    first = next(index for index, line in enumerate(lines) if line.startswith("m="))
    if hold.startswith("session "):
        lines.insert(first, f"a={hold.removeprefix('session ')}")
    elif hold.startswith("c="):
        lines = [hold if line.startswith("c=") else line for line in lines]
    else:
        lines.insert(first + 2 if lines[first + 1].startswith("c=") else first + 1, hold)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", PHONES)
def test_rfc3264_8_a_session_refresh_changes_nothing_whatever_its_version(name: str) -> None:
    text = PHONES[name][0]
    first = answer(parse(body(text)), OURS, DEFAULT_FORMATS)
    assert answer(parse(body(text)), OURS, DEFAULT_FORMATS, previous=first) is first
    origin = next(line for line in text.splitlines() if line.startswith("o="))
    words = origin.split()
    jumped = text.replace(origin, " ".join((*words[:2], "99999999999999999999", *words[3:])))
    assert answer(parse(body(jumped)), OURS, DEFAULT_FORMATS, previous=first) is first


def test_rfc3264_8_a_changed_body_counts_even_with_the_old_version() -> None:
    first = answer(parse(body(SNOM)), OURS, (Format("PCMA", 8),))
    moved = SNOM.replace("57124", "57126").replace("192.0.2.21", "192.0.2.99")
    ours = answer(parse(body(moved)), OURS, (Format("PCMA", 8),), previous=first)
    assert agreed(parse(body(moved)), ours, we_offered=False).remote == Address("192.0.2.99", 57126)


def test_rfc3264_8_1_an_added_video_line_is_refused_in_its_place_and_stays_there() -> None:
    first = answer(parse(body(SNOM)), OURS, (Format("PCMA", 8),))
    video = SNOM + "m=video 57126 RTP/AVP 99\na=rtpmap:99 H264/90000\n"
    ours = answer(parse(body(video)), OURS, (Format("PCMA", 8),), previous=first)
    assert faults_of_answer(body(video), write(ours)) == []
    assert [(m.kind, m.port) for m in ours.media] == [("audio", 20_000), ("video", 0)]
    later = full_offer(OURS, DEFAULT_FORMATS, previous=ours)
    assert faults_of_next(write(ours), write(later)) == []
    assert [(m.kind, m.port) for m in later.media] == [("audio", 20_000), ("video", 0)]


@pytest.mark.parametrize(
    "lines",
    [
        "m=image 57128 udptl t38\na=T38FaxVersion:0\n",
        "m=audio 0 RTP/AVP 8\nm=image 57128 udptl t38\n",
        "m=audio 0 RTP/AVP 8\n",
        "m=message 2855 TCP/MSRP *\n",
    ],
    ids=["T.38", "T.38 in place of audio", "audio refused", "no audio"],
)
def test_rfc3264_8_2_what_takes_audio_away_is_refused_488(lines: str) -> None:
    text = SNOM.partition("m=audio")[0] + lines
    with pytest.raises(PeerError) as caught:
        answer(parse(body(text)), OURS, DEFAULT_FORMATS)
    assert caught.value.status == 488


def test_the_first_audio_line_that_can_be_used_is_taken() -> None:
    text = SNOM.partition("m=audio")[0]
    text += "m=audio 4000 RTP/AVP 18\nm=audio 4002 RTP/AVP 8\nm=audio 4004 RTP/AVP 0\n"
    ours = answer(parse(body(text)), OURS, DEFAULT_FORMATS)
    assert [m.port for m in ours.media] == [0, 20_000, 0]
    assert faults_of_answer(body(text), write(ours)) == []
    assert agreed(parse(body(text)), ours, we_offered=False).remote == Address("192.0.2.21", 4002)


ANSWERS = {
    "one codec": ("m=audio 4000 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n", ["PCMA"]),
    "several": ("m=audio 4000 RTP/AVP 0 8\n", ["PCMU", "PCMA"]),
    "some that nobody offered": ("m=audio 4000 RTP/AVP 18 3 8\n", ["PCMA"]),
    "own numbers": ("m=audio 4000 RTP/AVP 120\na=rtpmap:120 opus/48000/2\n", ["OPUS"]),
    "static numbers without rtpmap": ("m=audio 4000 RTP/AVP 9\n", ["G722"]),
    "G.722 by its sampling rate": ("m=audio 4000 RTP/AVP 9\na=rtpmap:9 G722/16000\n", ["G722"]),
    "media-level address": ("m=audio 4000 RTP/AVP 8\nc=IN IP4 192.0.2.77\n", ["PCMA"]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_rfc3264_6_answers_of_real_phones(name: str) -> None:
    lines, formats = ANSWERS[name]
    theirs = parse(body(SNOM.partition("m=audio")[0] + lines))
    result = agreed(full_offer(OURS), theirs, we_offered=True)
    assert [f.name for f in result.formats] == formats
    assert [f.name for f in result.receive_formats] == formats


def test_rfc3264_8_3_2_a_number_that_we_have_given_away_is_not_taken_from_the_phone() -> None:
    """We called events 96; now the phone calls Opus so. It keeps its number, and we keep ours."""
    mine = (Format("OPUS", 107, 48_000, 2), Format("TELEPHONE-EVENT", 96, 48_000, 1, "0-15"))
    ours = Ours(Address("198.51.100.1", 20_000), 77, numbers=mine)
    offer = parse(body(BARESIP))
    result = agreed(offer, answer(offer, ours, DEFAULT_FORMATS), we_offered=False)
    assert (result.formats[0].payload_type, result.receive_formats[0].payload_type) == (96, 107)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b"m=audio 20000", b"m=video 20000", "became"),
        (b"RTP/SAVP 8", b"RTP/AVP 8", "became"),
        (b"a=rtpmap:8 PCMA", b"a=rtpmap:8 PCMU", "8 is"),
        (b"SAVP 8", b"SAVP 99", "numbers"),
        (b"a=sendrecv", b"a=sendonly", ""),
        (b"a=crypto:1", b"a=crypto:5", "keys"),
        (b"a=crypto", b"a=other", "without a key"),
        (b"a=ptime:20", b"a=rtcp-mux", "rtcp-mux"),
        (b"t=0 0\r\n", b"", "missing"),
        (b"a=sendrecv\r\n", b"a=sendrecv\n", "CRLF"),
        (b"o=- 77 1", b"o=- 77 x", "o="),
    ],
)
def test_the_strict_reader_sees_faults(old: bytes, new: bytes, fault: str) -> None:
    offer = body(GRANDSTREAM.replace("a=sendrecv", "a=recvonly") if new == b"a=sendonly" else GRANDSTREAM)
    ours = write(answer(parse(body(GRANDSTREAM)), OURS, (Format("PCMA", 8),)))
    assert faults_of_answer(body(GRANDSTREAM), ours) == []
    broken = faults_of_answer(offer, ours.replace(old, new))
    assert (broken == []) == (fault == "")
    assert fault in " ".join(broken)
