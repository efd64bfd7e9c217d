"""What the mailbox says, in German and English."""

TEXTS = {
    "voicemail.not_built": {
        "de": "Hier würde die Sprachbox von {name} antworten, doch Sprachboxen gibt es noch nicht: nicht erreichbar",
        "en": "The mailbox of {name} would answer here, but mailboxes are not built yet: unavailable",
    },
    "voicemail.none": {
        "de": "{name} hat keine Sprachbox: nicht erreichbar",
        "en": "{name} has no mailbox: unavailable",
    },
}

LABELS = {
    "page.voicemail": {
        "de": "Sprachbox",
        "en": "Voicemail",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
