"""Signing in over the API: what opens, what does not, and what an answer tells."""

import re

import pytest
from tests.signin_rig import PASSWORD, Browser, SignInRig, with_signin

from vorzimmer.accounts.totp import code_at
from vorzimmer.accounts.validity import ABSOLUTE, FRESH, IDLE, SEEN_EVERY
from vorzimmer.admin.world import SYSTEM
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import Commit
from vorzimmer.directory.snapshot import Change

NEW = "ein ganz neues Passwort"


def test_a_right_password_opens_a_session() -> None:
    async def scenario(rig: SignInRig) -> None:
        browser = rig.browser()
        answer = await browser.sign_in("  ANNA ")
        told = answer.json()
        assert (told["role"], told["company"], told["user"], told["name"]) == (
            "user", "musterbau", "anna", "Anna Schneider",
        )  # fmt: skip
        assert told["fresh"]
        me = await browser.ask("GET", "/me")
        assert me.json()["user"] == "anna"
        session = await browser.ask("GET", "/session")
        assert session.json() == told

    with_signin(scenario)


def test_the_cookie_is_not_for_scripts_and_not_for_other_sites() -> None:
    async def plain(rig: SignInRig) -> None:
        cookie = (await rig.browser().sign_in("anna")).headers["set-cookie"]
        assert re.match(r"vorzimmer_session=[0-9a-f]{64}; HttpOnly; Max-Age=2592000; Path=/; SameSite=lax$", cookie)

    async def encrypted(rig: SignInRig) -> None:
        cookie = (await rig.browser().sign_in("anna")).headers["set-cookie"]
        assert cookie.startswith("__Host-vorzimmer_session=")
        assert "; Secure" in cookie
        assert "Domain" not in cookie

    with_signin(plain)
    with_signin(encrypted, secure=True)


def test_nothing_that_is_stored_opens_a_session() -> None:
    async def scenario(rig: SignInRig) -> None:
        browser = await rig.signed_in("anna")
        secret = browser.client.cookies["vorzimmer_session"]
        account = await rig.store.accounts.by_login("anna")
        assert account is not None
        (session,) = await rig.store.sessions.of(account.id)
        for stored in (session.secret.hex(), session.id, browser.csrf):
            assert stored != secret
            thief = rig.browser()
            thief.client.cookies.set("vorzimmer_session", stored)
            assert (await thief.ask("GET", "/me")).status_code == 401

    with_signin(scenario)


def test_an_unknown_name_gets_the_answer_and_the_work_of_a_wrong_password() -> None:
    async def scenario(rig: SignInRig) -> None:
        answers = []
        for login in ("anna", "nobody", "anna@nowhere.example"):
            before = rig.passwords.verified
            answer = await rig.browser().sign_in(login, "wrong password")
            answers.append((answer.status_code, answer.content, rig.passwords.verified - before))
        assert answers[0][0] == 401
        assert len(set(answers)) == 1

    with_signin(scenario)


def test_who_has_no_password_yet_cannot_sign_in_with_an_empty_one() -> None:
    async def scenario(rig: SignInRig) -> None:
        await rig.signin.membership.invite("musterbau", "carl", "carl", "link", "en")
        for password in ("", ":", "v1:"):
            assert (await rig.browser().sign_in("carl", password)).status_code == 401

    with_signin(scenario)


def test_a_lockout_is_by_source_and_account_and_the_same_for_unknown_names() -> None:
    async def scenario(rig: SignInRig) -> None:
        for login in ("anna", "nobody"):
            attacker = rig.browser("198.51.100.7")
            codes = [(await attacker.sign_in(login, "wrong")).status_code for _ in range(8)]
            assert codes == [401] * 6 + [429] * 2
            locked = await attacker.sign_in(login, PASSWORD)
            assert locked.status_code == 429
            assert locked.headers["retry-after"] == "61"
        assert (await rig.browser("192.0.2.1").sign_in("anna")).status_code == 200
        rig.clock.seconds += 61
        assert (await rig.browser("198.51.100.7").sign_in("anna")).status_code == 200

    with_signin(scenario)


