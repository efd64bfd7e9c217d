"""What sign-in says about single fields, in German and English; whole refusals are in ``api/texts.py``.

This module must never say whether an account exists.
"""

from typing import Final

from vorzimmer.api.texts import Words

FAULTS: Final[dict[str, Words]] = {
    "short": Words("Bitte wählen Sie mindestens 10 Zeichen.", "Please choose at least 10 characters."),
    "long": Words("Mehr als 256 Zeichen sind nicht möglich.", "More than 256 characters are not possible."),
    "known": Words(
        "Dieses Passwort wird als eines der ersten geraten. Bitte wählen Sie ein anderes.",
        "This password is among the first to be guessed. Please choose another.",
    ),
    "name": Words(
        "Das Passwort besteht fast nur aus Ihrem Anmeldenamen.", "The password is little more than your sign-in name."
    ),
    "login": Words(
        "Ein Anmeldename hat 2 bis 254 sichtbare Zeichen ohne Leerzeichen.",
        "A sign-in name has 2 to 254 visible characters without blanks.",
    ),
    "taken": Words("Dieser Anmeldename ist auf diesem Server vergeben.", "This sign-in name is taken on this server."),
    "email": Words(
        "Diese Person hat keine E-Mail-Adresse. Tragen Sie eine ein, oder geben Sie den Link selbst weiter.",
        "This person has no e-mail address. Enter one, or hand the link over yourself.",
    ),
    "mail": Words(
        "Auf diesem Server ist kein Mailversand eingerichtet. Geben Sie den Link selbst weiter.",
        "This server has no mail set up. Hand the link over yourself.",
    ),
    "scope": Words("Dieses Recht gibt es nicht oder haben Sie selbst nicht.", "You do not have this right yourself."),
    "expires": Words("Dieser Zeitpunkt ist schon vorbei.", "This moment has passed."),
}


def fault(name: str, language: str) -> str:
    """A fault in the asker's language."""
    return FAULTS[name].get(language)
