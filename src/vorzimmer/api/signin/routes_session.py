"""``/session``: one's own session, password, second factors, passkeys and tokens.

They are for people: a token reaches none of them. What opens a new way in or closes one needs somebody who has just
shown a password or passkey (``confirm``). This module must never reach another account than the session's.
"""

from datetime import UTC
from typing import Annotated

from fastapi import Depends, Response
from starlette.requests import Request

from vorzimmer.accounts import letters
from vorzimmer.accounts.validity import is_fresh
from vorzimmer.api.access import SCOPES, guarded
from vorzimmer.api.principal import Principal
from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.api.signin.answers import drop_cookie, view, words_of
from vorzimmer.api.signin.doors import session_of, where_of
from vorzimmer.api.signin.house import Reception, SignIn, signin_of
from vorzimmer.api.signin.sessions import Found
from vorzimmer.api.signin.texts import fault
from vorzimmer.api.signin.views import (
    CodeShown,
    Enrolment,
    Methods,
    NewPasskey,
    NewToken,
    PasskeyAnswer,
    PasskeyOptions,
    PasskeyRow,
    PasswordChange,
    PasswordShown,
    RecoveryCodes,
    Registered,
    Renamed,
    SessionRow,
    SessionView,
    TokenMade,
    TokenRow,
)
from vorzimmer.kernel.text import safe_name

router = guarded("session")


async def mine(request: Request) -> Found:
    """The session that asks."""
    return session_of(request)


Mine = Annotated[Found, Depends(mine)]


async def fresh(found: Mine, signin: Annotated[SignIn, Depends(signin_of)]) -> Found:
    """The session of somebody who has just proven who they are; raises ApiError ``confirm-needed``."""
    if not is_fresh(found.session, signin.ports.now()):
        raise ApiError("confirm-needed")
    return found


Fresh = Annotated[Found, Depends(fresh)]


@router.get("/session", summary="My session")
async def session(found: Mine, signin: Reception, request: Request) -> SessionView:
    """Who is signed in, and the word against forged requests (`csrf`)."""
    return view(signin, found, request.state.cookie)


@router.delete("/session", summary="Sign out", status_code=204)
async def sign_out(found: Mine, signin: Reception, response: Response) -> None:
    """End this session."""
    await signin.sessions.end(found.session.account, found.session.id)
    drop_cookie(response, signin.ports.public)


@router.get("/session/sessions", summary="My sessions")
async def sessions(found: Mine, signin: Reception) -> list[SessionRow]:
    """All of them, the last used first."""
    return [SessionRow.of(each, found.session.id) for each in await signin.sessions.of(found.session.account)]


@router.delete("/session/sessions", summary="End all other sessions", status_code=204)
async def end_others(found: Mine, signin: Reception) -> None:
    """Everything but this one ends at once."""
    await signin.sessions.end_all(found.session.account, but=found.session.id)


@router.delete("/session/sessions/{session}", summary="End a session", status_code=204)
async def end(session: str, found: Mine, signin: Reception) -> None:
    """It ends at once."""
    if not await signin.sessions.end(found.session.account, session):
        raise ApiError("not-found")


@router.post("/session/confirm", summary="Show the password again", status_code=204)
async def confirm(body: PasswordShown, found: Mine, signin: Reception, request: Request) -> None:
    """Opens for 15 minutes what needs it."""
    await signin.entry.confirm(found.person.account, body.password, where_of(request))
    await signin.sessions.confirmed(found.session)


@router.post("/session/confirm/passkey", summary="Show a passkey again", status_code=204)
async def confirm_by_passkey(body: PasskeyAnswer, found: Mine, signin: Reception, request: Request) -> None:
    """The same with an answer to the options of ``POST /signin/passkey/options``."""
    await signin.passkeys.confirm(found.person, body.ticket, body.credential, where_of(request))
    await signin.sessions.confirmed(found.session)


@router.put("/session/password", summary="Change my password", status_code=204)
async def change_password(body: PasswordChange, found: Mine, signin: Reception, request: Request) -> None:
    """All other sessions end."""
    account = found.person.account
    if account.password:
        await signin.entry.confirm(account, body.old, where_of(request))
    elif not is_fresh(found.session, signin.ports.now()):
        raise ApiError("confirm-needed")
    await signin.entry.set_password(account, body.password, words_of(request))
    await signin.sessions.end_all(account.id, but=found.session.id)
    await _tell(signin, found, request, "password changed")


@router.get("/session/methods", summary="How I may sign in")
async def methods(found: Mine, signin: Reception) -> Methods:
    """Password, code, passkeys, recovery codes."""
    account, repository = found.person.account, signin.ports.factors
    totp = await repository.totp(account.id)
    return Methods(
        password=bool(account.password),
        code=totp is not None and totp.confirmed,
        passkeys=len(await repository.passkeys(account.id)),
        recovery_codes=await repository.recovery_left(account.id),
    )


@router.post("/session/totp", summary="Begin with codes of an app")
async def enrol(found: Fresh, signin: Reception) -> Enrolment:
    """Nothing counts before the first code was confirmed."""
    secret, uri = await signin.factors.enrol(found.person)
    return Enrolment(secret=secret, uri=uri)