def test_a_locked_out_source_costs_no_hash() -> None:
    async def scenario(rig: SignInRig) -> None:
        attacker = rig.browser("198.51.100.7")
        for _ in range(6):
            await attacker.sign_in("anna", "wrong")
        before = rig.passwords.verified
        for _ in range(10):
            await attacker.sign_in("anna", "wrong")
        assert rig.passwords.verified == before

    with_signin(scenario)


def test_whoever_leaves_the_directory_is_out_at_the_next_request() -> None:
    async def scenario(rig: SignInRig) -> None:
        dora = await rig.signed_in("dora")
        token = (await dora.post("/session/tokens", label="x", scopes=["directory:read"])).json()["secret"]
        program = {"Authorization": f"Bearer {token}"}
        assert (await rig.client.get("/me", headers=program)).status_code == 200
        await _remove_user(rig, "dora")
        assert (await dora.ask("GET", "/me")).status_code == 401
        assert (await rig.client.get("/me", headers=program)).status_code == 401
        assert (await rig.browser().sign_in("dora")).status_code == 401

    with_signin(scenario)


async def _remove_user(rig: SignInRig, user: str) -> None:
    """As the store has it after somebody was removed, and as the office reads it then."""
    stored = await rig.store.companies.load("musterbau")
    assert stored is not None
    await rig.store.companies.commit(Commit("musterbau", stored.revision, (Change("user", user, None),)))
    await rig.office.open()


def test_a_changed_role_counts_at_the_next_request() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        path = "/companies/musterbau/users/dora/sign-in"
        assert (await anna.ask("GET", path)).status_code == 403
        await rig.office.edit("musterbau", Ref("user", "anna"), {"role": "company_admin"}, SYSTEM)
        assert (await anna.ask("GET", path)).status_code == 200
        await rig.office.edit("musterbau", Ref("user", "anna"), {"role": "user"}, SYSTEM)
        assert (await anna.ask("GET", path)).status_code == 403

    with_signin(scenario)


def test_a_request_by_cookie_that_changes_something_says_the_sessions_word() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        for word in ("", "guessed", "ü" * 10):
            told = await anna.client.delete("/session", headers=[(b"x-vorzimmer-csrf", word.encode("latin-1"))])
            assert told.status_code == 403
            assert told.json()["type"] == "/problems/csrf"
        theirs = await rig.signed_in("dora")
        assert (await anna.ask("DELETE", "/session", **{"X-Vorzimmer-CSRF": theirs.csrf})).status_code == 403
        assert (await anna.ask("GET", "/session")).status_code == 200
        assert (await anna.ask("DELETE", "/session")).status_code == 204

    with_signin(scenario)


def test_nobody_is_signed_in_from_another_sites_page() -> None:
    async def scenario(rig: SignInRig) -> None:
        body = {"login": "anna", "password": PASSWORD}
        for origin in ("https://evil.example", "null", "http://pbx.test.evil.example"):
            answer = await rig.browser().ask("POST", "/signin/password", body, Origin=origin)
            assert answer.status_code == 403
        assert (await rig.browser().ask("POST", "/signin/password", body, Origin="http://pbx.test")).status_code == 200
        form = await rig.client.post(
            "/signin/password", content='{"login":"anna"}', headers={"Content-Type": "text/plain"}
        )
        assert form.status_code in {400, 415}

    with_signin(scenario)


def test_sessions_are_listed_and_ended_at_once() -> None:
    async def scenario(rig: SignInRig) -> None:
        one, two, three = [await rig.signed_in("anna", f"192.0.2.{number}") for number in (1, 2, 3)]
        dora = await rig.signed_in("dora")
        for browser in (one, two, three, dora):
            assert (await browser.ask("GET", "/me")).status_code == 200
        rows = (await one.ask("GET", "/session/sessions")).json()
        assert sorted(row["address"] for row in rows) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
        assert [row["address"] for row in rows if row["current"]] == ["192.0.2.1"]
        second = next(row["id"] for row in rows if row["address"] == "192.0.2.2")
        assert (await dora.ask("DELETE", f"/session/sessions/{second}")).status_code == 404
        assert (await one.ask("DELETE", f"/session/sessions/{second}")).status_code == 204
        assert (await two.ask("GET", "/me")).status_code == 401
        assert (await three.ask("GET", "/me")).status_code == 200
        assert (await one.ask("DELETE", "/session/sessions")).status_code == 204
        assert (await three.ask("GET", "/me")).status_code == 401
        assert (await one.ask("DELETE", "/session")).status_code == 204
        assert (await one.ask("GET", "/me")).status_code == 401
        assert (await dora.ask("GET", "/me")).status_code == 200

    with_signin(scenario)


