"""Which form of the hot rooms runs: Python, or machine code that `tools/compile.py` made of the same files.

It must never run code made of other sources than those that lie here: the build notes a fingerprint, and where that
differs from today's (a file was edited, another Python) the sources run. VORZIMMER_COMPILED=0 asks for the sources,
VORZIMMER_COMPILED=1 for the compiled form or nothing; unset takes what fits.
"""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

HOT = (
    "kernel/*.py",
    "sdp/*.py",
    "sip/*.py",
    "directory/*.py",
    "routing/*.py",
    "features/*/rules.py",
    "features/*/settings.py",
    "calls/*.py",
    "presence/*.py",
    "rtp/*.py",
    "media/port.py",
    "media/eager.py",
    "media/embedded/*.py",
    "net/pump.py",
    "net/udp.py",
    "net/transports.py",
    "store/journal.py",
    "store/frames.py",
    "app/exchange.py",
    "app/house.py",
    "app/media_config.py",
    "app/clock.py",
    "app/lamps.py",
    "app/lines.py",
    "app/tracing.py",
    "observe/tracing/ring.py",
)
"""What is compiled, as patterns below this package, and what that depends on: `tools/compile.py` says what is not."""

PACKAGE = Path(__file__).resolve().parent
FOLDER = PACKAGE.parent.parent / ".compiled"
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX") or ".so"
SWITCH = "VORZIMMER_COMPILED"


def sources() -> list[Path]:
    """The files that the compiled form is made of, in order."""
    return [path for pattern in HOT for path in sorted(PACKAGE.glob(pattern))]


def fingerprint() -> str:
    """What the compiled form depends on: every one of these sources, and the Python that loads it."""
    digest = hashlib.sha256(f"{sys.version} {SUFFIX}".encode())
    for path in sources():
        digest.update(f"\n{path.relative_to(PACKAGE)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def fits() -> bool:
    """Whether .compiled holds what was made of exactly these sources."""
    stamp = FOLDER / "stamp"
    return stamp.is_file() and stamp.read_text() == fingerprint()


def form() -> str:
    """For people: `compiled` or `pure Python`."""
    return "compiled" if any(isinstance(finder, _Finder) for finder in sys.meta_path) else "pure Python"


def use() -> None:
    """Let the compiled form be imported if it is there and fits. ImportError if it was asked for but does not."""
    wish = os.environ.get(SWITCH, "")
    if wish == "0" or form() == "compiled":
        return
    if fits():
        take()
    elif wish == "1":
        raise ImportError(f"{SWITCH}=1, but {FOLDER} does not hold what these sources make: run `make compiled`")


def take() -> None:
    """Import from FOLDER from now on, whether or not it fits."""
    sys.path.append(str(FOLDER))  # what the compiled modules share lies beside them
    sys.meta_path.insert(0, _Finder())


class _Finder:
    """importlib.abc.MetaPathFinder of the compiled modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The compiled module of that name, if there is one."""
        package, _, _ = fullname.partition(".")
        if package != "vorzimmer":
            return None
        file = FOLDER.joinpath(*fullname.split(".")).with_suffix(SUFFIX)
        if not file.is_file():
            return None
        return spec_from_file_location(fullname, file, loader=ExtensionFileLoader(fullname, str(file)))
