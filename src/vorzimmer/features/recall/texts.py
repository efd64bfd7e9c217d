"""What the settings of recall are called, in German and English."""

LABELS = {
    "page.recall": {
        "de": "Rückkehr",
        "en": "Recall",
    },
    "page.call_back_memory": {
        "de": "Rückruf-Gedächtnis",
        "en": "Call-back memory",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
