"""A PostgreSQL server of our own for a test run: fresh, on a free loopback port, gone afterwards.

PostgreSQL refuses to run as root, so that root hands it to the user ``postgres``.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISSING = "PostgreSQL is missing: install the Debian package postgresql-15 (or put initdb and pg_ctl on the PATH)"


def binaries() -> Path:
    """Where initdb and pg_ctl are: the newest of Debian's versions, else the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    found = debian[-1] if debian else shutil.which("initdb")
    assert found, MISSING
    return Path(found).parent


@contextmanager
def cluster() -> Iterator[str]:
    """Start a server; gives the URL of its database."""
    tools = binaries()
    directory = Path(tempfile.mkdtemp(prefix="vz-pg-", dir="/tmp"))
    data = directory / "data"
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        port = _free_port()
        _run(tools / "initdb", "-D", data, "-U", "vorzimmer", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")
        options = f"-h 127.0.0.1 -p {port} -k {directory} -c fsync=off -c shared_buffers=16MB"
        _run(tools / "pg_ctl", "-D", data, "-l", directory / "log", "-o", options, "-w", "start")
        try:
            yield f"postgresql://vorzimmer@127.0.0.1:{port}/postgres"
        finally:
            _run(tools / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _run(*command: object) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    # The server inherits what pg_ctl was given: a pipe would never end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(words, stdout=output, stderr=output, cwd="/", check=False, timeout=60)
        output.seek(0)
        assert done.returncode == 0, output.read().decode("utf-8", "replace")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
