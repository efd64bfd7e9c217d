"""WAV files that people and phones leave, and the music that is shipped."""

import struct
from importlib.resources import files

import pytest

from vorzimmer.audio import pcm, tones, wav
from vorzimmer.audio.detect import peaks, spells, tone
from vorzimmer.kernel.errors import PeerError

DIAL = tones.frame("dial", "DE", 0, 8_000)


def file(kind: int, channels: int, bits: int, body: bytes, *, rate: int = 8_000, size: int | None = None) -> bytes:
    form = struct.pack("<HHIIHH", kind, channels, rate, 0, 0, bits)
    junk = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    data = b"data" + struct.pack("<I", len(body) if size is None else size) + body
    return b"RIFF\0\0\0\0WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + junk + data


def values(body: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(body) // 2}h", body)


def test_what_is_written_reads_back() -> None:
    assert wav.read(wav.write(DIAL, 8_000)) == wav.Sound(DIAL, 8_000)


def test_reading_at_another_rate_keeps_the_pitch() -> None:
    sound = wav.read(wav.write(DIAL, 8_000), 16_000)
    assert sound.rate == 16_000
    assert tone(sound.pcm, 16_000).frequency == pytest.approx(425, abs=1)


@pytest.mark.parametrize(
    ("kind", "bits", "body", "read"),
    [
        (1, 8, bytes((0, 128, 255)), (-32_768, 0, 32_512)),
        (1, 16, struct.pack("<3h", -5, 0, 7), (-5, 0, 7)),
        (1, 24, b"\xff\x01\x02\x00\x00\x80", (0x0201, -32_768)),
        (1, 32, struct.pack("<2i", 5 << 16, -(5 << 16)), (5, -5)),
        (3, 32, struct.pack("<4f", 1.0, -2.0, float("nan"), float("inf")), (32_767, -32_768, 0, 32_767)),
        (6, 8, pcm.alaw_encode(struct.pack("<2h", 8, -8)), (8, -8)),
        (7, 8, pcm.ulaw_encode(struct.pack("<2h", 0, 0)), (0, 0)),
    ],
)
def test_all_usual_codings(kind: int, bits: int, body: bytes, read: tuple[int, ...]) -> None:
    assert values(wav.read(file(kind, 1, bits, body)).pcm) == read


def test_stereo_is_mixed_down() -> None:
    assert values(wav.read(file(1, 2, 16, struct.pack("<5h", 10, 20, -4, -6, 99))).pcm) == (15, -5)


def test_the_extensible_format_names_the_real_one() -> None:
    form = struct.pack("<HHIIHH", 0xFFFE, 1, 8_000, 0, 0, 16) + bytes(8) + b"\x01\x00" + bytes(14)
    data = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 2) + b"\x05\0"
    assert values(wav.read(data).pcm) == (5,)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_file_whose_recorder_was_killed_is_read_to_its_end(size: int) -> None:
    assert wav.read(file(1, 1, 16, DIAL, size=size)).pcm == DIAL


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"ID3" + bytes(100),
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata\2\0\0\0ab",
        file(1, 1, 16, b"")[:30],
        file(2, 1, 4, b"ab"),
        file(1, 1, 12, b"ab"),
        file(1, 0, 16, b"ab"),
        file(1, 99, 16, b"ab"),
        file(1, 1, 16, b"ab", rate=1),
        file(1, 1, 16, b"ab", rate=10**9),
    ],
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(PeerError):
        wav.read(data)


def test_features_0_6_the_shipped_music_is_no_tone_and_never_silent() -> None:
    data = files("vorzimmer.media").joinpath("sounds/default.wav").read_bytes()
    assert len(data) <= 1_000_000
    sound = wav.read(data)
    assert -32 < pcm.level(sound.pcm) < -12
    length = sound.rate * 2
    for at in range(0, len(sound.pcm) - length, length):
        second = sound.pcm[at : at + length]
        assert all(abs(f - 425) > 25 for f in peaks(second, sound.rate, 4))
    whole = spells(sound.pcm, sound.rate)
    assert len(whole) == 1
    seam = pcm.samples_of(sound.pcm[-2:] + sound.pcm[:2])
    assert abs(int(seam[1]) - int(seam[0])) < 3_000
