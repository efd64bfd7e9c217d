"""From an account to the person it belongs to *now*: the directory decides about role, site and company each time.

Who has left the directory has no way in any more, whatever session or token they show. This module must never keep what
it was told.
"""

from typing import Literal

import msgspec

from vorzimmer.accounts.model import Account, Method
from vorzimmer.api.principal import Principal
from vorzimmer.api.signin.ports import Directory
from vorzimmer.directory.keys import USER
from vorzimmer.directory.model import User
from vorzimmer.directory.ref import Ref
from vorzimmer.features.company_sign_in.settings import COMPANY_SIGN_IN


class Person(msgspec.Struct, frozen=True):
    """An account and who that is."""

    account: Account
    principal: Principal
    name: str
    email: str

    @property
    def language(self) -> Literal["de", "en"]:
        """In which language to write to them."""
        return self.principal.language


def person_of(account: Account, directory: Directory) -> Person | None:
    """The person as the directory knows them now; None if they are not there any more."""
    if account.provider:
        principal = Principal("provider", language=account.language)
        return Person(account, principal, account.name or account.login, account.email)
    book = directory.book(account.company)
    user = book.find(USER, account.user) if book is not None else None
    if book is None or user is None:
        return None
    language = user.language or book.company.language
    principal = Principal(user.role, account.company, user.id, user.site, language=language)
    return Person(account, principal, user.name, user.email or "")


def must_enrol(person: Person, method: Method, directory: Directory) -> bool:
    """Whether somebody who came in like this has to set up a second factor before anything else."""
    book = directory.book(person.account.company) if person.account.company else None
    if book is None or method not in {"password", "invitation"}:
        return False
    return book.get(COMPANY_SIGN_IN, Ref("company", book.company.id)).second_factor == "required"


def only_through_company(person: Person, directory: Directory) -> bool:
    """Whether this person has to come through the company's own provider. Company administrators may always come
    otherwise too: a provider that is down or set wrongly must not lock everybody out."""
    book = directory.book(person.account.company) if person.account.company else None
    if book is None or person.principal.at_least("company_admin"):
        return False
    settings = book.get(COMPANY_SIGN_IN, Ref("company", book.company.id))
    return settings.usable and not settings.passwords


def user_of(directory: Directory, company: str, user: str) -> User | None:
    """Somebody of the directory who may not have an account yet."""
    book = directory.book(company)
    return book.find(USER, user) if book is not None else None
