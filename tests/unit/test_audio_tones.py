"""National tones (FEATURES.md 0.4) and what the detector hears in them."""

import math
import struct

import pytest

from vorzimmer.audio import pcm, tones
from vorzimmer.audio.detect import Heard, hears, peaks, silent, spells, tone
from vorzimmer.kernel.errors import LocalError


def seconds(kind: str, zone: str, length: float, *, start: float = 0.0, rate: int = 8_000) -> bytes:
    return tones.frame(kind, zone, int(start * rate), int(length * rate), rate=rate)


@pytest.mark.parametrize(
    ("kind", "on", "off"), [("ringback", 1.0, 4.0), ("busy", 0.48, 0.48), ("congestion", 0.24, 0.24)]
)
def test_features_0_4_german_cadences(kind: str, on: float, off: float) -> None:
    found = spells(seconds(kind, "DE", 3 * (on + off)), 8_000)
    assert len(found) == 3
    for n, spell in enumerate(found):
        assert spell.start == pytest.approx(n * (on + off), abs=0.03)
        assert spell.end - spell.start == pytest.approx(on, abs=0.04)
        assert spell.heard.frequency == pytest.approx(425, abs=2)


def test_features_0_4_the_german_dial_tone_is_pure_and_endless() -> None:
    heard = tone(seconds("dial", "DE", 0.5, start=3_599.7), 8_000)
    assert heard.frequency == pytest.approx(425, abs=0.5)
    assert heard.purity > 0.99
    assert heard.level == pytest.approx(-15, abs=0.2)


def test_features_0_4_the_german_stutter_is_two_tones() -> None:
    assert peaks(seconds("stutter", "DE", 1), 8_000) == pytest.approx((400, 425), abs=1)


def test_features_0_4_sit_rises_in_three_steps() -> None:
    sit = seconds("sit", "DE", 1.99)
    for n, frequency in enumerate((950, 1_400, 1_800)):
        part = sit[2 * int((n * 0.33 + 0.01) * 8_000) : 2 * int((n * 0.33 + 0.32) * 8_000)]
        assert tone(part, 8_000).frequency == pytest.approx(frequency, abs=2)
    assert silent(sit[2 * 8_000 :])


def test_unavailable_is_sit_once_and_then_congestion() -> None:
    whole = seconds("unavailable", "DE", 12)
    found = spells(whole, 8_000)
    assert found[0].end == pytest.approx(0.99, abs=0.03)
    assert all(s.heard.frequency == pytest.approx(425, abs=3) for s in found[1:])
    assert len(found) == 1 + round((12 - 1.99) / 0.48)
    assert 6 < tones.once("unavailable", "DE") / 8_000 < 7.5


def test_confirm_is_three_beeps_and_then_nothing() -> None:
    assert len(spells(seconds("confirm", "DE", 10), 8_000)) == 3


@pytest.mark.parametrize(
    ("zone", "dial", "ring_on", "ring"),
    [
        ("DE", (425,), 1.0, (425,)),
        ("AT", (420,), 1.0, (420,)),
        ("CH", (425,), 1.0, (425,)),
        ("GB", (350, 440), 0.4, (400, 450)),
        ("US", (350, 440), 2.0, (440, 480)),
        ("FR", (440,), 1.5, (440,)),
    ],
)
def test_other_countries_have_their_own(
    zone: str, dial: tuple[int, ...], ring_on: float, ring: tuple[int, ...]
) -> None:
    assert peaks(seconds("dial", zone, 1), 8_000, len(dial)) == pytest.approx(dial, abs=1)
    first = spells(seconds("ringback", zone, 5), 8_000)[0]
    assert first.end - first.start == pytest.approx(ring_on, abs=0.04)
    burst = seconds("ringback", zone, ring_on)
    assert peaks(burst, 8_000, len(ring)) == pytest.approx(ring, abs=2)


def test_every_zone_has_every_kind_and_leaves_headroom() -> None:
    for zone in tones.ZONES:
        for kind in tones.KINDS:
            once = tones.once(kind, zone)
            whole = pcm.samples_of(tones.frame(kind, zone, 0, once))
            assert 0 < max(abs(int(whole.max())), abs(int(whole.min()))) <= 8_200, (zone, kind)


def test_unknown_zones_sound_german_and_unknown_kinds_are_our_bug() -> None:
    assert seconds("busy", "ZZ", 0.2) == seconds("busy", "DE", 0.2)
    with pytest.raises(LocalError):
        tones.frame("applause", "DE", 0, 160)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_tones_at_every_rate(rate: int) -> None:
    assert tone(seconds("dial", "DE", 0.5, rate=rate), rate).frequency == pytest.approx(425, abs=0.5)
    assert tones.once("ringback", "DE", rate) == 5 * rate


def test_bursts_begin_and_end_softly() -> None:
    burst = pcm.samples_of(seconds("busy", "DE", 0.48))
    assert abs(int(burst[:8].max())) < 2_500
    assert abs(int(burst[-8:].max())) < 2_500


def test_the_detector_tells_silence_noise_and_the_wrong_tone() -> None:
    assert tone(pcm.silence(8_000), 8_000) == Heard(0.0, 0.0, pcm.QUIET)
    assert silent(pcm.alaw_decode(pcm.alaw_encode(pcm.silence(8_000))))
    assert not silent(seconds("dial", "DE", 1))
    assert peaks(pcm.silence(8_000), 8_000) == ()
    assert spells(pcm.silence(8_000), 8_000) == ()
    ringing = seconds("ringback", "DE", 10)
    assert hears(ringing, 8_000, 425)
    assert not hears(ringing, 8_000, 440)
    assert not hears(seconds("stutter", "DE", 1), 8_000, 950)
    mixed = pcm.mix([seconds("dial", "DE", 1), pcm.gain(seconds("dial", "GB", 1), 3)])
    assert tone(mixed, 8_000).purity < 0.7


@pytest.mark.parametrize("frequency", [300, 420, 425, 430.5, 440, 997, 1_800, 3_300])
@pytest.mark.parametrize("law", ["a", "u", ""])
def test_half_a_second_is_enough_for_five_hertz(frequency: float, law: str) -> None:
    wave = struct.pack("<4000h", *(round(4_000 * math.sin(2 * math.pi * frequency * n / 8_000)) for n in range(4_000)))
    if law:
        wave = pcm.alaw_decode(pcm.alaw_encode(wave)) if law == "a" else pcm.ulaw_decode(pcm.ulaw_encode(wave))
    heard = tone(wave, 8_000)
    assert heard.frequency == pytest.approx(frequency, abs=1)
    assert heard.purity > 0.9


def test_short_gaps_do_not_divide_a_spell() -> None:
    beep = seconds("dial", "DE", 0.2)
    assert len(spells(beep + pcm.silence(160) + beep, 8_000)) == 1
    assert len(spells(beep + pcm.silence(1_600) + beep, 8_000)) == 2
    assert spells(seconds("dial", "DE", 0.03) + pcm.silence(800), 8_000) == ()
