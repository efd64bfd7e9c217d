"""Hold the code to the behaviour specification: marks (EXA-10, BAS-6 ...) that the code names must be named by a test.

Prints the marks that have no test yet, so that everybody sees what is still open, and fails for those that the source
already names, for there the behaviour is claimed and not proven. ``docs/marks.txt`` is the list of all marks.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FAMILIES = "EXA|DEL|PRK|HG|PU|BI|BLF|IGC|NF|CP|AA|EXT|B24|PRE|BAS"
_MARK = re.compile(rf"\b({_FAMILIES})[-_](\d+[a-z]?)\b", re.IGNORECASE)
_IN_NAME = re.compile(rf"(?:^|_)({_FAMILIES})_(\d+[a-z]?)(?=_|\b)", re.IGNORECASE)


def marks(folder: str, *, names: bool = False) -> set[str]:
    """All marks named in the Python files (`names`: also in identifiers such as test_bas_1_...) of a folder."""
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        text = path.read_text()
        patterns = (_MARK, _IN_NAME) if names else (_MARK,)
        for pattern in patterns:
            found |= {f"{family.upper()}-{number.lower()}" for family, number in pattern.findall(text)}
        if names:
            for word in re.findall(r"test_\w+", text):
                found |= {f"{family.upper()}-{number.lower()}" for family, number in _IN_NAME.findall(word)}
    return found


def main() -> int:
    """Report; the verdict is about marks in ``src`` without a test."""
    known = set((ROOT / "docs/marks.txt").read_text().split())
    tested = marks("tests", names=True)
    claimed = marks("src") & known
    open_marks = sorted(known - tested)
    print(f"marks: {len(known & tested)} of {len(known)} have a test; without one: {' '.join(open_marks)}")
    unproven = sorted(claimed - tested)
    if unproven:
        print(f"marks named in src without a test: {' '.join(unproven)}")
    return 1 if unproven else 0


if __name__ == "__main__":
    sys.exit(main())
