"""What calls to the outside say, in German and English."""

TEXTS = {
    "outside.ring": {
        "de": "{number} liegt außerhalb des Unternehmens und wird angerufen",
        "en": "{number} is outside the company and is called",
    },
    "outside.refused": {
        "de": "{number} ist nicht zu erreichen: Das Netz antwortet mit {status}",
        "en": "{number} cannot be reached: the network answers {status}",
    },
    "outside.failed": {
        "de": "Keine Leitung nach außen konnte {number} erreichen ({status})",
        "en": "No line to the outside could reach {number} ({status})",
    },
    "outside.no_trunk": {
        "de": "{number} liegt außerhalb des Unternehmens, und es gibt zurzeit keine Verbindung nach außen",
        "en": "{number} is outside the company, and there is no line to the outside now",
    },
    "say.no_trunk": {
        "de": "Zurzeit ist keine Verbindung nach außen möglich. Bitte versuchen Sie es später noch einmal.",
        "en": "Calls to the outside are not possible at the moment. Please try again later.",
    },
    "say.press_1": {
        "de": "Sie haben einen Anruf. Drücken Sie die Eins, um ihn anzunehmen.",
        "en": "You have a call. Press one to accept it.",
    },
}
