"""Invitations, resets, the first account, and the letters: who gets what, and what it gives away."""

import re

import msgspec
import pytest
from tests.signin_rig import PASSWORD, Browser, SignInRig, with_signin
from tests.unit.test_api_signin import enrolled

from vorzimmer.accounts import letters
from vorzimmer.accounts.letters import MailFailedError
from vorzimmer.accounts.model import Account, Letter
from vorzimmer.admin.world import SYSTEM
from vorzimmer.api.principal import Principal
from vorzimmer.api.signin.letters import LEASE, PAUSES
from vorzimmer.api.signin.membership import may_manage
from vorzimmer.app.accounts_rpc import account_methods
from vorzimmer.directory.model import User
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.errors import VorzimmerError

NEW = "ein ganz neues Passwort"
CARL = "/companies/musterbau/users/carl/sign-in"


def ticket(text: str) -> str:
    found = re.search(r"#([0-9a-f]{64})\b", text)
    assert found is not None
    return found.group(1)


async def with_address(rig: SignInRig, user: str, email: str = "") -> None:
    values = {"email": email or f"{user}@musterbau.example"}
    await rig.office.edit("musterbau", Ref("user", user), values, SYSTEM)


async def invited(rig: SignInRig, admin: Browser) -> str:
    """A link for carl."""
    made = await admin.post(CARL + "/invitation", delivery="link", login="carl")
    assert made.status_code == 201, made.text
    return ticket(made.json()["link"])


def test_an_invitation_by_mail_opens_an_account_once() -> None:
    async def scenario(rig: SignInRig) -> None:
        await with_address(rig, "carl")
        admin = await rig.signed_in("admin")
        assert (await admin.ask("GET", CARL)).json()["account"] is False
        made = await admin.post(CARL + "/invitation")
        assert made.json() == {"login": "carl@musterbau.example", "link": None}
        (mail,) = await rig.letters()
        assert mail.to == "carl@musterbau.example"
        assert ticket(mail.text) == ticket(mail.html)
        assert "http://pbx.test/welcome#" in mail.text
        carl = rig.browser()
        told = await carl.post("/signin/invitation", ticket=ticket(mail.text))
        assert told.json() == {
            "login": "carl@musterbau.example", "name": "Carl Vogt", "company": "musterbau", "language": "de",
        }  # fmt: skip
        body = {"ticket": ticket(mail.text), "password": PASSWORD}
        assert (await carl.post("/signin/invitation/accept", **{**body, "password": "kurz"})).status_code == 422
        assert (await carl.post("/signin/invitation/accept", **body)).json()["user"] == "carl"
        assert (await rig.browser().post("/signin/invitation/accept", **body)).status_code == 410
        row = (await admin.ask("GET", CARL)).json()
        assert (row["account"], row["password"], row["sessions"]) == (True, True, 1)
        assert PASSWORD not in str(row)

    with_signin(scenario)


def test_a_letter_holds_no_secret_until_it_is_sent() -> None:
    async def scenario(rig: SignInRig) -> None:
        await with_address(rig, "carl")
        await (await rig.signed_in("admin")).post(CARL + "/invitation")
        (letter,) = await rig.store.outbox.take_due(rig.ports.now(), 0.0, 9)
        account = await rig.store.accounts.of_user("musterbau", "carl")
        assert account is not None
        assert letter.data == {"account": account.id}

    with_signin(scenario)


def test_a_link_expires() -> None:
    async def scenario(rig: SignInRig) -> None:
        secret = await invited(rig, await rig.signed_in("admin"))
        rig.clock.seconds += 7 * 86_400
        refused = await rig.browser().post("/signin/invitation/accept", ticket=secret, password=PASSWORD)
        assert refused.json()["type"] == "/problems/ticket-gone"

    with_signin(scenario)


def test_a_link_opens_only_what_it_is_for() -> None:
    async def scenario(rig: SignInRig) -> None:
        secret = await invited(rig, await rig.signed_in("admin"))
        body = {"ticket": secret, "password": PASSWORD}
        assert (await rig.browser().post("/signin/reset/accept", **body)).status_code == 410
        assert (await rig.browser().post("/signin/setup", **body, login="root2")).status_code == 410
        assert (await rig.browser().post("/signin/invitation/accept", **body)).status_code == 200

    with_signin(scenario)


