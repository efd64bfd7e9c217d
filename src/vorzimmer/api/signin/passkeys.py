"""Passkeys (WebAuthn): registered by who is signed in, then a way in of their own or the second step after a password.

The relying party is the host of the public address. As a way in of its own a passkey must have verified its user (a
PIN, a fingerprint). Keys are discoverable, so that nobody has to type a name and we name nobody's keys to strangers.
This module must never trust what a browser says before the signature was checked.
"""

import hashlib
import json
import struct
from typing import Any, Final

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from vorzimmer.accounts import lockout
from vorzimmer.accounts.model import Account, Passkey
from vorzimmer.accounts.secret import from_base64url
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.entry import Entry, Guard
from vorzimmer.api.signin.persons import Person, person_of
from vorzimmer.api.signin.ports import SignInPorts, Where
from vorzimmer.api.signin.sessions import Begun, Sessions
from vorzimmer.api.signin.waiting import Waiting
from vorzimmer.kernel.text import safe_name

Json = dict[str, Any]
MOST: Final = 20
"""Passkeys of one account."""
TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal", "cable"})
_GARBAGE = (WebAuthnException, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, struct.error)
"""What the library raises about what a browser sent."""


class Challenge(msgspec.Struct, frozen=True):
    """A challenge that is out: `account` of whoever registers or does the second step, `ticket` of the latter."""

    value: bytes
    account: str = ""
    ticket: str = ""


