"""Every acting feature has the same anatomy, imports no other feature, and its rules and settings touch nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import vorzimmer.features
from vorzimmer.features.order import RULES

HOME = Path(vorzimmer.features.__file__).parent
FOLDERS = sorted(path.parent for path in HOME.glob("*/__init__.py"))
ACTING = sorted({rule.decide.__module__.split(".")[2] for rule in RULES})
FORBIDDEN = {
    "asyncio", "socket", "ssl", "threading", "subprocess", "time", "random", "secrets", "uuid", "logging", "os",
    "pathlib", "sqlalchemy",
}  # fmt: skip


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("name", ACTING)
def test_an_acting_feature_has_rules_texts_and_a_page(name: str) -> None:
    folder = HOME / name
    assert (folder / "__init__.py").read_text() == ""
    assert {"rules.py", "texts.py", "README.md"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_features_do_not_import_each_other(folder: Path) -> None:
    for path in folder.glob("*.py"):
        others = [name for name in _imports(path) if name.startswith("vorzimmer.features.")]
        assert all(name.split(".")[2] == folder.name for name in others), (path, others)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_rules_settings_and_texts_are_pure(folder: Path) -> None:
    for path in folder.glob("*.py"):
        if path.name in {"rules.py", "settings.py", "texts.py", "actions.py"}:
            assert not {name.partition(".")[0] for name in _imports(path)} & FORBIDDEN, path
