"""The server as its operator meets it: start, mistakes at the start, the company file, and a clean end."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.interop.server import Server, company_text

VORZIMMER = (sys.executable, "-m", "vorzimmer.cli.main")
HOST = "127.0.0.1"


def run(*arguments: str, expect: int) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*VORZIMMER, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def fetch(url: str) -> bytes:
    """A page of our own server."""
    with urlopen(url, timeout=5) as answer:
        content: bytes = answer.read()
    return content


@pytest.fixture
def company(tmp_path: Path) -> Path:
    path = tmp_path / "company.yaml"
    path.write_text(company_text())
    return path


# -- mistakes at the start cost one clear line ---------------------------------------------------------------
def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, 0))
        port = taken.getsockname()[1]
        done = run("serve", "--state", str(tmp_path / "s"), "--sip", f"udp:{HOST}:{port}", expect=1)
    assert done.stderr.strip().splitlines() == [
        f"vorzimmer: cannot listen on udp:{HOST}:{port}: the port is taken by another program"
    ]


def test_a_state_directory_that_is_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("")
    done = run("serve", "--state", str(tmp_path / "s"), "--sip", f"udp:{HOST}:0", expect=1)
    assert len(done.stderr.strip().splitlines()) == 1
    assert "state directory" in done.stderr


def test_a_broken_certificate_is_one_clear_line(tmp_path: Path) -> None:
    broken = tmp_path / "c.pem"
    broken.write_text("nothing")
    flags = ("--tls-certificate", str(broken), "--tls-key", str(broken), "--http", f"{HOST}:0")
    done = run("serve", "--state", str(tmp_path / "s"), "--sip", f"tls:{HOST}:0", *flags, expect=1)
    assert len(done.stderr.strip().splitlines()) == 1
    assert "c.pem" in done.stderr


def test_too_few_file_descriptors_is_one_clear_line(tmp_path: Path) -> None:
    command = f"ulimit -n 200; exec {' '.join(VORZIMMER)} serve --state {tmp_path / 's'} --sip udp:{HOST}:0"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "vorzimmer: only 200 open files are allowed, at least 512 are needed: ulimit -n"
    ]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--sip", "sctp:1.2.3.4:5"), "expected udp:HOST:PORT"),
        (("--advertise", "nowhere"), "must be an IP address"),
        (("--rtp-range", "10-5"), "LOW-HIGH"),
        (("--http", "8080"), "IP address"),
        (("--tls-key", "x"), "belong together"),
    ],
)
def test_a_bad_flag_is_one_clear_line(tmp_path: Path, flags: tuple[str, str], says: str) -> None:
    done = run("serve", "--state", str(tmp_path / "s"), *flags, expect=1)
    assert len(done.stderr.strip().splitlines()) == 1
    assert says in done.stderr


def test_a_configuration_file_is_read_and_flags_win(tmp_path: Path) -> None:
    config = tmp_path / "v.toml"
    config.write_text('state = "x"\nsipp = ["udp:127.0.0.1:0"]\n')
    assert "sipp" in run("serve", "--config", str(config), expect=1).stderr
    config.write_text('state = "x"\nsip = ["sctp:1.2.3.4:1"]\n')
    assert "udp:9" in run("serve", "--config", str(config), "--sip", "udp:9", expect=1).stderr


# -- the company file ----------------------------------------------------------------------------------------
def test_apply_twice_says_no_changes_and_export_applies_empty(tmp_path: Path, company: Path) -> None:
    state = ("--state", str(tmp_path / "s"))
    dry = run("apply", str(company), "--dry-run", *state, "--allow-weak-passwords", expect=0)
    assert "users[anna]" in dry.stdout
    assert "none" not in run("apply", str(company), "--yes", *state, "--allow-weak-passwords", expect=0).stdout
    assert run("apply", str(company), "--yes", *state, expect=0).stdout.strip() == "no changes"
    exported = tmp_path / "export.yaml"
    exported.write_text(run("export", *state, expect=0).stdout)
    assert "Probe-" not in exported.read_text()
    assert run("apply", str(exported), "--yes", *state, expect=0).stdout.strip() == "no changes"
    assert "Probe-anna-tisch-4711" in run("export", "--with-secrets", *state, expect=0).stdout


def test_a_bad_file_names_line_and_key_and_changes_nothing(tmp_path: Path, company: Path) -> None:
    state = ("--state", str(tmp_path / "s"))
    text = company.read_text()
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "after_s: 20" in row)
    company.write_text(text.replace("to: voicemail, after_s: 20", "to: voicemail, after_s: 2"))
    done = run("apply", str(company), "--yes", *state, expect=2)
    assert f"line {line}, users[anna].forwarding.no_answer.after_s" in done.stderr
    assert "there is none yet" in run("export", *state, expect=1).stderr
    assert run("apply", str(tmp_path / "no.yaml"), *state, expect=2).stderr.endswith("No such file or directory\n")


def test_weak_passwords_are_refused_and_named(tmp_path: Path, company: Path) -> None:
    company.write_text(company.read_text().replace("Probe-anna-tisch-4711", "anna-tisch"))
    done = run("apply", str(company), "--yes", "--state", str(tmp_path / "s"), expect=1)
    assert "devices[anna-tisch].password" in done.stderr


def test_explain_answers_in_the_agreed_shape(tmp_path: Path, company: Path) -> None:
    state = ("--state", str(tmp_path / "s"))
    run("apply", str(company), "--yes", "--allow-weak-passwords", *state, expect=0)
    question = ("--company", "musterbau", "--from", "user:bea", "--to", "100", "--assume", "all=idle")
    answer = json.loads(run("explain", *question, "--lang", "en", "--json", *state, expect=0).stdout)
    assert set(answer) == {"asked", "because", "plan"}
    assert [set(each) for each in answer["because"]] == [{"rule", "key", "params", "text", "setting"}] * len(
        answer["because"]
    )
    first = answer["plan"][0]
    assert set(first) == {"step", "targets", "role", "seconds", "display", "alert", "because"}
    assert (first["step"], first["targets"], first["seconds"]) == (
        "ring",
        ["device:anna-tisch", "device:anna-browser"],
        20,
    )
    assert [step["targets"] for step in answer["plan"]][1] == ["voicemail:anna"]
    assert "users[anna].forwarding.no_answer" in run("explain", *question, *state, expect=0).stdout
    assert "user:nobody" in run("explain", "--from", "user:nobody", "--to", "100", *state, expect=1).stderr


# -- a running server ----------------------------------------------------------------------------------------
def test_serve_ready_health_second_server_and_clean_end(tmp_path: Path) -> None:
    async def main() -> None:
        server = Server(tmp_path, HOST, rtp="32000-32199")
        await server.start()
        try:
            base = f"http://{HOST}:{server.http_port}"
            health = json.loads(await asyncio.to_thread(fetch, f"{base}/healthz"))
            assert (health["status"], health["companies"]) == ("ok", 1)
            assert b"vorzimmer_calls_live 0.0" in await asyncio.to_thread(fetch, f"{base}/metrics")
            done = run("serve", "--state", str(server.state), "--sip", f"udp:{HOST}:0", expect=1)
            assert "in use by a running server" in done.stderr
            assert (server.state / "admin.sock").stat().st_mode & 0o777 == 0o600
            assert (server.state / "secret.key").stat().st_mode & 0o777 == 0o600
        finally:
            await server.stop()
        assert server.exit_code == 0

    asyncio.run(main())


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    async def main() -> None:
        server = Server(tmp_path, HOST, rtp="32200-32399")
        await server.start()
        try:
            for name in ("web", "control"):
                before = server.pid(name)
                server.kill(name, signal.SIGKILL)
                assert await server.restarted(name, before) != before
            await server.answers()
            assert "Anna" in await server.cli("export")
        finally:
            await server.stop()

    asyncio.run(main())


def test_a_control_that_cannot_start_ends_the_server_with_one_last_line(tmp_path: Path) -> None:
    """However often it is started."""
    options = ("--state", str(tmp_path / "s"), "--http", f"{HOST}:0", "--sip", f"udp:{HOST}:0")
    code = (
        "import sys; from vorzimmer.app import supervisor; from vorzimmer.cli.main import main;"
        "made = supervisor.Supervisor._child;"
        "supervisor.Supervisor._child = lambda self, name, argv, fds=None:"
        " made(self, name, ('-c', 'raise SystemExit(7)') if name == 'control' else argv, fds);"
        "sys.argv[1:1] = ['serve']; main()"
    )
    command = [sys.executable, "-c", code, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "vorzimmer: control does not start; its last words are above"


def test_a_killed_supervisor_leaves_nobody_behind(tmp_path: Path) -> None:
    async def main() -> None:
        server = Server(tmp_path, HOST, rtp="32400-32599", more=("--drain-s", "0"))
        await server.start()
        ends = [ended(server.pid(name)) for name in ("control", "web", "media-0")]
        await server.murder()
        async with asyncio.timeout(15):
            await asyncio.gather(*ends)

    asyncio.run(main())


def ended(pid: int) -> "asyncio.Future[None]":
    """Done when a process that is not our child has ended."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    handle = os.pidfd_open(pid)

    def over() -> None:
        loop.remove_reader(handle)
        os.close(handle)
        done.set_result(None)

    loop.add_reader(handle, over)
    return done
