"""What the settings of the number shown are called, in German and English."""

LABELS = {
    "page.outgoing": {
        "de": "Gezeigte Rufnummer",
        "en": "Number shown",
    },
    "set.outgoing": {
        "de": "Angerufene sehen {show}; die eigene ist {number}.",
        "en": "Whoever is called sees {show}; the own one is {number}.",
    },
    "set.outgoing.show=own": {
        "de": "die eigene Rufnummer",
        "en": "the own number",
    },
    "set.outgoing.show=site": {
        "de": "die Rufnummer des Standorts",
        "en": "the number of the site",
    },
    "set.outgoing.show=group": {
        "de": "die Rufnummer der Gruppe",
        "en": "the number of the group",
    },
    "set.outgoing.clir": {
        "de": "Die Rufnummer wird nicht gezeigt.",
        "en": "The number is withheld.",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
