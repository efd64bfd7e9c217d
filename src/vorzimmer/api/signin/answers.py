"""How a sign-in is answered: the session as a cookie that scripts cannot read, and what the page needs to know.

This module must never put a session's secret anywhere but into the cookie.
"""

from fastapi import Response
from starlette.requests import Request

from vorzimmer.accounts.secret import csrf_of
from vorzimmer.accounts.validity import is_fresh
from vorzimmer.api.problems import ApiError, language_of
from vorzimmer.api.signin.doors import where_of
from vorzimmer.api.signin.entry import SecondNeeded
from vorzimmer.api.signin.house import SignIn
from vorzimmer.api.signin.persons import must_enrol
from vorzimmer.api.signin.ports import Public
from vorzimmer.api.signin.sessions import Begun, Found
from vorzimmer.api.signin.views import SecondStep, SessionView, moment


async def answered(
    signin: SignIn, outcome: Begun | SecondNeeded, request: Request, response: Response
) -> SessionView | SecondStep:
    """What came of a step."""
    if isinstance(outcome, SecondNeeded):
        return SecondStep(ticket=outcome.ticket, factors=list(outcome.factors))
    return await signed_in(signin, outcome, request, response)


async def signed_in(signin: SignIn, begun: Begun, request: Request, response: Response) -> SessionView:
    """Set the cookie and tell the page; a session that this browser had before is ended."""
    public = signin.ports.public
    old = request.cookies.get(public.cookie, "")
    if old and (before := await signin.sessions.find(old, where_of(request))) is not None:
        await signin.sessions.end(before.session.account, before.session.id)
    found = await signin.sessions.find(begun.secret, where_of(request))
    if found is None:
        raise ApiError("wrong-credentials")
    set_cookie(response, public, begun.secret, int(begun.session.ends - begun.session.created))
    return view(signin, found, begun.secret)


def view(signin: SignIn, found: Found, secret: str) -> SessionView:
    """The session as its page sees it."""
    person, session = found.person, found.session
    principal = person.principal
    return SessionView(
        id=session.id,
        csrf=csrf_of(secret),
        login=person.account.login,
        name=person.name,
        role=principal.role,
        company=principal.company,
        user=principal.user,
        language=principal.language,
        method=session.method,
        fresh=is_fresh(session, signin.ports.now()),
        ends=moment(session.ends),
        must_enrol=must_enrol(person, session.method, signin.ports.directory),
    )


def set_cookie(response: Response, public: Public, secret: str, seconds: int) -> None:
    """The session's cookie: not for scripts, not for other sites, encrypted where the server is."""
    response.set_cookie(
        public.cookie, secret, max_age=seconds, path="/", secure=public.secure, httponly=True, samesite="lax"
    )


def drop_cookie(response: Response, public: Public) -> None:
    """Tell the browser to forget it."""
    response.delete_cookie(public.cookie, path="/", secure=public.secure, httponly=True, samesite="lax")


def words_of(request: Request) -> str:
    """The language for what a problem says about a field."""
    return language_of(request)
