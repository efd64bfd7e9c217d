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