def test_who_cannot_be_written_to_gets_a_link_to_be_handed_over() -> None:
    async def scenario(rig: SignInRig) -> None:
        admin = await rig.signed_in("admin")
        refused = await admin.post(CARL + "/invitation")
        assert refused.json()["errors"][0]["pointer"] == "/delivery"
        assert (await rig.store.accounts.of_user("musterbau", "carl")) is None
        taken = await admin.post(CARL + "/invitation", delivery="link", login="Anna")
        assert taken.json()["errors"] == [
            {"pointer": "/login", "detail": "This sign-in name is taken on this server."}
        ]  # fmt: skip
        made = await admin.post(CARL + "/invitation", delivery="link")
        assert made.json()["login"] == "carl@musterbau"

    async def without_mail(rig: SignInRig) -> None:
        await with_address(rig, "carl")
        admin = await rig.signed_in("admin")
        assert (await admin.post(CARL + "/invitation")).json()["errors"][0]["pointer"] == "/delivery"
        assert (await rig.browser().ask("GET", "/signin")).json() == {"setup": False, "reset": False}

    with_signin(scenario)
    with_signin(without_mail, mailing=False)


def test_asking_for_a_reset_tells_nothing_and_writes_the_same() -> None:
    async def scenario(rig: SignInRig) -> None:
        answers, rows = [], []
        for login in ("root", "nobody", "carl"):
            answer = await rig.browser().post("/signin/reset", login=login)
            answers.append((answer.status_code, answer.content, sorted(answer.headers.items())))
            rows.append(await rig.store.outbox.take_due(rig.ports.now(), LEASE, 9))
        assert answers[0] == answers[1] == answers[2]
        assert [[letter.data for letter in part] for part in rows] == [
            [{"login": "root"}], [{"login": "nobody"}], [{"login": "carl"}],
        ]  # fmt: skip
        rig.clock.seconds += LEASE
        (mail,) = await rig.letters()
        assert mail.to == "root@provider.example"
        assert await rig.store.outbox.next_due() is None

    with_signin(scenario)


def test_a_reset_ends_all_sessions_and_does_not_get_around_the_second_factor() -> None:
    async def scenario(rig: SignInRig) -> None:
        await with_address(rig, "anna")
        anna, _, codes = await enrolled(rig)
        await rig.letters()
        await rig.browser().post("/signin/reset", login="anna")
        (mail,) = await rig.letters()
        browser = rig.browser()
        body = {"ticket": ticket(mail.text), "password": NEW}
        half = (await browser.post("/signin/reset/accept", **body)).json()
        assert half["state"] == "second_factor"
        assert (await anna.ask("GET", "/me")).status_code == 401
        assert (await browser.post("/signin/code", ticket=half["ticket"], code=codes[0])).status_code == 200
        assert (await rig.browser().post("/signin/reset/accept", **body)).status_code == 410
        assert (await rig.browser().sign_in("anna")).status_code == 401
        (notice,) = await rig.letters()
        assert notice.subject == "Ihr Passwort wurde geändert"

    with_signin(scenario)


def test_a_used_link_takes_the_others_of_that_person_with_it() -> None:
    async def scenario(rig: SignInRig) -> None:
        admin = await rig.signed_in("admin")
        first, second = await invited(rig, admin), await invited(rig, admin)
        assert (
            await rig.browser().post("/signin/invitation/accept", ticket=second, password=PASSWORD)
        ).status_code == 200
        assert (
            await rig.browser().post("/signin/invitation/accept", ticket=first, password=PASSWORD)
        ).status_code == 410

    with_signin(scenario)


def test_nobody_fills_somebody_elses_mailbox() -> None:
    async def scenario(rig: SignInRig) -> None:
        codes = [
            (await rig.browser(f"198.51.100.{number}").post("/signin/reset", login="root")).status_code
            for number in range(30)
        ]
        assert set(codes) == {202}
        assert len(await rig.letters()) == 4

    with_signin(scenario)


