"""What calls to the outside say, in German and English."""

TEXTS = {
    "outside.no_trunk": {
        "de": "{number} liegt außerhalb des Unternehmens, und es gibt noch keine Verbindung nach außen",
        "en": "{number} is outside the company, and there is no line to the outside yet",
    },
    "say.no_trunk": {
        "de": "Verbindungen nach außen sind von diesem Anschluss aus noch nicht möglich.",
        "en": "Calls to the outside are not possible from this extension yet.",
    },
}
