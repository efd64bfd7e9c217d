"""Sessions and API tokens at work: begun, found at each request, ended at once.

What was found is remembered for some seconds, because every request asks; whatever is ended here is forgotten in the
same turn, and what another node ended is noticed within `REMEMBERED` seconds. This module must never keep a plain
secret.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from vorzimmer.accounts.model import Account, ApiToken, Method, Session
from vorzimmer.accounts.secret import SIZE, TOKEN_PREFIX, hashed
from vorzimmer.accounts.validity import ABSOLUTE, SEEN_EVERY, session_counts, token_counts
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.notes import Notes
from vorzimmer.api.signin.persons import Person, only_through_company, person_of
from vorzimmer.api.signin.ports import SignInPorts, Where
from vorzimmer.kernel.text import safe_name

T = TypeVar("T")

REMEMBERED = 3.0
"""Seconds that a session is believed without asking the store again."""
MOST = 10_000
MAX_AGENT = 200


class Begun(NamedTuple):
    """A new session, and the secret that goes into the cookie and nowhere else."""

    session: Session
    secret: str


class Found(NamedTuple):
    """A session that counts, and whose it is."""

    session: Session
    person: Person


class FoundToken(NamedTuple):
    """A token that counts, and whose it is."""

    token: ApiToken
    person: Person


class _Remembered(Generic[T]):
    """Answers of the store by hash, for a moment. `age` counts how often everything was forgotten: an answer that was
    on its way meanwhile is not kept."""

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, tuple[float, T]] = OrderedDict()
        self.age = 0

    def get(self, key: bytes, now: float) -> T | None:
        found = self._found.get(key)
        return found[1] if found is not None and now < found[0] + REMEMBERED else None

    def put(self, key: bytes, value: T, now: float, age: int) -> None:
        if age != self.age:
            return
        self._found[key] = (now, value)
        self._found.move_to_end(key)
        while len(self._found) > MOST:
            self._found.popitem(last=False)

    def clear(self) -> None:
        self._found.clear()
        self.age += 1


class Sessions:
    """All sessions and tokens of the server."""

    def __init__(self, ports: SignInPorts) -> None:
        self._ports = ports
        self._listeners: list[Callable[[], None]] = []
        self._notes = Notes(ports)
        self._sessions: _Remembered[tuple[Session, Account]] = _Remembered()
        self._tokens: _Remembered[tuple[ApiToken, Account]] = _Remembered()

    async def begin(self, account: Account, method: Method, where: Where) -> Begun:
        """A new session for somebody who has proven who they are. Raises ApiError ``wrong-credentials`` for who has to
        come through the company's provider and does not."""
        person = person_of(account, self._ports.directory)
        if person is None or (method != "company" and only_through_company(person, self._ports.directory)):
            raise ApiError("wrong-credentials")
        ports, now = self._ports, self._ports.now()
        secret = ports.chance.token(SIZE)
        agent = safe_name(where.agent, MAX_AGENT)
        session = Session(
            id=ports.chance.token(8),
            secret=hashed(secret),
            account=account.id,
            method=method,
            created=now,
            seen=now,
            confirmed=now,
            ends=now + ABSOLUTE,
            address=where.address[:64],
            agent=agent,
        )
        await ports.sessions.add(session)
        await ports.accounts.signed_in(account.id, now)
        await self._notes.note(account, "signed in", where.address, method=method)
        return Begun(session, secret)

    def on_end(self, listener: Callable[[], None]) -> None:
        """Be told when a session or token has ended, or accounts are others: whoever relies on one asks again."""
        self._listeners.append(listener)

    async def find(self, secret: str, where: Where, *, touch: bool = True) -> Found | None:
        """Whose session a cookie belongs to, if it still counts and the person is still there; with `touch` it has been
        used."""
        key, now = hashed(secret), self._ports.now()
        known = self._sessions.get(key, now) or await self._read(key, now)
        if known is None or not session_counts(known[0], now):
            return None
        session, account = known
        person = person_of(account, self._ports.directory)
        if person is None:
            return None
        if touch and now - session.seen >= SEEN_EVERY:
            session = msgspec.structs.replace(session, seen=now, address=where.address[:64])
            self._sessions.put(key, (session, account), now, self._sessions.age)
            await self._ports.sessions.seen(session)
        return Found(session, person)

    async def confirmed(self, session: Session, method: Method | None = None) -> None:
        """Somebody has just proven again who they are, in this session; `method` where it was more than before."""
        now = self._ports.now()
        proven = msgspec.structs.replace(session, seen=now, confirmed=now, method=method or session.method)
        await self._ports.sessions.seen(proven)
        self._sessions.clear()

    async def find_token(self, secret: str) -> FoundToken | None:
        """Whose API token this is, if it still counts and the person is still there."""
        key, now = hashed(secret), self._ports.now()
        known = self._tokens.get(key, now) or await self._read_token(key, now)
        if known is None or not token_counts(known[0], now):
            return None
        token, account = known
        person = person_of(account, self._ports.directory)
        if person is None:
            return None
        if token.used is None or now - token.used >= SEEN_EVERY:
            token = msgspec.structs.replace(token, used=now)
            self._tokens.put(key, (token, account), now, self._tokens.age)
            await self._ports.sessions.used(token.id, now)
        return FoundToken(token, person)

    async def of(self, account: str) -> tuple[Session, ...]:
        """An account's sessions that count, the last seen first."""
        now = self._ports.now()
        return tuple(each for each in await self._ports.sessions.of(account) if session_counts(each, now))

    async def end(self, account: str, ident: str) -> bool:
        """End one of an account's sessions; whether it was there."""
        done = await self._ports.sessions.end(account, ident)
        self._clear(self._sessions)
        return done

    async def end_all(self, account: str, but: str = "") -> int:
        """End all of an account's sessions but one; returns how many."""
        done = await self._ports.sessions.end_all(account, but)
        self._clear(self._sessions)
        return done

    async def make_token(
        self, account: Account, label: str, scopes: tuple[str, ...], expires: float | None
    ) -> tuple[ApiToken, str]:
        """A new API token, and its secret, which is shown once."""
        secret = TOKEN_PREFIX + self._ports.chance.token(SIZE)
        now = self._ports.now()
        token = ApiToken(self._ports.chance.token(8), hashed(secret), account.id, label, scopes, now, expires)
        await self._ports.sessions.add_token(token)
        return token, secret

    async def tokens(self, account: str) -> tuple[ApiToken, ...]:
        """An account's tokens that count, the oldest first."""
        now = self._ports.now()
        return tuple(each for each in await self._ports.sessions.tokens(account) if token_counts(each, now))

    async def revoke(self, account: str, ident: str) -> bool:
        """Remove one of an account's tokens; whether it was there."""
        done = await self._ports.sessions.revoke(account, ident)
        self._clear(self._tokens)
        return done

    def forget(self) -> None:
        """Believe nothing without asking the store: an account has changed or gone."""
        self._sessions.clear()
        self._clear(self._tokens)

    def _clear(self, remembered: "_Remembered[Any]") -> None:
        remembered.clear()
        for listener in self._listeners:
            listener()

    async def _read(self, key: bytes, now: float) -> tuple[Session, Account] | None:
        age = self._sessions.age
        session = await self._ports.sessions.by_secret(key)
        account = await self._ports.accounts.get(session.account) if session is not None else None
        if session is None or account is None:
            return None
        self._sessions.put(key, (session, account), now, age)
        return session, account

    async def _read_token(self, key: bytes, now: float) -> tuple[ApiToken, Account] | None:
        age = self._tokens.age
        token = await self._ports.sessions.token(key)
        account = await self._ports.accounts.get(token.account) if token is not None else None
        if token is None or account is None:
            return None
        self._tokens.put(key, (token, account), now, age)
        return token, account
