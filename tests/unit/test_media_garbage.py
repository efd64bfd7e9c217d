"""A session that is closed is gone at once: a worker never looks for cycles while somebody talks (media/embedded)."""

import gc
from collections import Counter

import pytest
from tests.media_table import G722, PCMA, A, B, Bench, voice

from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import Codec, Music, Nothing, Peer, Srtp, Tone
from vorzimmer.testing.loop import run

KEYS = Srtp("AES_CM_128_HMAC_SHA1_80", bytes(30), bytes(range(30)))


async def _call(bench: Bench, codec: Codec, srtp: Srtp | None) -> None:
    """Two talk, one is held and hears a tone, both leave."""
    pairs = [await bench.open(A, srtp=srtp), await bench.open(B, codecs=(codec,), receive_codecs=(codec,), srtp=srtp)]
    await bench.join(A, B)
    for name, pair, kind in zip((A, B), pairs, (PCMA, codec), strict=True):
        voice(bench, pair, name).say(5, kind.payload_type)
    bench.translate()
    for source in (Music(), Tone("busy"), Nothing()):
        await bench.table.hear(A, source)
        bench.play(3)
    bench.report()
    await bench.table.hear(A, Peer(EndpointId("b")))
    bench.table.close(A, bench.now)
    bench.table.close(B, bench.now)
    bench.now += 20.0
    bench.table.sweep(bench.now)
    bench.play(1)


@pytest.mark.parametrize(("codec", "srtp"), [(PCMA, None), (G722, None), (PCMA, KEYS), (G722, KEYS)])
def test_nothing_of_a_closed_session_waits_for_the_garbage_collector(codec: Codec, srtp: Srtp | None) -> None:
    async def body() -> Counter[str]:
        bench = Bench()
        await _call(bench, codec, srtp)  # whatever is loaded once
        gc.collect()
        gc.disable()
        try:
            await _call(bench, codec, srtp)
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            return Counter(type(each).__qualname__ for each in gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()

    assert not run(body())
