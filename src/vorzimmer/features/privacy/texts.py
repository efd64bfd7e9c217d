"""What the settings of privacy are called, in German and English."""

LABELS = {
    "page.privacy": {
        "de": "Datenschutz",
        "en": "Privacy",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
