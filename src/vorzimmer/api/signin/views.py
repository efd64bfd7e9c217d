"""What sign-in's endpoints take and give, as the API describes it.

This module must never hold a secret's hash, and a secret itself only where it is shown once.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.accounts.model import ApiToken, Passkey, Session

Login = Annotated[str, Field(max_length=254, examples=["eva@musterbau.example"])]
Secret = Annotated[str, Field(max_length=1000, json_schema_extra={"format": "password"})]
Ticket = Annotated[str, Field(max_length=200)]
Label = Annotated[str, Field(max_length=80)]


class Body(BaseModel):
    """A request's body: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class PasswordSignIn(Body):
    """The first step."""

    login: Login
    password: Secret


class CodeSignIn(Body):
    """The second step: a code of the app, or a recovery code."""

    ticket: Ticket
    code: Annotated[str, Field(max_length=64, examples=["287082"])]


class PasskeyBegin(Body):
    """`ticket` of a password that was right; without one the passkey is the whole sign-in."""

    ticket: Ticket | None = None


class PasskeyOptions(BaseModel):
    """`options` go to ``navigator.credentials`` (their binary fields are base64url), `ticket` comes back with the
    answer."""

    ticket: str
    options: dict[str, Any]


class PasskeyAnswer(Body):
    """What ``navigator.credentials`` gave, with its binary fields in base64url (``toJSON``)."""

    ticket: Ticket
    credential: dict[str, Any]


class NewPasskey(PasskeyAnswer):
    """A passkey to keep, under a label."""

    label: Label = ""


class SessionView(BaseModel):
    """The session that one has now. `csrf` is said in ``X-Vorzimmer-CSRF`` with everything that changes something."""

    state: Literal["signed_in"] = "signed_in"
    id: str
    csrf: str
    login: str
    name: str
    role: Literal["provider", "company_admin", "site_admin", "user"]
    company: str | None = None
    user: str | None = None
    language: Literal["de", "en"]
    method: str
    fresh: bool = Field(description="Whether the password or passkey was given in the last 15 minutes")
    ends: datetime
    must_enrol: bool = Field(False, description="The company wants a second factor: only `/session` works before")


class SecondStep(BaseModel):
    """The password was right; one of `factors` is still to be shown, with `ticket`, within five minutes."""

    state: Literal["second_factor"] = "second_factor"
    ticket: str
    factors: list[Literal["code", "passkey", "recovery"]]


class Ways(BaseModel):
    """What the sign-in page offers. `setup`: there is no account on this server yet. `reset`: letters can be sent."""

    setup: bool
    reset: bool


class TicketShown(Body):
    """A ticket from a link."""

    ticket: Ticket


class TicketOf(BaseModel):
    """Whose ticket it is."""

    login: str
    name: str
    company: str | None = None
    language: Literal["de", "en"]


class TicketAccepted(Body):
    """A ticket from a link, and the new password."""

    ticket: Ticket
    password: Secret


class ResetAsked(Body):
    """Whose password is forgotten."""

    login: Login


class SetUp(Body):
    """The first account of a server: its operator's."""

    ticket: Ticket
    login: Login
    password: Secret
    name: Annotated[str, Field(max_length=80)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    language: Literal["de", "en"] = "de"


class PasswordChange(Body):
    """The old password, "" where none is set yet, and the new one."""

    old: Secret
    password: Secret


class PasswordShown(Body):
    """The password again."""

    password: Secret


class CodeShown(Body):
    """A code of the app."""

    code: Annotated[str, Field(max_length=64)]


class Enrolment(BaseModel):
    """The secret for the app, shown once: `uri` as a QR code."""

    secret: str
    uri: str


class RecoveryCodes(BaseModel):
    """Codes to be written down, shown once; each works once instead of a second factor. Empty where there are some
    already."""

    codes: list[str]


class Methods(BaseModel):
    """How one may sign in."""

    password: bool
    code: bool
    passkeys: int
    recovery_codes: int


class SessionRow(BaseModel):
    """A session in a list."""

    id: str
    current: bool
    method: str
    address: str
    agent: str
    created: datetime
    seen: datetime

    @classmethod
    def of(cls, session: Session, current: str) -> "SessionRow":
        """As it is shown."""
        return cls(
            id=session.id,
            current=session.id == current,
            method=session.method,
            address=session.address,
            agent=session.agent,
            created=moment(session.created),
            seen=moment(session.seen),
        )


class PasskeyRow(BaseModel):
    """A passkey in a list."""

    id: str
    label: str
    created: datetime
    used: datetime | None = None

    @classmethod
    def of(cls, passkey: Passkey) -> "PasskeyRow":
        """As it is shown."""
        used = moment(passkey.used) if passkey.used is not None else None
        return cls(id=passkey.id, label=passkey.label, created=moment(passkey.created), used=used)


class Registered(BaseModel):
    """A new passkey, and recovery codes where it is the first second factor."""

    passkey: PasskeyRow
    recovery_codes: list[str]


class Renamed(Body):
    """A new label."""

    label: Annotated[str, Field(min_length=1, max_length=80)]


class NewToken(Body):
    """An API token to make: at least one scope, and when it ends (null: never)."""

    label: Annotated[str, Field(min_length=1, max_length=80)]
    scopes: Annotated[list[str], Field(min_length=1, max_length=20, examples=[["directory:read"]])]
    expires: datetime | None = None


class TokenRow(BaseModel):
    """An API token in a list; its secret is never shown again."""

    id: str
    label: str
    scopes: list[str]
    created: datetime
    expires: datetime | None = None
    used: datetime | None = None

    @classmethod
    def of(cls, token: ApiToken) -> "TokenRow":
        """As it is shown."""
        maybe = {
            name: moment(at) if at is not None else None
            for name, at in (("expires", token.expires), ("used", token.used))
        }
        return cls(id=token.id, label=token.label, scopes=list(token.scopes), created=moment(token.created), **maybe)


class TokenMade(BaseModel):
    """A new API token; `secret` is shown this once."""

    token: TokenRow
    secret: str


class InvitationWish(Body):
    """How somebody is invited: by mail, or with a link to be handed over. `login` only for a new account; their e-mail
    address if it is left out."""

    delivery: Literal["mail", "link"] = "mail"
    login: Login = ""


class InvitationMade(BaseModel):
    """`link` where it is to be handed over; it works once, for seven days."""

    login: str
    link: str | None = None


class AccessView(BaseModel):
    """Whether and how somebody can sign in."""

    account: bool
    login: str | None = None
    password: bool = False
    code: bool = False
    passkeys: int = 0
    sessions: int = 0
    tokens: int = 0
    last_signed_in: datetime | None = None


def moment(at: float) -> datetime:
    """POSIX seconds as the API writes them: UTC."""
    return datetime.fromtimestamp(at, UTC)
