"""Every problem that the API answers with: its status, its title and what it says, in German and English.

A name is part of the address of a problem's type (``/problems/NAME``) and never changes its meaning. This module must
never hold a secret or name something that the asker may not know of.
"""

# table

from typing import Final, NamedTuple


class Words(NamedTuple):
    """A text in both languages."""

    de: str
    en: str

    def get(self, language: str) -> str:
        """The text in a language; German where nobody knows it."""
        return self.en if language == "en" else self.de


class Kind(NamedTuple):
    """One problem: HTTP status, title, detail (a template of the parameters that are given with it)."""

    status: int
    title: Words
    detail: Words


PROBLEMS: Final[dict[str, Kind]] = {
    "sign-in-needed": Kind(
        401,
        Words("Anmeldung erforderlich", "Sign-in needed"),
        Words("Bitte melden Sie sich an.", "Please sign in."),
    ),
    "bad-token": Kind(
        401,
        Words("Token ungültig", "Token not valid"),
        Words(
            "Dieses Token ist unbekannt, abgelaufen oder zurückgezogen.", "This token is unknown, expired or revoked."
        ),
    ),
    "wrong-credentials": Kind(
        401,
        Words("Anmeldung nicht möglich", "Sign-in not possible"),
        Words(
            "Anmeldename und Passwort passen nicht zusammen. Bitte prüfen Sie beides.",
            "Sign-in name and password do not match. Please check both.",
        ),
    ),
    "wrong-code": Kind(
        401,
        Words("Code nicht richtig", "Code not right"),
        Words(
            "Dieser Code stimmt nicht, oder er wurde schon verwendet. Bitte warten Sie auf den nächsten.",
            "This code is not right, or it has been used already. Please wait for the next one.",
        ),
    ),
    "bad-passkey": Kind(
        401,
        Words("Passkey nicht angenommen", "Passkey not accepted"),
        Words(
            "Dieser Passkey gehört zu keinem Zugang hier, oder seine Antwort ließ sich nicht prüfen.",
            "This passkey belongs to no account here, or its answer could not be verified.",
        ),
    ),
    "company-sign-in": Kind(
        401,
        Words("Anmeldung über das Unternehmen gescheitert", "Sign-in through the company failed"),
        Words(
            "Der Anmeldedienst Ihres Unternehmens hat Sie nicht bestätigt, oder Sie haben hier keinen Zugang. Bitte "
            "versuchen Sie es noch einmal, oder fragen Sie Ihren Administrator.",
            "Your company's sign-in service did not confirm you, or you have no account here. Please try again, or ask "
            "your administrator.",
        ),
    ),
    "begin-again": Kind(
        410,
        Words("Bitte von vorn", "Please begin again"),
        Words(
            "Dieser Schritt ist abgelaufen oder schon getan. Bitte beginnen Sie von vorn.",
            "This step has expired or is done already. Please begin again.",
        ),
    ),
    "ticket-gone": Kind(
        410,
        Words("Link nicht mehr gültig", "Link no longer valid"),
        Words(
            "Dieser Link ist abgelaufen oder wurde schon verwendet. Bitte lassen Sie sich einen neuen schicken.",
            "This link has expired or has been used already. Please ask for a new one.",
        ),
    ),
    "csrf": Kind(
        403,
        Words("Anfrage nicht von dieser Seite", "Request not from this page"),
        Words(
            "Bitte laden Sie die Seite neu. (Der Anfrage fehlt X-Vorzimmer-CSRF, oder sie kommt von anderswo.)",
            "Please reload the page. (The request lacks X-Vorzimmer-CSRF, or comes from another site.)",
        ),
    ),
    "session-needed": Kind(
        403,
        Words("Nur für Personen", "For people only"),
        Words(
            "Das geht nur, wenn Sie selbst angemeldet sind, nicht mit einem Token.",
            "This needs you to be signed in yourself; a token does not do.",
        ),
    ),
    "confirm-needed": Kind(
        403,
        Words("Bitte bestätigen", "Please confirm"),
        Words(
            "Bitte geben Sie dafür Ihr Passwort noch einmal ein, oder zeigen Sie einen Passkey.",
            "For this, please enter your password once more, or show a passkey.",
        ),
    ),
    "factor-needed": Kind(
        403,
        Words("Zweiter Schritt fehlt", "Second step missing"),
        Words(
            "Ihr Unternehmen verlangt einen zweiten Schritt bei der Anmeldung. Bitte richten Sie einen Code aus einer "
            "App oder einen Passkey ein.",
            "Your company wants a second step at sign-in. Please set up a code from an app or a passkey.",
        ),
    ),
    "not-allowed": Kind(
        403,
        Words("Nicht erlaubt", "Not allowed"),
        Words("Dazu fehlt Ihnen die Berechtigung.", "You do not have the right to do this."),
    ),
    "out-of-scope": Kind(
        403,
        Words("Token reicht nicht", "Token does not reach"),
        Words("Diesem Token fehlt das Recht „{scope}“.", "This token lacks the scope “{scope}”."),
    ),
    "not-found": Kind(
        404,
        Words("Nicht gefunden", "Not found"),
        Words("Das gibt es hier nicht.", "There is no such thing here."),
    ),
    "method-not-allowed": Kind(
        405,
        Words("Methode nicht möglich", "Method not allowed"),
        Words("Hier gibt es diese Methode nicht.", "There is no such method here."),
    ),
    "bad-request": Kind(
        400,
        Words("Anfrage nicht verständlich", "Request not understood"),
        Words("Die Anfrage ist nicht lesbar: siehe „errors“.", "The request cannot be read: see “errors”."),
    ),
    "bad-json": Kind(
        400,
        Words("Kein gültiges JSON", "Not valid JSON"),
        Words("Der Inhalt der Anfrage ist kein gültiges JSON.", "The body of the request is not valid JSON."),
    ),
    "bad-calendar": Kind(
        422,
        Words("Kalender nicht lesbar", "Calendar not readable"),
        Words(
            "Der Kalender ist nicht vollständig zu verstehen und bleibt, wie er war: {says}.",
            "The calendar cannot be understood whole and stays as it was: {says}.",
        ),
    ),
    "bad-media-type": Kind(
        415,
        Words("Falsche Art von Inhalt", "Wrong kind of content"),
        Words("Erwartet wird {expected}.", "{expected} is expected."),
    ),
    "too-large": Kind(
        413,
        Words("Zu groß", "Too large"),
        Words("Mehr als {limit} Bytes nimmt diese Stelle nicht an.", "More than {limit} bytes are not taken here."),
    ),
    "bad-cursor": Kind(
        400,
        Words("Seitenmarke ungültig", "Cursor not valid"),
        Words(
            "Diese Seitenmarke passt nicht zu dieser Liste. Bitte beginnen Sie von vorn.",
            "This cursor does not fit this list. Please begin again.",
        ),
    ),
    "invalid": Kind(
        422,
        Words("Das passt so nicht", "This does not fit"),
        Words("Bitte berichtigen Sie, was unter „errors“ steht.", "Please correct what “errors” names."),
    ),
    "refused": Kind(
        422,
        Words("Abgelehnt", "Refused"),
        Words("Das ist so nicht möglich: siehe „errors“.", "This is not possible: see “errors”."),
    ),
    "still-used": Kind(
        409,
        Words("Wird noch gebraucht", "Still in use"),
        Words(
            "Das lässt sich erst entfernen, wenn niemand mehr darauf verweist: siehe „errors“.",
            "This can be removed once nobody names it any more: see “errors”.",
        ),
    ),
    "exists": Kind(
        409,
        Words("Gibt es schon", "Exists already"),
        Words("„{id}“ gibt es schon.", "“{id}” exists already."),
    ),
    "condition-needed": Kind(
        428,
        Words("Stand fehlt", "Condition needed"),
        Words(
            "Bitte nennen Sie in If-Match den Stand (ETag), den Sie geändert haben.",
            "Please name in If-Match the state (ETag) that you have changed.",
        ),
    ),
    "changed-meanwhile": Kind(
        412,
        Words("Inzwischen geändert", "Changed meanwhile"),
        Words(
            "Jemand war schneller. Bitte laden Sie den neuen Stand und ändern Sie ihn noch einmal.",
            "Somebody was faster. Please load the new state and change it again.",
        ),
    ),
    "no-phone": Kind(
        409,
        Words("Kein Telefon erreichbar", "No phone can be reached"),
        Words("Es ist kein Telefon angemeldet, an dem es klingeln könnte.", "No phone is registered that could ring."),
    ),
    "wrong-moment": Kind(
        409,
        Words("Im Augenblick passt das nicht", "This does not fit the moment"),
        Words(
            "Das Gespräch ist nicht in einem Zustand, in dem das geht.",
            "The call is not in a state in which this works.",
        ),
    ),
    "key-used": Kind(
        422,
        Words("Schlüssel schon benutzt", "Key used already"),
        Words(
            "Dieser Idempotency-Key gehört zu einer anderen Anfrage.",
            "This Idempotency-Key belongs to another request.",
        ),
    ),
    "too-many": Kind(
        429,
        Words("Zu viele Anfragen", "Too many requests"),
        Words("Bitte warten Sie {seconds} Sekunden.", "Please wait {seconds} seconds."),
    ),
    "not-now": Kind(
        503,
        Words("Im Augenblick nicht möglich", "Not possible at the moment"),
        Words(
            "Die Vermittlung antwortet gerade nicht. Bitte versuchen Sie es gleich noch einmal.",
            "The exchange does not answer just now. Please try again in a moment.",
        ),
    ),
    "internal": Kind(
        500,
        Words("Fehler im Server", "Error in the server"),
        Words(
            "Das hätte nicht geschehen dürfen. Der Fehler ist aufgezeichnet.",
            "This should not have happened. The error has been recorded.",
        ),
    ),
}
