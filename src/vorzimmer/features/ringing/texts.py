"""What ringing says about people and devices, in German and English."""

TEXTS = {
    "ringing.ring": {
        "de": "{name} wird höchstens {seconds} Sekunden lang gerufen (Geräte: {count})",
        "en": "{name} is rung for at most {seconds} seconds (devices: {count})",
    },
    "ringing.unregistered": {
        "de": "Das Gerät {device} ist nicht angemeldet und wird ausgelassen",
        "en": "The device {device} is not registered and is left out",
    },
    "ringing.unreachable": {
        "de": "Kein Gerät von {name} ist angemeldet",
        "en": "No device of {name} is registered",
    },
    "ringing.no_device": {
        "de": "{name} hat kein Gerät, das läuten könnte",
        "en": "{name} has no device that could ring",
    },
    "ringing.busy": {
        "de": "{name} ist besetzt, und nichts leitet den Anruf weiter",
        "en": "{name} is busy, and nothing forwards the call",
    },
    "ringing.declined": {
        "de": "{name} hat den Anruf abgelehnt",
        "en": "{name} has declined the call",
    },
    "ringing.declined_once": {
        "de": "{name} hat den Anruf an einem Gerät abgelehnt: besetzt",
        "en": "{name} has declined the call on one device: busy",
    },
    "ringing.no_answer": {
        "de": "{name} nimmt nach {seconds} Sekunden nicht ab, und nichts leitet den Anruf weiter",
        "en": "{name} does not answer within {seconds} seconds, and nothing forwards the call",
    },
    "ringing.unavailable": {
        "de": "{name} ist nicht erreichbar, und nichts leitet den Anruf weiter",
        "en": "{name} cannot be reached, and nothing forwards the call",
    },
}
