"""The state directory: what lies where, and that only one server runs in it.

This module must never touch a directory that another server has locked.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from vorzimmer.kernel.errors import StartError


@dataclass(frozen=True, slots=True)
class StateDir:
    """``--state DIR``. The directory is private to the server's user (mode 0700)."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file, unless a database is named by URL."""
        return self.path / "vorzimmer.db"

    @property
    def secret_key(self) -> Path:
        """The key of the secrets; belongs into the backup, apart from the database's."""
        return self.path / "secret.key"

    @property
    def journal(self) -> Path:
        """The directory of the journal's segments."""
        return self.path / "journal"

    @property
    def registered(self) -> Path:
        """The directory of the journal of phones that sign on and off."""
        return self.path / "registered"

    @property
    def watches(self) -> Path:
        """The directory of the subscriptions' journal."""
        return self.path / "watches"

    @property
    def tls(self) -> Path:
        """The directory of the certificate that the server made for itself."""
        return self.path / "tls"

    @property
    def admin_socket(self) -> Path:
        """Where a running server takes commands."""
        return self.path / "admin.sock"

    @property
    def api_token(self) -> Path:
        """The operator's token for the API, made at the first start."""
        return self.path / "api.token"

    @property
    def lock_file(self) -> Path:
        """Locked while a server runs; holds its process id."""
        return self.path / "lock"

    def lock(self) -> "StateLock":
        """Make the directory where needed and lock it; raises StartError if it cannot be written or is in use."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.path.is_dir() or not os.access(self.path, os.W_OK | os.X_OK):
                raise StartError(f"cannot write to the state directory {self.path}")
            file = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StartError(f"cannot write to the state directory {self.path}: {reason}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 20).decode("ascii", "replace").strip()
            os.close(file)
            process = f" (process {holder})" if holder else ""
            raise StartError(f"the state directory {self.path} is in use by a running server{process}") from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        return StateLock(file)


class StateLock:
    """Held while the server runs; the system releases it with the process, however that ends."""

    def __init__(self, file: int) -> None:
        self._file = file

    def release(self) -> None:
        """Give the directory free; doing it twice is fine."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> "StateLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
