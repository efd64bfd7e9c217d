"""What kinds of phones are known to do: how they are told to ring, and what else differs between makers. Data, pure.

From the makers' public manuals, which docs/phones.md names with what has to be set on each: Snom (texts behind a dummy
URL, alert-autoanswer), Yealink (ringtone-9 is silence and ringtone-10 a splash, alert-autoanswer), Poly (ring classes
chosen by the Alert-Info value that the phone is configured with), Cisco (names of rings), Mitel (keywords with a ring
each, silence among them). This module must never decide who rings.
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
    known to make no sound at a silent alert, also while busy; others are left out of silent alerts (FEATURES.md EXA-32,
    EXA-34). `pick_up`: how its lamp keys take a ringing call, by INVITE with Replaces (the document names the dialog)
    or by dialling the code (it does not). `identity`: what changes the name that it shows in a call. `lists`: it
    understands a list of lamps (RFC 4662) though it may not say so in its SUBSCRIBE.
    """

    alerts: dict[str, tuple[Header, ...]]
    silent: bool = False
    pick_up: Literal["replaces", "code"] = "replaces"
    identity: Literal["update", "reinvite"] = "update"
    lists: bool = False


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
        "auto": (*_info("alert-autoanswer;delay=0"), *_ANSWER),
    }),
    "yealink": Profile({
        "silent": _info("ringtone-9"),
        "splash": _info("ringtone-10"),
        "internal": _info("internal"),
        "recall": _info("recall"),
        "auto": (*_info("alert-autoanswer"), *_ANSWER),
    }, silent=True, lists=True),
    "poly": Profile({
        "silent": _info("silent"),
        "splash": _info("splash"),
        "internal": _info("internal"),
        "recall": _info("recall"),
        "auto": (*_info("auto-answer"), *_ANSWER),
    }, lists=True),
    "cisco": Profile({
        "silent": _info("silent"),
        "splash": _bellcore(5),
        "internal": _bellcore(2),
        "recall": _bellcore(4),
        "auto": _ANSWER,
    }, pick_up="code", identity="reinvite", lists=True),
    "mitel": Profile({
        "silent": _info("alert-community-1"),
        "splash": _info("alert-community-2"),
        "internal": _info("alert-internal"),
        "recall": _info("alert-community-3"),
        "auto": _info("alert-autoanswer;delay=0"),
    }, lists=True),
    "browser": Profile({
        "silent": _info("silent"),
        "splash": _SPLASH,
        "internal": (("Alert-Info", "<urn:alert:source:internal>"),),
        "recall": _RECALL,
        "auto": (("Answer-Mode", "Auto"),),
    }, silent=True),
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


def profile(chosen: ProfileName | None, agent: str, *, silent: bool | None = None) -> Profile:
    """What the administrator chose, else what the phone's User-Agent tells, else the generic profile; `silent` is the
    device's own setting, which says more than its kind."""
    found = PROFILES[chosen or recognised(agent)]
    return found if silent is None or silent == found.silent else msgspec.structs.replace(found, silent=silent)


def recognised(agent: str) -> ProfileName:
    """The kind of phone that a User-Agent names."""
    small = agent.strip().lower()
    return next((name for start, name in AGENTS if small.startswith(start)), "generic")
