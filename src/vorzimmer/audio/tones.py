"""National tones: dial, ringback, busy and the rest, as data, and as PCM by sample position.

The cadences are those of ITU-T E.180 for each country (Germany: FEATURES.md 0.4). A frame depends on its position only,
so any worker can go on with any tone at any point, and frames of any length join without a click. This module must
never keep what was played.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vorzimmer.kernel.errors import LocalError

KINDS = ("dial", "ringback", "busy", "congestion", "sit", "stutter", "unavailable", "confirm")
DEFAULT_ZONE = "DE"
_PEAK = 0.25
"""Of full scale; E.180 wants about -10 dBm0."""
_RAMP_SECONDS = 0.004


class Part(NamedTuple):
    """So long (ms) these frequencies (Hz) together; none of them is silence."""

    milliseconds: int
    frequencies: tuple[int, ...] = ()


class Pattern(NamedTuple):
    """`intro` once, then `loop` for ever. One cadence is both, once."""

    loop: tuple[Part, ...]
    intro: tuple[Part, ...] = ()


def _cadence(frequencies: tuple[int, ...], *times: int) -> tuple[Part, ...]:
    """On, off, on, off … in milliseconds."""
    return tuple(Part(ms, frequencies if n % 2 == 0 else ()) for n, ms in enumerate(times))


_SIT = (Part(330, (950,)), Part(330, (1_400,)), Part(330, (1_800,)), Part(1_000))


class _Zone(NamedTuple):
    dial: tuple[int, ...]
    ringback: tuple[Part, ...]
    busy: tuple[Part, ...]
    congestion: tuple[Part, ...]
    stutter: Pattern | None = None


def _zone(zone: _Zone) -> dict[str, Pattern]:
    short = _cadence(zone.dial, 100, 100, 100, 100, 100, 100)
    # Long enough to be understood when one cadence is all that is played: about five seconds.
    denial = zone.congestion * (5_000 // sum(p.milliseconds for p in zone.congestion))
    return {
        "dial": Pattern((Part(1_000, zone.dial),)),
        "ringback": Pattern(zone.ringback),
        "busy": Pattern(zone.busy),
        "congestion": Pattern(zone.congestion),
        "sit": Pattern(_SIT),
        "stutter": zone.stutter or Pattern((Part(1_000, zone.dial),), short),
        "unavailable": Pattern(denial, _SIT),
        "confirm": Pattern((Part(1_000),), short),
    }


_A, _E, _F = (425,), (400,), (440,)
_US_RING, _US_BUSY = (440, 480), (480, 620)

ZONES: dict[str, dict[str, Pattern]] = {
    "DE": _zone(
        _Zone(
            dial=_A,
            ringback=_cadence(_A, 1_000, 4_000),
            busy=_cadence(_A, 480, 480),
            congestion=_cadence(_A, 240, 240),
            stutter=Pattern((Part(1_000, (425, 400)),)),
        )
    ),
    "AT": _zone(_Zone((420,), _cadence((420,), 1_000, 5_000), _cadence((420,), 400, 400), _cadence((420,), 200, 200))),
    "CH": _zone(_Zone(_A, _cadence(_A, 1_000, 4_000), _cadence(_A, 500, 500), _cadence(_A, 200, 200))),
    "GB": _zone(
        _Zone(
            dial=(350, 440),
            ringback=_cadence((400, 450), 400, 200, 400, 2_000),
            busy=_cadence(_E, 375, 375),
            congestion=_cadence(_E, 400, 350, 225, 525),
        )
    ),
    "US": _zone(
        _Zone(
            dial=(350, 440),
            ringback=_cadence(_US_RING, 2_000, 4_000),
            busy=_cadence(_US_BUSY, 500, 500),
            congestion=_cadence(_US_BUSY, 250, 250),
        )
    ),
    "FR": _zone(_Zone(_F, _cadence(_F, 1_500, 3_500), _cadence(_F, 500, 500), _cadence(_F, 250, 250))),
    "IT": _zone(_Zone(_A, _cadence(_A, 1_000, 4_000), _cadence(_A, 500, 500), _cadence(_A, 200, 200))),
    "NL": _zone(_Zone(_A, _cadence(_A, 1_000, 4_000), _cadence(_A, 500, 500), _cadence(_A, 250, 250))),
    "ES": _zone(_Zone(_A, _cadence(_A, 1_500, 3_000), _cadence(_A, 200, 200), _cadence(_A, 200, 200, 200, 600))),
    "PL": _zone(_Zone(_A, _cadence(_A, 1_000, 4_000), _cadence(_A, 500, 500), _cadence(_A, 500, 500))),
}


def frame(kind: str, zone: str, position: int, samples: int, *, rate: int = 8_000) -> bytes:
    """`samples` of the tone beginning `position` samples after its start. Unknown zones sound German.

    Raises LocalError for an unknown kind.
    """
    intro, loop = _sound(kind, zone, rate)
    if position + samples <= len(intro):
        return intro[position : position + samples].tobytes()
    places = np.arange(position, position + samples) - len(intro)
    looped = loop[places % len(loop)]
    if position >= len(intro):
        return looped.tobytes()
    return intro[position:].tobytes() + looped[len(intro) - position :].tobytes()


def once(kind: str, zone: str, rate: int = 8_000) -> int:
    """Samples of one cadence. Raises LocalError for an unknown kind."""
    intro, loop = _sound(kind, zone, rate)
    return len(intro) + len(loop)


def pattern(kind: str, zone: str) -> Pattern:
    """The tone as data. Raises LocalError for an unknown kind; unknown zones are German."""
    found = ZONES.get(zone, ZONES[DEFAULT_ZONE]).get(kind)
    if found is None:
        raise LocalError(f"no tone is called {kind}")
    return found


_Pcm = np.ndarray[tuple[int], np.dtype[np.int16]]


@lru_cache(maxsize=256)
def _sound(kind: str, zone: str, rate: int) -> tuple[_Pcm, _Pcm]:
    found = pattern(kind, zone)
    return _rendered(found.intro, rate), _rendered(found.loop, rate)


def _rendered(parts: tuple[Part, ...], rate: int) -> _Pcm:
    # A lone part is a continuous tone: whole periods fit into its second, so it loops without a seam or a ramp.
    pieces = [_burst(part, rate, ramped=len(parts) > 1) for part in parts]
    wave = np.concatenate(pieces) if pieces else np.zeros(0)
    return np.round(wave * 32_767).astype("<i2")


def _burst(part: Part, rate: int, *, ramped: bool) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    count = part.milliseconds * rate // 1_000
    at = np.arange(count)
    wave = np.zeros(count)
    for frequency in part.frequencies:
        wave += np.sin(2 * np.pi * frequency * at / rate) * (_PEAK / len(part.frequencies))
    if ramped:
        wave *= np.minimum(1.0, np.minimum(at, count - 1 - at) / (_RAMP_SECONDS * rate))
    return wave
