"""How many failed requests a source and an account may cause: token buckets with time passed in.

A challenge is no failure. Sources with a registration get more, since a phone with one wrong line key is no attacker;
an account under attack stays usable from where it is registered. This module must never grow without bound and never
read a clock.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv6Network


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of `burst` failures that refills by `per_second`."""

    burst: float
    per_second: float


@dataclass(frozen=True, slots=True)
class LimitConfig:
    """Rates for strangers, for sources with a registration, and per account; `remembered` buckets at most."""

    stranger: Rate = Rate(10, 0.1)
    known: Rate = Rate(100, 2.0)
    account: Rate = Rate(20, 0.1)
    remembered: int = 100_000


@dataclass(slots=True)
class Counters:
    """For the metrics: failures by cause, and requests turned away unseen by kind of limit."""

    failures: dict[str, int] = field(default_factory=dict)
    limited_source: int = 0
    limited_account: int = 0


class _Buckets:
    """Least recently used buckets; one that is full again needs no memory."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def level(self, key: str, rate: Rate, now: float) -> float:
        """Tokens left."""
        found = self._levels.get(key)
        if found is None:
            return rate.burst
        tokens, since = found
        return min(rate.burst, tokens + max(0.0, now - since) * rate.per_second)

    def take(self, key: str, rate: Rate, now: float) -> None:
        """One token gone."""
        self._levels[key] = (max(0.0, self.level(key, rate, now) - 1), now)
        self._levels.move_to_end(key)
        while len(self._levels) > self._most:
            self._levels.popitem(last=False)

    def __len__(self) -> int:
        return len(self._levels)


class Limits:
    """Failed requests per source address and per account."""

    def __init__(self, config: LimitConfig | None = None) -> None:
        self._config = config or LimitConfig()
        self._sources = _Buckets(self._config.remembered)
        self._accounts = _Buckets(self._config.remembered)
        self.counters = Counters()

    def allows(self, source: str, account: str, now: float, *, known: bool) -> bool:
        """May this source (address without port) try this account ("" if none is named) now? A refusal is counted."""
        if self._sources.level(_key(source, known=known), self._rate(known=known), now) < 1:
            self.counters.limited_source += 1
            return False
        if account and not known and self._accounts.level(account, self._config.account, now) < 1:
            self.counters.limited_account += 1
            return False
        return True

    def failed(self, source: str, account: str, now: float, *, known: bool, why: str = "credentials") -> None:
        """Count a failed request."""
        self.counters.failures[why] = self.counters.failures.get(why, 0) + 1
        self._sources.take(_key(source, known=known), self._rate(known=known), now)
        if account and not known:
            self._accounts.take(account[:256], self._config.account, now)

    def _rate(self, *, known: bool) -> Rate:
        return self._config.known if known else self._config.stranger


def _key(source: str, *, known: bool) -> str:
    """IPv6 sources by their /64, or one attacker has more addresses than we have memory."""
    if ":" in source and not source.startswith("::ffff:"):
        source = str(IPv6Network((source.partition("%")[0], 64), strict=False).network_address)
    return f"{'known' if known else 'stranger'} {source}"
