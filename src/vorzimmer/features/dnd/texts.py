"""What do not disturb says, in German and English."""

TEXTS = {
    "dnd.on": {
        "de": "{name} hat „Nicht stören“ eingeschaltet: wie besetzt",
        "en": "{name} has set do not disturb: as if busy",
    },
    "dnd.phone": {
        "de": "Am Gerät {device} ist „Nicht stören“ eingeschaltet",
        "en": "The device {device} is set to do not disturb",
    },
    "code.dnd_on": {
        "de": "„Nicht stören“ einschalten",
        "en": "Switch do not disturb on",
    },
    "code.dnd_off": {
        "de": "„Nicht stören“ ausschalten",
        "en": "Switch do not disturb off",
    },
    "say.dnd_on": {
        "de": "„Nicht stören“ ist eingeschaltet.",
        "en": "Do not disturb is on.",
    },
    "say.dnd_off": {
        "de": "„Nicht stören“ ist ausgeschaltet.",
        "en": "Do not disturb is off.",
    },
}

LABELS = {
    "page.dnd": {
        "de": "Nicht stören",
        "en": "Do not disturb",
    },
    "set.dnd": {
        "de": "Es klingelt nicht; Anrufe werden behandelt, als wäre besetzt.",
        "en": "No phone rings; calls are treated as if busy.",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
