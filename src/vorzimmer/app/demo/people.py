"""Who can sign in to the demo's portal: an administrator, an executive, an assistant, and the provider.

This module must never be used by anything but the demo: it makes up passwords and shows them.
"""

from typing import NamedTuple

from vorzimmer.accounts.model import Account
from vorzimmer.api.signin.house import SignIn as House
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot

PEOPLE = (("admin", "administrator"), ("anna", "executive"), ("bea", "assistant"))
"""Who of the company can sign in to the portal, and as what."""


class SignIn(NamedTuple):
    """A sign-in to the portal."""

    login: str
    password: str
    who: str


async def register(house: House, book: Snapshot) -> list[SignIn]:
    """A password for each of `PEOPLE`, and for the provider, who sees all companies."""
    roles = {user: f"{book.name_of(Ref('user', user))}, {role}" for user, role in PEOPLE}
    wanted = [Account("", user, book.company.id, user) for user in roles]
    made = []
    for account in [*wanted, Account("", "provider", name="Provider")]:
        password = house.ports.chance.token(6)
        await house.membership.register(account, password, "en")
        made.append(SignIn(account.login, password, roles.get(account.user, "all companies")))
    return made


def sign_ins(people: list[SignIn]) -> str:
    """As a table."""
    head = f"{'sign-in name':<16} {'password':<16} who\n"
    return head + "".join(f"{person.login:<16} {person.password:<16} {person.who}\n" for person in people)
