"""Write the description of the API to web/src/api/openapi.json, from the application alone: no server, no database.

    python tools/openapi.py            writes the file
    python tools/openapi.py --check    fails if the file is not what the application says now

This tool must never need a running server.
"""

import json
import sys
from pathlib import Path
from typing import Any, cast

from vorzimmer.api.application import build
from vorzimmer.api.openapi import describe
from vorzimmer.api.ports import Ports

TARGET = Path(__file__).resolve().parent.parent / "web/src/api/openapi.json"


def text() -> str:
    """The description as the file has it."""
    told: dict[str, Any] = describe(build(cast(Ports, None)))  # nothing is asked of the house
    return json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """0: done, or nothing to do."""
    fresh = text()
    if "--check" in sys.argv:
        same = TARGET.exists() and TARGET.read_text("utf-8") == fresh
        print("openapi: current" if same else "openapi: run python tools/openapi.py")
        return 0 if same else 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(fresh, "utf-8")
    print(f"openapi: {TARGET.name}, {len(fresh)} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
