"""One OpenID provider as a relying party sees it: discovery, the token endpoint, keys, the ID token (OpenID Connect
Core 1.0 and Discovery 1.0).

What it tells of itself is kept for an hour; keys are read again when a token names one that we do not know. This module
must never take an unsigned or symmetrically signed token, or a document that names another issuer.
"""

import base64
import json
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vorzimmer.accounts.secret import same
from vorzimmer.api.signin.web import Web
from vorzimmer.kernel.errors import VorzimmerError

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY: Final = 120.0
"""Seconds that clocks may differ."""
KEPT: Final = 3600.0
ASK_AGAIN: Final = 60.0
"""Seconds between two looks for keys that we do not know."""
_GARBAGE = (JoseError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
Json = dict[str, Any]


class ProviderError(VorzimmerError):
    """The provider did not confirm anybody, or cannot be believed. Its text is for the operator, never for strangers,
    and holds no secret."""


class Tokens(NamedTuple):
    """What a code was worth."""

    identity: str
    access: str


class Provider:
    """A provider by its issuer."""

    def __init__(self, issuer: str, web: Web) -> None:
        self._issuer = issuer
        self._web = web
        self._about: tuple[float, Json] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def authorization_endpoint(self, now: float) -> str:
        """Where people sign in. Raises ProviderError."""
        return _address(await self._document(now), "authorization_endpoint")

    async def redeem(self, code: str, verifier: str, redirect: str, client: tuple[str, str], now: float) -> Tokens:
        """The tokens for a code. Raises ProviderError."""
        about = await self._document(now)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        ident, secret = client
        methods = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret and "client_secret_basic" in methods:
            pair = f"{quote(ident, safe='')}:{quote(secret, safe='')}"  # RFC 6749 section 2.3.1
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form["client_id"] = ident
            if secret:
                form["client_secret"] = secret
        told = await self._ask("POST", _address(about, "token_endpoint"), headers, urlencode(form).encode())
        identity, access = told.get("id_token"), told.get("access_token")
        if not isinstance(identity, str):
            raise ProviderError("it gave no ID token")
        return Tokens(identity, access if isinstance(access, str) else "")

    async def claims(self, tokens: Tokens, client: str, nonce: str, now: float) -> Json:
        """What the ID token says, checked (OpenID Connect Core section 3.1.3.7). Raises ProviderError."""
        token = await self._verified(tokens.identity, now)
        audience = token.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if token.get("iss") != self._issuer:
            raise ProviderError("the ID token is another provider's")
        if client not in audiences or (len(audiences) > 1 and token.get("azp") != client):
            raise ProviderError("the ID token is for somebody else")
        if not same(str(token.get("nonce", "")), nonce):
            raise ProviderError("the ID token belongs to another sign-in")
        if not _number(token.get("exp")) or token["exp"] + LEEWAY <= now:
            raise ProviderError("the ID token has expired")
        if _number(token.get("nbf")) and token["nbf"] - LEEWAY > now:
            raise ProviderError("the ID token does not count yet")
        if not _number(token.get("iat")) or token["iat"] - LEEWAY > now:
            raise ProviderError("the ID token is from the future")
        subject = token.get("sub")
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isprintable():
            raise ProviderError("the ID token names nobody")
        return token

    async def userinfo(self, tokens: Tokens, now: float) -> Json:
        """More about the person. Raises ProviderError."""
        about = await self._document(now)
        headers = {"Authorization": f"Bearer {tokens.access}", "Accept": "application/json"}
        return await self._ask("GET", _address(about, "userinfo_endpoint"), headers)

    async def _document(self, now: float) -> Json:
        if self._about is not None and now < self._about[0]:
            return self._about[1]
        where = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        about = await self._ask("GET", where, {"Accept": "application/json"})
        if about.get("issuer") != self._issuer:
            raise ProviderError("it names another issuer than the one that is set")
        self._about, self._keys = (now + KEPT, about), None
        return about

    async def _verified(self, text: str, now: float) -> Json:
        try:
            return _decoded(text, await self._keyset(now, again=False))
        except _GARBAGE:
            pass
        try:
            return _decoded(text, await self._keyset(now, again=True))
        except _GARBAGE as error:
            raise ProviderError(f"the ID token cannot be verified ({type(error).__name__})") from None

    async def _keyset(self, now: float, *, again: bool) -> KeySet:
        known = self._keys
        if known is not None and not (again and now >= known[0] + ASK_AGAIN):
            return known[1]
        about = await self._document(now)
        told = await self._ask("GET", _address(about, "jwks_uri"), {"Accept": "application/json"})
        keys = [key for key in told["keys"] if isinstance(key, dict) and key.get("use", "sig") == "sig"]
        keys = [key for key in keys if key.get("kty") in {"RSA", "EC", "OKP"}]
        found = KeySet.import_key_set({"keys": keys})
        self._keys = (now, found)
        return found

    async def _ask(self, method: str, url: str, headers: dict[str, str], content: bytes = b"") -> Json:
        try:
            answer = await self._web.request(method, url, headers=headers, content=content)
        except VorzimmerError as error:
            raise ProviderError(str(error)) from None
        try:
            told = json.loads(answer.body)
        except ValueError:
            told = None
        if answer.status != 200 or not isinstance(told, dict):
            reason = told.get("error", "") if isinstance(told, dict) else ""
            raise ProviderError(f"it answers {answer.status} {str(reason)[:80]}".rstrip())
        return told


def _decoded(text: str, keys: KeySet) -> Json:
    claims: Json = jwt.decode(text, keys, algorithms=list(ALGORITHMS)).claims
    return claims


def _address(about: Json, name: str) -> str:
    found = about.get(name)
    if not isinstance(found, str) or not found.startswith(("https://", "http://")) or len(found) > 2_000:
        raise ProviderError(f"it names no {name}")
    return found


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
