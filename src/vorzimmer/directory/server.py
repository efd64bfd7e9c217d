"""The server's book: all companies, and the names that are unique among them (account, SIP domain).

Between companies this is the only common ground; it holds no settings of its own. This module must never hand out one
company's Snapshot for another's name.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from immutables import Map

from vorzimmer.directory.bulk import resting_collector
from vorzimmer.directory.keys import DEVICE
from vorzimmer.directory.model import Device
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.kernel.errors import LocalError, VorzimmerError


class NameTakenError(VorzimmerError):
    """An account or SIP domain that another company has."""


class Account(NamedTuple):
    """Who a SIP user name is: `company` and `device` ids."""

    company: str
    device: str


def _empty() -> Map[Any, Any]:
    return Map()


@dataclass(frozen=True, slots=True)
class ServerBook:
    """All companies of the server. Every change gives a new value, at a cost in proportion to the change."""

    books: Map[str, Snapshot] = field(default_factory=_empty)
    accounts: Map[str, Account] = field(default_factory=_empty)
    domains: Map[str, str] = field(default_factory=_empty)

    def company(self, ident: str) -> Snapshot | None:
        """A company's newest Snapshot."""
        return self.books.get(ident)

    def account(self, username: str) -> Account | None:
        """Who logs in with this SIP user name (case does not count); switched-off devices are nobody."""
        return self.accounts.get(username.lower())

    def at_domain(self, domain: str) -> str | None:
        """The company with this SIP domain (case does not count)."""
        return self.domains.get(domain.lower())

    def add(self, book: Snapshot) -> "ServerBook":
        """A company enters, or is replaced whole. Raises NameTakenError."""
        return self._remove(book.company.id)._enter(book)

    def remove(self, company: str) -> "ServerBook":
        """A company leaves; one that is not there is left alone."""
        return self._remove(company)

    def apply(self, company: str, changes: tuple[Change, ...], revision: int | None = None) -> "ServerBook":
        """A committed change of one company. Raises NameTakenError, BadRecordError; then nothing has changed."""
        old = self.books.get(company)
        if old is None:
            raise LocalError(f"no company {company} on this server")
        new = old.apply(changes)
        if revision is not None:
            new = new.at_revision(revision)
        accounts, domains = self.accounts.mutate(), self.domains.mutate()
        devices = {change.id for change in changes if change.kind == DEVICE.name}
        _release(accounts, company, [name for d in devices if (name := _username(old, d))])
        for device in sorted(devices):
            _claim(accounts, Account(company, device), _username(new, device))
        if old.company.sip_domain != new.company.sip_domain:
            del domains[old.company.sip_domain.lower()]
            _claim_domain(domains, new)
        return ServerBook(self.books.set(company, new), accounts.finish(), domains.finish())

    def _enter(self, book: Snapshot) -> "ServerBook":
        accounts, domains = self.accounts.mutate(), self.domains.mutate()
        company = book.company.id
        with resting_collector():
            for entry in book.entries(DEVICE.name):
                _claim(accounts, Account(company, entry.ref.id), _account_of(entry.core))
        _claim_domain(domains, book)
        return ServerBook(self.books.set(book.company.id, book), accounts.finish(), domains.finish())

    def _remove(self, company: str) -> "ServerBook":
        book = self.books.get(company)
        if book is None:
            return self
        accounts, domains = self.accounts.mutate(), self.domains.mutate()
        names = [name for entry in book.entries(DEVICE.name) if (name := _username(book, entry.ref.id))]
        _release(accounts, company, names)
        del domains[book.company.sip_domain.lower()]
        return ServerBook(self.books.delete(company), accounts.finish(), domains.finish())


def _username(book: Snapshot, device: str) -> str | None:
    entry = book.entry(Ref(DEVICE.name, device))
    return _account_of(entry.core) if entry else None


def _account_of(core: object) -> str | None:
    if not isinstance(core, Device) or not core.enabled or core.username is None:
        return None
    return core.username.lower()


def _release(accounts: Any, company: str, names: list[str]) -> None:
    for name in names:
        if name in accounts and accounts[name].company == company:
            del accounts[name]


def _claim(accounts: Any, account: Account, name: str | None) -> None:
    if name is None:
        return
    if name in accounts:
        raise NameTakenError(f"account {name}")
    accounts[name] = account


def _claim_domain(domains: Any, book: Snapshot) -> None:
    domain = book.company.sip_domain.lower()
    if domains.get(domain, book.company.id) != book.company.id:
        raise NameTakenError(f"SIP domain {domain}")
    domains[domain] = book.company.id
