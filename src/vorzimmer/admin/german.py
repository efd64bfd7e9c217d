"""What admin says about a setting, in German: one row for each sentence that stands in admin's code.

The checks speak English where they are; here the sentence is found again by its words and said in German. A test reads
the code and fails for a sentence that has no row. This module must never decide anything.
"""

# table

import re
from functools import lru_cache
from typing import Final

SENTENCES: Final[dict[str, str]] = {
    "is changed by an administrator": "wird von der Administration geändert",
    "{} is changed by an administrator": "{0} wird von der Administration geändert",
    "is not yours to change": "dürfen Sie nicht ändern",
    "is changed by a company administrator: whose it is has administrator's rights": (
        "wird nur von der Administration des Unternehmens geändert, weil die Person selbst administriert"
    ),
    "unknown key; {}": "unbekannter Schlüssel; {0}",
    "must be {}, or one of {value: …}, {env: NAME}, {file: PATH}": (
        "muss generated, ein Text oder eines von {{value: …}}, {{env: NAME}}, {{file: PFAD}} sein"
    ),
    "must be generated, a text, or {value: …}; only a company file may name variables, files and hashes": (
        "muss generated, ein Text oder {{value: …}} sein; Variablen, Dateien und Hashes nennt nur eine Datei"
    ),
    "must be a mapping with keys, not {}": "muss eine Zuordnung mit Schlüsseln sein, nicht {0}",
    "must be a mapping, not {}": "muss eine Zuordnung sein, nicht {0}",
    "must be a list, not {}": "muss eine Liste sein, nicht {0}",
    "{} elements are above {}": "{0} Einträge sind mehr als {1}",
    "must be {}, not {}{}": "erwartet wird {0}, nicht {1}{2}",
    "must be a whole number{}, not {}": "muss eine ganze Zahl{0} sein, nicht {1}",
    "must be true or false, not {}": "muss true oder false sein, nicht {0}",
    "must be null, not {}": "muss null sein, nicht {0}",
    "must not be empty": "darf nicht leer sein",
    "is shorter than {}": "ist kürzer als {0}",
    "{} is none of {}{}{}": "{0} ist keines von {1}{2}{3}",
    "{} characters are above {}": "{0} Zeichen sind mehr als {1}",
    "{} is below {}": "{0} liegt unter {1}",
    "{} is above {}": "{0} liegt über {1}",
    "{} is missing": "{0} fehlt",
    "{} is not {}": "{0} ist nicht das Erwartete: {1}",
    "has control or direction characters": "enthält Steuer- oder Richtungszeichen",
    "has control characters": "enthält Steuerzeichen",
    "{} must be kind:id, kind one of {}": "{0} muss die Form Art:Kennung haben, Art eine von {1}",
    "{} is no day of the calendar": "{0} ist kein Tag des Kalenders",
    "company.id is missing: it says which company this is": "company.id fehlt: es sagt, um welches Unternehmen es geht",
    "{} {} stands twice in {}, first in line {}": "{0} {1} steht zweimal in {2}, zuerst in Zeile {3}",
    "a company file is a mapping with keys, not {}": (
        "eine Unternehmensdatei ist eine Zuordnung mit Schlüsseln, nicht {0}"
    ),
    "{} is taken on this server": "{0} ist auf diesem Server vergeben",
    "others are changing this company all the time; try again": (
        "andere ändern dieses Unternehmen gerade; bitte noch einmal versuchen"
    ),
    "only the operator of the server applies files": "nur der Betreiber des Servers spielt Dateien ein",
    "only the operator of the server removes companies": "nur der Betreiber des Servers entfernt Unternehmen",
    "there is no such kind of record": "diese Art von Eintrag gibt es nicht",
    "there is no such company": "dieses Unternehmen gibt es nicht",
    "must be {}: an id never changes": "muss {0} sein: eine Kennung ändert sich nie",
    "{} is above max": "{0} liegt über max",
    "{} is no country with a number plan": "{0} ist kein Land mit einem Rufnummernplan",
    "no public holidays are known for {} {}": "für {0} {1} sind keine Feiertage bekannt",
    "no public holidays are known for {}": "für {0} sind keine Feiertage bekannt",
    "{} is also, or begins, the code of {}": "{0} ist auch der Code von {1} oder dessen Anfang",
    "{} needs an alternate": "{0} braucht ein Ausweichziel (alternate)",
    "is needed while forwarding always is on": "wird gebraucht, solange die sofortige Weiterleitung an ist",
    "{} is no number of this company": "{0} ist keine Rufnummer dieses Unternehmens",
    "nobody may be his own assistant": "niemand kann Assistenz für sich selbst sein",
    "nobody may be his own delegate": "niemand kann sein eigener Delegierter sein",
    "is needed for name custom": "wird für name custom gebraucht",
    "is needed for number custom": "wird für number custom gebraucht",
    "is needed for action forward": "wird für action forward gebraucht",
    "is needed while divert is on": "wird gebraucht, solange die Weiterleitung Assistenz an ist",
    "the weights sum to {}, not to 100": "die Gewichte ergeben zusammen {0}, nicht 100",
    "is needed for mode {}": "wird für mode {0} gebraucht",
    "mode auto needs a schedule or holidays": "mode auto braucht einen Zeitplan oder Feiertage",
    "excludes new_number and zero_to": "schließt new_number und zero_to aus",
    "give either text or file": "geben Sie entweder Text oder Datei an",
    "the keys are sent with the signalling, which only transport tls hides": (
        "die Schlüssel gehen mit der Signalisierung mit, die nur der Transport tls verbirgt"
    ),
    "an enabled trunk of kind register needs registrar and username": (
        "eine eingeschaltete Leitung der Art register braucht registrar und username"
    ),
    "an enabled trunk of kind peer needs proxy or peers": (
        "eine eingeschaltete Leitung der Art peer braucht proxy oder peers"
    ),
    "a browser comes over ws or wss": "ein Browser kommt über ws oder wss",
    "{} elements are above the company's limit of {}": "{0} Einträge sind mehr als die erlaubten {1} des Unternehmens",
    "{} would have more than {} delegators": "{0} hätte mehr als {1} Delegierende",
    "{} is already in {}": "{0} ist schon in {1}",
    "{} needs that many transfer_numbers": "{0} braucht so viele transfer_numbers",
    "give number, or from and to of equal length, the smaller one first": (
        "geben Sie number an, oder from und to in gleicher Länge, die kleinere zuerst"
    ),
    "{} has this extension and wins over the menu": "{0} hat diese Durchwahl und geht dem Menü vor",
    "{} is already the account of {}": "{0} ist schon das Konto von {1}",
    "cannot be used: {}": "ist nicht verwendbar: {0}",
    "the time zone is unknown ({})": "die Zeitzone ist unbekannt ({0})",
    "{} is neither an extension here nor a number": "{0} ist hier weder eine Durchwahl noch eine Rufnummer",
    "{} must have {} to {} digits": "{0} muss {1} bis {2} Ziffern haben",
    "{} begins with the emergency number {}": "{0} beginnt mit der Notrufnummer {1}",
    "{} begins with the outside prefix {}": "{0} beginnt mit der Amtsziffer {1}",
    "{} belongs to {}": "{0} gehört zu {1}",
    "cannot be removed: {} still names it": "lässt sich nicht entfernen: {0} verweist noch darauf",
    "{} is no telephone number": "{0} ist keine Rufnummer",
    "{} stands here twice": "{0} steht hier zweimal",
    "{} stands in this list twice": "{0} steht zweimal in dieser Liste",
    "{} is no number like +498999998100": "{0} ist keine Rufnummer wie +498999998100",
    "there is no {} {}": "es gibt hier nicht: {0} {1}",
    "calls are never led to an emergency number": "Anrufe werden nie zu einer Notrufnummer geleitet",
    "give two days or two moments": "geben Sie zwei Tage oder zwei Zeitpunkte an",
    "{} is before {}": "{0} liegt vor {1}",
    "events lie in the years {} to {}": "Termine liegen in den Jahren {0} bis {1}",
    "give the year for both {} and {}, or for none": "geben Sie das Jahr bei {0} und {1} an, oder bei keinem",
    "the schedule {} has holidays of {} {}: none are known": (
        "der Zeitplan {0} hat Feiertage von {1} {2}: es sind keine bekannt"
    ),
    "{} and {} overlap": "{0} und {1} überschneiden sich",
    "the calendar is known until {} only: import it again": (
        "der Kalender ist nur bis {0} bekannt: bitte noch einmal einlesen"
    ),
    "the password is shorter than 12 characters": "das Passwort ist kürzer als 12 Zeichen",
    "the password has fewer than six different characters": "das Passwort hat weniger als sechs verschiedene Zeichen",
    "the password contains the name": "das Passwort enthält den Namen",
    "the password contains a word that is tried first": "das Passwort enthält ein Wort, das zuerst probiert wird",
    "the password has nothing but digits": "das Passwort besteht nur aus Ziffern",
    "the PIN is too easy to guess": "die PIN ist zu leicht zu erraten",
    "{} (--allow-weak-passwords is for labs)": "{0}",
    "must have 4 to 10 digits": "muss 4 bis 10 Ziffern haben",
    "cannot be made up: give the one that you were told": "lässt sich nicht erzeugen: geben Sie das an, das Sie haben",
    "the variable {} is not there or empty": "die Variable {0} ist nicht da oder leer",
    "the file {} is not there or empty": "die Datei {0} ist nicht da oder leer",
    "tags such as {} are not allowed": "Kennzeichen wie {0} sind nicht erlaubt",
    "the file is longer than {} bytes": "die Datei ist länger als {0} Bytes",
    "no valid YAML: {}": "kein gültiges YAML: {0}",
    "too many or too deeply nested values": "zu viele oder zu tief verschachtelte Werte",
    "a key must be a text": "ein Schlüssel muss ein Text sein",
    "the key stands here twice": "der Schlüssel steht hier zweimal",
}
"""English sentence, braces for what is put in -> German one with the same by number."""

