"""A ladder diagram of a simulated run, for the person who has to understand a failing seed.

This module must never influence a run.
"""

from collections import deque
from dataclasses import dataclass

_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Rung:
    """One message on its way at `time` (virtual seconds): names of both ends, its first line, and what became of it
    ("" delivered, "lost", "twice", "cut")."""

    time: float
    source: str
    target: str
    text: str
    fate: str = ""


class Ladder:
    """The last `limit` messages of a run."""

    def __init__(self, limit: int = 4_000) -> None:
        self.rungs: deque[Rung] = deque(maxlen=limit)

    def add(self, rung: Rung) -> None:
        """Record one message."""
        self.rungs.append(rung)

    def diagram(self, last: int = 200) -> str:
        """The last messages as text, one column per host in order of appearance."""
        rungs = list(self.rungs)[-last:]
        names = list(dict.fromkeys(name for rung in rungs for name in (rung.source, rung.target)))
        head = " " * 11 + "".join(name[: _WIDTH - 2].ljust(_WIDTH) for name in names)
        return "\n".join([head.rstrip(), *(_line(rung, names) for rung in rungs)])


def _line(rung: Rung, names: list[str]) -> str:
    start, end = names.index(rung.source), names.index(rung.target)
    low, high = min(start, end), max(start, end)
    bars = ["|" + " " * (_WIDTH - 1)] * len(names)
    row = "".join(bars)
    if low != high:
        arrow = _arrow(rung, (high - low) * _WIDTH - 1, to_right=end > start)
        row = row[: low * _WIDTH + 1] + arrow + row[high * _WIDTH :]
    note = f"  ({rung.fate})" if rung.fate else ""
    return f"{rung.time:10.3f} {row.rstrip()}{note}"


def _arrow(rung: Rung, width: int, *, to_right: bool) -> str:
    label = rung.text[: width - 4]
    shaft = "x" if rung.fate in {"lost", "cut"} else ""
    body = label.center(width - 1, "-")
    return body[len(shaft) :] + shaft + ">" if to_right else "<" + shaft + body[len(shaft) :]


def first_line(data: bytes) -> str:
    """What a ladder shows of a message: its start line without the version, and the CSeq's method for responses."""
    head = data.partition(b"\r\n")[0]
    text = head.decode("utf-8", "replace").replace("SIP/2.0", "").strip()
    if not head.startswith(b"SIP/2.0"):
        return text.replace("sip:", "") if text else "keep-alive"
    at = data.lower().find(b"\ncseq:")
    method = data[at + 6 :].split(b"\r\n", 1)[0].decode("utf-8", "replace").split() if at >= 0 else []
    return f"{text} ({method[-1]})" if method else text