def test_only_who_may_more_opens_or_closes_a_way_in() -> None:
    def person(role: str, site: str | None = "muenchen") -> User:
        return User("x", "X", role=role, site=site)  # type: ignore[arg-type]  # a role as the file has it

    def asker(role: str, site: str | None = "muenchen") -> Principal:
        return Principal(role, "musterbau", "y", site)  # type: ignore[arg-type]  # a role as the file has it

    roles = ("user", "site_admin", "company_admin")
    allowed = {(a, b) for a in (*roles, "provider") for b in roles if may_manage(asker(a), person(b))}
    assert allowed == {
        ("site_admin", "user"),
        *(("company_admin", role) for role in roles),
        *(("provider", role) for role in roles),
    }
    assert not may_manage(asker("site_admin"), person("user", "lager"))
    assert not may_manage(asker("site_admin", None), person("user", None))


def test_a_site_administrator_does_not_become_the_companys() -> None:
    async def scenario(rig: SignInRig) -> None:
        await rig.office.edit("musterbau", Ref("user", "anna"), {"role": "site_admin"}, SYSTEM)
        anna = await rig.signed_in("anna")
        base = "/companies/musterbau/users/{}/sign-in"
        assert (await anna.post(base.format("bea") + "/invitation", delivery="link")).status_code == 201
        for other in ("admin", "dora"):  # may more; another site
            path = base.format(other)
            assert (await anna.ask("GET", path)).status_code == 403
            assert (await anna.post(path + "/invitation", delivery="link")).status_code == 403
            for end in ("", "/sessions", "/factors"):
                assert (await anna.ask("DELETE", path + end)).status_code == 403

    with_signin(scenario)


def test_administrators_end_sessions_and_remove_factors_and_accounts() -> None:
    async def scenario(rig: SignInRig) -> None:
        admin, path = await rig.signed_in("admin"), "/companies/musterbau/users/anna/sign-in"
        anna, _, _ = await enrolled(rig)
        assert (await admin.ask("GET", path)).json()["code"] is True
        assert (await admin.ask("DELETE", path + "/sessions")).status_code == 204
        assert (await anna.ask("GET", "/me")).status_code == 401
        assert (await admin.ask("DELETE", path + "/factors")).status_code == 204
        again = await rig.signed_in("anna")
        assert (await admin.ask("DELETE", path)).status_code == 204
        assert (await again.ask("GET", "/me")).status_code == 401
        assert (await rig.browser().sign_in("anna")).status_code == 401
        assert (await admin.ask("DELETE", path)).status_code == 404
        assert (await admin.ask("DELETE", "/companies/musterbau/users/nobody/sign-in")).status_code == 404

    with_signin(scenario)


def test_the_first_account_is_made_once() -> None:
    async def scenario(rig: SignInRig) -> None:
        for account in (*await rig.store.accounts.of_company("musterbau"), *await rig.store.accounts.of_company("")):
            await rig.store.accounts.remove(account.id)
        old, link = await rig.ports.tickets.set_up(), await rig.ports.tickets.set_up()
        assert link.startswith("http://pbx.test/setup#")
        body = {"login": "Root", "password": PASSWORD, "name": "Root", "email": "root@provider.example"}
        assert (await rig.browser().post("/signin/setup", ticket=ticket(old), **body)).status_code == 410
        bad = {**body, "login": "r"}
        assert (await rig.browser().post("/signin/setup", ticket=ticket(link), **bad)).status_code == 422
        browser = rig.browser()
        assert (await browser.post("/signin/setup", ticket=ticket(link), **body)).json()["role"] == "provider"
        assert (await rig.browser().post("/signin/setup", ticket=ticket(link), **body)).status_code == 410
        assert await rig.ports.tickets.set_up() == ""

    with_signin(scenario)


