"""What the settings of barge-in are called, in German and English."""

LABELS = {
    "page.barge_in_exempt": {
        "de": "Schutz vor Aufschalten",
        "en": "Protection from barge-in",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
