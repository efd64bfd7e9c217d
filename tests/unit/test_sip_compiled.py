"""The form of the hot rooms that was asked for is the one that runs, and never one of other sources."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import vorzimmer.sip.engine
from vorzimmer import compiled
from vorzimmer.sdp.message import Attribute
from vorzimmer.sip.flow import Flow


def test_the_form_that_was_asked_for_runs() -> None:
    wanted = os.environ[compiled.SWITCH] == "1"
    assert (compiled.form() == "compiled") is wanted
    assert (vorzimmer.sip.engine.__file__ or "").endswith(compiled.SUFFIX) is wanted


def test_structs_are_the_same_in_both_forms() -> None:
    assert Flow.__annotations__["peer_names"] in ("tuple[str, ...]", tuple[str, ...])
    assert Flow.__struct_config__.frozen
    assert Attribute("ptime", "20") == Attribute("ptime", "20")
    assert hash(Attribute("ptime", "20")) == hash(Attribute("ptime", "20"))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two rooms, one with a source, and a stamp that fits."""
    package = tmp_path / "src" / "vorzimmer"
    for room in ("sip", "sdp"):
        (package / room).mkdir(parents=True)
    (package / "sip" / "engine.py").write_text("x = 1\n")
    monkeypatch.setattr(compiled, "PACKAGE", package)
    monkeypatch.setattr(compiled, "FOLDER", tmp_path / ".compiled")
    compiled.FOLDER.mkdir()
    (compiled.FOLDER / "stamp").write_text(compiled.fingerprint())
    return package


def test_what_was_made_of_these_sources_fits(elsewhere: Path) -> None:
    assert compiled.fits()


def test_an_edited_source_runs_itself_at_once(elsewhere: Path) -> None:
    (elsewhere / "sip" / "engine.py").write_text("x = 2\n")
    assert not compiled.fits()


def test_a_new_and_a_removed_source_count(elsewhere: Path) -> None:
    (elsewhere / "sdp" / "more.py").write_text("")
    assert not compiled.fits()
    (elsewhere / "sdp" / "more.py").unlink()
    assert compiled.fits()
    (elsewhere / "sip" / "engine.py").unlink()
    assert not compiled.fits()


def test_asking_for_a_compiled_form_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    target = tmp_path / "src" / "vorzimmer"
    target.mkdir(parents=True)
    for name in ("__init__.py", "compiled.py"):
        (target / name).write_text((compiled.PACKAGE / name).read_text() if name == "compiled.py" else HEAD)
    said = subprocess.run(
        [sys.executable, "-c", "import vorzimmer"],
        env={"PYTHONPATH": str(tmp_path / "src"), compiled.SWITCH: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "make compiled" in said.stderr


HEAD = "from vorzimmer import compiled\n\ncompiled.use()\n"