class Passkeys:
    """Registering and using them."""

    def __init__(self, ports: SignInPorts, sessions: Sessions, entry: Entry) -> None:
        self._ports = ports
        self._sessions = sessions
        self._entry = entry
        self._guard = Guard(ports)
        self._challenges: Waiting[Challenge] = Waiting()

    async def begin_registration(self, person: Person) -> tuple[str, Json]:
        """A ticket, and the options for ``navigator.credentials.create``."""
        account = person.account
        known = await self._ports.factors.passkeys(account.id)
        if len(known) >= MOST:
            raise ApiError("exists", id=str(MOST))
        ticket, challenge = self._challenge(Challenge(b"", account.id))
        options = generate_registration_options(
            rp_id=self._ports.public.host,
            rp_name="Vorzimmer",
            user_id=account.id.encode(),
            user_name=account.login,
            user_display_name=person.name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in known],
        )
        return ticket, json.loads(options_to_json(options))

    async def register(self, person: Person, ticket: str, credential: Json, label: str) -> Passkey:
        """Check and keep what the browser made. Raises ApiError ``begin-again``, ``bad-passkey``, ``exists``."""
        challenge = self._challenges.take(ticket, self._ports.now())
        if challenge is None or challenge.account != person.account.id or challenge.ticket:
            raise ApiError("begin-again")
        public = self._ports.public
        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge.value,
                expected_rp_id=public.host,
                expected_origin=public.origin,
                require_user_verification=True,
            )
        except _GARBAGE:
            raise ApiError("bad-passkey") from None
        passkey = Passkey(
            id=_ident(made.credential_id),
            account=person.account.id,
            credential=made.credential_id,
            public_key=made.credential_public_key,
            label=safe_name(label) or "Passkey",
            created=self._ports.now(),
            count=made.sign_count,
            transports=_transports(credential),
        )
        if not await self._ports.factors.add_passkey(passkey):
            raise ApiError("exists", id=passkey.label)
        return passkey

    async def begin(self, where: Where, half: str = "") -> tuple[str, Json]:
        """A ticket, and the options for ``navigator.credentials.get``; `half` is the ticket of a password that was
        right. Raises ApiError ``begin-again``, ``too-many``."""
        self._guard.enter(lockout.asking(where.address, "passkey"))
        known: tuple[Passkey, ...] = ()
        account = ""
        if half:
            account = (await self._entry.half(half)).id
            known = await self._ports.factors.passkeys(account)
        ticket, challenge = self._challenge(Challenge(b"", account, half))
        needed = UserVerificationRequirement.PREFERRED if half else UserVerificationRequirement.REQUIRED
        options = generate_authentication_options(
            rp_id=self._ports.public.host,
            challenge=challenge,
            allow_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in known],
            user_verification=needed,
        )
        return ticket, json.loads(options_to_json(options))

    async def finish(self, ticket: str, credential: Json, where: Where) -> Begun:
        """Sign in with a passkey. Raises ApiError ``begin-again``, ``bad-passkey``, ``too-many``."""
        challenge = self._challenges.take(ticket, self._ports.now())
        if challenge is None:
            raise ApiError("begin-again")
        account = await self._check(challenge, credential, where, alone=not challenge.ticket)
        if challenge.ticket:
            return await self._entry.finish(challenge.ticket, account, "password+passkey", where)
        return await self._sessions.begin(account, "passkey", where)

    async def rename(self, person: Person, ident: str, label: str) -> Passkey:
        """A new label for one's own. Raises ApiError ``not-found``."""
        passkey = await self._ports.factors.passkey(ident)
        if passkey is None or passkey.account != person.account.id:
            raise ApiError("not-found")
        renamed = msgspec.structs.replace(passkey, label=label or passkey.label)
        await self._ports.factors.put_passkey(renamed)
        return renamed

    async def confirm(self, person: Person, ticket: str, credential: Json, where: Where) -> None:
        """Somebody who is signed in shows a passkey again. Raises as ``finish``."""
        challenge = self._challenges.take(ticket, self._ports.now())
        if challenge is None:
            raise ApiError("begin-again")
        account = await self._check(challenge, credential, where, alone=True)
        if account.id != person.account.id:
            raise ApiError("bad-passkey")

    async def _check(self, challenge: Challenge, credential: Json, where: Where, *, alone: bool) -> Account:
        right = self._guard.enter(lockout.asking(where.address, "passkey answers"))
        passkey = await self._ports.factors.passkey(_named(credential))
        account = await self._ports.accounts.get(passkey.account) if passkey is not None else None
        if passkey is None or account is None or person_of(account, self._ports.directory) is None:
            raise ApiError("bad-passkey")
        if challenge.account not in {"", account.id} or not _is_theirs(credential, account.id):
            raise ApiError("bad-passkey")
        public = self._ports.public
        try:
            shown = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge.value,
                expected_rp_id=public.host,
                expected_origin=public.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.count,
                require_user_verification=alone,
            )
        except _GARBAGE:
            raise ApiError("bad-passkey") from None
        right()
        self._ports.lockouts.succeeded(lockout.asking(where.address, "passkey"), self._ports.now())
        used = msgspec.structs.replace(passkey, count=shown.new_sign_count, used=self._ports.now())
        await self._ports.factors.put_passkey(used)
        return account

    def _challenge(self, about: Challenge) -> tuple[str, bytes]:
        value = bytes.fromhex(self._ports.chance.token(32))
        waiting = msgspec.structs.replace(about, value=value)
        return self._challenges.put(self._ports.chance.token(24), waiting, self._ports.now()), value


def _ident(credential: bytes) -> str:
    return hashlib.sha256(credential).hexdigest()[:32]


def _named(credential: Json) -> str:
    raw = credential.get("rawId")
    try:
        return _ident(from_base64url(raw)) if isinstance(raw, str) else ""
    except ValueError:
        return ""


def _is_theirs(credential: Json, account: str) -> bool:
    """A discoverable key says whose it is; one that was named to the browser need not."""
    response = credential.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    if not isinstance(handle, str) or not handle:
        return True
    try:
        return from_base64url(handle) == account.encode()
    except ValueError:
        return False


def _transports(credential: Json) -> tuple[str, ...]:
    response = credential.get("response")
    told = response.get("transports") if isinstance(response, dict) else None
    return (
        tuple(sorted({each for each in told if isinstance(each, str)} & TRANSPORTS)) if isinstance(told, list) else ()
    )
