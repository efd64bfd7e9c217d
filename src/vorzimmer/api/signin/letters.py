"""Invitations, resets and notices: who gets a letter, and the postman who writes and sends it.

The outbox holds what a letter is about; the link in it is made when it is sent, so that no secret lies in the database.
Asking for a reset writes one row whatever was asked for, so that neither the answer nor its time tells whether there is
such an account. This module must never send to an address that is not in the directory (or the provider's own).
"""

from collections.abc import Callable
from typing import Final

import msgspec

from vorzimmer.accounts import letters
from vorzimmer.accounts.model import Account, Letter
from vorzimmer.accounts.validity import LIVES
from vorzimmer.api.signin.persons import Person, person_of
from vorzimmer.api.signin.ports import Mailer, SignInPorts
from vorzimmer.kernel.errors import VorzimmerError

SIGN_IN: Final = "/signin"
PAUSES: Final = (60.0, 300.0, 900.0, 3600.0, 7200.0, 14_400.0, 28_800.0)
"""Seconds between the tries; after the last the letter is dead."""
LEASE: Final = 300.0
IDLE: Final = 30.0
"""Seconds after which the outbox is looked into without a reason: letters that others left."""


class Outbox:
    """Where letters are put; `wake` tells the postman."""

    def __init__(self, ports: SignInPorts, wake: Callable[[], None] = lambda: None) -> None:
        self._ports = ports
        self.wake = wake

    async def post(self, kind: letters.Kind, **about: str) -> None:
        """One letter, to be sent as soon as possible; none where no mail server is configured."""
        if not self._ports.mailing:
            return
        now = self._ports.now()
        await self._ports.outbox.post(Letter(self._ports.chance.token(12), kind, about, now, now))
        self.wake()


class Postman:
    """Writes and sends what is due. `say` hears of what could not be sent, without names."""

    def __init__(self, ports: SignInPorts, mailer: Mailer, say: Callable[[str], None]) -> None:
        self._ports = ports
        self._mailer = mailer
        self._say = say
        self._tickets = ports.tickets

    async def round(self) -> float:
        """Send what is due; the seconds until the next round is worth it."""
        ports = self._ports
        for letter in await ports.outbox.take_due(ports.now(), LEASE, 20):
            await self._deliver(letter)
        due = await ports.outbox.next_due()
        return IDLE if due is None else min(IDLE, max(0.0, due - ports.now()))

    async def _deliver(self, letter: Letter) -> None:
        try:
            mail = await self._write(letter)
            if mail is not None:
                await self._mailer.send(mail)
        except letters.MailFailedError as error:
            await self._again(letter, str(error), for_good=error.for_good)
        except VorzimmerError as error:
            await self._again(letter, f"{type(error).__name__}")
        else:
            await self._ports.outbox.sent(letter.id)

    async def _again(self, letter: Letter, reason: str, *, for_good: bool = False) -> None:
        dead = for_good or letter.tries >= len(PAUSES)
        due = self._ports.now() + (0.0 if dead else PAUSES[letter.tries])
        self._say(f"mail {letter.kind}: {reason}; {'given up' if dead else f'try {letter.tries + 2} follows'}")
        tried = msgspec.structs.replace(letter, tries=letter.tries + 1, due=due, dead=dead, error=reason[:250])
        await self._ports.outbox.put(tried)

    async def _write(self, letter: Letter) -> letters.Mail | None:
        """The mail, None where nobody is to get one any more (or never was)."""
        kind = next((each for each in letters.TEXTS if each == letter.kind), None)
        account = await self._account(letter)
        person = person_of(account, self._ports.directory) if account is not None else None
        if kind is None or account is None or person is None or not person.email:
            return None
        if kind in {"invitation", "reset"}:
            link = await self._tickets.link("invitation" if kind == "invitation" else "reset", account.id)
        else:
            link = self._ports.public.origin + SIGN_IN
        subject, text, html = letters.write(kind, person.language, self._values(person), link)
        return letters.Mail(letter.id, person.email, subject, text, html)

    async def _account(self, letter: Letter) -> Account | None:
        if "account" in letter.data:
            return await self._ports.accounts.get(letter.data["account"])
        return await self._ports.accounts.by_login(letter.data.get("login", ""))

    def _values(self, person: Person) -> dict[str, str]:
        book = self._ports.directory.book(person.account.company) if person.account.company else None
        house = book.company.name if book is not None else self._ports.public.host
        days = str(int(LIVES["invitation"] // 86_400))
        values = {"name": person.name, "login": person.account.login, "house": house, "days": days}
        return {**values, "host": self._ports.public.host}
