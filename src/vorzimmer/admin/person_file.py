"""What is known of a person as a file to be handed over: one JSON document, or one for each part in a ZIP.

This module must never add or leave out anything.
"""

import io
import zipfile
from typing import Any

import msgspec


def as_json(told: dict[str, Any]) -> bytes:
    """Readable by people and programs."""
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def as_zip(told: dict[str, Any]) -> bytes:
    """``records.json``, ``calls.json`` …, and ``about.json`` with whom and when."""
    parts = {name: value for name, value in told.items() if not isinstance(value, str)}
    about = {name: value for name, value in told.items() if isinstance(value, str)}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in {"about": about, **parts}.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.json"), msgspec.json.format(msgspec.json.encode(value), indent=2))
    return data.getvalue()
