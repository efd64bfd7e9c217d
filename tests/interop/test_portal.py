"""The portal in Debian's chromium, against the demo: journeys, keys, both languages, light and dark, narrow, axe.

The checks themselves are web/e2e/portal.mjs; PORTAL_PICTURES=DIR keeps pictures of every page to be looked at.
"""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_demo import Demo

ROOT = Path(__file__).parents[2]
DEADLINE_S = 240.0


async def _run(folder: Path) -> list[dict[str, Any]]:
    demo = Demo(folder)
    await demo.start()
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await _journeys(demo)
    finally:
        await demo.stop()


async def _journeys(demo: Demo) -> list[dict[str, Any]]:
    pictures = os.environ.get("PORTAL_PICTURES", "")
    words = (f"http://localhost:{demo.http_port}", str(demo.state / "accounts.txt"), *([pictures] if pictures else []))
    process = await asyncio.create_subprocess_exec(
        "node", "e2e/portal.mjs", *words, cwd=ROOT / "web", stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    return [json.loads(line) for line in told.decode().splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    subprocess.run(["make", "--no-print-directory", "portal"], cwd=ROOT, check=True)
    return asyncio.run(_run(tmp_path_factory.mktemp("portal")))


@pytest.mark.parametrize(
    "check",
    [
        "sign-in is accessible and tells nobody which half was wrong",
        "pages de light 1280",
        "pages en dark 1280",
        "pages de light 320",
        "keys: g p, search, arrows, Enter, Esc, Ctrl K",
        "a user forwards all calls, sees where that leads, and takes it back",
        "a new person has a phone whose code can be scanned",
        "why a call went where it went, in 30 seconds",
        "10,000 people are scrolled and searched, and only rows in sight are drawn",
    ],
)
def test_portal(told: list[dict[str, Any]], check: str) -> None:
    found = next((row for row in told if row.get("check") == check), None)
    assert found is not None, f"the check did not run; these did: {[row.get('check') for row in told]}"
    assert found["faults"] == []
