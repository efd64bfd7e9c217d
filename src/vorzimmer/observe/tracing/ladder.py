"""Draws ladders: who sent what to whom and when, one column per host, remarks between the arrows.

This module must never look at anything but what it is given, nor let text from the wire move a column.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vorzimmer.kernel.text import safe_name

WIDTH = 24


@dataclass(frozen=True, slots=True)
class Rung:
    """One message on its way at `time` (seconds): names of both ends, its first line, and what became of it
    ("" delivered, "lost", "twice", "cut")."""

    time: float
    source: str
    target: str
    text: str
    fate: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of its own between two rungs."""

    time: float
    text: str


def draw(rungs: Sequence[Rung | Remark], columns: Sequence[str] = (), width: int = WIDTH) -> str:
    """The ladder as text. `columns` come first and in that order, other hosts follow as they appear."""
    hosts = (name for rung in rungs if isinstance(rung, Rung) for name in (rung.source, rung.target))
    names = list(dict.fromkeys((*columns, *hosts)))
    head = " " * 11 + "".join(name[: width - 2].ljust(width) for name in names)
    return "\n".join([head.rstrip(), *(_line(rung, names, width) for rung in rungs)])


def _line(rung: Rung | Remark, names: list[str], width: int) -> str:
    if isinstance(rung, Remark):
        return f"{rung.time:10.3f} * {rung.text}"
    start, end = names.index(rung.source), names.index(rung.target)
    low, high = min(start, end), max(start, end)
    bars = ["|" + " " * (width - 1)] * len(names)
    row = "".join(bars)
    if low != high:
        arrow = _arrow(rung, (high - low) * width - 1, to_right=end > start)
        row = row[: low * width + 1] + arrow + row[high * width :]
    note = f"  ({rung.fate})" if rung.fate else ""
    return f"{rung.time:10.3f} {row.rstrip()}{note}"


def _arrow(rung: Rung, length: int, *, to_right: bool) -> str:
    label = rung.text[: length - 4]
    shaft = "x" if rung.fate in {"lost", "cut"} else ""
    body = label.center(length - 1, "-")
    return body[len(shaft) :] + shaft + ">" if to_right else "<" + shaft + body[len(shaft) :]


def first_line(data: bytes) -> str:
    """What a ladder shows of a message: its start line without the version, and the CSeq's method for responses."""
    head = data.partition(b"\r\n")[0]
    text = head.decode("utf-8", "replace").replace("SIP/2.0", "").strip()
    if not head.startswith(b"SIP/2.0"):
        return safe_name(text.replace("sip:", ""), 200) if text else "keep-alive"
    at = data.lower().find(b"\ncseq:")
    method = data[at + 6 :].split(b"\r\n", 1)[0].decode("utf-8", "replace").split() if at >= 0 else []
    return safe_name(f"{text} ({method[-1]})" if method else text, 200)
