"""The tests of the protocol machines notice when one is broken: a few mutants here, all of them by ``make mutants``."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from vorzimmer.sip import session_timer
from vorzimmer.sip.session_timer import Asked, granted

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "mutate_tables.py"


@pytest.mark.sources
def test_a_broken_row_of_the_transaction_tables_is_noticed() -> None:
    command = [sys.executable, str(TOOL), "--jobs", "2", "--only", "server: proceeding + ", "--sample", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=300)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["2 mutants, 0 survive"])


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutate_tables", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutate_tables"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.sources
def test_a_mutant_of_the_code_is_another_function_in_memory() -> None:
    asked, before = Asked(600, 90, "uas"), granted.__code__
    mutants = [m for m in tool().of_code("sip.session_timer") if "granted: turned around: asked.refresher" in m.name]
    try:
        mutants[0].apply()
        assert session_timer.granted(asked, usual=1800, least=90, supported=True, ours=None) == (600, False)
    finally:
        granted.__code__ = before
    assert granted(asked, usual=1800, least=90, supported=True, ours=None) == (600, True)
