"""The command line as a newcomer meets it: mistyped directories, versions, help, and Ctrl-C before anything runs."""

import asyncio
import signal
import subprocess
import sys
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
