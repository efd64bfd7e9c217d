"""What the settings of signing in through the company are called, in German and English."""

LABELS = {
    "page.sign_in": {
        "de": "Anmeldung über das Unternehmen",
        "en": "Sign-in through the company",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
