"""``/signin/company``: to a company's own provider and back. Browsers come here by links, so answers are redirections.

This module must never send a browser anywhere but to the provider and to our own pages.
"""

from typing import Final

from fastapi import Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from vorzimmer.api.access import guarded
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.answers import signed_in
from vorzimmer.api.signin.doors import where_of
from vorzimmer.api.signin.house import Reception
from vorzimmer.api.signin.letters import SIGN_IN
from vorzimmer.api.signin.waiting import LIFE

router = guarded("sign-in")

PATH: Final = "/api/v1/signin/company"
FLOW: Final = "vorzimmer_flow"


@router.get(
    "/signin/company/callback",
    summary="Back from a company's provider",
    response_class=RedirectResponse,
    status_code=303,
    responses={303: {"description": "To the portal, or to the sign-in page with `?problem=`"}},
)
async def back(request: Request, signin: Reception) -> Response:
    """Where the provider sends the browser to. The query is the provider's: `code` and `state`, or `error`."""
    query = {name: value for name, value in request.query_params.items() if len(value) <= 4_000}
    origin = signin.ports.public.origin
    answer = RedirectResponse(f"{origin}/", 303)
    try:
        begun = await signin.company.finish(request.cookies.get(FLOW, ""), query, where_of(request))
        await signed_in(signin, begun, request, answer)
    except ApiError as error:
        answer = RedirectResponse(f"{origin}{SIGN_IN}?problem={error.name}", 303)
    answer.delete_cookie(FLOW, path=PATH, secure=signin.ports.public.secure, httponly=True, samesite="lax")
    return answer


@router.get(
    "/signin/company/{company}",
    summary="Sign in through the company's provider",
    response_class=RedirectResponse,
    status_code=303,
    responses={303: {"description": "To the provider"}},
)
async def begin(company: str, request: Request, signin: Reception) -> Response:
    """A link for browsers; 404 where the company has no provider (or does not exist)."""
    public = signin.ports.public
    try:
        target, key = await signin.company.begin(company, where_of(request))
    except ApiError as error:
        if error.name == "not-found":
            raise
        return RedirectResponse(f"{public.origin}{SIGN_IN}?problem={error.name}", 303)
    answer = RedirectResponse(target, 303)
    answer.set_cookie(FLOW, key, max_age=int(LIFE), path=PATH, secure=public.secure, httponly=True, samesite="lax")
    return answer
