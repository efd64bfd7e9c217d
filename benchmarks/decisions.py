"""How many decisions one CPU-second gives: an internal call, a no-answer forward, a code, an outside number.

A company of 2,000 users, so that lookups are real ones. `run()` returns a flat dict of figures.
"""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.order import ORDER
from vorzimmer.routing.decide import decide
from vorzimmer.routing.dry_run import dry_run
from vorzimmer.routing.model import Asked, Caller, LiveFacts, OfferOutcome, Ring, SoFar, Tried

USERS = 2_000
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CPU_SECONDS = 1.0


def company() -> tuple[Snapshot, LiveFacts]:
    """Users u1000 and on, with a mailbox, a criterion and a device each, all registered."""
    changes = [
        Change("company", "bench", {"id": "bench", "name": "Bench", "sip_domain": "bench.example", "area_code": "89"})
    ]
    for number in range(1000, 1000 + USERS):
        rejects = [{"name": "Werbung", "callers": "listed", "numbers": ["+49900*"]}]
        settings = {"voicemail": {"enabled": True}, "reject": rejects}
        user = {"id": f"u{number}", "name": f"User {number}", "extension": str(number)} | settings
        changes.append(Change("user", f"u{number}", user))
        changes.append(Change("device", f"d{number}", {"id": f"d{number}", "owner": f"user:u{number}"}))
    devices = frozenset(f"d{number}" for number in range(1000, 1000 + USERS))
    return Snapshot.of(SCHEMA, ZoneInfo, changes), LiveFacts(devices)


def _rate(asked: Asked, so_far: SoFar, book: Snapshot, live: LiveFacts) -> float:
    """Decisions per CPU-second of this process."""
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < CPU_SECONDS:
        for _ in range(200):
            decide(ORDER, asked, so_far, book, live, NOW)
        done += 200
    return done / spent


def run() -> dict[str, float]:
    """Decisions per CPU-second by what is decided, and whole dry runs of a call that ends in a mailbox."""
    book, live = company()
    caller = Caller(Ref("user", "u1001"), "d1001", None, "User 1001")
    inside = Asked("bench", caller, "2000")
    ring = decide(ORDER, inside, (), book, live, NOW).steps[0]
    assert isinstance(ring, Ring)
    unanswered = (Tried(ring, "no_answer", tuple(OfferOutcome(offer.target, "no_answer") for offer in ring.offers)),)
    figures = {
        "decisions_internal_per_cpu_s": _rate(inside, (), book, live),
        "decisions_no_answer_per_cpu_s": _rate(inside, unanswered, book, live),
        "decisions_code_per_cpu_s": _rate(Asked("bench", caller, "*72"), (), book, live),
        "decisions_outside_per_cpu_s": _rate(Asked("bench", caller, "03023125222"), (), book, live),
        "decisions_emergency_per_cpu_s": _rate(Asked("bench", caller, "112"), (), book, live),
    }
    start = time.process_time()
    for _ in range(500):
        dry_run(ORDER, inside, book, live, NOW)
    figures["dry_runs_per_cpu_s"] = 500 / (time.process_time() - start)
    return {name: round(value, 1) for name, value in figures.items()}


if __name__ == "__main__":
    print(run())
