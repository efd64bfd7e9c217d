"""What the settings of speed dials are called, in German and English."""

LABELS = {
    "page.speed_dials": {
        "de": "Kurzwahlen",
        "en": "Speed dials",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
