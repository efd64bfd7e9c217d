"""What the settings of lamps are called, in German and English."""

LABELS = {
    "page.monitors": {
        "de": "Besetztlampenfeld",
        "en": "Busy lamp field",
    },
    "page.lamp": {
        "de": "Was Kollegen sehen",
        "en": "What colleagues see",
    },
    "set.lamp": {
        "de": "Auf ihren Lampen sehen Kollegen {shows}.",
        "en": "On their lamps colleagues see {shows}.",
    },
    "set.lamp.shows=nothing": {
        "de": "nichts",
        "en": "nothing",
    },
    "set.lamp.shows=state": {
        "de": "nur, dass gesprochen wird",
        "en": "only that there is a call",
    },
    "set.lamp.shows=direction": {
        "de": "auch, wer den Anruf begann",
        "en": "who began the call, too",
    },
    "set.lamp.shows=party": {
        "de": "auch, mit wem gesprochen wird",
        "en": "whom the call is with, too",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
