"""What selective acceptance and rejection say, in German and English."""

TEXTS = {
    "selective.rejected": {
        "de": "{name} weist solche Anrufe ab (Regel „{criterion}“)",
        "en": "{name} rejects such calls (rule “{criterion}”)",
    },
    "selective.not_accepted": {
        "de": "{name} nimmt nur bestimmte Anrufe an, und dieser gehört nicht dazu",
        "en": "{name} accepts certain calls only, and this is none of them",
    },
    "say.rejected": {
        "de": "Der gewünschte Teilnehmer nimmt Ihren Anruf nicht entgegen.",
        "en": "The person you are calling does not accept your call.",
    },
}

LABELS = {
    "page.accept": {
        "de": "Nur bestimmte Anrufe annehmen",
        "en": "Accept certain calls only",
    },
    "page.reject": {
        "de": "Bestimmte Anrufe abweisen",
        "en": "Refuse certain calls",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
