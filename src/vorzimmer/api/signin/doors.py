"""The ways in for people and programs: the session's cookie, and API tokens.

A request by cookie that changes something has to say the session's word (``X-Vorzimmer-CSRF``), which a page of another
site cannot know; a web socket has to come from our own page. This module must never take a cookie and a token at once:
a token, where one is shown, decides.
"""

from urllib.parse import urlsplit

import msgspec
from starlette.requests import HTTPConnection

from vorzimmer.accounts.secret import TOKEN_PREFIX, csrf_of, same
from vorzimmer.api.principal import Principal
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.persons import must_enrol
from vorzimmer.api.signin.ports import Directory, Public, Where
from vorzimmer.api.signin.sessions import Found, Sessions

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF = "x-vorzimmer-csrf"


def where_of(connection: HTTPConnection) -> Where:
    """From where a request comes."""
    client = connection.client
    return Where(client.host if client is not None else "", connection.headers.get("user-agent", "")[:1000])


class SessionDoor:
    """People, by cookie. What was found stays with the request as ``state.session`` and ``state.cookie``."""

    def __init__(self, sessions: Sessions, public: Public, directory: Directory) -> None:
        self._sessions = sessions
        self._public = public
        self._directory = directory

    async def __call__(self, connection: HTTPConnection) -> Principal | None:
        """The person of the cookie's session; raises ApiError ``csrf``."""
        secret = connection.cookies.get(self._public.cookie, "")
        if not secret or "authorization" in connection.headers:
            return None
        touch = connection.scope["type"] != "websocket"  # a page that is open and still keeps no session alive
        found = await self._sessions.find(secret, where_of(connection), touch=touch)
        if found is None:
            return None
        if connection.scope["type"] == "websocket":
            self._same_page(connection)
        elif connection.scope["method"] not in SAFE and not same(connection.headers.get(CSRF, ""), csrf_of(secret)):
            raise ApiError("csrf")
        connection.state.session = found
        connection.state.cookie = secret
        connection.state.must_enrol = must_enrol(found.person, found.session.method, self._directory)
        return msgspec.structs.replace(found.person.principal, session=found.session.id)

    def _same_page(self, connection: HTTPConnection) -> None:
        origin = connection.headers.get("origin", "")
        if origin != self._public.origin and urlsplit(origin).netloc != connection.headers.get("host", ""):
            raise ApiError("csrf")


class TokenDoor:
    """Programs, by ``Authorization: Bearer vzt_...``."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def __call__(self, connection: HTTPConnection) -> Principal | None:
        """The token's owner with the token's scopes; raises ApiError ``bad-token``."""
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        secret = given.strip()
        if scheme.lower() != "bearer" or not secret.startswith(TOKEN_PREFIX):
            return None
        found = await self._sessions.find_token(secret)
        if found is None:
            raise ApiError("bad-token")
        scopes = frozenset(found.token.scopes)
        return msgspec.structs.replace(found.person.principal, scopes=scopes, session=found.token.id)


def session_of(connection: HTTPConnection) -> Found:
    """The session of a request that came by cookie; raises ApiError ``session-needed`` for tokens."""
    found = getattr(connection.state, "session", None)
    if not isinstance(found, Found):
        raise ApiError("session-needed")
    return found
