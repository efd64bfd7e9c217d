"""What an emergency call that cannot be made says, in German and English. Never a word that could be mistaken for help
being on its way."""

TEXTS = {
    "emergency.out": {
        "de": "{number} ist eine Notrufnummer: hinaus für den Standort „{site}“ mit der Nummer {shown}, "
        "an allen Regeln vorbei",
        "en": "{number} is an emergency number: out for the site “{site}” with the number {shown}, past every rule",
    },
    "emergency.failed": {
        "de": "Der Notruf {number} kam über keine Leitung zustande; der Betreiber wird alarmiert",
        "en": "The emergency call {number} could not be made over any line; the operator is alarmed",
    },
    "emergency.no_trunk": {
        "de": "{number} ist eine Notrufnummer, aber es gibt keine Verbindung nach außen: Der Notruf ist nicht möglich, "
        "und der Betreiber wird alarmiert",
        "en": "{number} is an emergency number, but there is no line to the outside: the call cannot be made, "
        "and the operator is alarmed",
    },
    "emergency.robot": {
        "de": "{number} ist eine Notrufnummer, und automatische Telefone wählen nie den Notruf",
        "en": "{number} is an emergency number, and automatic phones never dial one",
    },
    "say.emergency_no_trunk": {
        "de": "Von diesem Telefon ist zurzeit kein Notruf möglich. Bitte benutzen Sie sofort ein anderes Telefon.",
        "en": "Emergency calls cannot be made from this phone at the moment. Please use another phone at once.",
    },
}
