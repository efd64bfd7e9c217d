"""Run all benchmarks and write docs/performance.md: `make bench`; `--long` adds what takes a quarter of an hour.

Ends with 1 if any benchmark fails its own checks (counts of both ends above all) and then writes nothing, since a
figure that is not counted right is no figure. Notes under the report's marker are kept. This module must never name the
computer, its paths or its network.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from platform import python_version
from time import perf_counter

from benchmarks import calls, decisions, inside, lamps, live_change, overload, publish, registrations, relay
from benchmarks.figures import Figure, Result

REPORT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
MARKER = "<!-- below: written by hand, kept by `make bench` -->"
ALL: tuple[tuple[str, Callable[[], Result]], ...] = (
    ("calls", calls.run),
    ("overload", overload.run),
    ("registrations", registrations.run),
    ("lamps", lamps.run),
    ("inside", inside.run),
    ("relay", relay.run),
    ("decisions", decisions.run),
    ("publish", publish.run),
    ("change to effect", live_change.run),
)
HEAD = """# Performance

Written by `make bench`; never by a timed test. Figures are per second of CPU time, so a busy computer changes them
little. Beside each benchmark runs a fixed reference loop of plain Python (`benchmarks/figures.py`): one *reference
unit* is its work, about 2.6 ms on the computer below. *Per unit* is what is done in that CPU time, and can be
compared between computers. Counts of both ends are taken independently; where they differ, `make bench` fails.

Measured on: {cpu}, Python {python}. All processes and the phones share the same {cores} cores.
"""


def processor() -> str:
    """What the processor calls itself."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
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
    head = HEAD.format(cpu=processor(), python=python_version(), cores=cores())
    return "\n".join([head, *(section(result) for result in results), MARKER, notes])


def notes_of(path: Path) -> str:
    """What people have written under the marker."""
    return path.read_text().partition(MARKER)[2].lstrip("\n") if path.exists() else ""


def measured(name: str, run: Callable[[], Result]) -> Result:
    """One benchmark, with a line before and the figures after it."""
    print(f"{name} ...", flush=True)
    started = perf_counter()
    result = run()
    for figure in result.figures:
        rate = "" if figure.per_cpu is None else f"{_short(figure.per_cpu)} per CPU-second"
        print(f"  {figure.name:44} {rate:>26}  {figure.value}", flush=True)
    for problem in result.judged():
        print(f"  WRONG: {problem}", flush=True)
    print(f"  took {perf_counter() - started:.0f} s", flush=True)
    return result


def main(wanted: list[str]) -> int:
    """Run all, or those that are named (then nothing is written)."""
    long = "--long" in wanted
    names = [name for name in wanted if name != "--long"]
    runs = [(name, partial(calls.run, long=long) if name == "calls" else run) for name, run in ALL]
    results = [measured(name, run) for name, run in runs if not names or name in names]
    wrong = [problem for result in results for problem in result.judged()]
    if wrong:
        print(f"{len(wrong)} checks failed; {REPORT.name} is left as it was")
        return 1
    if not names:
        REPORT.write_text(report(results, notes_of(REPORT)))
        print(f"written: docs/{REPORT.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
