"""What deciding itself says, in German and English. This module must never name a feature."""

TEXTS = {
    "loop.again": {
        "de": "Die Weiterleitung von {by} an {to} dreht sich im Kreis: Ende",
        "en": "The forward from {by} to {to} runs in a circle: the call ends",
    },
    "loop.too_many": {
        "de": "Nach {count} Weiterleitungen geht es nicht von {by} zu {to} weiter: Ende",
        "en": "After {count} forwards the call does not go on from {by} to {to}: it ends",
    },
    "routing.no_rule": {
        "de": "Für dieses Ziel gibt es keine Regel",
        "en": "There is no rule for this target",
    },
    "not_acting": {
        "de": "„{what}“ ist eingestellt, wirkt aber noch nicht",
        "en": "“{what}” is set, not acting yet",
    },
    "call.picked_up": {
        "de": "{name} hat den Anruf herangeholt ({device})",
        "en": "{name} has picked the call up ({device})",
    },
    "call.joined": {
        "de": "{name} ist dazugekommen ({device})",
        "en": "{name} has joined the call ({device})",
    },
    "call.replaced": {
        "de": "{name} hat das Gespräch übernommen ({device})",
        "en": "{name} has taken the call over ({device})",
    },
    "schedule.week": {
        "de": "„{schedule}“ gilt nach der Woche",
        "en": "“{schedule}” holds by the week",
    },
    "schedule.holiday": {
        "de": "„{schedule}“ gilt, Feiertag: {feast}",
        "en": "“{schedule}” holds, holiday: {feast}",
    },
    "schedule.own_day": {
        "de": "„{schedule}“ gilt an diesem Tag zu eigenen Zeiten: {event}",
        "en": "“{schedule}” has hours of its own on this day and holds: {event}",
    },
    "schedule.event": {
        "de": "„{schedule}“ gilt, Kalender: {event}",
        "en": "“{schedule}” holds, calendar: {event}",
    },
    "schedule.outside": {
        "de": "„{schedule}“ gilt jetzt nicht",
        "en": "“{schedule}” does not hold now",
    },
    "schedule.holiday_rests": {
        "de": "„{schedule}“ ruht, Feiertag: {feast}",
        "en": "“{schedule}” rests, holiday: {feast}",
    },
    "schedule.own_day_rests": {
        "de": "„{schedule}“ hat an diesem Tag eigene Zeiten und ruht: {event}",
        "en": "“{schedule}” has hours of its own on this day and rests: {event}",
    },
    "schedule.event_rests": {
        "de": "„{schedule}“ ruht, Kalender: {event}",
        "en": "“{schedule}” rests, calendar: {event}",
    },
    "may.other_company": {
        "de": "Dieser Anruf gehört nicht zu Ihrem Unternehmen",
        "en": "This call does not belong to your company",
    },
    "may.not_yours": {
        "de": "Das geht nur bei Ihren eigenen Anrufen",
        "en": "This is possible with your own calls only",
    },
    "may.unknown_action": {
        "de": "Die Aktion „{action}“ ist nicht bekannt",
        "en": "The action “{action}” is not known",
    },
}