def test_a_letter_is_tried_again_with_longer_pauses_and_given_up() -> None:
    async def scenario(rig: SignInRig) -> None:
        rig.mail.failure = MailFailedError("the mail server says 451")
        await rig.browser().post("/signin/reset", login="root")
        pauses = []
        for _ in PAUSES:
            await rig.postman.round()
            due = await rig.store.outbox.next_due()
            assert due is not None
            pauses.append(due - rig.ports.now())
            rig.clock.seconds += pauses[-1]
        assert tuple(pauses) == PAUSES
        assert await rig.letters() == []
        assert await rig.store.outbox.next_due() is None
        (dead,) = await rig.store.outbox.dead()
        assert (dead.tries, dead.error) == (8, "the mail server says 451")
        assert rig.said[-1] == "mail reset: the mail server says 451; given up"
        assert not any("root" in said for said in rig.said)

    with_signin(scenario)


def test_a_letter_that_is_refused_for_good_is_not_tried_again() -> None:
    async def scenario(rig: SignInRig) -> None:
        rig.mail.failure = MailFailedError("recipient refused (550)", for_good=True)
        await rig.browser().post("/signin/reset", login="root")
        assert await rig.postman.round() == 30.0
        assert len(await rig.store.outbox.dead()) == 1

    with_signin(scenario)


def test_a_letter_of_a_sender_that_died_is_sent_all_the_same() -> None:
    async def scenario(rig: SignInRig) -> None:
        await rig.browser().post("/signin/reset", login="root")
        await rig.store.outbox.take_due(rig.ports.now(), LEASE, 9)
        assert await rig.letters() == []
        rig.clock.seconds += LEASE
        assert len(await rig.letters()) == 1

    with_signin(scenario)


def test_letters_of_people_who_have_left_and_of_unknown_kinds_are_dropped() -> None:
    async def scenario(rig: SignInRig) -> None:
        for number, (kind, data) in enumerate(
            [("reset", {"login": "nobody"}), ("invitation", {"account": "gone"}), ("reset", {}), ("from-later", {})]
        ):
            await rig.store.outbox.post(Letter(f"l{number}", kind, data, 0.0, 0.0))
        assert await rig.letters() == []
        assert await rig.store.outbox.next_due() is None

    with_signin(scenario)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("kind", list(letters.TEXTS))
def test_letters_are_whole_in_both_languages_and_names_are_never_markup(kind: letters.Kind, language: str) -> None:
    hostile = "<img src=x onerror=alert(1)>\r\nBcc: x@evil.example\u202e{login}" + "x" * 300
    values = dict.fromkeys(("name", "login", "house", "host", "days"), hostile)
    subject, text, html = letters.write(kind, language, values, "http://pbx.test/reset#abc&x=<y>")
    assert "\n" not in subject
    assert "\r" not in subject
    assert "<img" not in html
    assert "&lt;img" in html
    assert "http://pbx.test/reset#abc" in text
    assert "Bcc:" not in [line[:4] for line in text.splitlines()]
    assert ("Guten Tag" in text) == (language == "de")
    assert "{name}" not in text


def test_every_letter_says_the_same_in_both_languages() -> None:
    fields = re.compile(r"\{(\w+)\}")
    for kind, words in letters.TEXTS.items():
        shapes = {
            language: (len(each.paragraphs), len(each.after), sorted(fields.findall(str(each))))
            for language, each in words.items()
        }
        assert shapes["de"] == shapes["en"], kind


def test_accounts_and_codes_show_no_secret_in_a_log() -> None:
    account = Account("a1", "eva", password="$argon2id$secret")
    assert "secret" not in repr(account)
    assert "eva" not in repr(msgspec.structs.replace(account, login="eva"))


