"""The command line as a newcomer meets it: mistyped directories, versions, help, and Ctrl-C before anything runs."""

import asyncio
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from vorzimmer.cli.asking import ask, follow
from vorzimmer.kernel.errors import StartError

VORZIMMER = (sys.executable, "-m", "vorzimmer.cli.main")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*VORZIMMER, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("question", ["calls", "history", "export", "explain", "explain_call"])
def test_a_mistyped_state_directory_is_said_and_never_made(tmp_path: Path, question: str) -> None:
    for state in (tmp_path, tmp_path / "mistyped"):
        with pytest.raises(StartError, match="is not a server's state directory: name it with --state"):
            asyncio.run(ask(str(state), question))
    assert list(tmp_path.iterdir()) == []


def test_following_nobody_is_one_clear_line(tmp_path: Path) -> None:
    async def main() -> None:
        async for _ in follow(str(tmp_path), "follow"):
            pass

    with pytest.raises(StartError, match="no server runs on the state directory"):
        asyncio.run(main())


def test_version_and_help_need_no_command() -> None:
    assert run("--version").stdout.count(".") == 2
    assert "[LISTENER=]ADDRESS[:PORT][@NETWORK]" in " ".join(run("serve", "--help").stdout.split())


def test_an_interrupt_while_the_program_is_loading_is_no_traceback() -> None:
    code = (
        "import builtins, sys\n"
        "from vorzimmer.cli import main\n"
        "real = builtins.__import__\n"
        "def interrupted(name, *rest):\n"
        "    if name == 'vorzimmer.cli.commands': raise KeyboardInterrupt\n"
        "    return real(name, *rest)\n"
        "builtins.__import__ = interrupted\n"
        "main.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")


def test_a_demo_for_no_address_is_refused() -> None:
    done = run("demo", "--host", "0.0.0.0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "vorzimmer: phones cannot be told 0.0.0.0: name one address of this computer\n"


def test_an_unknown_log_level_is_one_clear_line(tmp_path: Path) -> None:
    done = run("serve", "--state", str(tmp_path / "s"), "--log-level", "loud")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "log_level" in done.stderr


def test_a_made_up_account_is_shown_with_its_user_name(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "company: {id: x, name: X, sip_domain: x.example}\n"
        'users: [{id: anna, name: Anna, extension: "100"}]\n'
        'devices: [{id: d, owner: "user:anna"}]\n'
    )
    shown = run("apply", str(file), "--yes", "--state", str(tmp_path / "s")).stdout.splitlines()
    assert [line.rpartition(": ")[0] for line in shown[-3:-1]] == ["device:d username", "device:d password"]


def test_schedules_and_a_person_are_told_and_a_person_is_erased(tmp_path: Path) -> None:
    """NF-7 and BAS-15 at the command line, without a server."""
    file, state = tmp_path / "c.yaml", str(tmp_path / "s")
    file.write_text(
        "company: {id: x, name: X, sip_domain: x.example}\n"
        "schedules: [{id: immer, name: Immer, weekly: {mo-su: ['00:00-24:00']}, holidays: {region: BY}}]\n"
        'users: [{id: anna, name: Anna Anders, extension: "100"}]\n'
    )
    assert run("apply", str(file), "--yes", "--state", state).returncode == 0
    (line,) = run("schedules", "--state", state).stdout.splitlines()[1:]
    assert line.split()[:3] == ["immer", "holds", "-"]
    days = run("schedules", "immer", "--days", "3", "--state", state).stdout.splitlines()
    assert len(days) == 4
    assert "00:00-24:00" in days[1]
    calendar = tmp_path / "x.ics"
    calendar.write_bytes(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    brought = run("schedules", "immer", "--import", str(calendar), "--dry-run", "--state", state)
    assert brought.stdout.startswith("0 events, known until ")
    assert brought.stdout.endswith(": would be taken\n")
    calendar.write_bytes(b"<html>")
    broken = run("schedules", "immer", "--import", str(calendar), "--state", state)
    assert (broken.returncode, broken.stderr) == (1, "vorzimmer: line 1: no calendar begins here\n")
    assert run("schedules", "nichts", "--state", state).returncode == 1
    told = tmp_path / "anna.zip"
    assert run("person", "anna", "--output", str(told), "--state", state).returncode == 0
    assert "records.json" in zipfile.ZipFile(told).namelist()
    assert told.stat().st_mode & 0o777 == 0o600
    assert "Anna Anders" in run("person", "anna", "--state", state).stdout
    assert (
        run("erase", "anna", "--dry-run", "--state", state).stdout
        == "anna: 1 records, 0 calls, 1 changes in the audit\n"
    )
    assert run("erase", "anna", "--yes", "--state", state).returncode == 0
    gone = run("person", "anna", "--state", state)
    assert (gone.returncode, gone.stderr) == (1, "vorzimmer: no user anna in x\n")
