"""Passkeys over the API with an authenticator in software."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.signin_rig import ORIGIN, Browser, SignInRig, with_signin

from vorzimmer.accounts.secret import base64url
from vorzimmer.testing.authenticator import Authenticator


async def registered(browser: Browser, key: Authenticator, label: str = "Telefon") -> dict[str, Any]:
    """Make a passkey; what the server says."""
    begun = (await browser.post("/session/passkeys/options")).json()
    credential = key.create(begun["options"])
    made = await browser.post("/session/passkeys", ticket=begun["ticket"], credential=credential, label=label)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def shown(browser: Browser, key: Authenticator, **more: str) -> Any:
    """Sign in with a passkey."""
    begun = (await browser.post("/signin/passkey/options", **more)).json()
    return await browser.post("/signin/passkey", ticket=begun["ticket"], credential=key.get(begun["options"]))


def test_a_passkey_is_a_way_in_of_its_own() -> None:
    async def scenario(rig: SignInRig) -> None:
        key = Authenticator(ORIGIN)
        made = await registered(await rig.signed_in("anna"), key)
        assert made["passkey"]["label"] == "Telefon"
        assert len(made["recovery_codes"]) == 10
        browser = rig.browser()
        options = (await browser.post("/signin/passkey/options")).json()["options"]
        assert options["rpId"] == "pbx.test"
        assert options["userVerification"] == "required"
        assert options.get("allowCredentials", []) == []  # nobody's keys are named to strangers
        for _ in range(2):
            assert (await shown(browser, key)).json()["method"] == "passkey"
        assert (await browser.ask("GET", "/me")).json()["user"] == "anna"

    with_signin(scenario)


def test_with_a_passkey_the_password_alone_opens_nothing() -> None:
    async def scenario(rig: SignInRig) -> None:
        key = Authenticator(ORIGIN)
        codes = (await registered(await rig.signed_in("anna"), key))["recovery_codes"]
        browser = rig.browser()
        half = (await browser.sign_in("anna")).json()
        assert half["factors"] == ["passkey", "recovery"]
        key.verifies = False  # the password was the first factor
        assert (await shown(browser, key, ticket=half["ticket"])).json()["method"] == "password+passkey"
        half = (await browser.sign_in("anna")).json()
        assert (await browser.post("/signin/code", ticket=half["ticket"], code=codes[3])).status_code == 200

    with_signin(scenario)


def test_a_second_step_takes_only_the_keys_of_that_account() -> None:
    async def scenario(rig: SignInRig) -> None:
        annas, doras = Authenticator(ORIGIN), Authenticator(ORIGIN)
        await registered(await rig.signed_in("anna"), annas)
        await registered(await rig.signed_in("dora"), doras)
        half = (await rig.browser().sign_in("anna")).json()
        refused = await shown(rig.browser(), doras, ticket=half["ticket"])
        assert refused.json()["type"] == "/problems/bad-passkey"

    with_signin(scenario)


@pytest.mark.parametrize(
    "fault", ["origin", "rp", "unverified", "signature", "count", "handle", "unknown", "challenge"]
)
def test_webauthn_7_2_an_answer_that_does_not_fit_is_refused(fault: str) -> None:
    async def scenario(rig: SignInRig) -> None:
        key = Authenticator(ORIGIN)
        await registered(await rig.signed_in("anna"), key)
        browser = rig.browser()
        await shown(browser, key)
        begun = (await browser.post("/signin/passkey/options")).json()
        _break(key, fault)
        if fault == "challenge":
            begun["options"]["challenge"] = base64url(bytes(32))
        credential = key.get(begun["options"])
        if fault == "signature":
            credential["response"]["signature"] = base64url(b"\x30\x06\x02\x01\x01\x02\x01\x01")
        if fault == "unknown":
            credential["rawId"] = credential["id"] = base64url(b"unknown")
        refused = await rig.browser().post("/signin/passkey", ticket=begun["ticket"], credential=credential)
        assert refused.status_code == 401
        assert refused.json()["type"] == "/problems/bad-passkey"

    with_signin(scenario)


def _break(key: Authenticator, fault: str) -> None:
    (credential,) = key.credentials
    if fault == "origin":
        key.origin = "https://evil.example"
    elif fault == "rp":
        credential.rp = "evil.example"
    elif fault == "unverified":
        key.verifies = False
    elif fault == "count":
        credential.count = -1  # somebody has copied the key
    elif fault == "handle":
        credential.handle = b"somebody else"


def test_a_challenge_is_answered_once_and_in_time() -> None:
    async def scenario(rig: SignInRig) -> None:
        key = Authenticator(ORIGIN)
        await registered(await rig.signed_in("anna"), key)
        browser = rig.browser()
        begun = (await browser.post("/signin/passkey/options")).json()
        answer = {"ticket": begun["ticket"], "credential": key.get(begun["options"])}
        assert (await browser.post("/signin/passkey", **answer)).status_code == 200
        assert (await rig.browser().post("/signin/passkey", **answer)).status_code == 410
        begun = (await browser.post("/signin/passkey/options")).json()
        rig.clock.seconds += 300
        answer = {"ticket": begun["ticket"], "credential": key.get(begun["options"])}
        assert (await rig.browser().post("/signin/passkey", **answer)).status_code == 410

    with_signin(scenario)


def test_passkeys_are_listed_renamed_and_removed_by_their_owner_only() -> None:
    async def scenario(rig: SignInRig) -> None:
        key, other = Authenticator(ORIGIN), Authenticator(ORIGIN)
        anna, dora = await rig.signed_in("anna"), await rig.signed_in("dora")
        ident = (await registered(anna, key))["passkey"]["id"]
        rig.clock.seconds += 1
        assert (await registered(anna, other, ""))["recovery_codes"] == []
        assert [row["label"] for row in (await anna.ask("GET", "/session/passkeys")).json()] == ["Telefon", "Passkey"]
        path = f"/session/passkeys/{ident}"
        for method, body in (("PATCH", {"label": "x"}), ("DELETE", None)):
            assert (await dora.ask(method, path, body)).status_code == 404
        assert (await anna.ask("PATCH", path, {"label": "Neu\u202e"})).json()["label"] == "Neu"
        assert (await anna.ask("DELETE", path)).status_code == 204
        assert (await anna.ask("DELETE", path)).status_code == 404
        assert (await shown(rig.browser(), key)).status_code == 401
        assert (await shown(rig.browser(), other)).status_code == 200
        (row,) = (await anna.ask("GET", "/session/passkeys")).json()
        assert (await anna.ask("DELETE", f"/session/passkeys/{row['id']}")).status_code == 204
        assert (await rig.browser().sign_in("anna")).json()["state"] == "signed_in"

    with_signin(scenario)


def test_a_passkey_proves_again_who_sits_there() -> None:
    async def scenario(rig: SignInRig) -> None:
        annas, doras = Authenticator(ORIGIN), Authenticator(ORIGIN)
        anna = await rig.signed_in("anna")
        await registered(anna, annas)
        await registered(await rig.signed_in("dora"), doras)
        rig.clock.seconds += 1_000
        assert (await anna.ask("DELETE", "/session/totp")).status_code == 403
        for key, status in ((doras, 401), (annas, 204)):
            begun = (await anna.post("/signin/passkey/options")).json()
            answer = {"ticket": begun["ticket"], "credential": key.get(begun["options"])}
            assert (await anna.post("/session/confirm/passkey", **answer)).status_code == status
        assert (await anna.ask("DELETE", "/session/totp")).status_code == 404

    with_signin(scenario)


def test_nobody_registers_with_anothers_ticket_or_the_same_key_twice() -> None:
    async def scenario(rig: SignInRig) -> None:
        key = Authenticator(ORIGIN)
        anna, dora = await rig.signed_in("anna"), await rig.signed_in("dora")
        begun = (await anna.post("/session/passkeys/options")).json()
        credential = key.create(begun["options"])
        assert (await dora.post("/session/passkeys", ticket=begun["ticket"], credential=credential)).status_code == 410
        begun = (await anna.post("/session/passkeys/options")).json()
        assert (await anna.post("/session/passkeys", ticket=begun["ticket"], credential=credential)).status_code == 401
        unverified = Authenticator(ORIGIN, verifies=False)
        begun = (await anna.post("/session/passkeys/options")).json()
        made = unverified.create(begun["options"])
        assert (await anna.post("/session/passkeys", ticket=begun["ticket"], credential=made)).status_code == 401

    with_signin(scenario)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=40).map(base64url),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "rawId", "type", "response", "authenticatorAttachment")
INSIDE = ("clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject", "transports")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FIELDS + INSIDE), JSON, st.booleans())
def test_hostile_credentials_are_refused_and_no_more(name: str, value: Any, create: bool) -> None:
    async def scenario(rig: SignInRig) -> None:
        key = Authenticator(ORIGIN)
        anna = await rig.signed_in("anna")
        await registered(anna, key)
        path = "/session/passkeys" if create else "/signin/passkey"
        begun = (await anna.post(path + "/options")).json()
        credential = key.create(begun["options"]) if create else key.get(begun["options"])
        (credential if name in FIELDS else credential["response"])[name] = value
        answer = await anna.post(path, ticket=begun["ticket"], credential=credential)
        assert answer.status_code in {200, 201, 401, 410}, answer.text

    with_signin(scenario)
