"""What is said about trunks, in German and English."""

TEXTS = {
    "trunk.route": {
        "de": "{number} geht über „{trunk}“ hinaus und zeigt {shown}",
        "en": "{number} goes out over “{trunk}” and shows {shown}",
    },
    "trunk.private": {
        "de": "{number} geht über „{trunk}“ hinaus, die Nummer {shown} bleibt unterdrückt",
        "en": "{number} goes out over “{trunk}”, the number {shown} stays withheld",
    },
    "trunk.urgent": {
        "de": "Der Notruf {number} geht über „{trunk}“ hinaus, ohne jede Grenze, und zeigt {shown}",
        "en": "The emergency call {number} goes out over “{trunk}”, past every limit, and shows {shown}",
    },
    "trunk.down": {
        "de": "„{trunk}“ ist gestört und wird übergangen",
        "en": "“{trunk}” is down and is passed over",
    },
    "trunk.full": {
        "de": "„{trunk}“ ist voll ({limit} Kanäle) und wird übergangen",
        "en": "“{trunk}” is full ({limit} channels) and is passed over",
    },
    "trunk.none": {
        "de": "Für {number} gibt es keinen Weg nach außen",
        "en": "There is no way out for {number}",
    },
}
