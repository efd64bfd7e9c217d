"""The state directory, the secret key and the journal's files on a real disk."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vorzimmer.app.clock import LoopClock
from vorzimmer.kernel.errors import StartError
from vorzimmer.store.database import sqlite_url
from vorzimmer.store.journal import FileSegments, Journal
from vorzimmer.store.secrets import Cost, Kept, SecretBox, load_key
from vorzimmer.store.sql import open_store
from vorzimmer.store.state_dir import StateDir

APPENDER = """
import os, signal, sys
from pathlib import Path
from vorzimmer.store.frames import Entry, frame
from vorzimmer.store.journal import FileSegments
segments = FileSegments(Path(sys.argv[1]))
for number in range(20):
    segments.append(frame(Entry("state", f"talking{number}", b"x" * 1000)))
    if number % 2:
        segments.append(frame(Entry("record", f"talking{number}", b"short")))
    if number == 10:
        segments.rotate()
os.kill(os.getpid(), signal.SIGKILL)
"""

HOLDER = """
import sys
from pathlib import Path
from vorzimmer.store.state_dir import StateDir
lock = StateDir(Path(sys.argv[1])).lock()
print("locked", flush=True)
sys.stdin.read()
"""


def test_the_journal_survives_kill_9(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", APPENDER, str(tmp_path / "journal")], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL

    async def main() -> None:
        store = await open_store(sqlite_url(tmp_path / "x.db"), SecretBox(bytes(32)))
        segments = FileSegments(tmp_path / "journal")
        journal = Journal(segments, store.live, LoopClock(), on_trouble=pytest.fail)
        assert set(await journal.restore()) == {f"talking{number}" for number in range(0, 20, 2)}
        for number in range(1, 20, 2):
            assert await store.calls.get(f"talking{number}") is not None
        await journal.close()
        assert list((tmp_path / "journal").iterdir()) == []
        await store.close()

    asyncio.run(main())


def test_a_partial_write_leaves_no_torn_frame_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = FileSegments(tmp_path)
    segments.append(b"whole")
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: real(file, data[:3]))
        with pytest.raises(OSError, match="disk is full"):
            segments.append(b"torn-frame")
    segments.append(b"next")
    segments.rotate()
    segments.append(b"newer")
    segments.close()
    assert FileSegments(tmp_path).old() == [b"wholenext", b"newer"]


def test_a_journal_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="cannot write the journal"):
        FileSegments(tmp_path / "file" / "journal")


def test_only_one_server_runs_in_a_state_directory(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(StartError) as caught:
            state.lock()
        assert f"in use by a running server (process {holder.pid})" in str(caught.value)
        holder.kill()
        holder.wait()
        state.lock().release()


def test_the_state_directory_is_private_and_the_lock_can_be_given_back(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "deep" / "state")
    with state.lock() as lock:
        assert state.path.stat().st_mode & 0o777 == 0o700
        with pytest.raises(StartError):
            state.lock()
    lock.release()
    state.lock().release()


def test_a_state_directory_that_cannot_be_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nothing")):
        with pytest.raises(StartError, match="cannot write to the state directory") as caught:
            StateDir(path).lock()
        assert "\n" not in str(caught.value)


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = StateDir(tmp_path).secret_key
    key = load_key(path)
    assert len(key) == 32
    assert load_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.key"]


def test_a_secret_key_that_others_can_read_or_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    load_key(path)
    path.chmod(0o640)
    with pytest.raises(StartError, match="chmod 600"):
        load_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(StartError, match="damaged"):
        load_key(path)


def test_a_secret_opens_only_where_it_belongs_and_with_its_key() -> None:
    box = SecretBox(bytes(32), Cost(memory=8, passes=1))
    place = ("phone", "p1", "password")
    kept = box.keep("musterbau", place, "encrypted", "geheim")
    assert box.open("musterbau", place, kept) == "geheim"
    assert "geheim" not in repr(kept)
    assert kept != box.keep("musterbau", place, "encrypted", "geheim")
    for company, other in (("andere", place), ("musterbau", ("phone", "p2", "password"))):
        with pytest.raises(StartError):
            box.open(company, other, kept)
    with pytest.raises(StartError) as caught:
        SecretBox(b"x" * 32).open("musterbau", place, kept)
    assert "geheim" not in str(caught.value)
    assert not box.verify("musterbau", place, Kept("hashed", b"not a hash"), "geheim")
    assert box.mark() != SecretBox(b"x" * 32).mark()
