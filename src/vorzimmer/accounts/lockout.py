"""How often somebody may guess: failures are counted by source *and* account, so that nobody locks another's account
from outside.

Three counters act together: the pair of source and login name (also of names that do not exist: an answer tells
nothing), the source alone (many names from one place), and for the second step, which only somebody with the right
password reaches, the account alone (six digits are guessed by a thousand sources together). A try is counted before it
is judged and taken back when it succeeds, so that a hundred at once are a hundred. This module must never read a clock
or grow without bound.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from ipaddress import IPv6Network
from math import ceil

import msgspec

REMEMBERED = 100_000


class Rule(msgspec.Struct, frozen=True):
    """`free` failures cost nothing; each one after that costs a wait of `first` seconds, doubled each time up to
    `most`. Failures are forgotten `window` seconds after the last wait has ended; with `leak`, one also every so many
    seconds, so that a whole office behind one address does not pile up a day's mistakes."""

    free: int
    first: float
    most: float
    window: float
    leak: float = 0.0


PAIR = Rule(free=5, first=60.0, most=3600.0, window=3600.0)
SOURCE = Rule(free=100, first=60.0, most=900.0, window=900.0, leak=30.0)
SECOND = Rule(free=20, first=900.0, most=86_400.0, window=86_400.0)
ASKING = Rule(free=100, first=60.0, most=900.0, window=900.0, leak=10.0)
"""For what costs us a row or memory: resets asked for, sign-ins begun. A whole office may come from one address."""
LETTERS = Rule(free=3, first=900.0, most=3600.0, window=3600.0, leak=1200.0)
"""For letters to one name: nobody fills somebody else's mailbox."""


class Tally(msgspec.Struct, frozen=True):
    """Failures so far, when the last one was, and until when nothing is tried. POSIX seconds."""

    count: float
    last: float
    until: float = 0.0


class Key(msgspec.Struct, frozen=True):
    """What is counted, without saying whose it is, and by which rule."""

    name: str
    rule: Rule


def pair(source: str, login: str) -> tuple[Key, Key]:
    """The counters of a password tried for `login` (folded) from `source` (an IP address)."""
    place = network(source)
    return Key(_name("pair", place, login), PAIR), Key(_name("source", place), SOURCE)


def second(source: str, account: str) -> tuple[Key, Key]:
    """The counters of a second step."""
    return Key(_name("second", account), SECOND), Key(_name("source", network(source)), SOURCE)


def asking(source: str, what: str) -> tuple[Key]:
    """The counter of something that anybody may ask for, some times."""
    return (Key(_name("asking", network(source), what), ASKING),)


def letters_to(login: str) -> tuple[Key]:
    """The counter of letters that were asked for in a name."""
    return (Key(_name("letters", login), LETTERS),)


class Lockouts:
    """The counters. `changed` hears of each one that has changed (None: it is gone), to keep it over a restart."""

    def __init__(self, changed: Callable[[str, Tally | None], None], kept: Mapping[str, Tally] | None = None) -> None:
        self._changed = changed
        self._tallies: OrderedDict[str, Tally] = OrderedDict(kept or {})

    def wait(self, keys: tuple[Key, ...], now: float) -> float:
        """Seconds until a try is taken, 0 if it is now."""
        return max(0.0, *(self._tally(key, now).until - now for key in keys))

    def tried(self, keys: tuple[Key, ...], now: float) -> None:
        """Count a try as failed."""
        for key in keys:
            count = self._tally(key, now).count + 1
            over = count - key.rule.free
            wait = min(key.rule.most, key.rule.first * 2.0 ** min(ceil(over) - 1, 30)) if over > 0 else 0.0
            self._set(key.name, Tally(count, now, now + wait))

    def succeeded(self, keys: tuple[Key, ...], now: float) -> None:
        """Take a counted try back: the first counter is forgotten, the others have one failure less."""
        self._set(keys[0].name, None)
        for key in keys[1:]:
            tally = self._tally(key, now)
            count = tally.count - 1
            until = tally.until if count > key.rule.free else 0.0
            self._set(key.name, Tally(count, tally.last, until) if count > 0 else None)

    def __len__(self) -> int:
        return len(self._tallies)

    def _tally(self, key: Key, now: float) -> Tally:
        found = self._tallies.get(key.name)
        if found is None or now > max(found.last, found.until) + key.rule.window:
            return Tally(0, now)
        forgotten = max(0.0, now - found.last) / key.rule.leak if key.rule.leak else 0.0
        return Tally(max(0.0, found.count - forgotten), now if key.rule.leak else found.last, found.until)

    def _set(self, name: str, tally: Tally | None) -> None:
        if tally is None:
            self._tallies.pop(name, None)
        else:
            self._tallies[name] = tally
            self._tallies.move_to_end(name)
        self._changed(name, tally)
        while len(self._tallies) > REMEMBERED:
            oldest, _ = self._tallies.popitem(last=False)
            self._changed(oldest, None)


def network(source: str) -> str:
    """IPv6 sources by their /64, or one attacker has more addresses than we have memory."""
    host = source.partition("%")[0].removeprefix("::ffff:")
    if ":" not in host:
        return host
    try:
        return str(IPv6Network((host, 64), strict=False).network_address)
    except ValueError:
        return host


def _name(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]
