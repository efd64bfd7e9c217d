"""What call waiting says, in German and English."""

TEXTS = {
    "call_waiting.off": {
        "de": "{name} spricht am Gerät {device} und möchte dabei nicht angeklopft werden: besetzt",
        "en": "{name} talks on the device {device} with call waiting off: busy",
    },
    "call_waiting.waits": {
        "de": "{name} spricht gerade: Der Anruf klopft an",
        "en": "{name} is talking: the call waits",
    },
    "call_waiting.full": {
        "de": "Am Gerät {device} sind schon {count} Anrufe, mehr klopfen nicht an",
        "en": "The device {device} has {count} calls already, and no more may wait",
    },
    "code.call_waiting_toggle": {
        "de": "Anklopfen umschalten",
        "en": "Switch call waiting over",
    },
    "say.call_waiting_on": {
        "de": "Anklopfen ist eingeschaltet.",
        "en": "Call waiting is on.",
    },
    "say.call_waiting_off": {
        "de": "Anklopfen ist ausgeschaltet.",
        "en": "Call waiting is off.",
    },
}

LABELS = {
    "page.call_waiting": {
        "de": "Anklopfen",
        "en": "Call waiting",
    },
    "set.call_waiting": {
        "de": "Während eines Gesprächs klopfen weitere Anrufe an.",
        "en": "Further calls announce themselves during a call.",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
