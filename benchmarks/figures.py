"""The one shape of all benchmark results, and the fixed reference loop that stands beside each.

A figure per CPU-second says how fast this computer is; divided by the reference loop of the same minute it says how
fast the program is, and can be compared with another computer's. This module must never be changed lightly: every
change of the reference loop ends the comparison with older reports.
"""

import os
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from benchmarks.targets import Row

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KB = 1024

MESSAGE = (
    "INVITE sip:200@bench.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK776asdhds;rport\r\n"
    'From: "User 100" <sip:100@bench.example>;tag=1928301774\r\nTo: <sip:200@bench.example>\r\n'
    "Call-ID: a84b4c76e66710@192.0.2.7\r\nCSeq: 314159 INVITE\r\nMax-Forwards: 70\r\n"
    "Contact: <sip:100@192.0.2.7:5060>\r\nContent-Type: application/sdp\r\nContent-Length: 0\r\n\r\n"
)
ROUNDS = 500
"""How often the reference unit cuts and joins its message: 2.6 ms on a server core of 2023."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `per_cpu` is the figure per CPU-second where it is a rate, `value` what else there is to
    say; `ends` are the counts of both ends, which must be equal."""

    name: str
    value: str = ""
    per_cpu: float | None = None
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a benchmark found; `wrong` are the checks that failed; `reference` is in units per CPU-second; `rows` are
    for the table of what is asked for."""

    title: str
    how: str
    figures: tuple[Figure, ...]
    reference: float
    wrong: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    def judged(self) -> tuple[str, ...]:
        """Everything that is wrong, unequal counts included."""
        unequal = [f"{each.name}: counts differ: {each.ends}" for each in self.figures if len(set(each.ends)) > 1]
        return (*self.wrong, *unequal)


def unit() -> int:
    """One reference unit: cutting a message into lines and pairs and joining it again, in plain Python."""
    total = 0
    for number in range(ROUNDS):
        pairs = [line.partition(":") for line in MESSAGE.split("\r\n")]
        known = {name.lower(): value.strip() for name, _, value in pairs if value}
        known["cseq"] = f"{number} INVITE"
        text = "\r\n".join(f"{name}: {value}" for name, value in known.items())
        total = (total * 31 + len(text.encode())) & 0xFFFF
    return total


def reference() -> float:
    """Reference units per CPU-second of this process: the median of five runs of 20 units."""
    return statistics.median(_rate() for _ in range(5))


def _rate() -> float:
    start = process_time()
    for _ in range(20):
        unit()
    return 20 / (process_time() - start)


def per_cpu_second(work: Callable[[], int], seconds: float) -> float:
    """How many pieces of `work` (which says how many it has done) one CPU-second of this process gives."""
    done, start = 0, process_time()
    while (spent := process_time() - start) < seconds:
        done += work()
    return done / spent


def cpu_of(pids: Iterable[int]) -> float:
    """Seconds of user and system time that these processes have used."""
    return sum(_cpu(pid) for pid in pids)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_of(pids: Iterable[int]) -> int:
    """Bytes that these processes have for themselves (proportional set size)."""
    return sum(_memory(pid) for pid in pids)


def _memory(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * PAGE_KB
    return 0


def processes_of(parent: int) -> dict[int, str]:
    """A process and everything below it, with a short name each."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            parents[int(entry.name)] = int(fields[1])
    found = [parent]
    for pid in found:
        found += sorted(child for child, of in parents.items() if of == pid)
    return {pid: _name(pid) for pid in found}


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    known = {b"vorzimmer.app.control": "control", b"vorzimmer.app.web": "web"}
    known[b"vorzimmer.media.embedded.worker"] = "media"
    return next((known[word] for word in words if word in known), "supervisor")


def percentile(values: Iterable[float], percent: float) -> float:
    """The value below which so many percent lie; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0
