"""An OpenID provider for tests: discovery, code flow with PKCE, signed ID tokens, userinfo, keys that can be rolled.

It is strict where OpenID Connect Core and RFC 7636 are (redirect address, client, verifier, each code once), signs in
whoever it is told to without asking, and can be told to lie. Never for production.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vorzimmer.accounts.secret import base64url

Json = dict[str, Any]


class TestProvider:
    """`person` is who signs in there; `lies` changes the claims of the next ID token, `about_lies` the discovery."""

    __test__ = False

    def __init__(self, issuer: str, client: tuple[str, str], redirect: str, now: Callable[[], float]) -> None:
        self.issuer, self.client, self.redirect, self.now = issuer, client, redirect, now
        self.person: Json = {"sub": "p-1", "email": "anna.schneider@musterbau.example", "email_verified": True}
        self.lies: Json = {}
        self.about_lies: Json = {}
        self.algorithm = "ES256"
        self.userinfo_only = False
        self.refuses = ""
        self._codes: dict[str, Json] = {}
        self._access: dict[str, Json] = {}
        self.roll()
        paths = {"authorize": self._authorize, "token": self._token, "jwks": self._jwks, "userinfo": self._userinfo}
        routes = [Route(f"/{name}", handle, methods=["GET", "POST"]) for name, handle in paths.items()]
        self.app = Starlette(routes=[Route("/.well-known/openid-configuration", self._about), *routes])

    def roll(self) -> None:
        """A new signing key."""
        self.key = ECKey.generate_key("P-256")
        self.kid = hashlib.sha256(repr(id(self.key)).encode()).hexdigest()[:8]

    async def _about(self, request: Request) -> Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
        names |= {"jwks_uri": "jwks", "userinfo_endpoint": "userinfo"}
        about: Json = {name: f"{self.issuer}/{path}" for name, path in names.items()}
        about |= {"issuer": self.issuer, "response_types_supported": ["code"], "subject_types_supported": ["public"]}
        about["id_token_signing_alg_values_supported"] = ["ES256"]
        return JSONResponse({**about, **self.about_lies})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked.get("client_id") != self.client[0] or asked.get("redirect_uri") != self.redirect:
            return JSONResponse({"error": "invalid_request"}, 400)  # never back to an address that we do not know
        right = asked.get("response_type") == "code" and "openid" in asked.get("scope", "").split()
        right = right and asked.get("code_challenge_method") == "S256" and len(asked.get("code_challenge", "")) == 43
        if not right or self.refuses:
            back = {"error": self.refuses or "invalid_request", "state": asked.get("state", "")}
            return RedirectResponse(f"{self.redirect}?{urlencode(back)}", 303)
        code = hashlib.sha256(f"{asked['state']}{len(self._codes)}".encode()).hexdigest()
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return RedirectResponse(f"{self.redirect}?{urlencode(back)}", 303)

    async def _token(self, request: Request) -> Response:
        pair = base64.b64encode(":".join(self.client).encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return JSONResponse({"error": "invalid_client"}, 401)
        form = dict(parse_qsl((await request.body()).decode("ascii")))
        asked = self._codes.pop(str(form.get("code")), None)
        challenge = base64url(hashlib.sha256(str(form.get("code_verifier")).encode()).digest())
        fits = asked is not None and asked["code_challenge"] == challenge and form.get("redirect_uri") == self.redirect
        if asked is None or not fits or form.get("grant_type") != "authorization_code":
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = hashlib.sha256(asked["state"].encode()).hexdigest()
        self._access[access] = dict(self.person)
        told = {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": self._signed(asked)}
        return JSONResponse(told)

    def _signed(self, asked: Json) -> str:
        now = int(self.now())
        shown = {"sub": self.person["sub"]} if self.userinfo_only else self.person
        claims = {"iss": self.issuer, "aud": self.client[0], "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        header = {"alg": self.algorithm, "kid": self.kid}
        told = {**claims, **shown, **self.lies}
        if self.algorithm in {"none", "HS256"}:
            return self._forged(header, told)
        return jwt.encode(header, told, self.key, algorithms=[self.algorithm])

    def _forged(self, header: Json, claims: Json) -> str:
        """What anybody can make who knows the public key: unsigned, or with that key as a secret."""
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        secret = self.key.as_pem(private=False)
        return f"{text}.{base64url(hmac.digest(secret, text.encode(), 'sha256')) if self.algorithm != 'none' else ''}"

    async def _jwks(self, request: Request) -> Response:
        key = ECKey.import_key({**self.key.as_dict(private=False), "kid": self.kid, "use": "sig"})
        return JSONResponse(KeySet([key]).as_dict())

    async def _userinfo(self, request: Request) -> Response:
        person = self._access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return JSONResponse(person) if person is not None else JSONResponse({"error": "invalid_token"}, 401)
