"""``/signin``: the endpoints for who is not signed in yet.

They are public, so each is limited by where it is asked from, takes JSON only and from our own pages only. This module
must never answer differently for a name that exists.
"""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Response
from starlette.requests import Request

from vorzimmer.accounts.model import Account
from vorzimmer.api.access import guarded
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.answers import answered, signed_in, words_of
from vorzimmer.api.signin.doors import where_of
from vorzimmer.api.signin.house import Reception, SignIn, signin_of
from vorzimmer.api.signin.views import (
    CodeSignIn,
    PasskeyAnswer,
    PasskeyBegin,
    PasskeyOptions,
    PasswordSignIn,
    ResetAsked,
    SecondStep,
    SessionView,
    SetUp,
    TicketAccepted,
    TicketOf,
    TicketShown,
    Ways,
)

router = guarded("sign-in")


async def our_page(request: Request, signin: Annotated[SignIn, Depends(signin_of)]) -> None:
    """Nobody is signed in from another site's page (login CSRF). Raises ApiError ``csrf``."""
    origin = request.headers.get("origin")
    if origin is None or origin == signin.ports.public.origin:
        return
    if urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ApiError("csrf")


OurPage = Depends(our_page)


@router.get("/signin", summary="What the sign-in page offers")
async def ways(signin: Reception) -> Ways:
    """Whether the server still has to be set up, and whether letters can be sent."""
    return Ways(setup=not await signin.ports.accounts.count(), reset=signin.ports.mailing)


@router.post("/signin/password", summary="Sign in with a password", dependencies=[OurPage])
async def password(
    body: PasswordSignIn, signin: Reception, request: Request, response: Response
) -> SessionView | SecondStep:
    """The answer for a wrong name is that for a wrong password. After some failures from one place for one name the
    next one has to wait (429)."""
    outcome = await signin.entry.password(body.login, body.password, where_of(request))
    return await answered(signin, outcome, request, response)


@router.post("/signin/code", summary="Second step: a code", dependencies=[OurPage])
async def code(body: CodeSignIn, signin: Reception, request: Request, response: Response) -> SessionView:
    """A code of the app or a recovery code; each is taken once."""
    begun = await signin.entry.code(body.ticket, body.code, where_of(request))
    return await signed_in(signin, begun, request, response)


@router.post("/signin/passkey/options", summary="Begin with a passkey", dependencies=[OurPage])
async def passkey_options(body: PasskeyBegin, signin: Reception, request: Request) -> PasskeyOptions:
    """As the whole sign-in, or as its second step."""
    ticket, options = await signin.passkeys.begin(where_of(request), body.ticket or "")
    return PasskeyOptions(ticket=ticket, options=options)


@router.post("/signin/passkey", summary="Sign in with a passkey", dependencies=[OurPage])
async def passkey(body: PasskeyAnswer, signin: Reception, request: Request, response: Response) -> SessionView:
    """The answer of the authenticator."""
    begun = await signin.passkeys.finish(body.ticket, body.credential, where_of(request))
    return await signed_in(signin, begun, request, response)


@router.post("/signin/invitation", summary="Whose invitation this is", dependencies=[OurPage])
async def invitation(body: TicketShown, signin: Reception) -> TicketOf:
    """Look at it without using it up."""
    person = await signin.membership.peek(body.ticket, "invitation")
    if person is None:
        raise ApiError("ticket-gone")
    return TicketOf(
        login=person.account.login, name=person.name, company=person.principal.company, language=person.language
    )


@router.post("/signin/invitation/accept", summary="Accept an invitation", dependencies=[OurPage])
async def accept_invitation(
    body: TicketAccepted, signin: Reception, request: Request, response: Response
) -> SessionView | SecondStep:
    """Choose a password and be signed in."""
    words = words_of(request)
    outcome = await signin.membership.accept(body.ticket, "invitation", body.password, where_of(request), words)
    return await answered(signin, outcome, request, response)


@router.post("/signin/reset", summary="Ask for a new password", status_code=202, dependencies=[OurPage])
async def ask_reset(body: ResetAsked, signin: Reception, request: Request) -> None:
    """The answer is the same for every name; a letter goes to the address that the directory has, if there is one."""
    await signin.membership.ask_reset(body.login, where_of(request))


@router.post("/signin/reset/accept", summary="Set a new password", dependencies=[OurPage])
async def accept_reset(
    body: TicketAccepted, signin: Reception, request: Request, response: Response
) -> SessionView | SecondStep:
    """With the ticket from the letter. All sessions end; a second factor is still asked for."""
    words = words_of(request)
    outcome = await signin.membership.accept(body.ticket, "reset", body.password, where_of(request), words)
    return await answered(signin, outcome, request, response)


@router.post("/signin/setup", summary="The first account of a server", dependencies=[OurPage])
async def set_up(body: SetUp, signin: Reception, request: Request, response: Response) -> SessionView:
    """With the ticket that the server printed at its first start."""
    account = Account("", body.login, name=body.name, email=body.email, language=body.language)
    words, where = words_of(request), where_of(request)
    begun = await signin.membership.set_up(body.ticket, account, body.password, where, words)
    return await signed_in(signin, begun, request, response)
