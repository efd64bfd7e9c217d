"""What the settings of executive and assistant are called, in German and English."""

LABELS = {
    "page.executive": {
        "de": "Leiter",
        "en": "Executive",
    },
    "page.assistant": {
        "de": "Assistent",
        "en": "Assistant",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
