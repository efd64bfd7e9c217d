"""The API in memory: two companies in the store in memory, the real office and door, a scripted control, no socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import httpx
from starlette.requests import HTTPConnection

from vorzimmer.api.application import build
from vorzimmer.api.ports import ControlAwayError, Ports
from vorzimmer.api.principal import Principal
from vorzimmer.app.api_house import ApiOffice
from vorzimmer.app.office import ApplyRequest, Office
from vorzimmer.directory.repository import Commit
from vorzimmer.store.memory import MemoryCompanies, MemoryStore
from vorzimmer.store.secrets import Cost, SecretBox
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.company import MOMENT, musterbau

T = TypeVar("T")
OTHER = """
company: {id: nebenan, name: Nebenan GmbH, sip_domain: nebenan.example}
sites: [{id: hq, name: Zentrale}]
users:
  - {id: anna, name: Anna Anders, extension: "210", role: company_admin, site: hq}
"""
PEOPLE = {
    "provider": Principal("provider", session="operator"),
    "anna": Principal("user", "musterbau", "anna"),
    "admin": Principal("company_admin", "musterbau", "admin"),
    "other": Principal("company_admin", "nebenan", "anna"),
}
"""Bearer token -> who that is."""


class FixedClock:
    """kernel.Clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def wall(self) -> Any:
        return MOMENT

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the API waits for nothing")

    def call_at(self, when: float, callback: Callable[[], None]) -> Any:
        raise AssertionError("the API sets no alarm")


class ScriptedControl:
    """api.ports.Control: answers what a test wrote down, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def call(self, method: str, **params: Any) -> Any:
        self.asked.append((method, params))
        if method not in self.answers:
            raise ControlAwayError(method)
        answer = self.answers[method]
        return answer(params) if callable(answer) else answer

    async def stream(self, method: str, **params: Any) -> AsyncIterator[Any]:
        for value in self.answers.get(method, ()):
            yield value


class TokenDoor:
    """Names the principal of `PEOPLE` (and whoever a test adds) by the bearer token."""

    def __init__(self) -> None:
        self.people = dict(PEOPLE)

    async def __call__(self, connection: HTTPConnection) -> Principal | None:
        return self.people.get(connection.headers.get("authorization", "").removeprefix("Bearer "))


@cache
def companies() -> tuple[Commit, ...]:
    """The two companies as the door commits them; planned once, because that is what takes long."""
    commits: list[Commit] = []

    class Remembering(MemoryCompanies):
        async def commit(self, commit: Commit) -> int:
            commits.append(commit)
            return await super().commit(commit)

    async def plan() -> None:
        store = MemoryStore()
        store.companies = Remembering(SecretBox(bytes(32), Cost(memory=8, passes=1)), lambda operation: False)
        office = Office(store, (FixedClock(), SeededChance(7)), None, "vorzimmer")
        await office.open()
        for text in (musterbau(), OTHER):
            done = await office.apply(ApplyRequest(text, "", {}, allow_weak_passwords=True))
            assert done["exit"] == 0, done

    with ThreadPoolExecutor(1) as aside:  # whoever asks is in a loop of their own
        aside.submit(asyncio.run, plan()).result()
    return tuple(commits)


class Rig:
    """The application and what it stands on."""

    def __init__(self, store: Any = None) -> None:
        self.store = store or MemoryStore()
        self.clock, self.control, self.door = FixedClock(), ScriptedControl(), TokenDoor()
        self.office = Office(self.store, (self.clock, SeededChance(7)), None, "vorzimmer")
        house = Ports(ApiOffice(self.office, self.clock), self.control, self.clock, SeededChance(8))
        self.app = build(house, (self.door,))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://pbx.test")

    async def furnish(self) -> "Rig":
        """Put both companies in."""
        for commit in companies():
            await self.store.companies.commit(commit)
        await self.office.open()
        return self

    async def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        """One request as somebody of `PEOPLE`, in English; "" is nobody."""
        headers = {"Accept-Language": "en", **more.pop("headers", {})}
        if who:
            headers["Authorization"] = f"Bearer {who}"
        return await self.client.request(method, path, headers=headers, **more)


def with_rig(scenario: Callable[[Rig], Coroutine[Any, Any, T]]) -> T:
    """Run a scenario with a furnished rig."""

    async def run() -> T:
        return await scenario(await Rig().furnish())

    return asyncio.run(run())
