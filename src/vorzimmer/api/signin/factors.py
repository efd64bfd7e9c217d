"""Second factors of somebody who is signed in: codes of an app, recovery codes.

Recovery codes come with the first factor and go with the last. This module must never show a secret twice.
"""

from typing import Final

from vorzimmer.accounts.model import Totp
from vorzimmer.accounts.secret import recovery_code, recovery_hash
from vorzimmer.accounts.totp import SECRET, secret_of, step_of, uri
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.persons import Person
from vorzimmer.api.signin.ports import SignInPorts

RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10


class Factors:
    """Setting and removing them."""

    def __init__(self, ports: SignInPorts) -> None:
        self._ports = ports

    async def enrol(self, person: Person) -> tuple[str, str]:
        """A new secret and its URI for the app; nothing counts before `confirm`. Raises ApiError ``exists`` where one
        is set already."""
        totp = await self._ports.factors.totp(person.account.id)
        if totp is not None and totp.confirmed:
            raise ApiError("exists", id="totp")
        secret = secret_of(self._ports.chance.token(SECRET))
        await self._ports.factors.put_totp(person.account.id, Totp(secret))
        return secret, uri(secret, person.account.login, self._ports.public.host)

    async def confirm(self, person: Person, code: str) -> tuple[str, ...]:
        """The first code proves that the app has the secret; gives recovery codes where there were none. Raises
        ApiError ``wrong-code``, ``begin-again``."""
        account = person.account.id
        totp = await self._ports.factors.totp(account)
        if totp is None or totp.confirmed:
            raise ApiError("begin-again")
        step = step_of(totp.secret, code, self._ports.now())
        if step is None:
            raise ApiError("wrong-code")
        await self._ports.factors.put_totp(account, Totp(totp.secret, confirmed=True, step=step))
        return await self.first_recovery(account)

    async def remove(self, person: Person) -> bool:
        """Remove the app's secret; whether there was one."""
        account = person.account.id
        had = await self._ports.factors.totp(account) is not None
        await self._ports.factors.put_totp(account, None)
        await self.last_gone(account)
        return had

    async def remove_all(self, account: str) -> None:
        """Everything but the password: somebody has lost telephone and paper."""
        await self._ports.factors.put_totp(account, None)
        for passkey in await self._ports.factors.passkeys(account):
            await self._ports.factors.remove_passkey(account, passkey.id)
        await self.last_gone(account)

    async def recovery(self, account: str) -> tuple[str, ...]:
        """New recovery codes; the old ones are gone."""
        token = self._ports.chance.token
        codes = tuple(recovery_code(token(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
        await self._ports.factors.put_recovery(account, [recovery_hash(account, code) for code in codes])
        return codes

    async def first_recovery(self, account: str) -> tuple[str, ...]:
        """Recovery codes where there are none yet, else nothing."""
        if await self._ports.factors.recovery_left(account):
            return ()
        return await self.recovery(account)

    async def last_gone(self, account: str) -> None:
        """Recovery codes are of no use without a factor that they stand in for."""
        totp = await self._ports.factors.totp(account)
        if (totp is None or not totp.confirmed) and not await self._ports.factors.passkeys(account):
            await self._ports.factors.put_recovery(account, ())
