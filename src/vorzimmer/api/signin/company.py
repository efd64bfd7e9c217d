"""Signing in through a company's own provider: OpenID Connect, authorisation code with PKCE, state and nonce.

The provider is a stranger that a company's administrator has named: what it says is checked (issuer, audience,
signature, times, nonce) and only ever leads to people of that one company. Each step belongs to the browser that began
it, by a cookie. This module must never follow an address that the guarded client would not go to, or create a person.
"""

import hashlib
from collections import OrderedDict
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from vorzimmer.accounts import lockout
from vorzimmer.accounts.login import fold
from vorzimmer.accounts.model import Account
from vorzimmer.accounts.repository import LoginTakenError
from vorzimmer.accounts.secret import base64url, same
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.entry import Guard
from vorzimmer.api.signin.ports import SignInPorts, Where
from vorzimmer.api.signin.provider import Provider, ProviderError, Tokens
from vorzimmer.api.signin.sessions import Begun, Sessions
from vorzimmer.api.signin.waiting import Waiting
from vorzimmer.directory.keys import USER
from vorzimmer.directory.model import User
from vorzimmer.directory.ref import Ref
from vorzimmer.features.company_sign_in.settings import COMPANY_SIGN_IN, CompanySignIn

CALLBACK: Final = "/api/v1/signin/company/callback"
SECRET_FIELD: Final = "sign_in.client_secret"
MOST_PROVIDERS: Final = 1_000


class Flow(msgspec.Struct, frozen=True):
    """A sign-in that is at the provider just now."""

    company: str
    issuer: str
    state: str
    nonce: str
    verifier: str


class CompanyEntry:
    """The way in through a company's provider. `say` of the ports hears why one failed; the person does not."""

    def __init__(self, ports: SignInPorts, sessions: Sessions) -> None:
        self._ports = ports
        self._sessions = sessions
        self._guard = Guard(ports)
        self._flows: Waiting[Flow] = Waiting()
        self._providers: OrderedDict[str, Provider] = OrderedDict()

    async def begin(self, company: str, where: Where) -> tuple[str, str]:
        """Where to send the browser, and the key of the flow for its cookie. Raises ApiError ``not-found`` (no such
        company, or without a provider), ``company-sign-in``, ``too-many``."""
        settings = self._settings(company)
        self._guard.enter(lockout.asking(where.address, "company"))
        token = self._ports.chance.token
        flow = Flow(company, settings.issuer or "", token(24), token(24), token(32))
        try:
            endpoint = await self._provider(flow.issuer).authorization_endpoint(self._ports.now())
        except ProviderError as error:
            raise self._failed(company, error) from None
        challenge = base64url(hashlib.sha256(flow.verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": settings.client_id or "",
            "redirect_uri": self._ports.public.origin + CALLBACK,
            "scope": "openid email profile",
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        key = self._flows.put(token(24), flow, self._ports.now())
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", key

    async def finish(self, key: str, query: dict[str, str], where: Where) -> Begun:
        """What the browser brought back. Raises ApiError ``company-sign-in``, ``begin-again``."""
        flow = self._flows.take(key, self._ports.now())
        if flow is None or not same(flow.state, query.get("state", "")):
            raise ApiError("begin-again")
        try:
            claims = await self._claims(flow, query)
            account = await self._account(flow, claims)
        except ProviderError as error:
            raise self._failed(flow.company, error) from None
        self._ports.lockouts.succeeded(lockout.asking(where.address, "company"), self._ports.now())
        return await self._sessions.begin(account, "company", where)

    async def _claims(self, flow: Flow, query: dict[str, str]) -> dict[str, Any]:
        if query.get("iss", flow.issuer) != flow.issuer:  # RFC 9207
            raise ProviderError("the answer is another provider's")
        if "code" not in query:
            raise ProviderError(f"it says {query.get('error', 'nothing')[:80]}")
        settings = self._settings(flow.company)
        if settings.issuer != flow.issuer:
            raise ProviderError("the provider was changed meanwhile")
        secrets = await self._ports.companies.secrets(flow.company)
        secret = secrets.reveal("company", flow.company, SECRET_FIELD) or ""
        provider, client = self._provider(flow.issuer), (settings.client_id or "", secret)
        redirect = self._ports.public.origin + CALLBACK
        now = self._ports.now()
        tokens = await provider.redeem(query["code"], flow.verifier, redirect, client, now)
        claims = await provider.claims(tokens, client[0], flow.nonce, now)
        return claims if "email" in claims else await self._with_userinfo(provider, tokens, claims)

    async def _with_userinfo(self, provider: Provider, tokens: Tokens, claims: dict[str, Any]) -> dict[str, Any]:
        more = await provider.userinfo(tokens, self._ports.now())
        if more.get("sub") != claims["sub"]:
            raise ProviderError("userinfo is about somebody else")
        return {**more, **claims}

    async def _account(self, flow: Flow, claims: dict[str, Any]) -> Account:
        """The account of the person with this address in this company, made at the first sign-in."""
        user = self._user(flow.company, claims)
        account = await self._ports.accounts.of_user(flow.company, user.id) or await self._new(flow.company, user)
        if await self._ports.accounts.bind(flow.issuer, str(claims["sub"]), account.id) != account.id:
            raise ProviderError(f"user {user.id} is tied to another identity there")
        return account

    def _user(self, company: str, claims: dict[str, Any]) -> User:
        email = claims.get("email")
        if not isinstance(email, str) or not email:
            raise ProviderError("it tells no e-mail address (scope email)")
        if claims.get("email_verified") in {False, "false"}:
            raise ProviderError("it has not verified the e-mail address")
        book = self._ports.directory.book(company)
        users = book.all(USER) if book is not None else ()
        found = [user for user in users if user.email and fold(user.email) == fold(email)]
        if len(found) != 1:
            raise ProviderError(f"{len(found)} people of the company have this e-mail address")
        return found[0]

    async def _new(self, company: str, user: User) -> Account:
        now = self._ports.now()
        for login in (fold(user.email or ""), f"{user.id}@{company}", f"{user.id}@{company}.sign-in"):
            account = Account(self._ports.chance.token(12), login, company, user.id, created=now)
            try:
                await self._ports.accounts.add(account)
            except LoginTakenError:
                continue
            return account
        raise ProviderError(f"no sign-in name is free for user {user.id}")

    def _settings(self, company: str) -> CompanySignIn:
        book = self._ports.directory.book(company)
        settings = book.get(COMPANY_SIGN_IN, Ref("company", company)) if book is not None else None
        if settings is None or not settings.usable:
            raise ApiError("not-found")
        return settings

    def _provider(self, issuer: str) -> Provider:
        """One per issuer, with what it has told of itself."""
        found = self._providers.pop(issuer, None) or Provider(issuer, self._ports.web)
        self._providers[issuer] = found
        while len(self._providers) > MOST_PROVIDERS:
            self._providers.popitem(last=False)
        return found

    def _failed(self, company: str, error: ProviderError) -> ApiError:
        self._ports.say(f"sign-in of {company} through its provider: {error}")
        return ApiError("company-sign-in")
