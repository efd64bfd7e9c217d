"""What is wrong with a file or a change: each problem names line, key path and what is allowed.

A *bad* file (exit 2) cannot be understood or contradicts itself; a *refused* change (exit 1) is clear but not allowed.
This module must never print.
"""

from dataclasses import dataclass, field

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.walk import Path
from vorzimmer.kernel.errors import VorzimmerError


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint. `line` counts from 1; None where the cause is not in the file. `ref` and `at` are the record and
    the place inside it, where there is one."""

    path: str
    says: str
    line: int | None = None
    refused: bool = False
    ref: Ref | None = field(default=None, compare=False)
    at: Path = field(default=(), compare=False)

    def __str__(self) -> str:
        where = f"line {self.line}, " if self.line is not None else ""
        return f"{where}{self.path}: {self.says}" if self.path else f"{where}{self.says}"


class ProblemsError(VorzimmerError):
    """Nothing was changed, because of these problems (by line)."""

    exit_code = 2

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems), key=lambda p: (p.line is None, p.line or 0, p.path, p.says))
        super().__init__("\n".join(map(str, self.problems)))


class BadFileError(ProblemsError):
    """The file is bad: exit 2."""


class RefusedError(ProblemsError):
    """The change is refused: exit 1."""

    exit_code = 1


def raise_any(problems: list[Problem]) -> None:
    """Raise RefusedError if all problems are refusals, BadFileError if any is more than that."""
    if not problems:
        return
    if all(problem.refused for problem in problems):
        raise RefusedError(problems)
    raise BadFileError(problems)
