"""How many decisions one CPU-second gives: an internal call, a no-answer forward, a code, an outside number.

A company of 2,000 users, so that lookups are real ones.
"""

from datetime import UTC, datetime
from time import thread_time
from zoneinfo import ZoneInfo

from benchmarks.figures import Figure, Result, per_cpu_second, percentile, reference
from vorzimmer.app import garbage
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.order import ORDER
from vorzimmer.routing.decide import decide
from vorzimmer.routing.dry_run import dry_run
from vorzimmer.routing.model import Asked, Caller, LiveFacts, OfferOutcome, Ring, SoFar, Tried

USERS = 10_000
MANY = 100_000
SAMPLES = 4_000
FIRST = 200_000
"""The first extension; none begins with an emergency number."""
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CPU_SECONDS = 0.8
HOW = f"`decide` in one process, for a company of {USERS:,} users with a device each, all registered."


def company(users: int = USERS) -> tuple[Snapshot, LiveFacts]:
    """Users u200000 and on, with a mailbox, a criterion and a device each, all registered."""
    changes = [
        Change("company", "bench", {"id": "bench", "name": "Bench", "sip_domain": "bench.example", "area_code": "89"})
    ]
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


def _spread(users: int, book: Snapshot, live: LiveFacts) -> Figure:
    """Single decisions for calls to colleagues all over a company, in CPU time, so that other programs do not show."""
    caller = Caller(Ref("user", f"u{FIRST + 1}"), f"d{FIRST + 1}", None, "A User")
    spent: list[float] = []
    for number in range(SAMPLES):
        asked = Asked("bench", caller, str(FIRST + number * 7919 % users))
        began = thread_time()
        decide(ORDER, asked, (), book, live, NOW)
        spent.append(thread_time() - began)
    p50, p99 = (percentile(spent, percent) * 1e6 for percent in (50, 99))
    return Figure(f"a decision among {users:,} users", f"p50 {p50:.0f} µs, p99 {p99:.0f} µs")


def _among_many() -> Figure:
    book, live = company(MANY)
    garbage.settle()  # as control does with what it has loaded
    return _spread(MANY, book, live)


def run() -> Result:
    """Decisions by what is decided, and whole dry runs of a call that ends in a mailbox."""
    before = reference()
    book, live = company()
    caller = Caller(Ref("user", f"u{FIRST + 1}"), f"d{FIRST + 1}", None, "A User")
    inside = Asked("bench", caller, str(FIRST + 1_000))
    plan = decide(ORDER, inside, (), book, live, NOW)
    ring = plan.steps[0]
    wrong = () if isinstance(ring, Ring) and plan.because else ("a call to a colleague does not ring there",)
    outcomes = tuple(OfferOutcome(offer.target, "no_answer") for offer in ring.offers) if isinstance(ring, Ring) else ()
    unanswered = (Tried(ring, "no_answer", outcomes),)
    figures = [
        Figure("an internal call", "", _rate(inside, (), book, live)),
        Figure("the same call after no answer", "", _rate(inside, unanswered, book, live)),
        Figure("a feature code", "", _rate(Asked("bench", caller, "*72"), (), book, live)),
        Figure("an outside number", "", _rate(Asked("bench", caller, "03023125222"), (), book, live)),
        Figure("an emergency number", "", _rate(Asked("bench", caller, "112"), (), book, live)),
        _spread(USERS, book, live),
        _among_many(),
        Figure("a whole dry run", "", per_cpu_second(lambda: _dry_run(inside, book, live), CPU_SECONDS)),
    ]
    return Result("Decisions", HOW, tuple(figures), (before + reference()) / 2, wrong)


if __name__ == "__main__":
    print(run())
