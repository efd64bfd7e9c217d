"""What dialling says about numbers, in German and English."""

TEXTS = {
    "dialling.extension": {
        "de": "{dialled} ist die Durchwahl von {name}",
        "en": "{dialled} is the extension of {name}",
    },
    "dialling.number": {
        "de": "{dialled} ist eine Rufnummer von {name}",
        "en": "{dialled} is a number of {name}",
    },
    "dialling.outside": {
        "de": "{dialled} ist eine Rufnummer außerhalb des Unternehmens: {number}",
        "en": "{dialled} is a number outside the company: {number}",
    },
    "dialling.incomplete": {
        "de": "{dialled} ist der Anfang einer Rufnummer, aber nicht vollständig",
        "en": "{dialled} is the beginning of a number, but not complete",
    },
    "dialling.unknown": {
        "de": "Die Nummer {dialled} ist nicht vergeben",
        "en": "Nobody has the number {dialled}",
    },
    "dialling.gone": {
        "de": "Das Ziel {what} gibt es nicht mehr",
        "en": "The target {what} does not exist any more",
    },
    "dialling.oneself": {
        "de": "{name} ruft den eigenen Anschluss an: besetzt, denn die Sprachbox meldet sich dort noch nicht",
        "en": "{name} calls his or her own extension: busy, because the mailbox does not answer there yet",
    },
    "dialling.back_to_caller": {
        "de": "Die Weiterleitung führt zurück zum Anrufer {name}: besetzt",
        "en": "The forward leads back to the caller {name}: busy",
    },
    "say.not_available": {
        "de": "Diese Funktion ist nicht verfügbar.",
        "en": "This function is not available.",
    },
}
