"""How long a decision takes among 10,000 users and among 100,000, and how many of each kind a CPU-second gives.

Every decision is for another pair of people, so that lookups are real ones. This module must never decide the same
twice in a row.
"""

import gc
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from time import perf_counter, thread_time
from zoneinfo import ZoneInfo

from benchmarks.figures import Figure, Result, per_cpu_second, percentile, reference
from benchmarks.targets import Row
from vorzimmer.app import garbage
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.order import ORDER
from vorzimmer.routing.decide import decide
from vorzimmer.routing.dry_run import dry_run
from vorzimmer.routing.model import Asked, Caller, LiveFacts, OfferOutcome, Ring, SoFar, Tried

FIRST, SIZES = 200_000, (10_000, 100_000)
RUNS, DECISIONS = 3, 10_000
STRIDE = 7_919
"""A prime: neighbours in the company are no neighbours in the run."""
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CPU_SECONDS = 0.4
HOW = (
    "`decide` in one process, for companies with a device, a mailbox and a criterion for each user, all registered. "
    f"{RUNS} runs of {DECISIONS:,} internal calls, each between two other people, wall time of each; then CPU time by "
    f"what is decided, among {SIZES[0]:,}."
)


def company(users: int) -> tuple[Snapshot, LiveFacts]:
    """Users from u200000 on, with a mailbox, a criterion and a device each, all registered."""
    about = {"id": "bench", "name": "Bench", "sip_domain": "bench.example", "area_code": "89"}
    changes = [Change("company", "bench", about | {"extension_length": {"min": 6, "max": 6}})]
    for number in range(FIRST, FIRST + users):
        rejects = [{"name": "Werbung", "callers": "listed", "numbers": ["+49900*"]}]
        settings = {"voicemail": {"enabled": True}, "reject": rejects}
        user = {"id": f"u{number}", "name": f"User {number}", "extension": str(number)} | settings
        changes.append(Change("user", f"u{number}", user))
        changes.append(Change("device", f"d{number}", {"id": f"d{number}", "owner": f"user:u{number}"}))
    devices = frozenset(f"d{number}" for number in range(FIRST, FIRST + users))
    return Snapshot.of(SCHEMA, ZoneInfo, changes), LiveFacts(devices)


def _rate(asked: Asked, so_far: SoFar, book: Snapshot, live: LiveFacts) -> float:
    def work() -> int:
        for _ in range(200):
            decide(ORDER, asked, so_far, book, live, NOW)
        return 200

    return per_cpu_second(work, CPU_SECONDS)


def _dry_run(asked: Asked, book: Snapshot, live: LiveFacts) -> int:
    for _ in range(50):
        dry_run(ORDER, asked, book, live, NOW)
    return 50


def _asked(step: int, users: int) -> Asked:
    one, other = (FIRST + each * STRIDE % users for each in (step, step + users // 2))
    caller = Caller(Ref("user", f"u{one}"), f"d{one}", None, f"User {one}")
    return Asked("bench", caller, str(other))


@dataclass(slots=True)
class _Found:
    """p99 of each run in µs, by the wall clock and of CPU time; how many decisions rang somebody."""

    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    rung: int = 0


def _p99s(users: int, book: Snapshot, live: LiveFacts) -> _Found:
    found, steps = _Found(), count()
    for _ in range(RUNS):
        walls, cpus = [], []
        for step in (next(steps) for _ in range(DECISIONS)):
            asked = _asked(step, users)
            began, spent = perf_counter(), thread_time()
            plan = decide(ORDER, asked, (), book, live, NOW)
            cpus.append(thread_time() - spent)
            walls.append(perf_counter() - began)
            found.rung += isinstance(plan.steps[0], Ring)
        found.walls.append(percentile(walls, 99) * 1e6)
        found.cpus.append(percentile(cpus, 99) * 1e6)
    return found


def _among(users: int) -> tuple[Row, list[Figure]]:
    book, live = company(users)
    garbage.settle()  # as the server's processes do once they have loaded
    found = _p99s(users, book, live)
    text = "p99 of CPU time " + " / ".join(f"{each:.0f}" for each in found.cpus) + " µs"
    figures = [Figure(f"an internal call among {users:,}", text, None, (RUNS * DECISIONS, found.rung))]
    if users == SIZES[0]:
        figures += _kinds(book, live)
    row = Row(f"decision {users}", tuple(found.walls), f"wall time, {DECISIONS:,} decisions a run")
    gc.unfreeze()
    return row, figures


def _kinds(book: Snapshot, live: LiveFacts) -> list[Figure]:
    """What one CPU-second gives."""
    inside = _asked(0, SIZES[0])
    caller, ring = inside.caller, decide(ORDER, inside, (), book, live, NOW).steps[0]
    assert isinstance(ring, Ring)
    outcomes = tuple(OfferOutcome(offer.target, "no_answer") for offer in ring.offers)
    return [
        Figure("an internal call", "", _rate(inside, (), book, live)),
        Figure("the same call after no answer", "", _rate(inside, (Tried(ring, "no_answer", outcomes),), book, live)),
        Figure("a feature code", "", _rate(Asked("bench", caller, "*72"), (), book, live)),
        Figure("an outside number", "", _rate(Asked("bench", caller, "03023125222"), (), book, live)),
        Figure("an emergency number", "", _rate(Asked("bench", caller, "112"), (), book, live)),
        Figure("a whole dry run", "", per_cpu_second(lambda: _dry_run(inside, book, live), CPU_SECONDS)),
    ]


def run(long: bool = False) -> Result:
    """Both sizes; the same whether long or not."""
    before = reference()
    parts = [_among(users) for users in SIZES]
    figures = tuple(figure for _, more in parts for figure in more)
    return Result("Decisions", HOW, figures, (before + reference()) / 2, (), tuple(row for row, _ in parts))


if __name__ == "__main__":
    print(run())
