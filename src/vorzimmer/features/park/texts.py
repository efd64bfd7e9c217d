"""What the settings of park are called, in German and English."""

LABELS = {
    "page.park": {
        "de": "Parken",
        "en": "Park",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
