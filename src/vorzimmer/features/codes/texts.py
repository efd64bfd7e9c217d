"""What feature codes say beside the features' own words, in German and English."""

TEXTS = {
    "code.unknown": {
        "de": "{dialled} ist kein Funktionscode",
        "en": "{dialled} is not a feature code",
    },
    "code.not_built": {
        "de": "Der Funktionscode {code} ({name}) ist noch nicht verfügbar",
        "en": "The feature code {code} ({name}) is not available yet",
    },
    "code.not_here": {
        "de": "Der Funktionscode {code} ist kein Ziel für eine Übergabe",
        "en": "The feature code {code} is not a target of a transfer",
    },
    "code.users_only": {
        "de": "Der Funktionscode {code} gilt nur für Benutzer mit eigenen Einstellungen",
        "en": "The feature code {code} is for users with settings of their own only",
    },
    "code.needs_number": {
        "de": "Nach {code} fehlt die Rufnummer",
        "en": "A number is missing after {code}",
    },
    "code.bad_number": {
        "de": "„{dialled}“ nach dem Code {code} führt nirgendwohin",
        "en": "“{dialled}” after the code {code} leads nowhere",
    },
    "code.withhold": {
        "de": "Die Rufnummer wird für diesen Anruf unterdrückt ({code})",
        "en": "The number is withheld for this call ({code})",
    },
}

LABELS = {
    "page.feature_codes": {
        "de": "Funktionscodes",
        "en": "Feature codes",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
