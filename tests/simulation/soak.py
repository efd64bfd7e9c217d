"""Seed after seed on all cores: ``python -m tests.simulation.soak [--seeds N] [--seconds N] [--seed S] [--jobs N]``.

Ends after so many seeds or seconds, whichever comes first. Prints a line of progress now and then; for a seed that
fails what was done, the command that repeats it, and where its ladder was written to. Exits with 1 if one failed.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count, islice
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from time import perf_counter

from tests.simulation.moments import STORIES, tell
from tests.simulation.scenario import Played, SeedFailedError, play

MOMENTS_FROM = 180.0
"""Seconds of soak from which on all moments are tried first; they take less than half of it."""
MOMENTS_FROM_SEEDS = 2_000
"""The same, for a soak that is counted in seeds."""
PROGRESS = 10.0
"""Seconds between two lines of progress."""
AHEAD = 4
"""Seeds handed to each process beforehand."""
MOST_FAILURES = 5
"""Seeds that may fail before the rest is not worth the time."""
Write = Callable[[str], object]


@dataclass(frozen=True)
class Failure:
    """A seed that broke a promise: `story` is for a person, `ladder` every message of the run."""

    seed: int
    story: str
    ladder: str


def one(seed: int) -> Played | Failure:
    """One seed, in whichever process."""
    try:
        return play(seed)
    except SeedFailedError as error:
        return Failure(seed, str(error), error.ladder)


@dataclass
class Tally:
    """What has come out so far. `out` is where ladders are written to."""

    out: Path
    write: Write
    began: float = field(default_factory=perf_counter)
    played: list[Played] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    _told: float = field(default_factory=perf_counter)

    def add(self, result: Played | Failure) -> None:
        """Count it, and tell of it at once where it is a failure."""
        if isinstance(result, Failure):
            self.failures.append(result)
            self.write(f"{result.story}\n\n{self._command(result)}\n")
        else:
            self.played.append(result)
        if perf_counter() - self._told >= PROGRESS:
            self._told = perf_counter()
            self.write(f"{self._told - self.began:6.0f} s: {self}\n")

    def _command(self, failure: Failure) -> str:
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / f"seed-{failure.seed}.txt"
        path.write_text(failure.ladder, encoding="utf-8", errors="backslashreplace")
        again = f"python -m tests.simulation.soak --seeds 1 --seed {failure.seed}"
        return f"seed {failure.seed} failed; every message is in {path}; once more: {again}"

    def __str__(self) -> str:
        kinds = ("calls", "answered", "kills", "survivors")
        sums = ", ".join(f"{sum(getattr(each, kind) for each in self.played)} {kind}" for kind in kinds)
        return f"{len(self.played)} seeds, {sums}, {len(self.failures)} failed"


def main(arguments: list[str] | None = None, write: Write = sys.stdout.write) -> int:
    """The exit code."""
    given = _given(arguments)
    if _is_long(given) and not _moments(write):
        return 1
    tally = Tally(given.out, write)
    seeds = islice(count(given.seed), given.seeds)
    for result in _results(seeds, tally.began + given.seconds, given.jobs):
        tally.add(result)
        if len(tally.failures) >= MOST_FAILURES:
            break
    write(f"{tally} (from seed {given.seed} on, {perf_counter() - tally.began:.0f} s, {given.jobs} processes)\n")
    return 1 if tally.failures else 0


def _is_long(given: argparse.Namespace) -> bool:
    return bool(given.seeds and given.seeds >= MOMENTS_FROM_SEEDS) or MOMENTS_FROM <= given.seconds < float("inf")


def _given(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=None, help="how long to go on (60, or for --seeds: no limit)")
    parser.add_argument("--seeds", type=int, default=None, help="how many seeds")
    parser.add_argument("--seed", type=int, default=1_000, help="the first seed")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1, help="how many processes")
    parser.add_argument("--out", type=Path, default=Path(".soak"), help="where ladders of failures are written to")
    given = parser.parse_args(arguments)
    if given.seconds is None:
        given.seconds = 60.0 if given.seeds is None else float("inf")
    return given


def _results(seeds: Iterator[int], ends: float, jobs: int) -> Iterator[Played | Failure]:
    """In the order in which they are ready; none is begun after `ends`, but the first few. One job needs no process."""
    if jobs == 1:
        for begun, seed in enumerate(seeds):
            if begun and perf_counter() >= ends:
                return
            yield one(seed)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        under_way = {pool.submit(one, seed) for seed in islice(seeds, jobs)}
        try:
            while under_way:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
                room = jobs * AHEAD - len(under_way) if perf_counter() < ends else 0
                under_way |= {pool.submit(one, seed) for seed in islice(seeds, room)}
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _moments(write: Write) -> bool:
    """Each story with a kill after each of its messages."""
    told = 0
    for name, story in STORIES.items():
        for after in range(1, tell(story, None) + 1):
            for cut in (False, True):
                try:
                    tell(story, after, cut=cut)
                except Exception as error:  # noqa: BLE001 -- whatever it is, it is the finding
                    write(f"{name}, killed after message {after}{' (cut)' * cut}: {error!r}\n")
                    return False
                told += 1
    write(f"{told} moments to be killed at, no failure\n")
    return True


if __name__ == "__main__":
    sys.exit(main())
