"""The grammar of rules: what a rule is given, and what it may answer.

A rule is a pure function from a frozen :class:`Context` to a verdict. It passes (perhaps with a because), adds to the
ring that is being drafted, treats the target as busy or unreachable, retargets, or answers with steps. This module must
never name a feature: the chain and its tables come in as an :class:`Order`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.routing.live import Live
from vorzimmer.routing.model import Asked, Because, Forward, Offer, Ring, Route, SoFar, Step

RING_GUARD_S = 170.0
"""Seconds that one Ring lasts at most, below Timer C (FEATURES.md BAS-8)."""


class Role(msgspec.Struct, frozen=True):
    """One row of FEATURES.md 12.4: as what somebody is rung, and which of his services act on that leg.

    `filter`: acts, never, others (unless from an own assistant), none. `dnd`: acts, skipped, suppressed, busy, rings,
    none. `forwarding` (voicemail likewise): acts, never. `busy`: what a talking target means (wait: a waiting call if
    he takes one). `missed`: in whose history a missed call stands. `press_1`: outside legs must confirm. `pays`: whose
    calling plan is asked and pays ("" where no outside leg can come of it). `lamp` shows it, `pick_up`: others may take
    it.
    """

    filter: str
    dnd: str
    forwarding: str
    busy: str
    missed: str
    press_1: bool
    pays: str
    lamp: bool
    pick_up: bool

    @property
    def walks(self) -> bool:
        """Whether the leg walks the list of terminating services (FEATURES.md 12.1, last sentence)."""
        return self.forwarding == "acts"


class Errand(msgspec.Struct, frozen=True):
    """A way out is looked for: to which number, on whose account, and, where the caller's own number may not be seen,
    as which one. `urgent` (emergency) passes every limit and every privacy; `first` is the trunk to be tried first."""

    number: str
    payer: Ref | None = None
    urgent: bool = False
    first: str | None = None
    shown: str | None = None


class Ways(msgspec.Struct, frozen=True):
    """Where an errand can go, best first, and why; no routes where there is no way."""

    routes: tuple[Route, ...] = ()
    because: tuple[Because, ...] = ()


class Facilities(msgspec.Struct, frozen=True):
    """What one feature may learn about another's settings, wired in ``features/order.py``. `outgoing`: the number that
    somebody wants to be seen with, and whether he withholds it."""

    mailbox: Callable[[Snapshot, Ref], bool]
    dnd: Callable[[Snapshot, Ref], bool]
    outgoing: Callable[[Snapshot, Ref], tuple[str | None, bool]]
    ways: "Callable[[Context, Errand], Ways]"


class Context(msgspec.Struct, frozen=True):
    """All that a rule may look at. `target` is None until a rule has found out what was dialled.

    `since` is what was tried for this target (after the last forward); `treatment` is how the target is to be treated
    if it cannot simply be rung: busy, declined, no_answer, unreachable; `offers` and `seconds` draft the next Ring.
    """

    asked: Asked
    so_far: SoFar
    book: Snapshot
    live: Live
    now: datetime
    facilities: Facilities
    roles: Mapping[str, Role]
    dialled: str
    private: bool
    target: Ref | None
    role_name: str
    forwards: tuple[Forward, ...]
    since: SoFar
    treatment: str | None
    offers: tuple[Offer, ...] = ()
    seconds: float = RING_GUARD_S

    @property
    def role(self) -> Role:
        """The row of the role table for this leg."""
        return self.roles[self.role_name]

    @property
    def serves(self) -> bool:
        """Whether the target's own services act: a user or common-area phone, rung in a role that walks the list."""
        return self.target is not None and self.target.kind in {"user", "phone"} and self.role.walks

    @property
    def rung(self) -> bool:
        """Whether this target was rung already."""
        return any(isinstance(tried.step, Ring) for tried in self.since)


class Pass(msgspec.Struct, frozen=True):
    """Nothing to say, or a remark on the way."""

    because: tuple[Because, ...] = ()


class Add(msgspec.Struct, frozen=True):
    """Something for the Ring that is being drafted. `keep`, where given, replaces the offers drafted so far."""

    because: tuple[Because, ...] = ()
    offers: tuple[Offer, ...] = ()
    keep: tuple[Offer, ...] | None = None
    seconds: float | None = None


class Treat(msgspec.Struct, frozen=True):
    """The target cannot simply be rung: treat it as `treatment` from here on."""

    treatment: str
    because: tuple[Because, ...] = ()


class Retarget(msgspec.Struct, frozen=True):
    """What is asked for is `to`; the chain goes on with it."""

    to: Ref
    because: tuple[Because, ...] = ()


class Redial(msgspec.Struct, frozen=True):
    """A code was taken off the front: the rest is asked for from the top of the chain."""

    dialled: str
    private: bool
    because: tuple[Because, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """The answer; every step in it has its because."""

    steps: tuple[Step, ...]
    alarm: str = ""


Verdict = Pass | Add | Treat | Retarget | Redial | Answer

PASS = Pass()


class Rule(msgspec.Struct, frozen=True):
    """A named place in the chain. `mark` is its FEATURES.md mark; `originating` rules ask what was dialled."""

    name: str
    mark: str
    decide: Callable[[Context], Verdict]
    originating: bool = False


class Order(msgspec.Struct, frozen=True):
    """The chain of rules with the tables they need."""

    rules: tuple[Rule, ...]
    roles: Mapping[str, Role]
    facilities: Facilities

    def with_before(self, place: Rule, rule: Rule) -> "Order":
        """The same order with `rule` in front of `place` (explanations remark on settings that do not act yet)."""
        at = self.rules.index(place)
        return replace(self, rules=(*self.rules[:at], rule, *self.rules[at:]))


def answer(step: Step, alarm: str = "") -> Answer:
    """An answer of one step."""
    return Answer(steps=(step,), alarm=alarm)
