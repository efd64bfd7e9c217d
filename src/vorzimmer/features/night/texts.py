"""What the settings of night forwarding are called, in German and English."""

LABELS = {
    "page.night": {
        "de": "Standort-Umleitung",
        "en": "Night forwarding",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
