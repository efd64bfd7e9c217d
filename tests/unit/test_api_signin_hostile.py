"""Hostile input at every endpoint of sign-in: refused with a problem document, never an error of the server."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.signin_rig import PASSWORD, SignInRig, with_signin
from tests.unit.test_api_access_sessions import path

from vorzimmer.api import access

ROUTES = [row for row in access.TABLE if row[1].startswith(("/signin", "/session")) or row[1].endswith("/sign-in")]
WORDS = "login password ticket code credential label scopes expires old delivery name email language"
NAMES = WORDS.split()
LONG = "x" * 10_000
HOSTILE = [
    "",
    "\x00",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "\u202e<b>=1+1",
    LONG,
    "é" * 300,
]
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.none() | st.booleans() | st.integers() | st.floats(),
    st.lists(st.sampled_from(HOSTILE) | st.integers(), max_size=3),
    st.dictionaries(st.sampled_from([*NAMES, "response", "rawId", "id"]), st.sampled_from(HOSTILE), max_size=3),
)
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(BODIES)
def test_no_body_is_an_error_of_the_server(body: dict[str, Any]) -> None:
    async def scenario(rig: SignInRig) -> None:
        browser = await rig.signed_in("admin")
        for method, template in ROUTES:
            if (method, template) in {("DELETE", "/session"), ("DELETE", "/session/sessions")}:
                continue
            answer = await browser.ask(method, path(template, "musterbau"), body if method != "GET" else None)
            assert answer.status_code < 500, (method, template, answer.text)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"

    with_signin(scenario)


def test_raw_garbage_is_refused() -> None:
    async def scenario(rig: SignInRig) -> None:
        for content in (
            b"",
            b"\xff\xfe",
            b"{",
            b"[" * 5_000,
            b'{"login":"\\ud800","password":"\\udfff"}',
            b"null",
            b"7",
        ):
            answer = await rig.client.post(
                "/signin/password", content=content, headers={"Content-Type": "application/json"}
            )
            assert 400 <= answer.status_code < 500, content

    with_signin(scenario)


def test_garbage_in_cookies_headers_and_queries_opens_nothing() -> None:
    async def scenario(rig: SignInRig) -> None:
        for value in ("", "x", "ü".encode().decode("latin-1"), "a" * 9_000, "%00", '"', "vzt_" + "f" * 64):
            raw = value.encode("latin-1")
            for header in ((b"cookie", b"vorzimmer_session=" + raw), (b"authorization", b"Bearer " + raw)):
                answer = await rig.client.get("/session", headers=[header])
                assert answer.status_code == 401
            query = {"state": value, "code": value, "iss": value, "error": value}
            cookie = [(b"cookie", b"vorzimmer_flow=" + raw)]
            back = await rig.client.get("/signin/company/callback", params=query, headers=cookie)
            assert back.headers["location"].endswith("/signin?problem=begin-again")

    with_signin(scenario)


def test_a_password_with_any_characters_works() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        odd = "\u202e🔑\tgeheim ' OR 1=1;-- \\x00"
        assert (await anna.ask("PUT", "/session/password", {"old": PASSWORD, "password": odd})).status_code == 204
        assert (await rig.browser().sign_in("anna", odd)).status_code == 200

    with_signin(scenario)
