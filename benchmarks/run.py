"""Run all benchmarks and write docs/performance.md: `make bench`.

    python -m benchmarks.run                 all of them, some scaled down; about eight minutes
    python -m benchmarks.run --long          all of them in full; more than an hour
    python -m benchmarks.run --only NAME     one or more; nothing is written
    python -m benchmarks.run --write         the report of what was measured last, one by one

Ends with 1 if any benchmark fails its own checks (counts of both ends above all); a figure that is not counted right is
no figure, so that benchmark's rows are left out. Notes under the report's marker are kept. This module must never name
the computer, its paths or its network.
"""

import argparse
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from platform import python_version
from time import perf_counter

import msgspec

from benchmarks import (
    busy,
    capacity,
    decisions,
    inside,
    lamps,
    live_change,
    memory,
    mixing,
    overload,
    probe,
    publish,
    registrations,
    relay,
    restart,
    talking,
)
from benchmarks.figures import Figure, Result
from benchmarks.targets import line, table

REPORT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
MARKER = "<!-- below: written by hand, kept by `make bench` -->"
KEPT = REPORT.parent.parent / "build" / "bench"
"""What each benchmark found last, for `--write`."""
Run = Callable[[bool], Result]
ALL: dict[str, Run] = {
    "capacity": capacity.run,
    "talking": talking.run,
    "registrations": registrations.run,
    "relay": relay.run,
    "mixing": mixing.run,
    "probe": probe.run,
    "memory": memory.run,
    "lamps": lamps.run,
    "decisions": decisions.run,
    "change": live_change.run,
    "restart": restart.run,
    "overload": overload.run,
    "busy": busy.run,
    "inside": inside.run,
}
LONG: dict[str, Run] = {"publish": publish.run}
"""Run only with `--long` or by name: what they show is in other figures too."""
HEAD = """# Performance

Written by `make bench`; never by a timed test. Measured on: {cpu}, {cores} cores, Python {python}.

Unless a row says otherwise all processes of the server (supervisor, control, web, media) share one core and the phones
have another; there is no RTP in the rows about calls, but SDP is rewritten, media sessions are opened and closed, every
call is challenged and every call has its record. Counted are both ends and the history, and where they differ the
benchmark fails and its rows are left out. Phones repeat nothing: one lost or late answer is a failed call.

## Asked for and reached

{table}
"""

DETAILS = """# Each benchmark

Beside each benchmark runs a fixed reference loop of plain Python (`benchmarks/figures.py`): one *reference unit* is its
work, about 2.6 ms on a server core of 2023. *Per unit* is what is done in that CPU time, and can be compared between
computers.
"""


def processor() -> str:
    """What the processor calls itself."""
    for text in Path("/proc/cpuinfo").read_text().splitlines():
        if text.startswith("model name"):
            return text.partition(":")[2].strip()
    return "unknown processor"


def cores() -> int:
    """How many there are."""
    return sum(line.startswith("processor") for line in Path("/proc/cpuinfo").read_text().splitlines())


def row(figure: Figure, reference: float) -> str:
    """A line of the table."""
    rate = "" if figure.per_cpu is None else _short(figure.per_cpu)
    unit = "" if figure.per_cpu is None else _short(figure.per_cpu / reference)
    ends = " = ".join(f"{end:,}" for end in figure.ends)
    return f"| {figure.name} | {rate} | {unit} | {figure.value} | {ends} |"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def section(result: Result) -> str:
    """A benchmark as text."""
    lines = [f"## {result.title}", "", result.how, f"Reference: {result.reference:.0f} units per CPU-second.", ""]
    lines += ["| figure | per CPU-second | per unit | measured | both ends |", "|---|---|---|---|---|"]
    lines += [row(figure, result.reference) for figure in result.figures]
    return "\n".join(lines) + "\n"


def report(results: list[Result], notes: str) -> str:
    """The whole document."""
    rows = [row for result in results for row in result.rows]
    head = HEAD.format(cpu=processor(), python=python_version(), cores=cores(), table=table(rows))
    return "\n".join([head, DETAILS, *(section(result) for result in results), MARKER, notes])


def notes_of(path: Path) -> str:
    """What people have written under the marker."""
    return path.read_text().partition(MARKER)[2].lstrip("\n") if path.exists() else ""


def measured(name: str, run: Run, *, long: bool) -> Result | None:
    """One benchmark, with a line before and the figures after it; None if it could not be run to its end."""
    print(f"{name} ...", flush=True)
    started = perf_counter()
    try:
        result = run(long)
    except Exception:  # noqa: BLE001  # the others are worth running
        traceback.print_exc()
        return None
    for figure in result.figures:
        rate = "" if figure.per_cpu is None else f"{_short(figure.per_cpu)} per CPU-second"
        print(f"  {figure.name:44} {rate:>26}  {figure.value}", flush=True)
    for row in result.rows:
        print(f"  {line(row)}", flush=True)
    for problem in result.judged():
        print(f"  WRONG: {problem}", flush=True)
    print(f"  took {perf_counter() - started:.0f} s", flush=True)
    return result


def kept(name: str, result: Result | None) -> bool:
    """Remember it for the report if it is right, and forget what was there before if it is not."""
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{name}.json"
    if result is None or result.judged():
        file.unlink(missing_ok=True)
        return False
    file.write_bytes(msgspec.json.encode(result))
    return True


def written() -> None:
    """The report of what is kept."""
    files = [file for name in (*ALL, *LONG) if (file := KEPT / f"{name}.json").exists()]
    results = [msgspec.json.decode(file.read_bytes(), type=Result) for file in files]
    REPORT.write_text(report(results, notes_of(REPORT)))
    print(f"written: docs/{REPORT.name}")


def main() -> int:
    """Run all, or those that are named."""
    known = ALL | LONG
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--only", action="append", choices=sorted(known), help="one benchmark; may be repeated")
    parser.add_argument("--long", action="store_true", help="nothing scaled down")
    parser.add_argument("--write", action="store_true", help="write the report of what was measured last")
    options = parser.parse_args()
    if options.write and not options.only:
        written()
        return 0
    chosen = {name: known[name] for name in options.only} if options.only else known if options.long else ALL
    good = [kept(name, measured(name, run, long=options.long)) for name, run in chosen.items()]
    if options.write or not options.only:
        written()
    print(f"{good.count(False)} of {len(good)} benchmarks failed their checks")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
