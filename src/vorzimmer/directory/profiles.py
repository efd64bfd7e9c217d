"""What kinds of phones are known to do: how they are told to ring, and what else differs between makers. Data, pure.

From the makers' public manuals: Snom (Alert-Info texts and dummy URL, Call-Info answer-after), Yealink (ringtone-9 is
silence and ringtone-10 a splash, alert-autoanswer), Poly (ring classes chosen by the Alert-Info value that the phone is
configured with), Cisco (Bellcore-drN names), Mitel (Sylantro keywords, alert-autoanswer with delay). docs/phones.md
says what has to be set on each. This module must never decide who rings.
"""

from typing import Literal

import msgspec

Header = tuple[str, str]
ProfileName = Literal["generic", "snom", "yealink", "poly", "cisco", "mitel", "browser"]

NOWHERE = "<http://notused.invalid>"
"""Phones want a URI before the parameter that counts, and must not fetch anything from it."""

_ANSWER: tuple[Header, ...] = (("Call-Info", "<sip:notused.invalid>;answer-after=0"),)


class Profile(msgspec.Struct, frozen=True):
    """One kind of phone.

    `alerts`: header lines of an INVITE for each alert of an offer (silent, splash, internal, recall, auto). `silent`:
    known to make no sound at a silent alert, also while busy (FEATURES.md EXA-32, EXA-34). `pick_up`: how its lamp keys
    take a ringing call, by INVITE with Replaces or by dialling the code. `identity`: what changes the name that it
    shows in a call. `transfer`: it transfers by REFER with us, or joins calls by itself. `lamps`: one subscription a
    key, or one for a list (RFC 4662). `datagram`: bytes of a message that it takes over UDP.
    """

    alerts: dict[str, tuple[Header, ...]]
    silent: bool = False
    pick_up: Literal["replaces", "code"] = "replaces"
    identity: Literal["update", "reinvite"] = "update"
    transfer: Literal["refer", "join"] = "refer"
    lamps: Literal["single", "list"] = "single"
    datagram: int = 1300


def _info(text: str) -> tuple[Header, ...]:
    return (("Alert-Info", f"{NOWHERE};info={text}"),)


def _bellcore(number: int) -> tuple[Header, ...]:
    return (("Alert-Info", f"<http://notused.invalid/Bellcore-dr{number}>"),)


_RECALL: tuple[Header, ...] = (("Alert-Info", "<urn:alert:service:recall:hold>"),)
_SPLASH: tuple[Header, ...] = (("Alert-Info", "<urn:alert:duration:short>"),)

PROFILES: dict[ProfileName, Profile] = {
    "generic": Profile({
        "silent": _info("silent"),
        "splash": _SPLASH,
        "internal": (("Alert-Info", "<urn:alert:source:internal>"),),
        "recall": _RECALL,
        "auto": (("Answer-Mode", "Auto"), *_ANSWER),
    }),
    "snom": Profile({
        "silent": _info("silent"),
        "splash": _info("splash"),
        "internal": _info("alert-internal"),
        "recall": _info("recall"),
        "auto": _ANSWER,
    }),
    "yealink": Profile({
        "silent": _info("ringtone-9"),
        "splash": _info("ringtone-10"),
        "internal": _info("internal"),
        "recall": _info("recall"),
        "auto": (*_info("alert-autoanswer"), *_ANSWER),
    }, silent=True, pick_up="code", lamps="list"),
    "poly": Profile({
        "silent": _info("silent"),
        "splash": _info("splash"),
        "internal": _info("internal"),
        "recall": _info("recall"),
        "auto": (*_info("auto-answer"), *_ANSWER),
    }, lamps="list"),
    "cisco": Profile({
        "silent": _info("silent"),
        "splash": _bellcore(5),
        "internal": _bellcore(2),
        "recall": _bellcore(4),
        "auto": _ANSWER,
    }, pick_up="code", identity="reinvite", lamps="list"),
    "mitel": Profile({
        "silent": _info("silent"),
        "splash": _bellcore(5),
        "internal": _info("alert-internal"),
        "recall": _bellcore(4),
        "auto": _info("alert-autoanswer;delay=0"),
    }, lamps="list"),
    "browser": Profile({
        "silent": _info("silent"),
        "splash": _SPLASH,
        "internal": (("Alert-Info", "<urn:alert:source:internal>"),),
        "recall": _RECALL,
        "auto": (("Answer-Mode", "Auto"),),
    }, silent=True, datagram=65_000),
}  # fmt: skip

AGENTS: tuple[tuple[str, ProfileName], ...] = (
    ("snom", "snom"),
    ("yealink", "yealink"),
    ("poly", "poly"),
    ("cisco", "cisco"),
    ("mitel", "mitel"),
    ("aastra", "mitel"),
    ("jssip", "browser"),
    ("vorzimmer-web", "browser"),
)
"""Beginnings of User-Agent values in small letters; Poly's begins with its older name, too."""


def profile(chosen: ProfileName | None, agent: str) -> Profile:
    """What the administrator chose, else what the phone's User-Agent tells, else the generic profile."""
    return PROFILES[chosen or recognised(agent)]


def recognised(agent: str) -> ProfileName:
    """The kind of phone that a User-Agent names."""
    small = agent.strip().lower()
    return next((name for start, name in AGENTS if small.startswith(start)), "generic")


def alerts_silently(chosen: ProfileName | None, agent: str, *, override: bool | None) -> bool:
    """Whether a silent alert makes no sound on it (EXA-32): as the device's own setting says, else as its kind does."""
    return profile(chosen, agent).silent if override is None else override
