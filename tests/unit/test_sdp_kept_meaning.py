"""What a description means is kept with the description, and keys with nothing else."""

import gc

import msgspec
import pytest

from vorzimmer.calls import sound
from vorzimmer.sdp import negotiate
from vorzimmer.sdp.message import Session
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import ProtectionError

PLAIN = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
KEY = b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"


def test_a_description_is_understood_once() -> None:
    session = parse(PLAIN)
    assert negotiate.read(session) is negotiate.read(session)


def test_another_protection_is_asked_anew() -> None:
    session = parse(PLAIN)
    negotiate.read(session, "off")
    with pytest.raises(ProtectionError):
        negotiate.read(session, "required")


def test_a_changed_description_means_something_else() -> None:
    session = parse(PLAIN)
    before = negotiate.read(session)
    held = msgspec.structs.replace(session.media[0], port=4002)
    after = negotiate.read(msgspec.structs.replace(session, media=(held,)))
    assert before.remote is not None
    assert after.remote is not None
    assert (before.remote.port, after.remote.port) == (4000, 4002)


def test_what_was_understood_is_neither_compared_nor_written_down() -> None:
    asked, fresh = parse(PLAIN), parse(PLAIN)
    negotiate.read(asked)
    assert asked == fresh
    assert hash(asked) == hash(fresh)
    assert msgspec.msgpack.encode(asked) == msgspec.msgpack.encode(fresh)


@pytest.mark.parametrize(("port", "keys", "kept"), [(b"4444", b"", 1), (b"4446", KEY, 0)])
def test_keys_do_not_outlive_the_call(port: bytes, keys: bytes, kept: int) -> None:
    sound.plan_of(PLAIN.replace(b"4000", port) + keys)
    gc.collect()
    alive = [s for s in gc.get_objects() if isinstance(s, Session) and s.media and s.media[0].port == int(port)]
    assert len(alive) == kept
