"""One record of every kind, as the description of the API shows it. A test holds each against its kind.

This module must never hold a number that could belong to somebody: they come from the range for films and books.
"""

# table

from typing import Any, Final

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "company": {"id": "musterbau", "name": "Musterbau GmbH", "sip_domain": "musterbau.example", "area_code": "89"},
    "site": {"id": "muenchen", "name": "München", "address": "Baustraße 1, 80331 München"},
    "department": {"id": "verkauf", "name": "Verkauf"},
    "schedule": {
        "id": "buerozeiten",
        "name": "Bürozeiten",
        "weekly": {"mo-th": ["08:00-17:00"], "fr": ["08:00-15:00"]},
    },
    "user": {
        "id": "anna",
        "name": "Anna Schneider",
        "site": "muenchen",
        "extension": "100",
        "numbers": [{"number": "+498999998100", "label": "Durchwahl"}],
        "forwarding": {"no_answer": {"enabled": True, "to": "voicemail", "after_s": 20}},
        "dnd": False,
    },
    "phone": {"id": "empfang", "name": "Empfang", "site": "muenchen", "extension": "130"},
    "device": {"id": "anna-tisch", "owner": "user:anna", "name": "Tischtelefon", "kind": "sip"},
    "park_group": {"id": "verkauf", "name": "Verkauf", "members": ["carl", "dora"]},
    "park": {"id": "platz1", "name": "Parkplatz 1", "extension": "701"},
    "paging": {"id": "haus", "name": "Durchsage Haus", "extension": "650", "members": ["phone:empfang"]},
    "hunt": {"id": "zentrale", "name": "Zentrale", "extension": "500", "members": [{"user": "bea"}, {"user": "carl"}]},
    "pickup": {"id": "lager", "name": "Lager", "members": ["dora", "emil"]},
    "instant": {"id": "krisenstab", "name": "Krisenstab", "extension": "600", "members": ["user:anna", "user:bea"]},
    "night_forwarding": {"site": "muenchen", "mode": "auto", "schedule": "buerozeiten", "to": "voicemail:bea"},
    "attendant": {
        "id": "begruessung",
        "name": "Begrüßung",
        "extension": "900",
        "greeting": {"text": "Willkommen bei Musterbau."},
        "menus": {
            "business_hours": {
                "say": {"text": "Für die Zentrale drücken Sie die Eins."},
                "keys": {"1": "hunt:zentrale"},
            }
        },
    },
    "intercept": {"for": "user:emil", "active": False, "new_number": "+498999998120"},
    "calling_plan": {
        "for": "site:lager",
        "outgoing": {"patterns": [{"name": "Mehrwert", "pattern": "+49900*", "action": "block"}]},
    },
    "trunk": {
        "id": "provider",
        "kind": "register",
        "registrar": "sip:trunk.example",
        "username": "498999998000",
        "password": "only-our-carrier-knows",
        "numbers": [{"from": "+498999998100", "to": "+498999998199"}],
    },
    "contact": {"id": "grosskunde", "name": "Großkunde AG", "numbers": ["+493023125222"], "responsible": "carl"},
}
