"""What anonymous rejection says, in German and English."""

TEXTS = {
    "anonymous.rejected": {
        "de": "{name} nimmt keine Anrufe mit unterdrückter Rufnummer an",
        "en": "{name} accepts no calls with a withheld number",
    },
    "say.anonymous_rejected": {
        "de": "Dieser Anschluss nimmt keine Anrufe mit unterdrückter Rufnummer an. "
        "Bitte rufen Sie mit Ihrer Rufnummer wieder an.",
        "en": "This number accepts no calls with a withheld number. Please call again and show your number.",
    },
}

LABELS = {
    "page.reject_anonymous": {
        "de": "Anonyme Anrufe",
        "en": "Anonymous calls",
    },
    "set.reject_anonymous": {
        "de": "Anrufe mit unterdrückter Nummer werden abgewiesen.",
        "en": "Calls that withhold their number are refused.",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
