"""Whatever is done to a listener, it hears one stream: no number twice, no jump, time never back (RFC 3550 5.1)."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media_table import G722, OPUS, PCMA, A, B, Bench, C, headers, voice

from vorzimmer.media.port import File, Mix, Music, Nothing, Peer, Source, Tone
from vorzimmer.testing.loop import run

SOURCES: tuple[Source, ...] = (
    Peer(B),
    Peer(C),
    Mix((B, C)),
    Mix((A, B, C)),
    Mix((A, C)),
    Music(),
    Tone("busy"),
    Tone("congestion", repeat=False),
    Nothing(),
)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), st.sampled_from(SOURCES)),
        st.tuples(st.just("say"), st.tuples(st.sampled_from((B, C)), st.integers(1, 5))),
        st.tuples(st.just("restart"), st.tuples(st.sampled_from((B, C)), st.booleans())),
        st.tuples(st.just("play"), st.integers(1, 30)),
        st.tuples(st.just("wait"), st.floats(0, 20)),
        st.tuples(st.just("plan"), st.sampled_from(((PCMA,), (G722, PCMA), (OPUS, PCMA)))),
        st.tuples(st.just("direction"), st.booleans()),
    ),
    max_size=30,
)


@given(steps)
@settings(max_examples=80, deadline=None)
def test_a_listener_hears_one_stream_whatever_happens(script: list[tuple[str, object]]) -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A)
        phones = {end: voice(bench, await bench.open(end), end, ssrc=number) for number, end in enumerate((B, C), 5)}
        for step in script:
            match step:
                case ("hear", Peer() | Mix() | Music() | Tone() | Nothing() | File() as source):
                    await bench.table.hear(A, source)
                case ("say", (end, count)):
                    for _ in range(count):
                        phones[end].say()
                        bench.translate()
                case ("restart", (end, another)):
                    # Farther than 3000: a nearer one cannot be told from lost packets (RFC 3550 A.1).
                    phones[end].sequence = (phones[end].sequence + 4096) & 0xFFFF
                    phones[end].timestamp = phones[end].sequence * 7
                    phones[end].ssrc += 100 * another
                case ("play", int(ticks)):
                    bench.play(ticks)
                case ("wait", float(seconds)):
                    bench.now += seconds
                case ("plan", codecs):
                    bench.configure(A, codecs=codecs, receive_codecs=codecs)
                case ("direction", sends):
                    bench.configure(A, sends=sends)
        seen = headers(at_a)
        assert len({each.ssrc for each in seen}) <= 1
        for before, after in pairwise(seen):
            assert (after.sequence - before.sequence) & 0xFFFF == 1
            assert 0 < (after.timestamp - before.timestamp) & 0xFFFFFFFF < 1 << 31

    run(body())
