"""Every reason and announcement of the product in German and English, and the one renderer for them.

A because is a key with parameters (ARCHITECTURE decision 11); words are made here, on demand. German addresses people
as *Sie*. This module must never decide, nor let a parameter act as a template.
"""

from collections.abc import Mapping
from typing import TypeVar

from vorzimmer.directory.feasts import feast_name
from vorzimmer.features.anonymous_rejection.texts import LABELS as ANONYMOUS_REJECTION_LABELS
from vorzimmer.features.anonymous_rejection.texts import TEXTS as ANONYMOUS_REJECTION
from vorzimmer.features.barge.texts import LABELS as BARGE_LABELS
from vorzimmer.features.call_waiting.texts import LABELS as CALL_WAITING_LABELS
from vorzimmer.features.call_waiting.texts import TEXTS as CALL_WAITING
from vorzimmer.features.codes.texts import LABELS as CODES_LABELS
from vorzimmer.features.codes.texts import TEXTS as CODES
from vorzimmer.features.company_sign_in.texts import LABELS as COMPANY_SIGN_IN_LABELS
from vorzimmer.features.delegation.texts import LABELS as DELEGATION_LABELS
from vorzimmer.features.dialling.texts import TEXTS as DIALLING
from vorzimmer.features.dnd.texts import LABELS as DND_LABELS
from vorzimmer.features.dnd.texts import TEXTS as DND
from vorzimmer.features.emergency.texts import TEXTS as EMERGENCY
from vorzimmer.features.executive.texts import LABELS as EXECUTIVE_LABELS
from vorzimmer.features.forwarding.texts import LABELS as FORWARDING_LABELS
from vorzimmer.features.forwarding.texts import TEXTS as FORWARDING
from vorzimmer.features.identity.texts import LABELS as IDENTITY_LABELS
from vorzimmer.features.lamps.texts import LABELS as LAMPS_LABELS
from vorzimmer.features.night.texts import LABELS as NIGHT_LABELS
from vorzimmer.features.outside.texts import TEXTS as OUTSIDE
from vorzimmer.features.parallel_ringing.texts import LABELS as PARALLEL_RINGING_LABELS
from vorzimmer.features.parallel_ringing.texts import TEXTS as PARALLEL_RINGING
from vorzimmer.features.park.texts import LABELS as PARK_LABELS
from vorzimmer.features.policies.texts import LABELS as POLICIES_LABELS
from vorzimmer.features.privacy.texts import LABELS as PRIVACY_LABELS
from vorzimmer.features.recall.texts import LABELS as RECALL_LABELS
from vorzimmer.features.recording.texts import LABELS as RECORDING_LABELS
from vorzimmer.features.ringing.texts import TEXTS as RINGING
from vorzimmer.features.selective.texts import LABELS as SELECTIVE_LABELS
from vorzimmer.features.selective.texts import TEXTS as SELECTIVE
from vorzimmer.features.speed_dial.texts import LABELS as SPEED_DIAL_LABELS
from vorzimmer.features.trunk.texts import TEXTS as TRUNK
from vorzimmer.features.voicemail.texts import LABELS as VOICEMAIL_LABELS
from vorzimmer.features.voicemail.texts import TEXTS as VOICEMAIL
from vorzimmer.routing.model import Because
from vorzimmer.routing.texts import TEXTS as ROUTING

T = TypeVar("T")

LANGUAGES = ("de", "en")
DEFAULT_LANGUAGE = "de"

ALL: tuple[Mapping[str, Mapping[str, str]], ...] = (
    ROUTING,
    EMERGENCY,
    CODES,
    DIALLING,
    OUTSIDE,
    ANONYMOUS_REJECTION,
    SELECTIVE,
    FORWARDING,
    DND,
    CALL_WAITING,
    PARALLEL_RINGING,
    RINGING,
    TRUNK,
    VOICEMAIL,
)

TEXTS: dict[str, Mapping[str, str]] = {key: words for table in ALL for key, words in table.items()}
"""Message key -> language -> words."""

