"""What the settings of recording are called, in German and English."""

LABELS = {
    "page.recording": {
        "de": "Aufzeichnung",
        "en": "Recording",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