@router.post("/session/totp/confirm", summary="Confirm the app by a code")
async def confirm_totp(body: CodeShown, found: Fresh, signin: Reception, request: Request) -> RecoveryCodes:
    """From now on a code is asked for."""
    codes = await signin.factors.confirm(found.person, body.code)
    await signin.sessions.confirmed(found.session, "password+code")
    await _tell(signin, found, request, "app for codes added")
    return RecoveryCodes(codes=list(codes))


@router.delete("/session/totp", summary="No codes of an app any more", status_code=204)
async def remove_totp(found: Fresh, signin: Reception, request: Request) -> None:
    """The password alone is enough again, unless there is a passkey."""
    if not await signin.factors.remove(found.person):
        raise ApiError("not-found")
    await _tell(signin, found, request, "app for codes removed")


@router.post("/session/recovery-codes", summary="New recovery codes")
async def recovery(found: Fresh, signin: Reception, request: Request) -> RecoveryCodes:
    """The old ones stop working."""
    if not await signin.entry.factors(found.person.account.id):
        raise ApiError("not-found")
    codes = await signin.factors.recovery(found.person.account.id)
    await _tell(signin, found, request, "new recovery codes")
    return RecoveryCodes(codes=list(codes))


@router.get("/session/passkeys", summary="My passkeys")
async def passkeys(found: Mine, signin: Reception) -> list[PasskeyRow]:
    """The oldest first."""
    return [PasskeyRow.of(each) for each in await signin.ports.factors.passkeys(found.person.account.id)]


@router.post("/session/passkeys/options", summary="Begin a new passkey")
async def passkey_options(found: Fresh, signin: Reception) -> PasskeyOptions:
    """For ``navigator.credentials.create``."""
    ticket, options = await signin.passkeys.begin_registration(found.person)
    return PasskeyOptions(ticket=ticket, options=options)


@router.post("/session/passkeys", summary="Keep a new passkey", status_code=201)
async def add_passkey(body: NewPasskey, found: Fresh, signin: Reception, request: Request) -> Registered:
    """With recovery codes if it is the first second factor."""
    passkey = await signin.passkeys.register(found.person, body.ticket, body.credential, body.label)
    codes = await signin.factors.first_recovery(found.person.account.id)
    await signin.sessions.confirmed(found.session, "password+passkey")
    await _tell(signin, found, request, "passkey added")
    return Registered(passkey=PasskeyRow.of(passkey), recovery_codes=list(codes))


@router.patch("/session/passkeys/{passkey}", summary="Rename a passkey")
async def rename_passkey(passkey: str, body: Renamed, found: Mine, signin: Reception) -> PasskeyRow:
    """A new label."""
    kept = await signin.passkeys.rename(found.person, passkey, safe_name(body.label))
    return PasskeyRow.of(kept)


@router.delete("/session/passkeys/{passkey}", summary="Remove a passkey", status_code=204)
async def remove_passkey(passkey: str, found: Fresh, signin: Reception, request: Request) -> None:
    """It opens nothing any more."""
    account = found.person.account.id
    if not await signin.ports.factors.remove_passkey(account, passkey):
        raise ApiError("not-found")
    await signin.factors.last_gone(account)
    await _tell(signin, found, request, "passkey removed")


@router.get("/session/tokens", summary="My API tokens")
async def tokens(found: Mine, signin: Reception) -> list[TokenRow]:
    """Without their secrets."""
    return [TokenRow.of(each) for each in await signin.sessions.tokens(found.person.account.id)]


@router.post("/session/tokens", summary="A new API token", status_code=201)
async def make_token(body: NewToken, found: Fresh, signin: Reception, request: Request) -> TokenMade:
    """It may at most what its owner may, as far as its scopes reach; the secret is shown this once."""
    language = words_of(request)
    for index, scope in enumerate(body.scopes):
        if not _may_give(found.person.principal, scope):
            error = FieldError(fault("scope", language), pointer=f"/scopes/{index}")
            raise ApiError("invalid", errors=[error])
    expires = None if body.expires is None else body.expires.replace(tzinfo=body.expires.tzinfo or UTC).timestamp()
    if expires is not None and expires <= signin.ports.now():
        raise ApiError("invalid", errors=[FieldError(fault("expires", language), pointer="/expires")])
    scopes = tuple(sorted(set(body.scopes)))
    token, secret = await signin.sessions.make_token(found.person.account, safe_name(body.label), scopes, expires)
    await _note(signin, found, request, "API token made", label=token.label, scopes=" ".join(scopes))
    return TokenMade(token=TokenRow.of(token), secret=secret)


@router.delete("/session/tokens/{token}", summary="Revoke an API token", status_code=204)
async def revoke_token(token: str, found: Mine, signin: Reception, request: Request) -> None:
    """It opens nothing any more, at once."""
    if not await signin.sessions.revoke(found.person.account.id, token):
        raise ApiError("not-found")
    await _note(signin, found, request, "API token revoked")


def _may_give(principal: Principal, scope: str) -> bool:
    return scope in SCOPES and (scope != "server" or principal.role == "provider")


async def _tell(signin: SignIn, found: Found, request: Request, event: str) -> None:
    """The audit, and the person themselves, in case it was not they."""
    kind: letters.Kind = "password_changed" if event == "password changed" else "factors_changed"
    await signin.outbox.post(kind, account=found.person.account.id)
    await _note(signin, found, request, event)


async def _note(signin: SignIn, found: Found, request: Request, event: str, **more: str) -> None:
    await signin.notes.note(found.person.account, event, where_of(request).address, **more)