def test_a_session_ends_when_nobody_uses_it_and_by_age() -> None:
    async def idle(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        rig.clock.seconds += IDLE - 1
        assert (await anna.ask("GET", "/me")).status_code == 200
        rig.clock.seconds += IDLE - 1
        assert (await anna.ask("GET", "/me")).status_code == 200
        rig.clock.seconds += IDLE
        assert (await anna.ask("GET", "/me")).status_code == 401

    async def old(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        while rig.clock.seconds + IDLE / 2 < ABSOLUTE:
            rig.clock.seconds += IDLE / 2
            assert (await anna.ask("GET", "/me")).status_code == 200
        rig.clock.seconds = ABSOLUTE
        assert (await anna.ask("GET", "/me")).status_code == 401

    with_signin(idle)
    with_signin(old)


def test_who_uses_a_session_is_written_down_now_and_then() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        rig.clock.seconds += SEEN_EVERY - 1
        before = (await anna.ask("GET", "/session/sessions")).json()[0]["seen"]
        rig.clock.seconds += 1
        assert (await anna.ask("GET", "/session/sessions")).json()[0]["seen"] > before

    with_signin(scenario)


def test_signing_in_again_ends_the_browsers_session_before() -> None:
    async def scenario(rig: SignInRig) -> None:
        browser = await rig.signed_in("anna")
        old = browser.client.cookies["vorzimmer_session"]
        await browser.sign_in("dora")
        thief = rig.browser()
        thief.client.cookies.set("vorzimmer_session", old)
        assert (await thief.ask("GET", "/me")).status_code == 401

    with_signin(scenario)


def test_changing_the_password_needs_the_old_one_and_ends_other_sessions() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna, elsewhere = await rig.signed_in("anna"), await rig.signed_in("anna")
        wrong = await anna.ask("PUT", "/session/password", {"old": "wrong", "password": NEW})
        assert wrong.json()["type"] == "/problems/wrong-credentials"
        short = await anna.ask("PUT", "/session/password", {"old": PASSWORD, "password": "kurz"})
        assert short.json()["errors"] == [
            {"pointer": "/password", "detail": "Please choose at least 10 characters."}
        ]  # fmt: skip
        assert (await anna.ask("PUT", "/session/password", {"old": PASSWORD, "password": NEW})).status_code == 204
        assert (await anna.ask("GET", "/me")).status_code == 200
        assert (await elsewhere.ask("GET", "/me")).status_code == 401
        assert (await rig.browser().sign_in("anna")).status_code == 401
        assert (await rig.browser().sign_in("anna", NEW)).status_code == 200
        (notice,) = await rig.letters()
        assert notice.subject == "Ihr Passwort wurde geändert"

    with_signin(scenario)


def test_a_password_is_hashed_anew_when_the_parameters_have_changed() -> None:
    async def scenario(rig: SignInRig) -> None:
        rig.passwords.version = "v2"
        await rig.signed_in("anna")
        account = await rig.store.accounts.by_login("anna")
        assert account is not None
        assert account.password == f"v2:{PASSWORD}"
        await rig.signed_in("anna")

    with_signin(scenario)


async def enrolled(rig: SignInRig, login: str = "anna") -> tuple[Browser, str, list[str]]:
    """Somebody with codes of an app: browser, secret, recovery codes."""
    browser = await rig.signed_in(login)
    enrolment = (await browser.post("/session/totp")).json()
    code = code_at(enrolment["secret"], int(rig.ports.now() // 30))
    codes = (await browser.post("/session/totp/confirm", code=code)).json()["codes"]
    rig.clock.seconds += 30
    return browser, enrolment["secret"], codes


def test_with_codes_of_an_app_the_password_alone_opens_nothing() -> None:
    async def scenario(rig: SignInRig) -> None:
        _, secret, _ = await enrolled(rig)
        browser = rig.browser()
        half = (await browser.sign_in("anna")).json()
        assert half == {"state": "second_factor", "ticket": half["ticket"], "factors": ["code", "recovery"]}
        assert (await browser.ask("GET", "/me")).status_code == 401
        assert (await browser.post("/signin/code", ticket=half["ticket"], code="000000")).status_code == 401
        code = code_at(secret, int(rig.ports.now() // 30))
        done = await browser.post("/signin/code", ticket=half["ticket"], code=f"{code[:3]} {code[3:]}")
        assert done.json()["method"] == "password+code"
        assert (await browser.ask("GET", "/me")).status_code == 200
        assert (await browser.post("/signin/code", ticket=half["ticket"], code=code)).status_code == 410
        again = (await rig.browser().sign_in("anna")).json()["ticket"]
        assert (await rig.browser().post("/signin/code", ticket=again, code=code)).status_code == 401  # used

    with_signin(scenario)


def test_a_secret_counts_only_after_its_first_code() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        assert (await anna.post("/session/totp/confirm", code="000000")).status_code == 410
        secret = (await anna.post("/session/totp")).json()["secret"]
        assert (await anna.post("/session/totp/confirm", code="000000")).status_code == 401
        assert (await rig.browser().sign_in("anna")).json()["state"] == "signed_in"
        code = code_at(secret, int(rig.ports.now() // 30))
        assert len((await anna.post("/session/totp/confirm", code=code)).json()["codes"]) == 10
        assert (await anna.post("/session/totp")).status_code == 409
        assert (await anna.ask("GET", "/session/methods")).json() == {
            "password": True, "code": True, "passkeys": 0, "recovery_codes": 10,
        }  # fmt: skip

    with_signin(scenario)


def test_a_recovery_code_works_once() -> None:
    async def scenario(rig: SignInRig) -> None:
        _, _, codes = await enrolled(rig)
        for expected in (200, 401):
            browser = rig.browser()
            ticket = (await browser.sign_in("anna")).json()["ticket"]
            shown = codes[0].upper().replace("-", " ")
            assert (await browser.post("/signin/code", ticket=ticket, code=shown)).status_code == expected

    with_signin(scenario)


def test_new_recovery_codes_replace_the_old_ones_and_go_with_the_last_factor() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna, _, codes = await enrolled(rig)
        fresh = (await anna.post("/session/recovery-codes")).json()["codes"]
        assert not set(fresh) & set(codes)
        ticket = (await rig.browser().sign_in("anna")).json()["ticket"]
        assert (await rig.browser().post("/signin/code", ticket=ticket, code=codes[1])).status_code == 401
        assert (await anna.ask("DELETE", "/session/totp")).status_code == 204
        assert (await rig.browser().sign_in("anna")).json()["state"] == "signed_in"
        assert (await anna.post("/session/recovery-codes")).status_code == 404
        assert (await anna.ask("GET", "/session/methods")).json()["recovery_codes"] == 0
        kinds = [mail.subject for mail in await rig.letters()]
        assert kinds == ["Ihre Anmeldung wurde geändert"] * 3

    with_signin(scenario)


def test_codes_are_not_guessed_by_a_thousand_sources_together() -> None:
    async def scenario(rig: SignInRig) -> None:
        await enrolled(rig)
        ticket = (await rig.browser().sign_in("anna")).json()["ticket"]
        answers = []
        for number in range(23):
            thief = rig.browser(f"198.51.100.{number}")
            answers.append((await thief.post("/signin/code", ticket=ticket, code="000000")).status_code)
        assert answers == [401] * 21 + [429] * 2

    with_signin(scenario)


def test_a_half_done_sign_in_expires() -> None:
    async def scenario(rig: SignInRig) -> None:
        _, secret, _ = await enrolled(rig)
        browser = rig.browser()
        ticket = (await browser.sign_in("anna")).json()["ticket"]
        rig.clock.seconds += 300
        code = code_at(secret, int(rig.ports.now() // 30))
        assert (await browser.post("/signin/code", ticket=ticket, code=code)).status_code == 410

    with_signin(scenario)


FRESH_ONLY = [
    ("POST", "/session/totp", None),
    ("POST", "/session/totp/confirm", {"code": "000000"}),
    ("DELETE", "/session/totp", None),
    ("POST", "/session/recovery-codes", None),
    ("POST", "/session/passkeys/options", None),
    ("POST", "/session/passkeys", {"ticket": "x", "credential": {}}),
    ("DELETE", "/session/passkeys/x", None),
    ("POST", "/session/tokens", {"label": "x", "scopes": ["directory:read"]}),
]


@pytest.mark.parametrize(("method", "path", "body"), FRESH_ONLY, ids=str)
def test_what_opens_or_closes_a_way_in_needs_the_password_again(method: str, path: str, body: object) -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        rig.clock.seconds += FRESH
        refused = await anna.ask(method, path, body)
        assert refused.status_code == 403
        assert refused.json()["type"] == "/problems/confirm-needed"
        assert (await anna.post("/session/confirm", password="wrong")).status_code == 401
        assert (await anna.post("/session/confirm", password=PASSWORD)).status_code == 204
        assert (await anna.ask(method, path, body)).json().get("type") != "/problems/confirm-needed"

    with_signin(scenario)


def test_api_tokens_reach_as_far_as_their_scopes_and_are_shown_once() -> None:
    async def scenario(rig: SignInRig) -> None:
        admin = await rig.signed_in("admin")
        made = (await admin.post("/session/tokens", label="CRM", scopes=["settings:read"])).json()
        bearer = {"Authorization": f"Bearer {made['secret']}", "Accept-Language": "en"}
        assert made["secret"].startswith("vzt_")
        me = await rig.client.get("/me", headers=bearer)
        assert (me.json()["role"], me.json()["scopes"]) == ("company_admin", ["settings:read"])
        path = "/companies/musterbau/users/anna/sign-in"
        assert (await rig.client.get(path, headers=bearer)).status_code == 200
        assert (await rig.client.get("/session", headers=bearer)).json()["type"] == "/problems/session-needed"
        assert (await rig.client.delete(path, headers=bearer)).json()["type"] == "/problems/session-needed"
        (row,) = (await admin.ask("GET", "/session/tokens")).json()
        assert row["used"] is not None
        assert made["secret"] not in str(row)
        dora = await rig.signed_in("dora")
        assert (await dora.ask("DELETE", f"/session/tokens/{row['id']}")).status_code == 404
        assert (await admin.ask("DELETE", f"/session/tokens/{row['id']}")).status_code == 204
        gone = await rig.client.get("/me", headers=bearer)
        assert gone.json()["type"] == "/problems/bad-token"

    with_signin(scenario)


def test_a_token_without_its_scope_is_refused() -> None:
    async def scenario(rig: SignInRig) -> None:
        admin = await rig.signed_in("admin")
        secret = (await admin.post("/session/tokens", label="x", scopes=["calls:read"])).json()["secret"]
        answer = await rig.client.get(
            "/companies/musterbau/users/anna/sign-in", headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.json()["type"] == "/problems/out-of-scope"

    with_signin(scenario)


def test_nobody_gives_a_token_more_than_they_have() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        for scopes in (["server"], ["directory:read", "everything"]):
            answer = await anna.post("/session/tokens", label="x", scopes=scopes)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["pointer"] == f"/scopes/{len(scopes) - 1}"
        assert (
            await (await rig.signed_in("root")).post("/session/tokens", label="x", scopes=["server"])
        ).status_code == 201

    with_signin(scenario)


def test_a_token_ends_when_it_was_said() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        body = {"label": "x", "scopes": ["directory:read"], "expires": "2026-03-02T13:00:00Z"}
        bearer = {"Authorization": f"Bearer {(await anna.ask('POST', '/session/tokens', body)).json()['secret']}"}
        assert (await rig.client.get("/me", headers=bearer)).status_code == 200
        rig.clock.seconds += 3600
        assert (await rig.client.get("/me", headers=bearer)).status_code == 401
        assert (await anna.ask("GET", "/session/tokens")).json() == []
        await anna.post("/session/confirm", password=PASSWORD)
        assert (await anna.ask("POST", "/session/tokens", body)).json()["errors"][0]["pointer"] == "/expires"

    with_signin(scenario)


def test_a_token_that_is_shown_decides_even_beside_a_cookie() -> None:
    async def scenario(rig: SignInRig) -> None:
        anna = await rig.signed_in("anna")
        assert (await anna.ask("GET", "/me", Authorization="Bearer vzt_unknown")).status_code == 401

    with_signin(scenario)
