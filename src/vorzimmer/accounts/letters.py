"""The letters of sign-in in German and English: plain text, and the same as simple HTML.

A letter has paragraphs and at most one link, which stands on a line of its own so that it can be copied. This module
must never let a name that somebody chose become markup or a header.
"""

from collections.abc import Mapping
from html import escape
from typing import Final, Literal, NamedTuple

import msgspec

from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.kernel.text import safe_name

Kind = Literal["invitation", "reset", "password_changed", "factors_changed"]


class MailFailedError(VorzimmerError):
    """The mail server did not take it; `for_good` where it never will (a recipient that does not exist)."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Words(NamedTuple):
    """One letter in one language; `link` is the label of its button, "" where there is none."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    after: tuple[str, ...] = ()


class Mail(msgspec.Struct, frozen=True):
    """A mail ready to be sent. `ident` becomes its Message-ID, so that one sent twice can be told."""

    ident: str
    to: str
    subject: str
    text: str
    html: str

    def __repr__(self) -> str:
        return f"Mail({self.ident})"


TEXTS: Final[Mapping[Kind, Mapping[str, Words]]] = {
    "invitation": {
        "de": Words(
            "Ihr Zugang zur Telefonanlage von {house}",
            (
                "Guten Tag {name},",
                "für Sie wurde ein Zugang zur Telefonanlage von {house} eingerichtet. Dort sehen Sie, wer wann für Sie "
                "angerufen hat, und stellen ein, wo Anrufe bei Ihnen klingeln.",
                "Ihr Anmeldename ist {login}. Bitte wählen Sie Ihr Passwort:",
            ),
            "Passwort wählen",
            ("Der Link gilt {days} Tage und nur ein Mal.",),
        ),
        "en": Words(
            "Your access to the telephone system of {house}",
            (
                "Hello {name},",
                "You have been given access to the telephone system of {house}. There you see who called you and when, "
                "and you decide where your calls ring.",
                "Your sign-in name is {login}. Please choose your password:",
            ),
            "Choose a password",
            ("The link works for {days} days and only once.",),
        ),
    },
    "reset": {
        "de": Words(
            "Neues Passwort für die Telefonanlage von {house}",
            (
                "Guten Tag {name},",
                "jemand möchte das Passwort für {login} neu setzen. Wenn Sie das sind:",
            ),
            "Neues Passwort wählen",
            (
                "Der Link gilt eine Stunde und nur ein Mal.",
                "Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist.",
            ),
        ),
        "en": Words(
            "New password for the telephone system of {house}",
            ("Hello {name},", "Somebody wants to set a new password for {login}. If that is you:"),
            "Choose a new password",
            (
                "The link works for one hour and only once.",
                "If it was not you, there is nothing to do: your password stays as it is.",
            ),
        ),
    },
    "password_changed": {
        "de": Words(
            "Ihr Passwort wurde geändert",
            (
                "Guten Tag {name},",
                "das Passwort für {login} in der Telefonanlage von {house} wurde soeben geändert.",
                "Wenn Sie das nicht waren, setzen Sie bitte sofort ein neues und sagen Sie Ihrem Administrator "
                "Bescheid:",
            ),
            "Zur Anmeldung",
        ),
        "en": Words(
            "Your password has been changed",
            (
                "Hello {name},",
                "The password for {login} in the telephone system of {house} has just been changed.",
                "If that was not you, please set a new one at once and tell your administrator:",
            ),
            "Sign in",
        ),
    },
    "factors_changed": {
        "de": Words(
            "Ihre Anmeldung wurde geändert",
            (
                "Guten Tag {name},",
                "bei {login} in der Telefonanlage von {house} wurde eine Anmeldemethode hinzugefügt oder entfernt "
                "(Code aus einer App, Passkey oder Wiederherstellungscodes).",
                "Wenn Sie das nicht waren, ändern Sie bitte sofort Ihr Passwort:",
            ),
            "Zur Anmeldung",
        ),
        "en": Words(
            "Your sign-in has been changed",
            (
                "Hello {name},",
                "For {login} in the telephone system of {house} a way to sign in was added or removed (code from an "
                "app, passkey or recovery codes).",
                "If that was not you, please change your password at once:",
            ),
            "Sign in",
        ),
    },
}

_FOOT: Final = {
    "de": "Diese Nachricht hat die Telefonanlage von {house} geschickt ({host}).",
    "en": "This message was sent by the telephone system of {house} ({host}).",
}
MAX_LINE: Final = 200


def write(kind: Kind, language: str, values: Mapping[str, str], link: str) -> tuple[str, str, str]:
    """Subject, plain text and HTML of a letter. `values`: name, login, house, host, days."""
    words = TEXTS[kind]["en" if language == "en" else "de"]
    clean = {key: safe_name(value, MAX_LINE) for key, value in values.items()}
    before = [paragraph.format_map(clean) for paragraph in words.paragraphs]
    after = [paragraph.format_map(clean) for paragraph in words.after]
    foot = _FOOT["en" if language == "en" else "de"].format_map(clean)
    text = "\n\n".join([*before, link, *after, f"-- \n{foot}"]) + "\n"
    return words.subject.format_map(clean), text, _html(before, (words.link, link), after, foot)


def _html(before: list[str], link: tuple[str, str], after: list[str], foot: str) -> str:
    label, target = link
    button = f'<p><a href="{escape(target)}">{escape(label)}</a><br><small>{escape(target)}</small></p>'
    rows = [*(f"<p>{escape(each)}</p>" for each in before), button, *(f"<p>{escape(each)}</p>" for each in after)]
    body = "\n".join([*rows, f"<hr><p><small>{escape(foot)}</small></p>"])
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>\n'
