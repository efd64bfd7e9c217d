"""Seeds until the time is over: ``python -m tests.simulation.soak --seconds N [--seed S]``.

Prints how many runs and calls there were; at the first failure the seed, what was done and the ladder; exits with 1.
"""

import argparse
import sys
from time import perf_counter

from tests.simulation.moments import STORIES, tell
from tests.simulation.scenario import Played, SeedFailedError, play

MOMENTS_FROM = 180.0
"""Seconds of soak from which on all moments are tried first; they take less than half of it."""


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on")
    parser.add_argument("--seed", type=int, default=1_000, help="the first seed")
    given = parser.parse_args(arguments)
    ends, seed = perf_counter() + given.seconds, given.seed
    played: list[Played] = []
    if given.seconds >= MOMENTS_FROM and not _moments():
        return 1
    while not played or perf_counter() < ends:
        try:
            played.append(play(seed))
        except SeedFailedError as error:
            sys.stdout.write(f"{error}\n\n{_sum(played)}, then seed {seed} failed\n")
            return 1
        seed += 1
    sys.stdout.write(f"{_sum(played)}, no failure (seeds {given.seed} to {seed - 1})\n")
    return 0


def _moments() -> bool:
    """Each story with a kill after each of its messages."""
    told = 0
    for name, story in STORIES.items():
        for after in range(1, tell(story, None) + 1):
            for cut in (False, True):
                try:
                    tell(story, after, cut=cut)
                except Exception as error:  # noqa: BLE001 -- whatever it is, it is the finding
                    sys.stdout.write(f"{name}, killed after message {after}{' (cut)' * cut}: {error!r}\n")
                    return False
                told += 1
    sys.stdout.write(f"{told} moments to be killed at, no failure\n")
    return True


def _sum(played: list[Played]) -> str:
    return (
        f"{len(played)} runs, {sum(p.calls for p in played)} calls, {sum(p.answered for p in played)} answered, "
        f"{sum(p.kills for p in played)} kills, {sum(p.survivors for p in played)} calls that survived one"
    )


if __name__ == "__main__":
    sys.exit(main())
