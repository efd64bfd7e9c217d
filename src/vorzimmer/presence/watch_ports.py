"""What subscriptions need of the world. This module must never import an adapter."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.contacts import Refused, nobody_refused
from vorzimmer.presence.door import Door
from vorzimmer.presence.feature_state import Wish
from vorzimmer.presence.sources import View
from vorzimmer.sip.engine import Engine


class Signalling(Protocol):
    """The engine and its pump."""

    @property
    def engine(self) -> Engine: ...
    def now(self) -> float: ...
    def kick(self) -> None: ...


async def no_wish(account: str, wish: Wish) -> None:
    """Nobody changes settings."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`keep(key, bytes or None)` stores a subscription; `own(account, host)` says whether a host in a URI means the
    account's company on this server; `wish(account, wish)` sets what a phone's own key asks for, as far as it may."""

    signalling: Signalling
    clock: Clock
    chance: Chance
    door: Door
    bindings: Bindings
    sights: View
    own: Callable[[str, str], bool]
    keep: Callable[[str, bytes | None], None]
    refused: Refused = nobody_refused
    wish: Callable[[str, Wish], Awaitable[None]] = no_wish