LABELS: dict[str, Mapping[str, str]] = {
    key: words
    for table in (
        ANONYMOUS_REJECTION_LABELS,
        BARGE_LABELS,
        CALL_WAITING_LABELS,
        CODES_LABELS,
        COMPANY_SIGN_IN_LABELS,
        DELEGATION_LABELS,
        DND_LABELS,
        EXECUTIVE_LABELS,
        FORWARDING_LABELS,
        IDENTITY_LABELS,
        LAMPS_LABELS,
        NIGHT_LABELS,
        PARALLEL_RINGING_LABELS,
        PARK_LABELS,
        POLICIES_LABELS,
        PRIVACY_LABELS,
        RECALL_LABELS,
        RECORDING_LABELS,
        SELECTIVE_LABELS,
        SPEED_DIAL_LABELS,
        VOICEMAIL_LABELS,
    )
    for key, words in table.items()
}
"""What settings are called: ``page.KEY`` a title, ``set.KEY.FIELD`` a sentence whose gaps are fields, ``…=CHOICE``."""

SETTING = {"de": " (Einstellung {path})", "en": " (setting {path})"}

TARGETS = {
    "de": {
        "voicemail": "die Sprachbox von {name}",
        "hunt": "die Gruppe {name}",
        "attendant": "das Sprachmenü {name}",
        "instant": "die Telefonkonferenz {name}",
        "park": "den Parkplatz {name}",
    },
    "en": {
        "voicemail": "the mailbox of {name}",
        "hunt": "the group {name}",
        "attendant": "the menu {name}",
        "instant": "the group call {name}",
        "park": "the park slot {name}",
    },
}
"""Kinds of targets that need a word before their name (accusative in German)."""


KINDS = {
    "de": {
        "attendant": "Sprachmenü",
        "calling_plan": "Anrufregeln",
        "hunt": "Sammelanschluss",
        "instant": "Gruppen-Telefonkonferenz",
        "intercept": "Anrufabfang",
        "night_forwarding": "Standort-Umleitung",
        "paging": "Durchsage",
        "park": "Parkplatz",
        "pickup": "Anrufannahme-Gruppe",
    },
    "en": {
        "attendant": "Auto attendant",
        "calling_plan": "Calling plan",
        "hunt": "Hunt group",
        "instant": "Instant group call",
        "intercept": "Intercept",
        "night_forwarding": "Night forwarding",
        "paging": "Paging",
        "park": "Park slot",
        "pickup": "Pickup group",
    },
}
"""Kinds of records whose feature is still to come, as people call them."""


def render(because: Because, language: str = DEFAULT_LANGUAGE, *, with_setting: bool = True) -> str:
    """A because in words, with the path of its setting where there is one."""
    words = say(because.key, because.params, language)
    if because.setting is None or not with_setting:
        return words
    return words + _language(SETTING, language).format(path=because.setting)


def say(key: str, params: Mapping[str, str], language: str = DEFAULT_LANGUAGE) -> str:
    """An announcement or a reason in words; a key that nobody knows is shown as it is, with its parameters."""
    table = TEXTS.get(key)
    if table is None:
        return " ".join((key, *(f"{name}={value}" for name, value in params.items())))
    shown = _shown(params, language)
    if key == "not_acting":
        shown["what"] = called(shown.get("what", "?"), language)
    return _language(table, language).format_map(_Shown(shown))


def called(what: str, language: str) -> str:
    """A section or a kind (with a name behind it) in words: ``hunt Zentrale`` as *Sammelanschluss Zentrale*."""
    word, space, rest = what.partition(" ")
    label = LABELS.get(f"page.{word}")
    named = _language(label, language) if label is not None else _language(KINDS, language).get(word, word)
    return f"{named}{space}{rest}"


class _Shown(dict[str, str]):
    """Parameters for a template; a missing one is shown as a question mark, never an error in a call."""

    def __missing__(self, key: str) -> str:
        return "?"


def _shown(params: Mapping[str, str], language: str) -> dict[str, str]:
    return {name: _word(name, value, params, language) for name, value in params.items()}


def _word(name: str, value: str, params: Mapping[str, str], language: str) -> str:
    """Names of public holidays are translated; whatever else people called something stays."""
    return feast_name(value, language) if name == "feast" else _target(value, params.get(f"{name}_name"), language)


def _target(value: str, name: str | None, language: str) -> str:
    """A typed target with its name: ``voicemail:anna`` as *die Sprachbox von Anna Schneider*."""
    if name is None:
        return value
    return _language(TARGETS, language).get(value.partition(":")[0], "{name}").replace("{name}", name)


def _language(table: Mapping[str, T], language: str) -> T:
    return table.get(language) or table[DEFAULT_LANGUAGE]
