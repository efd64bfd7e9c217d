"""Accounts and what hangs on them in memory, for simulations and tests: the same contract as the SQL store.

This module must never behave differently from it where the contract test looks.
"""

from collections.abc import Callable, Sequence

import msgspec

from vorzimmer.accounts.model import Account, ApiToken, Letter, Passkey, Purpose, Session, Ticket, Totp
from vorzimmer.accounts.repository import LoginTakenError

Check = Callable[[str], None]
"""Told the name of an operation before it is done; raises where it is to fail."""


class MemoryAccounts:
    """accounts.repository.AccountRepository in a dictionary. `gone` hears of each account that was removed."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._accounts: dict[str, Account] = {}
        self._identities: dict[tuple[str, str], str] = {}
        self.gone: list[Callable[[str], None]] = []

    async def add(self, new: Account) -> None:
        """As the port says."""
        self._check("accounts.add")
        if new.id in self._accounts or self._taken(new):
            raise LoginTakenError(new.login)
        self._accounts[new.id] = new

    async def put(self, changed: Account) -> bool:
        """As the port says."""
        self._check("accounts.put")
        if changed.id not in self._accounts:
            return False
        if self._taken(changed):
            raise LoginTakenError(changed.login)
        values = {name: getattr(changed, name) for name in ("login", "name", "email", "language")}
        self._accounts[changed.id] = msgspec.structs.replace(self._accounts[changed.id], **values)
        return True

    async def set_password(self, ident: str, password: str, changed: float | None, instead_of: str = "") -> bool:
        """As the port says."""
        self._check("accounts.set_password")
        found = self._accounts.get(ident)
        if found is None or (instead_of and found.password != instead_of):
            return False
        at = found.password_changed if changed is None else changed
        self._accounts[ident] = msgspec.structs.replace(found, password=password, password_changed=at)
        return True

    async def signed_in(self, ident: str, at: float) -> None:
        """As the port says."""
        self._check("accounts.signed_in")
        if ident in self._accounts:
            self._accounts[ident] = msgspec.structs.replace(self._accounts[ident], last_signed_in=at)

    async def get(self, ident: str) -> Account | None:
        """As the port says."""
        self._check("accounts.get")
        return self._accounts.get(ident)

    async def by_login(self, login: str) -> Account | None:
        """As the port says."""
        self._check("accounts.by_login")
        return next((each for each in self._accounts.values() if each.login == login), None)

    async def of_user(self, company: str, user: str) -> Account | None:
        """As the port says."""
        self._check("accounts.of_user")
        return next((a for a in self._accounts.values() if (a.company, a.user) == (company, user)), None)

    async def of_company(self, company: str) -> tuple[Account, ...]:
        """As the port says."""
        self._check("accounts.of_company")
        found = [each for each in self._accounts.values() if each.company == company]
        return tuple(sorted(found, key=lambda each: each.login))

    async def count(self) -> int:
        """As the port says."""
        self._check("accounts.count")
        return len(self._accounts)

    async def remove(self, ident: str) -> bool:
        """As the port says."""
        self._check("accounts.remove")
        return self.drop(ident)

    def drop(self, ident: str) -> bool:
        """Without failing, for a commit that removes a person."""
        if self._accounts.pop(ident, None) is None:
            return False
        self._identities = {key: owner for key, owner in self._identities.items() if owner != ident}
        for hear in self.gone:
            hear(ident)
        return True

    def drop_persons(self, company: str, users: set[str] | None) -> None:
        """Those of removed users, None for the whole company's."""
        for each in [*self._accounts.values()]:
            if each.user and each.company == company and (users is None or each.user in users):
                self.drop(each.id)

    async def bind(self, issuer: str, subject: str, owner: str) -> str:
        """As the port says."""
        self._check("accounts.bind")
        if (issuer, subject) not in self._identities and any(
            (known, whose) == (issuer, owner) for (known, _), whose in self._identities.items()
        ):
            return ""
        return self._identities.setdefault((issuer, subject), owner)

    def _taken(self, wanted: Account) -> bool:
        others = [each for each in self._accounts.values() if each.id != wanted.id]
        same = (wanted.company, wanted.user)
        return any(o.login == wanted.login or (o.user and (o.company, o.user) == same) for o in others)


