"""Sign-in over the API in memory: the real application and services, a fast hash, a clock that a test moves, letters
that are caught."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.api_rig import FixedClock, Rig
from vorzimmer.accounts.letters import Mail, MailFailedError
from vorzimmer.accounts.lockout import Lockouts
from vorzimmer.accounts.model import Account
from vorzimmer.api.signin.house import SignIn
from vorzimmer.api.signin.letters import Postman
from vorzimmer.api.signin.ports import Public, SignInPorts, Verdict
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.net.guarded import Answer
from vorzimmer.testing.chance import SeededChance

PASSWORD = "drei Wörter reichen"
ORIGIN = "http://pbx.test"


class QuickPasswords:
    """api.signin.ports.Passwords without the cost; counts what was asked, so that equal work can be seen."""

    def __init__(self) -> None:
        self.verified = 0
        self.version = "v1"

    async def hash(self, password: str) -> str:
        return f"{self.version}:{password}"

    async def verify(self, hashed: str, password: str) -> Verdict:
        self.verified += 1
        version, _, known = hashed.partition(":")
        return Verdict(bool(hashed) and known == password, version != self.version)


class CaughtMail:
    """api.signin.ports.Mailer that keeps what it is given, or fails as told."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.failure: MailFailedError | None = None

    async def send(self, mail: Mail) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(mail)


class InnerWeb:
    """The guarded client's port over applications in memory, by host; remembers what was asked."""

    def __init__(self) -> None:
        self.hosts: dict[str, Any] = {}
        self.asked: list[str] = []

    async def request(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        host = httpx.URL(url).host
        self.asked.append(f"{method} {url}")
        if host not in self.hosts:
            raise VorzimmerError(f"no address for {host}")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.hosts[host])) as client:
            answer = await client.request(method, url, headers=headers, content=content)
        return Answer(answer.status_code, dict(answer.headers), answer.content)


class Browser:
    """One browser: keeps its cookie, says the session's word, comes from an address."""

    def __init__(self, rig: "SignInRig", address: str = "192.0.2.1") -> None:
        transport = httpx.ASGITransport(rig.app, raise_app_exceptions=True, client=(address, 50_000))
        self.client = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
        self.csrf = ""

    async def ask(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """One request, in English, with the word of the session that was told last."""
        more = {"Accept-Language": "en", **headers}
        if self.csrf and "X-Vorzimmer-CSRF" not in more:
            more["X-Vorzimmer-CSRF"] = self.csrf
        answer = await self.client.request(method, path, json=json, headers=more)
        if answer.status_code == 200 and path.startswith(("/signin/", "/session")):
            body = answer.json()
            self.csrf = body.get("csrf", self.csrf) if isinstance(body, dict) else self.csrf
        return answer

    async def post(self, path: str, **body: Any) -> httpx.Response:
        """POST with a JSON body."""
        return await self.ask("POST", path, body)

    async def sign_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        """The first step."""
        return await self.post("/signin/password", login=login, password=password)


class MovedClock(FixedClock):
    """Wall time that a test moves."""

    def wall(self) -> datetime:
        return datetime(2026, 3, 2, 12, 0, tzinfo=UTC) + timedelta(seconds=self.seconds)


class SignInRig(Rig):
    """The application with accounts for anna (a user), dora (a user), admin (company administrator) and root."""

    def __init__(self, *, secure: bool = False, mailing: bool = True) -> None:
        super().__init__()
        self.passwords, self.mail, self.said = QuickPasswords(), CaughtMail(), list[str]()
        self.web = InnerWeb()
        self.tallies: dict[str, Any] = {}
        self.ports = self._ports(secure=secure, mailing=mailing)
        self.signin = SignIn(self.ports)
        self.postman = Postman(self.ports, self.mail, self.said.append)
        self.app.state.signin = self.signin
        self.app.state.doors = (*self.signin.doors, self.door)

    def _ports(self, *, secure: bool, mailing: bool) -> SignInPorts:
        store, clock = self.store, MovedClock()
        self.clock = clock
        return SignInPorts(
            accounts=store.accounts,
            sessions=store.sessions,
            factors=store.factors,
            outbox=store.outbox,
            passwords=self.passwords,
            directory=self.app.state.ports.office,
            lockouts=Lockouts(self.tallies.__setitem__),
            clock=clock,
            chance=SeededChance(9),
            public=Public("https://pbx.test" if secure else ORIGIN, "pbx.test", secure),
            companies=store.companies,
            web=self.web,
            say=self.said.append,
            mailing=mailing,
        )

    async def furnish(self) -> "SignInRig":
        """Both companies, and four accounts."""
        await super().furnish()
        for login, company, user in (
            ("anna", "musterbau", "anna"),
            ("dora", "musterbau", "dora"),
            ("admin", "musterbau", "admin"),
        ):
            await self.signin.membership.register(Account("", login, company, user), PASSWORD, "en")
        root = Account("", "root", name="Root", email="root@provider.example", language="en")
        await self.signin.membership.register(root, PASSWORD, "en")
        return self

    def browser(self, address: str = "192.0.2.1") -> Browser:
        """A new browser."""
        return Browser(self, address)

    async def signed_in(self, login: str, address: str = "192.0.2.1") -> Browser:
        """A browser in which somebody is signed in."""
        browser = self.browser(address)
        answer = await browser.sign_in(login)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "signed_in"
        return browser

    async def letters(self) -> list[Mail]:
        """Let the postman go round; what was sent since the last time."""
        before = len(self.mail.sent)
        await self.postman.round()
        return self.mail.sent[before:]


def with_signin(scenario: Callable[[SignInRig], Coroutine[Any, Any, None]], **more: bool) -> None:
    """Run a scenario."""

    async def main() -> None:
        await scenario(await SignInRig(**more).furnish())

    asyncio.run(main())
