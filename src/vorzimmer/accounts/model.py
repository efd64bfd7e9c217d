"""Who can sign in, and with what: accounts, sessions, tokens, tickets, second factors, as values.

A person of a company keeps name, role and site in the directory; an account only says how that person proves who they
are. Times are POSIX seconds. No value here holds a secret that opens anything: passwords are Argon2id hashes, session
and token secrets SHA-256 hashes; the one exception is the TOTP secret, which the store encrypts. This module must
never decide.
"""

from typing import Literal

import msgspec

Purpose = Literal["invitation", "reset", "setup"]
"""What a ticket opens: a first password, a new one, or the first account of a server."""

Method = Literal["password", "password+code", "password+passkey", "passkey", "company", "invitation"]
"""How somebody has signed in; ``company`` is the company's own provider (OpenID Connect)."""


class Account(msgspec.Struct, frozen=True):
    """`company` and `user` name a person of the directory; both are empty for a provider's account, which keeps
    `name`, `email` and `language` of its own. `login` is folded (``login.fold``) and unique on the server.
    `password` is an Argon2id PHC string, "" where none is set."""

    id: str
    login: str
    company: str = ""
    user: str = ""
    name: str = ""
    email: str = ""
    language: Literal["de", "en"] = "de"
    password: str = ""
    created: float = 0.0
    password_changed: float = 0.0
    last_signed_in: float = 0.0

    @property
    def provider(self) -> bool:
        """Whether this is an operator of the server rather than a person of a company."""
        return not self.user

    def __repr__(self) -> str:
        return f"Account({self.id}, {self.company}:{self.user})"


class Session(msgspec.Struct, frozen=True):
    """One sign-in of one browser. `secret` is the hash of the cookie; `id` may be shown. `confirmed` is when the
    password or passkey was last given; `ends` is the absolute end, however busy the session is."""

    id: str
    secret: bytes
    account: str
    method: Method
    created: float
    seen: float
    confirmed: float
    ends: float
    address: str = ""
    agent: str = ""


class ApiToken(msgspec.Struct, frozen=True):
    """A program's key with part of its owner's rights. `secret` is a hash; `expires` and `used` None: never."""

    id: str
    secret: bytes
    account: str
    label: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None = None
    used: float | None = None


class Ticket(msgspec.Struct, frozen=True):
    """Good once, until `expires`; `secret` is a hash. `account` is empty for the set-up of a server."""

    secret: bytes
    purpose: Purpose
    account: str
    expires: float


class Totp(msgspec.Struct, frozen=True):
    """A shared secret (RFC 6238), valid once it was `confirmed` by a code; `step` is the last one that was taken, so
    that no code is taken twice."""

    secret: str
    confirmed: bool = False
    step: int = -1

    def __repr__(self) -> str:
        return f"Totp(confirmed={self.confirmed})"


class Passkey(msgspec.Struct, frozen=True):
    """A WebAuthn credential. `count` is the authenticator's signature counter, 0 where it keeps none."""

    id: str
    account: str
    credential: bytes
    public_key: bytes
    label: str
    created: float
    count: int = 0
    transports: tuple[str, ...] = ()
    used: float | None = None


class Letter(msgspec.Struct, frozen=True):
    """A mail that is to be written and sent. It holds what it is about (`data`), never a secret or a link: those are
    made when it is sent. `due` is the next try; `dead` letters were tried often enough."""

    id: str
    kind: str
    data: dict[str, str]
    created: float
    due: float
    tries: int = 0
    dead: bool = False
    error: str = ""
