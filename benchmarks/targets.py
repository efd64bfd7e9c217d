"""What is asked for, row by row, as the table in docs/performance.md has it; a benchmark says what was reached.

This module must never be changed to fit a result.
"""

# table

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Target:
    """One row. `limit` is in `unit`; `more` says whether more is better. `other` is a current Asterisk on comparable
    hardware, for orientation."""

    measure: str
    other: str
    limit: float
    unit: str
    more: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What was reached: one value for each run. `note`: how it was counted, and where it was scaled down."""

    key: str
    runs: tuple[float, ...]
    note: str = ""


TARGETS: dict[str, Target] = {
    "calls": Target("authenticated calls, no hold, zero failures", "500–600 safe, 700 the edge", 1400, "calls/s", True),
    "talking": Target("the same with 3 s of talking", "350", 900, "calls/s", True),
    "registrations": Target("registrations with digest, 401 and 200 both counted", "2,500", 5000, "responses/s", True),
    "complete registrations": Target("the same, complete registrations (two responses each)", "–", 2500, "/s", True),
    "relayed": Target("relayed G.711 calls, loss < 0.1 %, p99 added delay < 5 ms", "500", 1200, "calls", True),
    "mixing": Target("mixing of a frame, conversation of 50", "–", 50, "µs"),
    "180 p50": Target("INVITE to 180 at 10 calls/s, p50", "2.1", 1.5, "ms"),
    "180 p99": Target("INVITE to 180 at 10 calls/s, p99", "–", 5, "ms"),
    "first audio": Target("answer to first audio heard, p99", "–", 100, "ms"),
    "call memory": Target("memory of a held call", "90–430", 60, "KB"),
    "phone memory": Target("memory of a registered UDP phone", "–", 6, "KB"),
    "flat": Target("growth of resident memory over the last 80 % of the calls", "stays at 2.1 GB", 5, "%"),
    "notify": Target("NOTIFY to a watcher, with its answer", "0.1–0.28", 0.1, "ms of CPU"),
    "told": Target("750 watchers of one user told", "58–91", 50, "ms"),
    "decision 10000": Target("decision in a company of 10,000 users, p99", "–", 150, "µs"),
    "decision 100000": Target("decision in a company of 100,000 users, p99", "–", 150, "µs"),
    "change 100": Target("one-user change, commit to effect among 100, p99", "–", 50, "ms"),
    "change 100000": Target("one-user change, commit to effect among 100,000, p99", "–", 50, "ms"),
    "change ratio": Target("the second by the first, p99", "–", 2, "times"),
    "restart call": Target("restart to first call, 10,000 users, 80,000 subscriptions", "–", 2, "s"),
    "restart lamps": Target("restart to all lamps right, the same", "–", 60, "s"),
    "goodput": Target("goodput at twice the capacity", "about 53", 90, "% of capacity", True),
    "busy 180": Target("busy hour of 10,000 users, two cores: INVITE to 180, p99", "–", 20, "ms"),
    "busy gap": Target("busy hour: longest gap in a call's audio, p99.9 of the calls", "–", 40, "ms"),
    "busy cpu": Target("busy hour: CPU of the server's processes", "–", 60, "% of two cores"),
}


def short(number: float) -> str:
    """A figure as people read it."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def line(row: Row) -> str:
    """One line of the table: median and spread of the runs beside what is asked for."""
    target = TARGETS[row.key]
    middle = median(row.runs)
    good = middle >= target.limit if target.more else middle <= target.limit
    spread = f"{short(min(row.runs))}–{short(max(row.runs))}" if len(row.runs) > 1 else ""
    asked = f"{'≥' if target.more else '≤'} {short(target.limit)} {target.unit}"
    reached = f"**{short(middle)}** {target.unit}"
    words = (target.measure, target.other, asked, reached, spread, len(row.runs), "yes" if good else "no", row.note)
    return "| " + " | ".join(str(word) for word in words) + " |"


def table(rows: list[Row]) -> str:
    """All rows in the order of TARGETS; what was not measured is named."""
    found = {row.key: row for row in rows}
    lines = ["| measure | a current Asterisk | asked for | reached (median) | spread | runs | enough | how |"]
    lines.append("|---|---|---|---|---|--:|---|---|")
    for key, target in TARGETS.items():
        if key in found:
            lines.append(line(found[key]))
        else:
            lines.append(
                f"| {target.measure} | {target.other} | {short(target.limit)} {target.unit} | not measured ||||"
            )
    return "\n".join(lines) + "\n"
