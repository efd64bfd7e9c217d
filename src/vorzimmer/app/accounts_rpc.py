"""Accounts on ``admin.sock``: what the command line asks, with or without a running server.

Whoever may open that socket may read the database: nothing is hidden from them, and nobody's password is asked for.
This module must never add a rule; it carries arguments and answers.
"""

from typing import Any

from vorzimmer.accounts.login import fold
from vorzimmer.accounts.model import Account
from vorzimmer.api.problems import ApiError, document
from vorzimmer.api.signin.house import SignIn
from vorzimmer.api.signin.persons import person_of
from vorzimmer.app.office import NotFoundError
from vorzimmer.app.rpc import Method, Params
from vorzimmer.kernel.errors import VorzimmerError


class RefusedAccountError(VorzimmerError):
    """An account is not made or changed like this."""


def account_methods(signin: SignIn) -> dict[str, Method]:
    """By name."""

    async def accounts(params: Params) -> Any:
        companies = ["", *signin.ports.directory.companies()]
        found = [each for company in companies for each in await signin.ports.accounts.of_company(company)]
        return [await _row(signin, account) for account in found]

    async def account_add(params: Params) -> Any:
        company, user, name, email = (str(params.get(each) or "") for each in ("company", "user", "name", "email"))
        account = Account("", params["login"], company, user, name, email, params["language"])
        if account.user and person_of(account, signin.ports.directory) is None:
            raise NotFoundError(f"no user {account.user} in {account.company}")
        return (await _told(signin.membership.register(account, params["password"], "en"))).login

    async def account_invite(params: Params) -> Any:
        made = await _told(signin.membership.invite(params["company"], params["user"], "", "link", "en"))
        return {"login": made.account.login, "link": made.link}

    async def account_reset(params: Params) -> Any:
        account = await _by_login(signin, params["login"])
        if params["factors"]:
            await signin.factors.remove_all(account.id)
        await signin.sessions.end_all(account.id)
        return await signin.ports.tickets.link("reset", account.id)

    async def account_remove(params: Params) -> Any:
        await signin.membership.remove(await _by_login(signin, params["login"]))

    async def account_setup(params: Params) -> Any:
        return await signin.ports.tickets.set_up()

    return {
        "accounts": accounts,
        "account_add": account_add,
        "account_invite": account_invite,
        "account_reset": account_reset,
        "account_remove": account_remove,
        "account_setup": account_setup,
    }


async def _row(signin: SignIn, account: Account) -> dict[str, Any]:
    person = person_of(account, signin.ports.directory)
    return {
        "login": account.login,
        "company": account.company,
        "user": account.user,
        "name": person.name if person is not None else "",
        "role": person.principal.role if person is not None else "gone",
        "password": bool(account.password),
        "factors": list(await signin.entry.factors(account.id)),
        "last_signed_in": account.last_signed_in,
    }


async def _by_login(signin: SignIn, login: str) -> Account:
    account = await signin.ports.accounts.by_login(fold(login))
    if account is None:
        raise NotFoundError(f"no account {login}")
    return account


async def _told(work: Any) -> Any:
    """A refusal of the API in one line."""
    try:
        return await work
    except ApiError as error:
        told = document(error, "en")
        details = [each["detail"] for each in told.get("errors", ())] or [told["detail"]]
        raise RefusedAccountError(" ".join(details)) from None