PARTS: Final[dict[str, str]] = {
    "did you mean {}?": "meinten Sie {0}?",
    "; did you mean {}?": "; meinten Sie {0}?",
    "known are {}": "bekannt sind {0}",
    " (put it in quotes)": " (bitte in Anführungszeichen)",
    " (put it in quotes); did you mean {}?": " (bitte in Anführungszeichen); meinten Sie {0}?",
    " from {} to {}": " von {0} bis {1}",
    "generated, a text of at most {} characters": "generated, ein Text von höchstens {0} Zeichen",
    "a mapping": "eine Zuordnung",
    "a list": "eine Liste",
    "a text": "ein Text",
    "small letters, digits, - _ .": "kleine Buchstaben, Ziffern, - _ .",
    "an e-mail address": "eine E-Mail-Adresse",
    "a number like +498999998100": "eine Rufnummer wie +498999998100",
    "2 to 6 digits in quotes": "2 bis 6 Ziffern in Anführungszeichen",
    "1 to 3 digits in quotes": "1 bis 3 Ziffern in Anführungszeichen",
    "digits, ? for any one digit, * for any rest at the end": (
        "Ziffern, ? für eine beliebige Ziffer, * für einen beliebigen Rest am Ende"
    ),
    "digits, * or #, in quotes": "Ziffern, * oder #, in Anführungszeichen",
    "digits without the leading 0, in quotes": "Ziffern ohne die führende 0, in Anführungszeichen",
    "* or # and up to four more, in quotes": "* oder # und bis zu vier weitere, in Anführungszeichen",
    "a day like 2026-12-24": "ein Tag wie 2026-12-24",
    "a time block like 08:00-17:00": "eine Zeitspanne wie 08:00-17:00",
    "days like mo, mo-th or mo,we": "Tage wie mo, mo-th oder mo,we",
    "a region like BY": "eine Region wie BY",
    "two capital letters like DE": "zwei Großbuchstaben wie DE",
    "a domain in small letters": "eine Domain in Kleinbuchstaben",
    "a host or domain": "ein Rechner oder eine Domain",
    "a SIP URI like sip:trunk.example": "eine SIP-URI wie sip:trunk.example",
    "default, none or file:NAME": "default, none oder file:NAME",
    "default or file:NAME": "default oder file:NAME",
    "a day like 2026-12-24 or a moment like 2026-12-24T08:00:00Z": (
        "ein Tag wie 2026-12-24 oder ein Zeitpunkt wie 2026-12-24T08:00:00Z"
    ),
    "a day like 2026-12-24, 12-24 of each year, or a feast of the table below": (
        "ein Tag wie 2026-12-24, 12-24 für jedes Jahr, oder ein Fest der Tabelle"
    ),
    "an address like https://id.example": "eine Adresse wie https://id.example",
    "an address like https://…": "eine Adresse wie https://…",
}
"""What is put into sentences and has words of its own."""


def german(says: str) -> str:
    """A sentence of admin in German; one that has no row stays as it is."""
    return _said(says, SENTENCES) or says


def _said(text: str, table: dict[str, str]) -> str | None:
    for pattern, row in _patterns(table is SENTENCES):
        found = pattern.fullmatch(text)
        if found is not None:
            return row.format(*(_said(part, PARTS) or part for part in found.groups()))
    return None


@lru_cache(maxsize=2)
def _patterns(sentences: bool) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The rows, those with the most words of their own first."""
    table = SENTENCES if sentences else PARTS
    rows = sorted(table.items(), key=lambda row: -len(row[0].replace("{}", "")))
    return tuple((re.compile(_regex(english), re.DOTALL), german_row) for english, german_row in rows)


def _regex(english: str) -> str:
    return "(.*?)".join(re.escape(part) for part in english.split("{}"))
