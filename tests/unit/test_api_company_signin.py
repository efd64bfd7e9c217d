"""Signing in through a company's provider (OpenID Connect), with a strict provider in memory."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.signin_rig import ORIGIN, PASSWORD, Browser, SignInRig, with_signin

from vorzimmer.accounts.totp import code_at
from vorzimmer.admin.world import SYSTEM
from vorzimmer.api.signin.company import CALLBACK
from vorzimmer.directory.ref import Ref
from vorzimmer.testing.provider import TestProvider

ISSUER = "https://id.musterbau.example"
START = "/signin/company/musterbau"
EMAIL = "anna.schneider@musterbau.example"


async def with_provider(rig: SignInRig, **more: Any) -> TestProvider:
    """A company with a provider that signs in anna."""
    provider = TestProvider(ISSUER, ("vorzimmer", "s3cret"), ORIGIN + CALLBACK, rig.ports.now)
    rig.web.hosts["id.musterbau.example"] = provider.app
    values = {"issuer": ISSUER, "client_id": "vorzimmer", "client_secret": {"value": "s3cret"}, **more}
    await rig.office.edit("musterbau", Ref("company", "musterbau"), {"sign_in": values}, SYSTEM)
    return provider


async def at_the_provider(rig: SignInRig, browser: Browser) -> str:
    """Go there and come back; the address that the provider sends the browser to."""
    begun = await browser.ask("GET", START)
    assert begun.status_code == 303, begun.text
    target = begun.headers["location"]
    assert target.startswith(ISSUER + "/authorize?")
    host = urlsplit(target).hostname
    async with httpx.AsyncClient(transport=httpx.ASGITransport(rig.web.hosts[str(host)])) as client:
        answer = await client.get(target)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def come_back(browser: Browser, address: str) -> httpx.Response:
    assert address.startswith(ORIGIN + CALLBACK)
    cookies = {"vorzimmer_flow": browser.client.cookies.get("vorzimmer_flow", "")}
    path = address.removeprefix(ORIGIN + "/api/v1")
    return await browser.client.get(path, headers={"Cookie": f"vorzimmer_flow={cookies['vorzimmer_flow']}"})


async def signed_in(rig: SignInRig, browser: Browser) -> httpx.Response:
    return await come_back(browser, await at_the_provider(rig, browser))


def failed(answer: httpx.Response, name: str = "company-sign-in") -> bool:
    return answer.status_code == 303 and answer.headers["location"] == f"{ORIGIN}/signin?problem={name}"


def test_a_person_of_the_company_comes_in_through_its_provider() -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        provider.person["email"] = EMAIL.upper()
        browser = rig.browser()
        answer = await signed_in(rig, browser)
        assert answer.status_code == 303
        assert answer.headers["location"] == ORIGIN + "/"
        assert "vorzimmer_session=" in answer.headers["set-cookie"]
        told = (await browser.ask("GET", "/session")).json()
        assert (told["user"], told["method"], told["login"]) == ("anna", "company", "anna")

    with_signin(scenario)


def test_openid_3_1_2_1_the_request_carries_state_nonce_and_a_challenge() -> None:
    async def scenario(rig: SignInRig) -> None:
        await with_provider(rig)
        seen = []
        for _ in range(2):
            target = (await rig.browser().ask("GET", START)).headers["location"]
            seen.append({name: value for name, (value,) in parse_qs(urlsplit(target).query).items()})
        first, second = seen
        assert first["redirect_uri"] == ORIGIN + CALLBACK
        assert first["response_type"] == "code"
        assert first["code_challenge_method"] == "S256"
        assert "s3cret" not in str(first)
        for name in ("state", "nonce", "code_challenge"):
            assert len(first[name]) >= 43
            assert first[name] != second[name]

    with_signin(scenario)


def test_the_first_sign_in_makes_the_account_and_no_more() -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        await rig.office.edit("musterbau", Ref("user", "carl"), {"email": "Carl@musterbau.example"}, SYSTEM)
        provider.person = {"sub": "p-2", "email": "carl@musterbau.example"}
        for _ in range(2):
            browser = rig.browser()
            await signed_in(rig, browser)
            assert (await browser.ask("GET", "/session")).json()["login"] == "carl@musterbau.example"
        assert len(await rig.store.accounts.of_company("musterbau")) == 4
        assert (await rig.browser().sign_in("carl@musterbau.example", "")).status_code == 401

    with_signin(scenario)


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "p-1", "email": "nobody@musterbau.example"},
        {"sub": "p-1", "email": EMAIL, "email_verified": False},
        {"sub": "p-1"},
        {"sub": "p-1", "email": ["x"]},
        {"sub": "p-1", "email": ""},
    ],
)
def test_who_is_not_in_the_directory_gets_no_account(person: dict[str, Any]) -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        provider.person = person
        browser = rig.browser()
        assert failed(await signed_in(rig, browser))
        assert (await browser.ask("GET", "/me")).status_code == 401
        assert len(await rig.store.accounts.of_company("musterbau")) == 3

    with_signin(scenario)


def test_an_address_that_somebody_else_has_got_at_the_provider_does_not_open_the_account() -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        assert not failed(await signed_in(rig, rig.browser()))
        provider.person["sub"] = "p-9"
        assert failed(await signed_in(rig, rig.browser()))
        assert "user anna is tied to another identity" in rig.said[-1]

    with_signin(scenario)


LIES: list[tuple[str, dict[str, Any]]] = [
    ("another provider's", {"iss": "https://evil.example"}),
    ("for somebody else", {"aud": "other"}),
    ("for somebody else", {"aud": ["vorzimmer", "other"]}),
    ("another sign-in", {"nonce": "other"}),
    ("expired", {"exp": 1}),
    ("expired", {"exp": "soon"}),
    ("from the future", {"iat": 9_999_999_999}),
    ("does not count yet", {"nbf": 9_999_999_999}),
    ("names nobody", {"sub": "x" * 256}),
    ("names nobody", {"sub": 7}),
    ("names nobody", {"sub": "p-1\x00"}),
]


@pytest.mark.parametrize(("why", "lies"), LIES, ids=str)
def test_openid_3_1_3_7_a_token_that_does_not_fit_is_refused(why: str, lies: dict[str, Any]) -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        provider.lies = lies
        assert failed(await signed_in(rig, rig.browser()))
        assert why in rig.said[-1]
        assert EMAIL not in rig.said[-1]

    with_signin(scenario)


def test_a_token_for_several_audiences_names_us_as_the_party() -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        provider.lies = {"aud": ["vorzimmer", "other"], "azp": "vorzimmer"}
        assert not failed(await signed_in(rig, rig.browser()))

    with_signin(scenario)


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_token_that_is_signed_with_what_everybody_knows_is_refused(algorithm: str) -> None:
    """RFC 8725 section 3.1: neither `none` nor the public key as a secret."""

    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        provider.algorithm = algorithm
        assert failed(await signed_in(rig, rig.browser()))
        assert "cannot be verified" in rig.said[-1]

    with_signin(scenario)


def test_keys_that_were_rolled_are_read_again_now_and_then() -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        assert not failed(await signed_in(rig, rig.browser()))
        rig.clock.seconds += 61
        provider.roll()
        assert not failed(await signed_in(rig, rig.browser()))
        provider.roll()
        before = rig.web.asked.count(f"GET {ISSUER}/jwks")
        assert failed(await signed_in(rig, rig.browser()))
        assert rig.web.asked.count(f"GET {ISSUER}/jwks") == before  # a forged key id does not make us ask all the time
        rig.clock.seconds += 61
        assert not failed(await signed_in(rig, rig.browser()))
        assert rig.web.asked.count(f"GET {ISSUER}/.well-known/openid-configuration") == 1

    with_signin(scenario)


def test_userinfo_tells_the_address_where_the_token_does_not() -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        provider.userinfo_only = True
        assert not failed(await signed_in(rig, rig.browser()))
        provider.lies = {"sub": "p-7"}
        assert failed(await signed_in(rig, rig.browser()))
        assert "somebody else" in rig.said[-1]

    with_signin(scenario)


def test_a_step_belongs_to_the_browser_that_began_it() -> None:
    """Login CSRF: nobody is signed in as somebody else by a link."""

    async def scenario(rig: SignInRig) -> None:
        await with_provider(rig)
        mine, victim = rig.browser(), rig.browser()
        address = await at_the_provider(rig, mine)
        assert failed(await come_back(victim, address), "begin-again")
        await victim.ask("GET", START)
        assert failed(await come_back(victim, address), "begin-again")
        assert not failed(await come_back(mine, address))
        assert failed(await come_back(mine, address), "begin-again")

    with_signin(scenario)


def test_rfc9207_an_answer_of_another_provider_is_refused() -> None:
    async def scenario(rig: SignInRig) -> None:
        await with_provider(rig)
        browser = rig.browser()
        address = (await at_the_provider(rig, browser)).replace("id.musterbau", "evil.musterbau")
        assert failed(await come_back(browser, address))

    with_signin(scenario)


def test_what_the_provider_refuses_is_said_to_the_operator_only() -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig)
        provider.refuses = "access_denied"
        assert failed(await signed_in(rig, rig.browser()))
        assert rig.said[-1] == "sign-in of musterbau through its provider: it says access_denied"

    with_signin(scenario)


def test_a_wrong_secret_a_wrong_issuer_and_a_provider_that_is_away_open_nothing() -> None:
    async def scenario(rig: SignInRig) -> None:
        provider = await with_provider(rig, client_secret={"value": "wrong"})
        assert failed(await signed_in(rig, rig.browser()))
        assert "invalid_client" in rig.said[-1]
        rig.clock.seconds += 3600
        provider.about_lies = {"issuer": "https://evil.example"}
        assert failed(await rig.browser().ask("GET", START))
        provider.about_lies = {"authorization_endpoint": "javascript:alert(1)"}
        assert failed(await rig.browser().ask("GET", START))
        del rig.web.hosts["id.musterbau.example"]
        rig.clock.seconds += 3600
        assert failed(await rig.browser().ask("GET", START))

    with_signin(scenario)


def test_a_company_without_a_provider_is_like_none() -> None:
    async def scenario(rig: SignInRig) -> None:
        without = await rig.browser().ask("GET", START)
        unknown = await rig.browser().ask("GET", "/signin/company/unknown")
        assert without.status_code == unknown.status_code == 404
        assert without.content == unknown.content

    with_signin(scenario)


def test_without_passwords_only_administrators_have_another_way_in() -> None:
    async def scenario(rig: SignInRig) -> None:
        await with_provider(rig, passwords=False)
        assert (await rig.browser().sign_in("anna", PASSWORD)).status_code == 401
        assert (await rig.browser().sign_in("admin", PASSWORD)).status_code == 200
        assert (await rig.browser().sign_in("root", PASSWORD)).status_code == 200
        browser = rig.browser()
        assert not failed(await signed_in(rig, browser))
        assert (await browser.ask("GET", "/me")).json()["user"] == "anna"

    with_signin(scenario)


def test_the_secret_is_nowhere_but_encrypted() -> None:
    async def scenario(rig: SignInRig) -> None:
        await with_provider(rig)
        stored = await rig.store.companies.load("musterbau")
        assert "s3cret" not in str(stored)
        admin = await rig.signed_in("admin")
        told = (await admin.ask("GET", "/companies/musterbau")).text
        assert ISSUER in told
        assert "s3cret" not in told

    with_signin(scenario)


def test_a_company_that_wants_a_second_factor_gets_one_before_anything_else() -> None:
    async def scenario(rig: SignInRig) -> None:
        values = {"sign_in": {"second_factor": "required"}}
        await rig.office.edit("musterbau", Ref("company", "musterbau"), values, SYSTEM)
        browser = rig.browser()
        assert (await browser.sign_in("admin")).json()["must_enrol"] is True
        refused = await browser.ask("GET", "/companies/musterbau/users")
        assert refused.json()["type"] == "/problems/factor-needed"
        assert (await browser.ask("GET", "/me")).status_code == 200
        secret = (await browser.post("/session/totp")).json()["secret"]
        code = code_at(secret, int(rig.ports.now() // 30))
        assert (await browser.post("/session/totp/confirm", code=code)).status_code == 200
        assert (await browser.ask("GET", "/session")).json()["must_enrol"] is False
        assert (await browser.ask("GET", "/companies/musterbau/users")).status_code == 200
        assert (await (await rig.signed_in("root")).ask("GET", "/companies/musterbau/users")).status_code == 200

    with_signin(scenario)
