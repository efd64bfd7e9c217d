"""`vorzimmer trace` of a real call: the ladder, the capture file, and the copies for a capture server."""

import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.phone_bench import PhoneBench

from vorzimmer.testing.phone import answers

VORZIMMER = (sys.executable, "-m", "vorzimmer.cli.main")


@pytest.fixture(scope="module")
def capture_server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        yield server


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, capture_server: socket.socket) -> Iterator[PhoneBench]:
    port = capture_server.getsockname()[1]
    bench = PhoneBench(tmp_path_factory.mktemp("trace"), more=("--hep", f"127.0.0.1:{port}"))
    bench.start()
    yield bench
    bench.close()


def trace(bench: PhoneBench, call: str, *more: str) -> "subprocess.CompletedProcess[str]":
    state = str(bench.server.state)
    return subprocess.run(
        [*VORZIMMER, "trace", call, "--state", state, *more], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_call_as_ladder_capture_file_and_copies(
    bench: PhoneBench, capture_server: socket.socket, tmp_path: Path
) -> None:
    async def main() -> str:
        await bench.mark()
        bea, anna = await bench.phone("bea-tisch"), await bench.phone("anna-tisch")
        anna.phone.manner = answers(0.1)
        call = bea.call("100")
        await bea.until(lambda: call.talking)
        call.hang_up()
        (record,) = await bench.records(1)
        return str(record["id"])

    ident = bench.run(main())
    file = tmp_path / "call.pcap"
    done = trace(bench, ident, "--full", "--pcap", str(file), "--lang", "de")
    assert done.returncode == 0, done.stderr
    for word in ("180 Ringing (INVITE)", "200 OK (INVITE) SDP", "BYE", "* "):
        assert word in done.stdout
    assert 'Digest username="bea-tisch"' in done.stdout
    assert "response=" not in done.stdout
    data = file.read_bytes()
    assert struct.unpack("<I", data[:4]) == (0xA1B2C3D4,)
    assert data.count(b"INVITE sip:") == 2
    packets = []
    while not any(b"BYE sip:" in packet for packet in packets):
        packets.append(capture_server.recv(65535))
    assert all(packet.startswith(b"HEP3") for packet in packets)
    assert not any(b"response=" in packet for packet in packets)


def test_a_call_that_nobody_kept_is_one_clear_line(bench: PhoneBench) -> None:
    done = trace(bench, "nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing is kept of nothing" in done.stderr


def test_without_a_server_a_mistyped_directory_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [*VORZIMMER, "trace", "x", "--state", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "is not a server's state directory" in done.stderr
