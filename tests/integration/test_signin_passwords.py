"""The slow hash for real, and letters as a mail server gets them."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.integration.authority import Authority

from vorzimmer.accounts.letters import Mail, MailFailedError
from vorzimmer.api.signin.ports import BusyError, Verdict
from vorzimmer.app import passwords, reach
from vorzimmer.app.options import ServeOptions, load
from vorzimmer.app.passwords import Argon2Passwords
from vorzimmer.kernel.errors import StartError
from vorzimmer.net.mail_server import Security, SmtpServer
from vorzimmer.net.smtp import SmtpMailer

HOST = "127.0.0.1"


def test_passwords_are_argon2id_and_hashed_anew_when_parameters_rise() -> None:
    async def main() -> None:
        weak, now = Argon2Passwords(memory=1024, passes=1), Argon2Passwords()
        old = await weak.hash("geheim 🔑")
        fresh = await now.hash("geheim 🔑")
        assert old.startswith("$argon2id$v=19$m=1024,t=1,p=1$")
        assert fresh.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await now.verify(old, "geheim 🔑") == Verdict(True, True)
        assert await now.verify(fresh, "geheim 🔑") == Verdict(True, False)
        assert not (await now.verify(fresh, "geheim")).right
        for hashed in ("", "garbage", "$argon2id$v=19$m=1024,t=1,p=1$x$y"):
            assert not (await now.verify(hashed, "nobody has this password")).right

    asyncio.run(main())


def test_a_flood_of_sign_ins_is_turned_away_and_takes_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(passwords, "WAITING", 4)
        hasher = Argon2Passwords(memory=1024, passes=1)
        results = await asyncio.gather(*(hasher.verify("", "x") for _ in range(20)), return_exceptions=True)
        assert sum(isinstance(result, BusyError) for result in results) == 16
        assert not (await hasher.verify("", "x")).right

    asyncio.run(main())


class Post:
    """A mail server that keeps what it gets, or answers as told."""

    def __init__(self) -> None:
        self.answer, self.got, self.to = "250 OK", list[bytes](), list[str]()
        self.recipient = "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.got.append(envelope.content)
        self.to += envelope.rcpt_tos
        return self.answer


def _mail(to: str = "eva@musterbau.example", subject: str = "Grüße") -> Mail:
    return Mail("l1", to, subject, "Guten Tag Jürgen,\n\n.\nEnde\n", "<p>Guten Tag</p>")


def _sent(post: Post, *mails: Mail, login: str = "", password: str = "") -> list[MailFailedError | None]:
    async def main() -> list[MailFailedError | None]:
        def protocol() -> SMTP:
            return SMTP(post, hostname="mail.example", authenticator=_knows, auth_require_tls=False)

        server = await asyncio.get_running_loop().create_server(protocol, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        where = SmtpServer(HOST, port, "none", "Telefon <pbx@pbx.example>", login, password)
        mailer = SmtpMailer(where, lambda: datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
        outcomes: list[MailFailedError | None] = []
        for mail in mails:
            try:
                await mailer.send(mail)
                outcomes.append(None)
            except MailFailedError as error:
                outcomes.append(error)
        server.close()
        return outcomes

    return asyncio.run(main())


def _knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    right = isinstance(data, LoginPassword) and data.password == b"richtig"
    return AuthResult(success=right)


def test_a_letter_arrives_as_it_was_written() -> None:
    post = Post()
    assert _sent(post, _mail(), login="pbx", password="richtig") == [None]
    (raw,) = post.got
    assert b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=" in raw
    assert b"Message-ID: <l1@pbx.example>" in raw
    assert b"Auto-Submitted: auto-generated" in raw
    assert b"Date: Mon, 02 Mar 2026 12:00:00 +0000" in raw
    assert b"multipart/alternative" in raw
    assert b"\r\n.\r\nEnde" in raw
    assert post.to == ["eva@musterbau.example"]


def test_no_address_or_subject_brings_headers_or_recipients_of_its_own() -> None:
    post = Post()
    bad = [
        "a@b.example\nBcc: x@evil.example",
        "a@b.example,x@evil.example",
        "<a@b.example> x@evil.example",
        "a b@c",
        "",
    ]
    outcomes = _sent(post, *map(_mail, bad), _mail(subject="x\r\nBcc: evil@evil.example"))
    assert all(outcome is not None and outcome.for_good for outcome in outcomes)
    assert post.got == []


def test_what_a_mail_server_says_decides_whether_it_is_tried_again() -> None:
    post = Post()
    post.recipient = "550 no such user"
    (gone,) = _sent(post, _mail())
    assert gone is not None
    assert gone.for_good
    post.recipient = "450 busy"
    (busy,) = _sent(post, _mail())
    assert busy is not None
    assert not busy.for_good
    post.recipient, post.answer = "250 OK", "554 spam"
    (spam,) = _sent(post, _mail())
    assert spam is not None
    assert str(spam) == "the mail server says 554"
    assert "eva@" not in f"{gone}{busy}{spam}"


def test_a_server_that_is_not_there_is_tried_again() -> None:
    async def main() -> None:
        mailer = SmtpMailer(SmtpServer(HOST, 1, "none", "pbx@pbx.example"), lambda: datetime(2026, 3, 2, tzinfo=UTC))
        with pytest.raises(MailFailedError) as caught:
            await mailer.send(_mail())
        assert not caught.value.for_good

    asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "origin", "host", "secure"),
    [
        ({}, "http://localhost:8080", "localhost", False),
        ({"http": "0.0.0.0:80"}, "http://localhost:80", "localhost", False),
        ({"http": "192.0.2.1:8080"}, "http://192.0.2.1:8080", "192.0.2.1", False),
        ({"public": "https://pbx.example/"}, "https://pbx.example", "pbx.example", True),
        ({"public": "https://PBX.example:443"}, "https://pbx.example", "pbx.example", True),
        ({"public": "https://pbx.example:8443"}, "https://pbx.example:8443", "pbx.example", True),
    ],
)
def test_the_public_address_is_that_of_the_option_or_of_this_computer(
    options: dict[str, str], origin: str, host: str, secure: bool
) -> None:
    found = reach.public(ServeOptions(state="x", **options))  # type: ignore[arg-type]  # names of options
    assert (found.origin, found.host, found.secure) == (origin, host, secure)


@pytest.mark.parametrize(
    "options",
    [
        {"public": "pbx.example"},
        {"public": "https://pbx.example/portal"},
        {"public": "https://u@pbx.example"},
        {"public": "https://pbx.example:99999"},
        {"http_proxy": ("everywhere",)},
        {"outgoing_allow": ("10.0.0.1/8",)},
        {"mail_server": "mail.example"},
        {"mail_server": "mail.example:x", "mail_from": "a@b.example"},
        {"mail_server": "mail.example", "mail_from": "a@b.example", "mail_security": "none", "mail_login": "x"},
        {"mail_server": "m", "mail_from": "a@b.example", "mail_login": "x", "mail_password_file": "/no/such/file"},
    ],
)
def test_a_mistake_in_an_option_is_one_clear_line(options: dict[str, object]) -> None:
    with pytest.raises(StartError, match="--") as caught:
        load(None, {"state": "x", **options})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_encrypted_and_only_to_a_server_that_proves_its_name(security: Security, tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "a"), Authority(tmp_path / "b", "Stranger")
    made = authority.issue("mail", "localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    post = Post()

    async def main() -> None:
        def protocol() -> SMTP:
            if security == "tls":
                return SMTP(post, hostname="mail.example", authenticator=_knows, auth_require_tls=False)
            return SMTP(post, hostname="mail.example", tls_context=context, require_starttls=True, authenticator=_knows)

        wrapped = context if security == "tls" else None
        server = await asyncio.get_running_loop().create_server(protocol, HOST, 0, ssl=wrapped)
        port = server.sockets[0].getsockname()[1]
        for trusted, works in ((authority, True), (stranger, False)):
            where = SmtpServer("localhost", port, security, "pbx@pbx.example", "pbx", "richtig", str(trusted.file))
            mailer = SmtpMailer(where, lambda: datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
            if works:
                await mailer.send(_mail())
                continue
            with pytest.raises(MailFailedError) as caught:
                await mailer.send(_mail())
            assert not caught.value.for_good
        server.close()

    asyncio.run(main())
    assert len(post.got) == 1
