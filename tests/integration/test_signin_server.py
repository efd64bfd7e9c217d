"""Sign-in of a real server: the first account by the printed link, sessions over a restart, mail over real SMTP, the
command line."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.interop.server import Server, company_text

from vorzimmer.app.clock import LoopClock
from vorzimmer.testing.provider import TestProvider

HOST = "127.0.0.1"
PASSWORD = "drei Wörter reichen"


class Mailbox:
    """A mail server on loopback that keeps what it gets; refuses the first `broken` mails for now."""

    def __init__(self, broken: int = 0) -> None:
        self.broken = broken
        self.got: asyncio.Queue[EmailMessage] = asyncio.Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.broken > 0:
            self.broken -= 1
            return "451 try again later"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        mail["X-Recipients"] = " ".join(envelope.rcpt_tos)
        self.got.put_nowait(mail)
        return "250 OK"


@asynccontextmanager
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    box = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box, hostname="mail.example"), HOST, 0)
    try:
        yield box, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def provider() -> AsyncIterator[tuple[str, TestProvider]]:
    """A real OpenID provider over HTTP on loopback."""
    listening = socket.create_server((HOST, 0))
    issuer = f"http://{HOST}:{listening.getsockname()[1]}"
    identity = TestProvider(issuer, ("vorzimmer", "s3cret"), "", lambda: LoopClock().wall().timestamp())
    serving = uvicorn.Server(uvicorn.Config(identity.app, log_config=None, lifespan="off"))
    running = asyncio.ensure_future(serving.serve([listening]))
    try:
        yield issuer, identity
    finally:
        serving.should_exit = True
        await running


def _with(issuer: str) -> str:
    """The demo company with that provider."""
    head = "company:\n  id: musterbau\n"
    said = f"  sign_in: {{issuer: '{issuer}', client_id: vorzimmer, client_secret: {{value: s3cret}}}}\n"
    text = company_text()
    assert head in text
    return text.replace(head, head + said)


def client(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://{HOST}:{server.http_port}/api/v1", headers={"Accept-Language": "en"}, trust_env=False
    )


async def signed_in(browser: httpx.AsyncClient, path: str, **body: Any) -> None:
    answer = await browser.post(path, json=body)
    assert answer.status_code == 200, answer.text
    browser.headers["X-Vorzimmer-CSRF"] = answer.json()["csrf"]


def link(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    found = re.search(r"http://localhost:\d+/\w+#([0-9a-f]{64})", part.get_content())
    assert found is not None
    return found.group(1)


def test_from_the_printed_link_to_a_person_who_reset_their_password(tmp_path: Path) -> None:
    async def main() -> None:
        async with mailbox() as (box, port), provider() as (issuer, identity):
            more = (
                "--outgoing-allow",
                "127.0.0.0/8",
                "--mail-server",
                f"{HOST}:{port}",
                "--mail-security",
                "none",
                "--mail-from",
                "PBX <pbx@pbx.example>",
            )
            server = Server(tmp_path, HOST, more=more, company=_with(issuer))
            identity.redirect = f"http://localhost:{server.http_port}/api/v1/signin/company/callback"
            await server.start()
            try:
                await _first_account(server)
                async with client(server) as root:
                    await signed_in(root, "/signin/password", login="root", password=PASSWORD)
                    await _invited(server, root, box)
                    await _reset(server, box)
                    await _through_the_company(server)
                    await server.stop()
                    await server.serve()
                    assert (await root.get("/session")).json()["login"] == "root"
                await _command_line(server)
            finally:
                await server.stop()

    asyncio.run(main())


async def _first_account(server: Server) -> None:
    said = await server.read_line()
    found = re.search(r"http://localhost:\d+/setup#([0-9a-f]{64})", said)
    assert found is not None
    async with client(server) as browser:
        assert (await browser.get("/signin")).json() == {"setup": True, "reset": True}
        body = {"ticket": found.group(1), "login": "Root", "password": PASSWORD, "email": "root@pbx.example"}
        await signed_in(browser, "/signin/setup", **body)
        assert (await browser.get("/me")).json()["role"] == "provider"
        again = await browser.post("/signin/setup", json=body)
        assert again.status_code == 410
        assert (await browser.get("/signin")).json()["setup"] is False
        health = await browser.get(f"http://{HOST}:{server.http_port}/healthz")
        assert health.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "server" not in health.headers


async def _invited(server: Server, provider: httpx.AsyncClient, box: Mailbox) -> None:
    path = "/companies/musterbau/users/anna/sign-in"
    made = await provider.post(path + "/invitation", json={"delivery": "mail"})
    assert made.json() == {"login": "anna.schneider@musterbau.example", "link": None}
    async with asyncio.timeout(10):
        mail = await box.got.get()
    assert mail["X-Recipients"] == "anna.schneider@musterbau.example"
    assert mail["Subject"] == "Ihr Zugang zur Telefonanlage von Musterbau GmbH"
    assert mail["From"] == "PBX <pbx@pbx.example>"
    assert link(mail, "html") == link(mail)
    async with client(server) as anna:
        told = await anna.post("/signin/invitation", json={"ticket": link(mail)})
        assert told.json()["name"] == "Anna Schneider"
        await signed_in(anna, "/signin/invitation/accept", ticket=link(mail), password=PASSWORD)
        assert (await anna.get("/me")).json()["user"] == "anna"
    assert (await provider.get(path)).json()["sessions"] == 1


async def _reset(server: Server, box: Mailbox) -> None:
    async with client(server) as browser:
        for login in ("nobody@musterbau.example", "Anna.Schneider@musterbau.example"):
            asked = await browser.post("/signin/reset", json={"login": login})
            assert (asked.status_code, asked.content) == (202, b"null")
        async with asyncio.timeout(10):
            mail = await box.got.get()
        assert mail["Subject"] == "Neues Passwort für die Telefonanlage von Musterbau GmbH"
        await signed_in(browser, "/signin/reset/accept", ticket=link(mail), password=PASSWORD + "!")
        async with asyncio.timeout(10):
            assert (await box.got.get())["Subject"] == "Ihr Passwort wurde geändert"
    assert box.got.empty()


async def _through_the_company(server: Server) -> None:
    async with client(server) as browser:
        start = await browser.get("/signin/company/musterbau")
        assert start.status_code == 303, start.text
        async with httpx.AsyncClient(trust_env=False) as there:
            back = (await there.get(start.headers["location"])).headers["location"]
        done = await browser.get(back.replace("localhost", HOST))
        assert done.headers["location"] == f"http://localhost:{server.http_port}/"
        session = (await browser.get("/session")).json()
        assert (session["user"], session["method"]) == ("anna", "company")


async def _command_line(server: Server) -> None:
    """With the running server, and without."""
    assert "/reset#" in await server.cli("account", "reset", "root")
    await server.stop()
    rows = json.loads(await server.cli("account", "list", "--json"))
    assert [(row["login"], row["role"]) for row in rows] == [
        ("root", "provider"),
        ("anna.schneider@musterbau.example", "user"),
    ]