def test_what_happens_to_sign_ins_is_in_the_companys_audit() -> None:
    async def scenario(rig: SignInRig) -> None:
        admin, attacker = await rig.signed_in("admin", "192.0.2.9"), rig.browser("198.51.100.7")
        for _ in range(9):
            await attacker.sign_in("anna", "wrong password")
        anna = await rig.signed_in("anna")
        await anna.ask("PUT", "/session/password", {"old": PASSWORD, "password": NEW})
        made = (await anna.post("/session/tokens", label="CRM", scopes=["calls:read"])).json()
        await anna.ask("DELETE", f"/session/tokens/{made['token']['id']}")
        await admin.ask("DELETE", "/companies/musterbau/users/anna/sign-in")
        items = (await admin.ask("GET", "/companies/musterbau/audit?section=")).json()["items"]
        told = [(row["actor"], row["origin"], row["id"], row["after"]) for row in items if row["section"] == "sign-in"]
        assert told == [
            ("user:admin", "192.0.2.9", "anna", {"event": "account removed"}),
            ("user:anna", "192.0.2.1", "anna", {"event": "API token revoked"}),
            ("user:anna", "192.0.2.1", "anna", {"event": "API token made", "label": "CRM", "scopes": "calls:read"}),
            ("user:anna", "192.0.2.1", "anna", {"event": "password changed"}),
            ("user:anna", "192.0.2.1", "anna", {"event": "signed in", "method": "password"}),
            ("somebody", "198.51.100.7", "anna", {"event": "locked out"}),
            ("user:admin", "192.0.2.9", "admin", {"event": "signed in", "method": "password"}),
        ]
        assert made["secret"] not in str(items)

    with_signin(scenario)


def test_a_letter_that_was_given_up_is_seen_tried_again_and_forgotten() -> None:
    async def scenario(rig: SignInRig) -> None:
        rig.mail.failure = MailFailedError("recipient refused (550)", for_good=True)
        for login in ("root", "root"):
            await rig.browser().post("/signin/reset", login=login)
        await rig.postman.round()
        root = await rig.signed_in("root")
        told = (await root.ask("GET", "/mail")).json()
        assert (told["configured"], told["next"], len(told["dead"])) == (True, None, 2)
        assert told["dead"][0]["error"] == "recipient refused (550)"
        assert "root" not in str(told)
        first, second = (row["id"] for row in told["dead"])
        rig.mail.failure = None
        assert (await root.ask("POST", f"/mail/{first}/retry")).status_code == 204
        assert len(await rig.letters()) == 1
        assert (await root.ask("POST", f"/mail/{first}/retry")).status_code == 404
        assert (await root.ask("DELETE", f"/mail/{second}")).status_code == 204
        assert (await root.ask("GET", "/mail")).json()["dead"] == []
        assert (await (await rig.signed_in("admin")).ask("GET", "/mail")).status_code == 403

    with_signin(scenario)


def test_the_command_line_makes_invites_resets_and_removes_accounts() -> None:
    async def scenario(rig: SignInRig) -> None:
        methods = account_methods(rig.signin)
        person = {"login": "Carl", "company": "musterbau", "user": "carl", "language": "de", "password": PASSWORD}
        assert await methods["account_add"](person) == "carl"
        assert (await rig.browser().sign_in("carl")).json()["user"] == "carl"
        for bad, words in (
            ({**person, "login": "dora"}, "is taken"),
            ({**person, "login": "carl2", "password": "kurz"}, "at least 10"),
            ({**person, "login": "x"}, "visible characters"),
        ):
            with pytest.raises(VorzimmerError, match=words):
                await methods["account_add"](bad)
        with pytest.raises(VorzimmerError, match="no user nobody"):
            await methods["account_add"]({**person, "user": "nobody"})
        carl, _, _ = await enrolled(rig, "carl")
        link = await methods["account_reset"]({"login": "CARL", "factors": True})
        assert (await carl.ask("GET", "/me")).status_code == 401
        done = await rig.browser().post("/signin/reset/accept", ticket=ticket(link), password=NEW)
        assert done.json()["state"] == "signed_in"
        made = await methods["account_invite"]({"company": "musterbau", "user": "bea"})
        assert made["login"] == "bea@musterbau"
        assert ticket(made["link"])
        rows = {row["login"]: row["role"] for row in await methods["accounts"]({})}
        assert rows["carl"] == "user"
        assert rows["root"] == "provider"
        await methods["account_remove"]({"login": "carl"})
        with pytest.raises(VorzimmerError, match="no account carl"):
            await methods["account_remove"]({"login": "carl"})
        assert await methods["account_setup"]({}) == ""

    with_signin(scenario)
