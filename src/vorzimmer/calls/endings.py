"""How a call ended, in words for people: the vocabulary of the records in German and English.

This module must never be asked for a decision.
"""

ENDINGS: dict[str, dict[str, str]] = {
    "answered": {"de": "angenommen", "en": "answered"},
    "bad request": {"de": "der Anruf war nicht zu verstehen", "en": "the call could not be understood"},
    "busy": {"de": "besetzt", "en": "busy"},
    "cancelled": {"de": "vom Anrufer abgebrochen", "en": "cancelled by the caller"},
    "declined": {"de": "abgelehnt", "en": "declined"},
    "device off": {"de": "das Gerät wurde abgeschaltet", "en": "the device was switched off"},
    "done": {"de": "Funktionscode ausgeführt", "en": "feature code carried out"},
    "hung up": {"de": "aufgelegt", "en": "hung up"},
    "interrupted": {"de": "durch einen Neustart unterbrochen", "en": "interrupted by a restart"},
    "loop": {"de": "Weiterleitung im Kreis", "en": "forwarding loop"},
    "media lost": {"de": "die Sprachverbindung war nicht zu halten", "en": "the audio could not be kept"},
    "no ACK": {"de": "das Telefon hat nicht bestätigt", "en": "the phone did not acknowledge"},
    "no answer": {"de": "nicht angenommen", "en": "no answer"},
    "no_answer": {"de": "nicht angenommen", "en": "no answer"},
    "no common codec": {"de": "kein gemeinsames Sprachformat", "en": "no audio format in common"},
    "no common encryption": {
        "de": "Telefon und Einstellung sind sich über die Verschlüsselung nicht einig",
        "en": "the phone and its setting do not agree on encryption",
    },
    "no line": {"de": "keine Leitung nach außen", "en": "no line to the outside"},
    "no plan": {"de": "es gab keinen Weg", "en": "there was no way to go"},
    "not allowed": {"de": "nicht erlaubt", "en": "not allowed"},
    "not available": {"de": "nicht verfügbar", "en": "not available"},
    "phone vanished": {"de": "das Telefon war nicht mehr zu erreichen", "en": "the phone was gone"},
    "redirected": {"de": "umgeleitet", "en": "redirected"},
    "rejected": {"de": "abgewiesen", "en": "rejected"},
    "shutdown": {"de": "der Server wurde beendet", "en": "the server was shut down"},
    "time limit": {
        "de": "zwei Teilnehmer außerhalb waren zu lange allein verbunden",
        "en": "two outside parties were connected alone for too long",
    },
    "transfer failed": {"de": "Übergabe gescheitert", "en": "the transfer failed"},
    "transferred": {"de": "übergeben", "en": "transferred"},
    "unknown number": {"de": "unbekannte Nummer", "en": "unknown number"},
    "unreachable": {"de": "nicht erreichbar", "en": "unreachable"},
}


def ending(word: str, language: str) -> str:
    """A record's word in German or English; one that is not in the vocabulary is shown as it is."""
    return ENDINGS.get(word, {}).get(language, word)
