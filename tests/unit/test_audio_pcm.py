"""PCM: laws, mixing, levels, resampling, codecs."""

import math
import struct

import pytest

from vorzimmer.audio import pcm, tones
from vorzimmer.audio.codecs import G722, Coder, coder
from vorzimmer.audio.detect import tone
from vorzimmer.kernel.errors import LocalError


def samples(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}h", *values)


def sine(frequency: float, seconds: float = 0.5, rate: int = 8_000, peak: int = 32_767) -> bytes:
    count = int(seconds * rate)
    return samples(*(round(peak * math.sin(2 * math.pi * frequency * n / rate)) for n in range(count)))


def test_g711_known_values() -> None:
    assert pcm.alaw_encode(samples(0, 32_767, -32_768)) == b"\xd5\xaa\x2a"
    assert pcm.ulaw_encode(samples(0, 32_767, -32_768)) == b"\xff\x80\x00"
    assert pcm.ulaw_decode(b"\xff") == samples(0)


def test_g711_every_code_word_comes_back() -> None:
    codes = bytes(range(256))
    assert pcm.alaw_encode(pcm.alaw_decode(codes)) == codes
    back = pcm.ulaw_encode(pcm.ulaw_decode(codes))
    assert [c for c in range(256) if back[c] != c] == [0x7F]  # mu-law has two zeros


def test_silence_and_levels() -> None:
    assert pcm.silence(3) == samples(0, 0, 0)
    assert pcm.level(pcm.silence(80)) == pcm.level(b"") == pcm.QUIET
    assert pcm.level(sine(1_000)) == pytest.approx(-3.01, abs=0.02)
    assert pcm.level(pcm.gain(sine(1_000), -20)) == pytest.approx(-23.01, abs=0.05)
    assert pcm.gain(samples(20_000, -20_000), 20) == samples(32_767, -32_768)


def test_a_mix_saturates_instead_of_wrapping() -> None:
    assert pcm.mix([samples(30_000, 1), samples(30_000, 2), samples(0, 3)]) == samples(32_767, 6)
    assert pcm.mix([samples(-30_000), samples(-30_000)]) == samples(-32_768)
    assert pcm.mix([samples(5), samples(1, 2)]) == samples(6, 2)
    assert pcm.mix([]) == b""


def test_resampling_keeps_pitch_and_length() -> None:
    wide = pcm.resample(sine(440), 8_000, 16_000)
    assert len(wide) == 2 * len(sine(440))
    assert tone(wide, 16_000).frequency == pytest.approx(440, abs=1)
    assert pcm.resample(wide, 16_000, 16_000) is wide


def test_streaming_resampling_gives_the_whole_stream() -> None:
    stream = pcm.Resampler(48_000, 8_000)
    source = sine(440, rate=48_000)
    pieces = [stream.feed(source[at : at + 1_920]) for at in range(0, len(source), 1_920)]
    whole = b"".join(pieces) + stream.feed(b"", last=True)
    assert abs(len(whole) - 8_000) <= 4
    assert tone(whole, 8_000).frequency == pytest.approx(440, abs=1)


@pytest.mark.parametrize(("name", "size"), [("PCMA", 160), ("PCMU", 160), ("G722", 160)])
def test_coders_pass_a_tone(name: str, size: int) -> None:
    out, back = coder(name), coder(name)
    frame = out.rate // 50
    heard = b""
    for n in range(50):
        data = out.encode(tones.frame("dial", "DE", n * frame, frame, rate=out.rate))
        assert len(data) == size
        heard += back.decode(data)
    found = tone(heard, back.rate)
    assert found.frequency == pytest.approx(425, abs=1)
    assert found.purity > 0.95


def test_g722_works_in_narrowband_too_and_takes_nothing_else() -> None:
    narrow: Coder = G722(8_000)
    assert len(narrow.encode(pcm.silence(160))) == 160
    assert len(narrow.decode(bytes(160))) == 320
    assert narrow.decode(b"") == b""
    with pytest.raises(LocalError):
        G722(48_000)
    with pytest.raises(LocalError):
        coder("OPUS")
