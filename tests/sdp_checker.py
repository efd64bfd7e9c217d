"""A strict reading of offers and answers, written apart from the product so that both cannot be wrong in the same way.

It works on text, knows nothing of ``vorzimmer.sdp``, and names what a careful phone would object to.
"""

import re
from dataclasses import dataclass, field

ORDER = "vosiuepcbtrzka"
DIRECTIONS = {"sendrecv": (1, 1), "sendonly": (1, 0), "recvonly": (0, 1), "inactive": (0, 0)}
STATIC = {0: "PCMU/8000", 3: "GSM/8000", 8: "PCMA/8000", 9: "G722/8000", 13: "CN/8000", 18: "G729/8000"}


@dataclass
class Stream:
    """One m= section."""

    kind: str
    port: int
    protocol: str
    numbers: list[str]
    connection: str
    attributes: list[str] = field(default_factory=list)
    direction: str = "sendrecv"

    def maps(self) -> dict[str, str]:
        """Number to encoding, in capitals, static ones included."""
        found = {str(n): name for n, name in STATIC.items()}
        for line in self.attributes:
            match = re.fullmatch(r"rtpmap:(\d+) (\S+)", line.strip())
            if match:
                found[match[1]] = match[2].upper()
        return {number: found[number] for number in self.numbers if number in found}


@dataclass
class Text:
    """A description, read strictly; `faults` are breaches of RFC 8866."""

    origin: list[str]
    streams: list[Stream]
    faults: list[str]


def read(data: bytes) -> Text:
    """Read strictly, collecting what is wrong."""
    faults: list[str] = []
    text = data.decode("utf-8", "replace")
    if not text.endswith("\r\n") or "\n" in text.replace("\r\n", ""):
        faults.append("line ends are not CRLF")
    lines = [(line[0], line[2:]) for line in text.split("\r\n") if line[1:2] == "="]
    head = [pair for index, pair in enumerate(lines) if "m" not in {kind for kind, _ in lines[: index + 1]}]
    kinds = [kind for kind, _ in head]
    if [ORDER.index(kind) for kind in kinds] != sorted(ORDER.index(kind) for kind in kinds):
        faults.append(f"order of lines: {kinds}")
    if kinds[:3] != ["v", "o", "s"] or "t" not in kinds:
        faults.append("v=, o=, s= or t= is missing")
    origin = dict(head).get("o", "").split()
    if len(origin) != 6 or not origin[1].isdigit() or not origin[2].isdigit():
        faults.append(f"o= {origin}")
    session = next((value for kind, value in head if kind == "c"), "")
    level = next((value for kind, value in head if kind == "a" and value in DIRECTIONS), "sendrecv")
    return Text(origin, _streams(lines[len(head) :], session, level, faults), faults)


def _streams(lines: list[tuple[str, str]], session: str, level: str, faults: list[str]) -> list[Stream]:
    streams: list[Stream] = []
    for kind, value in lines:
        if kind == "m":
            words = value.split(" ")
            if len(words) < 4 or not re.fullmatch(r"\d+(/\d+)?", words[1]):
                faults.append(f"m={value}")
                continue
            streams.append(Stream(words[0], int(words[1].partition("/")[0]), words[2], words[3:], session))
            streams[-1].direction = level
        elif kind == "c":
            streams[-1].connection = value
        elif kind == "a":
            streams[-1].attributes.append(value)
            if value in DIRECTIONS:
                streams[-1].direction = value
    for stream in streams:
        if stream.port and not stream.connection:
            faults.append(f"{stream.kind} has no c=")
        if stream.port and len(set(stream.numbers)) != len(stream.numbers):
            faults.append(f"numbers twice: {stream.numbers}")
    return streams


def faults_of_answer(offer: bytes, answer: bytes) -> list[str]:
    """What RFC 3264 section 6 and RFC 4568 forbid about `answer` to `offer`."""
    asked, given = read(offer), read(answer)
    if len(asked.streams) != len(given.streams):
        return [f"{len(given.streams)} streams for {len(asked.streams)}"]
    pairs = list(zip(asked.streams, given.streams, strict=True))
    return [*given.faults, *(fault for one, other in pairs for fault in _faults_of_stream(one, other))]


def _faults_of_stream(asked: Stream, given: Stream) -> list[str]:
    if (asked.kind, asked.protocol) != (given.kind, given.protocol):
        return [f"{asked.kind} {asked.protocol} became {given.kind} {given.protocol}"]
    if not given.port:
        return []
    faults = [] if asked.port else ["a refused stream was taken"]
    if not set(given.numbers) <= set(asked.numbers):
        faults.append(f"numbers {given.numbers} of {asked.numbers}")
    offered = asked.maps()
    faults += [f"{n} is {e}, not {offered.get(n)}" for n, e in given.maps().items() if not _same(e, offered.get(n, ""))]
    if all("TELEPHONE-EVENT" in e for e in given.maps().values()):
        faults.append("no audio format")
    send, receive = DIRECTIONS[given.direction]
    may_receive, may_send = DIRECTIONS[asked.direction]
    if send > may_send or receive > may_receive:
        faults.append(f"{given.direction} to {asked.direction}")
    if "rtcp-mux" in given.attributes and "rtcp-mux" not in asked.attributes:
        faults.append("rtcp-mux was not offered")
    return faults + _faults_of_keys(asked, given)


def _same(one: str, other: str) -> bool:
    usual = {"G722/16000": "G722/8000", "OPUS/48000": "OPUS/48000/2", "OPUS/48000/1": "OPUS/48000/2"}
    strip = [usual.get(e.removesuffix("/1") if e.count("/") == 2 and "OPUS" not in e else e, e) for e in (one, other)]
    return strip[0].removesuffix("/1") == strip[1].removesuffix("/1")


def _faults_of_keys(asked: Stream, given: Stream) -> list[str]:
    offered = {tuple(a.split()[:2]) for a in asked.attributes if a.startswith("crypto:")}
    answered = [tuple(a.split()[:2]) for a in given.attributes if a.startswith("crypto:")]
    if len(answered) > 1 or not set(answered) <= offered:
        return [f"keys {answered} for {sorted(offered)}"]
    if "SAVP" in given.protocol and not answered:
        return ["encrypted without a key"]
    same = {a.split()[2] for a in given.attributes if a.startswith("crypto:")}
    return ["their key as ours"] if same & {a.split()[2] for a in asked.attributes if a.startswith("crypto:")} else []


def faults_of_next(before: bytes, after: bytes) -> list[str]:
    """What RFC 3264 section 8 forbids about a later description of the same writer."""
    one, other = read(before), read(after)
    faults = list(other.faults)
    if one.origin[:2] != other.origin[:2] or one.origin[3:] != other.origin[3:]:
        faults.append("another origin")
    if int(other.origin[2]) - int(one.origin[2]) != (before != after):
        faults.append(f"version {one.origin[2]} to {other.origin[2]}")
    if [s.kind for s in one.streams] != [s.kind for s in other.streams[: len(one.streams)]]:
        faults.append("streams moved")
    for asked, given in zip(one.streams, other.streams, strict=False):
        maps = asked.maps()
        faults += [f"{n} was {maps[n]}, is {e}" for n, e in given.maps().items() if n in maps and not _same(maps[n], e)]
    return faults
