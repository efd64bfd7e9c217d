"""What the settings of signing in through the company are called, in German and English."""

LABELS = {
    "page.sign_in": {
        "de": "Anmeldung über das Unternehmen",
        "en": "Sign-in through the company",
    },
    "set.sign_in": {
        "de": "Angemeldet wird über {issuer} mit der Kennung {client_id} und dem Geheimnis {client_secret}.",
        "en": "People sign in through {issuer} with the client id {client_id} and the secret {client_secret}.",
    },
    "set.sign_in.passwords": {
        "de": "Passwörter und Passkeys dieser Anlage gelten daneben auch für Personen ohne Verwaltungsrechte.",
        "en": "Passwords and passkeys of this system also work for people who do not administer it.",
    },
}
"""Its settings as sentences; gaps are fields (docs/portal.md)."""
