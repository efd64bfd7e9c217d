"""What forwarding says, in German and English."""

TEXTS = {
    "forwarding.always": {
        "de": "{name} leitet alle Anrufe weiter an {to}",
        "en": "{name} forwards all calls to {to}",
    },
    "forwarding.phone": {
        "de": "Das Telefon von {name} leitet selbst weiter an {to}",
        "en": "The phone of {name} diverts by itself to {to}",
    },
    "forwarding.phone_refused": {
        "de": "Das Telefon von {name} leitet weiter an „{to}“, doch dorthin geht es nicht",
        "en": "The phone of {name} diverts to “{to}”, which leads nowhere",
    },
    "forwarding.selective": {
        "de": "{name} leitet solche Anrufe weiter an {to} (Regel „{criterion}“)",
        "en": "{name} forwards such calls to {to} (rule “{criterion}”)",
    },
    "forwarding.busy": {
        "de": "{name} ist besetzt: Weiterleitung an {to}",
        "en": "{name} is busy: forwarded to {to}",
    },
    "forwarding.declined": {
        "de": "{name} hat den Anruf abgelehnt: Weiterleitung an {to}",
        "en": "{name} has declined the call: forwarded to {to}",
    },
    "forwarding.unreachable": {
        "de": "{name} ist nicht erreichbar: Weiterleitung an {to}",
        "en": "{name} cannot be reached: forwarded to {to}",
    },
    "forwarding.no_answer": {
        "de": "{name} nimmt nach {seconds} Sekunden nicht ab: Weiterleitung an {to}",
        "en": "{name} does not answer within {seconds} seconds: forwarded to {to}",
    },
    "forwarding.after": {
        "de": "Nimmt {name} nach {seconds} Sekunden nicht ab, wird weitergeleitet",
        "en": "If {name} does not answer within {seconds} seconds, the call is forwarded",
    },
    "forwarding.nowhere": {
        "de": "Die Weiterleitung von {name} wirkt nicht, denn ihr Ziel „{target}“ führt nirgendwohin",
        "en": "The forwarding of {name} does not act, because its target “{target}” leads nowhere",
    },
    "forwarding.no_mailbox": {
        "de": "Die Weiterleitung von {name} an die Sprachbox („{target}“) wirkt nicht, denn es gibt keine",
        "en": "The forwarding of {name} to the mailbox (“{target}”) does not act, because there is none",
    },
    "code.forward_always_on": {
        "de": "Weiterleitung aller Anrufe einschalten",
        "en": "Switch forwarding of all calls on",
    },
    "code.forward_always_off": {
        "de": "Weiterleitung aller Anrufe ausschalten",
        "en": "Switch forwarding of all calls off",
    },
    "code.forward_busy_on": {
        "de": "Weiterleitung bei Besetzt einschalten",
        "en": "Switch forwarding when busy on",
    },
    "code.forward_busy_off": {
        "de": "Weiterleitung bei Besetzt ausschalten",
        "en": "Switch forwarding when busy off",
    },
    "code.forward_no_answer_on": {
        "de": "Weiterleitung bei Nichtmelden einschalten",
        "en": "Switch forwarding on no answer on",
    },
    "code.forward_no_answer_off": {
        "de": "Weiterleitung bei Nichtmelden ausschalten",
        "en": "Switch forwarding on no answer off",
    },
    "code.forward_unreachable_on": {
        "de": "Weiterleitung bei Nichterreichbarkeit einschalten",
        "en": "Switch forwarding when unreachable on",
    },
    "code.forward_unreachable_off": {
        "de": "Weiterleitung bei Nichterreichbarkeit ausschalten",
        "en": "Switch forwarding when unreachable off",
    },
    "say.forward_on": {
        "de": "Die Weiterleitung ist eingeschaltet.",
        "en": "Forwarding is on.",
    },
    "say.forward_off": {
        "de": "Die Weiterleitung ist ausgeschaltet.",
        "en": "Forwarding is off.",
    },
}

LABELS = {
    "page.forwarding": {
        "de": "Weiterleitung",
        "en": "Forwarding",
    },
    "set.forwarding.always": {
        "de": "Alle Anrufe gehen sofort an {to}.",
        "en": "All calls go to {to} at once.",
    },
    "set.forwarding.busy": {
        "de": "Ist besetzt, geht der Anruf an {to}.",
        "en": "If busy, the call goes to {to}.",
    },
    "set.forwarding.no_answer": {
        "de": "Meldet sich nach {after_s} Sekunden niemand, geht der Anruf an {to}.",
        "en": "If nobody answers within {after_s} seconds, the call goes to {to}.",
    },
    "set.forwarding.unreachable": {
        "de": "Ist kein Telefon erreichbar, geht der Anruf an {to}.",
        "en": "If no phone can be reached, the call goes to {to}.",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
