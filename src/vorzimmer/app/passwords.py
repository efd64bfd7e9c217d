"""Sign-in passwords hashed with Argon2id, in threads, a few at a time.

The parameters stand in each hash, so that they can be raised: whoever signs in next is hashed anew. This module must
never hold up the loop, log a password, or let a flood of sign-ins take all memory.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from vorzimmer.api.signin.ports import BusyError, Verdict

T = TypeVar("T")

MEMORY: Final = 19_456
"""KiB for one hash; with `PASSES` the first choice of OWASP, about 25 ms of one core."""
PASSES: Final = 2
AT_ONCE: Final = 2
WAITING: Final = 40
"""More than these in line are turned away: a second is what people wait for."""


class Argon2Passwords:
    """api.signin.ports.Passwords."""

    def __init__(self, memory: int = MEMORY, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=1)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """As the port says."""
        return await self._aside(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, hashed: str, password: str) -> Verdict:
        """As the port says."""
        return await self._aside(lambda: self._verify(hashed, password))

    def _verify(self, hashed: str, password: str) -> Verdict:
        try:
            self._hasher.verify(hashed or self._nobodys, _bytes(password))
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return Verdict(False)
        return Verdict(bool(hashed), self._hasher.check_needs_rehash(hashed or self._nobodys))

    async def _aside(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING:
            raise BusyError("too many passwords to hash")
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
