"""What the settings of policies are called, in German and English."""

LABELS = {
    "page.policies": {
        "de": "Richtlinien",
        "en": "Policies",
    },
    "page.limits": {
        "de": "Grenzen",
        "en": "Limits",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
