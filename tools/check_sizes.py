"""Fail where a function is longer than 40 lines or a file longer than 400: the house numbers of docs/architecture.md.

Tables are exempt: a file whose first line after the docstring is the comment ``# table`` may be longer.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_FUNCTION = 40
MAX_FILE = 400


def _functions(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
            start = body[0].end_lineno if documented and len(body) > 1 else node.lineno
            yield node.name, node.lineno, (node.end_lineno or 0) - (start or 0) + 1


def problems(path: Path) -> Iterator[str]:
    """One line for each size that is over the house numbers."""
    text = path.read_text()
    lines = text.count("\n")
    name = path.relative_to(ROOT)
    if lines > MAX_FILE and "\n# table\n" not in text:
        yield f"{name}: {lines} lines, at most {MAX_FILE}"
    for function, line, length in _functions(ast.parse(text)):
        if length > MAX_FUNCTION:
            yield f"{name}:{line} {function}: {length} lines, at most {MAX_FUNCTION}"


def main() -> int:
    """Print every problem; the number of them is the verdict."""
    found = [p for path in sorted((ROOT / "src").rglob("*.py")) for p in problems(path)]
    print("\n".join(found) or "sizes: every function and file is within the house numbers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