class MemorySessions:
    """accounts.repository.SessionRepository in dictionaries."""

    def __init__(self, accounts: MemoryAccounts, check: Check) -> None:
        self._check = check
        self._sessions: dict[str, Session] = {}
        self._tokens: dict[str, ApiToken] = {}
        self._tickets: dict[bytes, Ticket] = {}
        accounts.gone.append(self._forget)

    async def add(self, new: Session) -> None:
        """As the port says."""
        self._check("sessions.add")
        self._sessions[new.id] = new

    async def by_secret(self, secret: bytes) -> Session | None:
        """As the port says."""
        self._check("sessions.by_secret")
        return next((each for each in self._sessions.values() if each.secret == secret), None)

    async def of(self, owner: str) -> tuple[Session, ...]:
        """As the port says."""
        self._check("sessions.of")
        found = [each for each in self._sessions.values() if each.account == owner]
        return tuple(sorted(found, key=lambda each: (-each.seen, each.id)))

    async def seen(self, used: Session) -> None:
        """As the port says."""
        self._check("sessions.seen")
        if (old := self._sessions.get(used.id)) is not None:
            values = {name: getattr(used, name) for name in ("seen", "confirmed", "address", "agent", "method")}
            self._sessions[used.id] = msgspec.structs.replace(old, **values)

    async def end(self, owner: str, ident: str) -> bool:
        """As the port says."""
        self._check("sessions.end")
        found = self._sessions.get(ident)
        return found is not None and found.account == owner and self._sessions.pop(ident) is not None

    async def end_all(self, owner: str, but: str = "") -> int:
        """As the port says."""
        self._check("sessions.end_all")
        before = len(self._sessions)
        self._sessions = {k: each for k, each in self._sessions.items() if each.account != owner or k == but}
        return before - len(self._sessions)

    async def add_token(self, new: ApiToken) -> None:
        """As the port says."""
        self._check("sessions.add_token")
        self._tokens[new.id] = new

    async def token(self, secret: bytes) -> ApiToken | None:
        """As the port says."""
        self._check("sessions.token")
        return next((each for each in self._tokens.values() if each.secret == secret), None)

    async def tokens(self, owner: str) -> tuple[ApiToken, ...]:
        """As the port says."""
        self._check("sessions.tokens")
        found = [each for each in self._tokens.values() if each.account == owner]
        return tuple(sorted(found, key=lambda each: (each.created, each.id)))

    async def used(self, ident: str, at: float) -> None:
        """As the port says."""
        self._check("sessions.used")
        if ident in self._tokens:
            self._tokens[ident] = msgspec.structs.replace(self._tokens[ident], used=at)

    async def revoke(self, owner: str, ident: str) -> bool:
        """As the port says."""
        self._check("sessions.revoke")
        found = self._tokens.get(ident)
        return found is not None and found.account == owner and self._tokens.pop(ident) is not None

    async def add_ticket(self, new: Ticket) -> None:
        """As the port says."""
        self._check("sessions.add_ticket")
        self._tickets[new.secret] = new

    async def ticket(self, secret: bytes) -> Ticket | None:
        """As the port says."""
        self._check("sessions.ticket")
        return self._tickets.get(secret)

    async def take(self, secret: bytes) -> Ticket | None:
        """As the port says."""
        self._check("sessions.take")
        return self._tickets.pop(secret, None)

    async def drop_tickets(self, owner: str, purpose: Purpose) -> None:
        """As the port says."""
        self._check("sessions.drop_tickets")
        gone = (owner, purpose)
        self._tickets = {key: each for key, each in self._tickets.items() if (each.account, each.purpose) != gone}

    async def sweep(self, now: float, idle: float) -> int:
        """As the port says."""
        self._check("sessions.sweep")
        before = len(self._sessions) + len(self._tokens) + len(self._tickets)
        self._sessions = {k: s for k, s in self._sessions.items() if s.ends > now and s.seen > now - idle}
        self._tokens = {k: t for k, t in self._tokens.items() if t.expires is None or t.expires > now}
        self._tickets = {key: each for key, each in self._tickets.items() if each.expires > now}
        return before - len(self._sessions) - len(self._tokens) - len(self._tickets)

    def _forget(self, owner: str) -> None:
        self._sessions = {key: each for key, each in self._sessions.items() if each.account != owner}
        self._tokens = {key: each for key, each in self._tokens.items() if each.account != owner}
        self._tickets = {key: each for key, each in self._tickets.items() if each.account != owner}


