"""Seeds until the time is over: ``python -m tests.simulation.soak --seconds N [--seed S]``.

Prints how many runs and calls there were; at the first failure the seed, what was done and the ladder; exits with 1.
"""

import argparse
import sys
from time import perf_counter

from tests.simulation.scenario import Played, SeedFailedError, play


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on")
    parser.add_argument("--seed", type=int, default=1_000, help="the first seed")
    given = parser.parse_args(arguments)
    ends, seed = perf_counter() + given.seconds, given.seed
    played: list[Played] = []
    while not played or perf_counter() < ends:
        try:
            played.append(play(seed))
        except SeedFailedError as error:
            sys.stdout.write(f"{error}\n\n{_sum(played)}, then seed {seed} failed\n")
            return 1
        seed += 1
    sys.stdout.write(f"{_sum(played)}, no failure (seeds {given.seed} to {seed - 1})\n")
    return 0


def _sum(played: list[Played]) -> str:
    return (
        f"{len(played)} runs, {sum(p.calls for p in played)} calls, {sum(p.answered for p in played)} answered, "
        f"{sum(p.kills for p in played)} kills, {sum(p.survivors for p in played)} calls that survived one"
    )


if __name__ == "__main__":
    sys.exit(main())
