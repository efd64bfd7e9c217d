"""What control, the supervisor and the command line must not load: the web framework and what only web needs."""

import subprocess
import sys

HEAVY = {"fastapi", "pydantic", "joserfc", "webauthn", "aiosmtplib", "httpx", "argon2"}


def test_nobody_but_web_loads_the_web_framework() -> None:
    """Each of them would cost every command and every restart of control some tenths of a second."""
    modules = "vorzimmer.app.control, vorzimmer.app.supervisor, vorzimmer.cli.commands"
    script = f"import sys, {modules}; print(' '.join(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {name.partition(".")[0] for name in loaded} & HEAVY
