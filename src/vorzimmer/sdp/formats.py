"""RTP payload formats in a media section: rtpmap, fmtp and the static numbers of RFC 3551.

Only formats that the house can carry come out of here; everything else a peer offers is passed over. This module must
never invent a number: those of a peer's description stay as they are.
"""

from functools import lru_cache

from vorzimmer.sdp.message import Attribute, Media, value_of, values_of
from vorzimmer.sdp.plan import Format

EVENT = "TELEPHONE-EVENT"
NOISE = Format("CN", 13)
"""Comfort noise beside audio of 8000 Hz (RFC 3389 section 4)."""
EVENT_FMTP = "0-15"
"""The events that we take: digits, star, hash and A to D (RFC 4733 section 3.2)."""

DEFAULT_FORMATS = (Format("OPUS", 107, 48_000, 2), Format("G722", 9), Format("PCMA", 8), Format("PCMU", 0))
DEFAULT_EVENT = 101
FIRST_DYNAMIC = 96
"""Where the numbers begin that mean what an rtpmap says (RFC 3551 section 6)."""

# RFC 3551 table 4; the clock of G722 is 8000 by an old mistake that everybody keeps (section 4.5.2).
_STATIC = {"0": Format("PCMU", 0), "8": Format("PCMA", 8), "9": Format("G722", 9), "13": NOISE}
_NUMBERS = frozenset(map(str, range(128)))
_SUPPORTED = {f.key for f in DEFAULT_FORMATS}
_SPELLING = {"OPUS": "opus", EVENT: "telephone-event"}


def formats_of(media: Media) -> tuple[Format, ...]:
    """All formats and events of `media` that we know, in its order, each number once."""
    return _formats(media.formats, tuple([a for a in media.attributes if a.name in {"rtpmap", "fmtp"}]))


@lru_cache(maxsize=512)  # the same for every call of a kind of phone, unlike the rest of a description
def _formats(numbers: tuple[str, ...], attributes: tuple[Attribute, ...]) -> tuple[Format, ...]:
    named = _named(attributes)
    known = (named.get(number) or _STATIC.get(number) for number in dict.fromkeys(numbers))
    return tuple(f for f in known if f is not None and (f.key in _SUPPORTED or f.name == EVENT or f.key == NOISE.key))


def is_static(format_: Format) -> bool:
    """Whether the number means this format without an rtpmap (RFC 3551 section 6)."""
    usual = _STATIC.get(str(format_.payload_type))
    return usual is not None and usual.key == format_.key


def _named(attributes: tuple[Attribute, ...]) -> dict[str, Format | None]:
    fmtp = dict(_numbered(values_of(attributes, "fmtp")))
    maps = _numbered(values_of(attributes, "rtpmap"))
    return {number: _format(number, text, fmtp.get(number, "")) for number, text in maps}


def _numbered(values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(number, rest.strip()) for number, _, rest in (value.partition(" ") for value in values)]


def _format(number: str, text: str, fmtp: str) -> Format | None:
    name, _, rest = text.partition("/")
    rate, _, channels = rest.partition("/")
    if number not in _NUMBERS or not _small(rate) or not (_small(channels) or not channels):
        return None
    return _usual(Format(name.strip().upper(), int(number), int(rate), int(channels or "1"), _harmless(fmtp)))


def _harmless(fmtp: str) -> str:
    # It is sent on to the other phone, so it may only be what a parameter list can be.
    return fmtp if len(fmtp) <= 256 and fmtp.isascii() and fmtp.isprintable() else ""


def _small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6


def _usual(format_: Format) -> Format:
    # Some phones write G722/16000 (its sampling rate) and opus/48000 without channels; both mean the standard ones.
    name, number, rate = format_.name, format_.payload_type, format_.rate
    if name == "G722" and rate == 16_000:
        return Format(name, number, 8_000, 1, format_.fmtp)
    if name == "OPUS" and rate == 48_000:
        return Format(name, number, rate, 2, format_.fmtp)
    return format_


@lru_cache(maxsize=256)
def lines_for(formats: tuple[Format, ...]) -> tuple[Attribute, ...]:
    """The rtpmap and fmtp lines of `formats`; static numbers get their rtpmap too, which every phone accepts."""
    return tuple(line for f in formats for line in _lines(f))


def _lines(format_: Format) -> tuple[Attribute, ...]:
    channels = f"/{format_.channels}" if format_.channels > 1 else ""
    name = _SPELLING.get(format_.name, format_.name)
    rtpmap = Attribute("rtpmap", f"{format_.payload_type} {name}/{format_.rate}{channels}")
    if not format_.fmtp:
        return (rtpmap,)
    return rtpmap, Attribute("fmtp", f"{format_.payload_type} {format_.fmtp}")


def event_for(events: tuple[Format, ...], rate: int) -> Format | None:
    """The events that go with audio of this clock (RFC 4733 section 2.6): the same clock, else 8000, else the first."""
    for wanted in (rate, 8_000):
        found = next((e for e in events if e.rate == wanted), None)
        if found is not None:
            return found
    return events[0] if events else None


def milliseconds(media: Media) -> int:
    """Packet length in ms, 10..60, 20 where nothing sensible is said (a=ptime, never above a=maxptime)."""
    ptime = _number(value_of(media.attributes, "ptime"), 20)
    longest = _number(value_of(media.attributes, "maxptime"), 60)
    return max(10, min(ptime, longest, 60))


def _number(text: str | None, default: int) -> int:
    text = (text or "").strip().partition(".")[0]
    return int(text) if _small(text) and int(text) > 0 else default
