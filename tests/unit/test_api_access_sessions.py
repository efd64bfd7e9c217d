"""The access table with real sessions and tokens of real accounts: no endpoint forgets the session's word, reaches
another company, or lets a token where only people may go."""

from tests.signin_rig import PASSWORD, SignInRig, with_signin

from vorzimmer.accounts.model import Account
from vorzimmer.api import access

CHANGING = [row for row, need in access.TABLE.items() if row[0] not in {"GET", "WEBSOCKET"} and need.least != "public"]


def path(template: str, company: str) -> str:
    """The template with anna in every other gap."""
    filled = template.replace("{company}", company)
    while "{" in filled:
        head, _, rest = filled.partition("{")
        filled = head + "anna" + rest.partition("}")[2]
    return filled


def test_no_endpoint_changes_anything_by_cookie_without_the_sessions_word() -> None:
    async def scenario(rig: SignInRig) -> None:
        for login in ("anna", "admin", "root"):
            browser = await rig.signed_in(login)
            for method, template in CHANGING:
                answer = await browser.ask(method, path(template, "musterbau"), {}, **{"X-Vorzimmer-CSRF": "guessed"})
                assert answer.status_code == 403, (login, method, template)
                assert answer.json()["type"] == "/problems/csrf", (login, method, template)

    with_signin(scenario)


def test_no_endpoint_reaches_another_company_with_a_real_session() -> None:
    async def scenario(rig: SignInRig) -> None:
        chief = Account("", "chief", "nebenan", "anna")
        await rig.signin.membership.register(chief, PASSWORD, "en")
        browser = await rig.signed_in("chief")
        for (method, template), need in access.TABLE.items():
            if "{company}" not in template or method == "WEBSOCKET" or need.least == "public":
                continue
            answer = await browser.ask(method, path(template, "musterbau"), {} if method != "GET" else None)
            assert answer.status_code == 404, (method, template)
            assert answer.json()["type"] == "/problems/not-found"
        assert (await browser.ask("GET", "/companies/nebenan/users/anna/sign-in")).status_code == 200
        assert (await browser.ask("GET", "/me")).json()["company"] == "nebenan"

    with_signin(scenario)


def test_no_token_does_what_only_people_may() -> None:
    async def scenario(rig: SignInRig) -> None:
        root = await rig.signed_in("root")
        made = await root.post("/session/tokens", label="all", scopes=list(access.SCOPES))
        bearer = {"Authorization": f"Bearer {made.json()['secret']}"}
        for (method, template), need in access.TABLE.items():
            if need.session:
                answer = await rig.client.request(method, path(template, "musterbau"), headers=bearer)
                assert answer.json()["type"] == "/problems/session-needed", (method, template)

    with_signin(scenario)
