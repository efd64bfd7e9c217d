"""What parallel ringing says, in German and English."""

TEXTS = {
    "parallel.rings": {
        "de": "Mit {name} läutet es auch bei {to} ({number})",
        "en": "Along with {name} it rings at {to} ({number}) as well",
    },
    "parallel.rings_outside": {
        "de": "Mit {name} läutet es auch draußen bei {to} ({number}); wer dort abnimmt, muss die Eins drücken",
        "en": "Along with {name} it rings outside at {to} ({number}); whoever answers there must press 1",
    },
    "parallel.closed": {
        "de": "Das parallele Läuten von {name} ruht nach Zeitplan „{schedule}“",
        "en": "Parallel ringing of {name} rests by the schedule “{schedule}”",
    },
    "parallel.talking": {
        "de": "Das parallele Läuten von {name} ruht, solange {name} spricht",
        "en": "Parallel ringing of {name} rests while {name} is talking",
    },
    "parallel.left_out": {
        "de": "Das parallele Läuten von {name} bei {to} ({number}) wird ausgelassen: Dieses Ziel kann nicht mitläuten",
        "en": "Parallel ringing of {name} at {to} ({number}) is left out: this target cannot ring along",
    },
    "parallel.outside": {
        "de": "Das parallele Läuten von {name} bei {to} ({number}) entfällt: keine Verbindung nach außen",
        "en": "Parallel ringing of {name} at {to} ({number}) is left out: no line to the outside",
    },
    "parallel.dnd": {
        "de": "Das parallele Läuten von {name} bei {to} ({number}) entfällt: dort gilt „Nicht stören“",
        "en": "Parallel ringing of {name} at {to} ({number}) is left out: do not disturb is set there",
    },
    "parallel.cannot_ring": {
        "de": "Das parallele Läuten von {name} bei {to} ({number}) entfällt: dort ist kein Gerät frei",
        "en": "Parallel ringing of {name} at {to} ({number}) is left out: no device is free there",
    },
}

LABELS = {
    "page.parallel_ringing": {
        "de": "Parallel klingeln",
        "en": "Parallel ringing",
    },
    "set.parallel_ringing": {
        "de": "Gleichzeitig klingelt es {schedule} bei {numbers}",
        "en": "At the same time, {schedule}, it rings at {numbers}",
    },
    "set.parallel_ringing.confirm": {
        "de": "Wer außerhalb abnimmt, muss die Eins drücken.",
        "en": "Whoever answers outside must press 1.",
    },
    "set.parallel_ringing.while_talking": {
        "de": "Dort klingelt es auch während eines Gesprächs.",
        "en": "It rings there during a call, too.",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
