"""``/companies/{company}/users/{user}/sign-in``: how somebody else gets in, for their administrators.

This module must never show or set anybody's password.
"""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from vorzimmer.accounts.model import Account
from vorzimmer.api.access import guarded
from vorzimmer.api.principal import Asker, Principal
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.answers import words_of
from vorzimmer.api.signin.doors import where_of
from vorzimmer.api.signin.house import Reception, SignIn, signin_of
from vorzimmer.api.signin.membership import may_manage
from vorzimmer.api.signin.persons import user_of
from vorzimmer.api.signin.views import AccessView, InvitationMade, InvitationWish, moment

router = guarded("people")


async def managed(company: str, user: str, asker: Asker, signin: Annotated[SignIn, Depends(signin_of)]) -> None:
    """Whether the asker may; raises ApiError ``not-found``, ``not-allowed``."""
    found = user_of(signin.ports.directory, company, user)
    if found is None:
        raise ApiError("not-found")
    if not may_manage(asker, found):
        raise ApiError("not-allowed")


Managed = Depends(managed)


@router.get("/companies/{company}/users/{user}/sign-in", summary="How somebody gets in", dependencies=[Managed])
async def access(company: str, user: str, signin: Reception) -> AccessView:
    """Whether there is an account, and what is set."""
    account = await signin.ports.accounts.of_user(company, user)
    if account is None:
        return AccessView(account=False)
    totp = await signin.ports.factors.totp(account.id)
    return AccessView(
        account=True,
        login=account.login,
        password=bool(account.password),
        code=totp is not None and totp.confirmed,
        passkeys=len(await signin.ports.factors.passkeys(account.id)),
        sessions=len(await signin.sessions.of(account.id)),
        tokens=len(await signin.sessions.tokens(account.id)),
        last_signed_in=moment(account.last_signed_in) if account.last_signed_in else None,
    )


@router.post(
    "/companies/{company}/users/{user}/sign-in/invitation",
    summary="Invite somebody",
    status_code=201,
    dependencies=[Managed],
)
async def invite(  # noqa: PLR0917 -- FastAPI hands in what an endpoint names
    company: str, user: str, body: InvitationWish, signin: Reception, request: Request, asker: Asker
) -> InvitationMade:
    """By mail, or with a link to be handed over. For somebody who has forgotten everything it works again."""
    made = await signin.membership.invite(company, user, body.login, body.delivery, words_of(request))
    await _note(signin, made.account, request, asker, f"invited by {body.delivery}")
    return InvitationMade(login=made.account.login, link=made.link or None)


@router.delete(
    "/companies/{company}/users/{user}/sign-in", summary="No way in any more", status_code=204, dependencies=[Managed]
)
async def remove(company: str, user: str, signin: Reception, request: Request, asker: Asker) -> None:
    """The account with its sessions, tokens and factors; the person stays in the directory."""
    account = await _account(company, user, signin)
    await signin.membership.remove(account)
    await _note(signin, account, request, asker, "account removed")


@router.delete(
    "/companies/{company}/users/{user}/sign-in/sessions",
    summary="End somebody's sessions",
    status_code=204,
    dependencies=[Managed],
)
async def end_sessions(company: str, user: str, signin: Reception, request: Request, asker: Asker) -> None:
    """All of them, at once."""
    account = await _account(company, user, signin)
    await signin.sessions.end_all(account.id)
    await _note(signin, account, request, asker, "sessions ended")


@router.delete(
    "/companies/{company}/users/{user}/sign-in/factors",
    summary="Remove somebody's second factors",
    status_code=204,
    dependencies=[Managed],
)
async def remove_factors(company: str, user: str, signin: Reception, request: Request, asker: Asker) -> None:
    """For somebody who has lost telephone and recovery codes; they are told by mail."""
    account = await _account(company, user, signin)
    await signin.factors.remove_all(account.id)
    await signin.outbox.post("factors_changed", account=account.id)
    await _note(signin, account, request, asker, "second factors removed")


async def _account(company: str, user: str, signin: SignIn) -> Account:
    account = await signin.ports.accounts.of_user(company, user)
    if account is None:
        raise ApiError("not-found")
    return account


async def _note(signin: SignIn, account: Account, request: Request, asker: Principal, event: str) -> None:
    await signin.notes.note(account, event, where_of(request).address, by=asker.name)