class MemoryFactors:
    """accounts.repository.FactorRepository in dictionaries."""

    def __init__(self, accounts: MemoryAccounts, check: Check) -> None:
        self._check = check
        self._totp: dict[str, Totp] = {}
        self._recovery: dict[str, set[bytes]] = {}
        self._passkeys: dict[str, Passkey] = {}
        accounts.gone.append(self._forget)

    async def totp(self, account: str) -> Totp | None:
        """As the port says."""
        self._check("factors.totp")
        return self._totp.get(account)

    async def put_totp(self, account: str, value: Totp | None) -> None:
        """As the port says."""
        self._check("factors.put_totp")
        if value is None:
            self._totp.pop(account, None)
        else:
            self._totp[account] = value

    async def take_step(self, account: str, step: int) -> bool:
        """As the port says."""
        self._check("factors.take_step")
        found = self._totp.get(account)
        if found is None or found.step >= step:
            return False
        self._totp[account] = msgspec.structs.replace(found, step=step)
        return True

    async def put_recovery(self, account: str, hashes: Sequence[bytes]) -> None:
        """As the port says."""
        self._check("factors.put_recovery")
        self._recovery[account] = set(hashes)

    async def take_recovery(self, account: str, hashed: bytes) -> bool:
        """As the port says."""
        self._check("factors.take_recovery")
        left = self._recovery.get(account, set())
        known = hashed in left
        left.discard(hashed)
        return known

    async def recovery_left(self, account: str) -> int:
        """As the port says."""
        self._check("factors.recovery_left")
        return len(self._recovery.get(account, ()))

    async def add_passkey(self, new: Passkey) -> bool:
        """As the port says."""
        self._check("factors.add_passkey")
        return self._passkeys.setdefault(new.id, new) is new

    async def passkey(self, ident: str) -> Passkey | None:
        """As the port says."""
        self._check("factors.passkey")
        return self._passkeys.get(ident)

    async def passkeys(self, account: str) -> tuple[Passkey, ...]:
        """As the port says."""
        self._check("factors.passkeys")
        found = [each for each in self._passkeys.values() if each.account == account]
        return tuple(sorted(found, key=lambda each: (each.created, each.id)))

    async def put_passkey(self, changed: Passkey) -> bool:
        """As the port says."""
        self._check("factors.put_passkey")
        old = self._passkeys.get(changed.id)
        if old is None:
            return False
        values = {"label": changed.label, "count": changed.count, "used": changed.used}
        self._passkeys[old.id] = msgspec.structs.replace(old, **values)
        return True

    async def remove_passkey(self, account: str, ident: str) -> bool:
        """As the port says."""
        self._check("factors.remove_passkey")
        found = self._passkeys.get(ident)
        return found is not None and found.account == account and self._passkeys.pop(ident) is not None

    def _forget(self, owner: str) -> None:
        self._totp.pop(owner, None)
        self._recovery.pop(owner, None)
        self._passkeys = {key: each for key, each in self._passkeys.items() if each.account != owner}


class MemoryOutbox:
    """accounts.repository.OutboxRepository in a dictionary."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._letters: dict[str, Letter] = {}

    async def post(self, new: Letter) -> None:
        """As the port says."""
        self._check("outbox.post")
        self._letters[new.id] = new

    async def take_due(self, now: float, lease: float, most: int) -> tuple[Letter, ...]:
        """As the port says."""
        self._check("outbox.take_due")
        due = [each for each in self._letters.values() if not each.dead and each.due <= now]
        taken = tuple(sorted(due, key=lambda each: (each.due, each.id))[:most])
        for each in taken:
            self._letters[each.id] = msgspec.structs.replace(each, due=now + lease)
        return taken

    async def next_due(self) -> float | None:
        """As the port says."""
        self._check("outbox.next_due")
        return min((each.due for each in self._letters.values() if not each.dead), default=None)

    async def put(self, changed: Letter) -> None:
        """As the port says."""
        self._check("outbox.put")
        if changed.id in self._letters:
            self._letters[changed.id] = changed

    async def sent(self, ident: str) -> None:
        """As the port says."""
        self._check("outbox.sent")
        self._letters.pop(ident, None)

    async def dead(self, limit: int = 100) -> tuple[Letter, ...]:
        """As the port says."""
        self._check("outbox.dead")
        found = [each for each in self._letters.values() if each.dead]
        return tuple(sorted(found, key=lambda each: (-each.created, each.id))[:limit])

    async def sweep(self, created_before: float) -> int:
        """As the port says."""
        self._check("outbox.sweep")
        old = [key for key, each in self._letters.items() if each.dead and each.created < created_before]
        for key in old:
            del self._letters[key]
        return len(old)
