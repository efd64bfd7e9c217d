"""What our own processes need to find each other: the run directory inside the state directory.

Everything in it is made anew at each start and is of no use to anybody else. This module must never keep what has to
outlive a server.
"""

import os
from pathlib import Path

import msgspec

from vorzimmer.app.options import ServeOptions
from vorzimmer.kernel.errors import StartError
from vorzimmer.store.state_dir import StateDir, StateLock

MAX_SOCKET_PATH = 107
"""Bytes that a Unix socket's address may have on Linux."""


class Layout:
    """Paths of one server."""

    def __init__(self, directory: Path) -> None:
        self.state = StateDir(directory.absolute())
        self.run = self.state.path / "run"

    def locked(self) -> StateLock:
        """Lock the state directory and make the run directory; raises StartError."""
        lock = self.state.lock()
        self.run.mkdir(mode=0o700, exist_ok=True)
        self.music.mkdir(mode=0o700, exist_ok=True)
        if len(os.fsencode(self.control_socket)) > MAX_SOCKET_PATH:
            lock.release()
            raise StartError(f"the path of the state directory {self.state.path} is too long for Unix sockets")
        return lock

    @property
    def music(self) -> Path:
        """The operator's music files, named in company files as ``file:NAME``."""
        return self.state.path / "music"

    @property
    def control_socket(self) -> Path:
        """Where control answers web."""
        return self.run / "control.sock"

    def media_socket(self, index: int) -> Path:
        """Where a media worker answers control."""
        return self.run / f"media-{index}.sock"

    def media_sockets(self, options: ServeOptions) -> tuple[str, ...]:
        """All of them."""
        return tuple(str(self.media_socket(index)) for index in range(options.workers))

    def write(self, name: str, data: bytes) -> None:
        """A file of mode 0600 in the run directory, whole at once for whoever reads it."""
        fresh = self.run / f"{name}.new"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(data)
        fresh.replace(self.run / name)

    def options(self) -> ServeOptions:
        """What the supervisor was told."""
        return msgspec.json.decode((self.run / "options.json").read_bytes(), type=ServeOptions)

    def sockets(self) -> dict[str, int]:
        """Descriptors of the inherited sockets by listener name."""
        return msgspec.json.decode((self.run / "sockets.json").read_bytes(), type=dict[str, int])

    def write_pid(self, name: str, pid: int) -> None:
        """For people and tests: which process is which."""
        self.write(f"{name}.pid", f"{pid}\n".encode())
