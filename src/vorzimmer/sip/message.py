"""SIP messages as values: start line, headers in order, body (RFC 3261 section 7).

Parsing is lazy: a message is cut into lines and nothing inside a header value is looked at until somebody asks for it.
Bytes that are not UTF-8 are kept: text is decoded with ``surrogateescape`` and written back the same way.
This module must never answer, time or route anything, and raises nothing but PeerError on a peer's bytes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.names import SPELLINGS, canonical
from vorzimmer.sip.text import BLANKS, split_list

VERSION = "SIP/2.0"
MAX_HEADER_LINES = 256
"""More header lines than this in one message is an attack, not a call."""


METHODS = frozenset({
    "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER",
    "MESSAGE", "UPDATE",
})  # fmt: skip
"""Known to be tokens, which spares a look."""


class MessageError(PeerError):
    """A message that cannot be accepted; `partial` is the request as far as it could be read, None without one.

    The error is answerable exactly when `partial` still has the Via that says where a response goes: RFC 4475 section
    3.3.1 asks for a 400 even where From, To and Call-ID are missing.
    """

    def __init__(self, reason: str, status: int = 400, partial: "Request | None" = None) -> None:
        super().__init__(reason, status, answerable=partial is not None and _can_be_answered(partial))
        self.partial = partial


class NotSipError(MessageError):
    """The start line is none of SIP's: whoever sends this on a stream has lost its place, or speaks something else."""


class Headers:
    """An ordered, case-insensitive multi-map of raw header values; compact names are expanded when read.

    Values are unfolded text, not parsed. Repeated list headers (Via, Route, Contact ...) may come as several lines
    or comma-separated: ``list_of`` gives the elements either way.
    """

    __slots__ = ("_index", "_pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = [(canonical(name), value) for name, value in pairs]
        self._index: dict[str, list[str]] | None = None

    def lines(self, name: str) -> list[str]:
        """The lines of that name as they came, unfolded: not to be changed by the caller."""
        index = self._index
        if index is None:
            index = self._look_up()
        found = index.get(name)
        if found is None:
            wanted = SPELLINGS.get(name) or canonical(name)
            found = _NO_LINES if wanted == name else index.get(wanted, _NO_LINES)
        return found

    def _look_up(self) -> dict[str, list[str]]:
        """Lines by name; a message is asked for its headers far more often than it is changed."""
        index: dict[str, list[str]] = {}
        for key, value in self._pairs:
            if key in index:
                index[key].append(value)
            else:
                index[key] = [value]
        self._index = index
        return index

    def get(self, name: str, default: str = "") -> str:
        """The first value of that name."""
        index = self._index
        if index is None:
            index = self._look_up()
        found = index.get(name) or self.lines(name)
        return found[0] if found else default

    def get_all(self, name: str) -> list[str]:
        """The lines of that name as they came, unfolded."""
        return self.lines(name).copy()

    def list_of(self, name: str) -> list[str]:
        """The comma-separated elements of all lines of that name; quotes and <> are respected, empty ones left out."""
        found = self.lines(name)
        if len(found) == 1:
            return split_list(found[0])
        return [element for value in found for element in split_list(value)] if found else []

    def repeated(self) -> list[str]:
        """The names that have several lines."""
        index = self._look_up() if self._index is None else self._index
        return [name for name, lines in index.items() if len(lines) > 1] if len(index) < len(self._pairs) else []

    def add(self, name: str, value: str) -> None:
        """Append a line."""
        self._index = None
        self._pairs.append((canonical(name), value))

    def prepend(self, name: str, value: str) -> None:
        """Put a line in front of the first of that name (Via), at the top without one."""
        wanted = canonical(name)
        keys = [key for key, _ in self._pairs]
        self._index = None
        self._pairs.insert(keys.index(wanted) if wanted in keys else 0, (wanted, value))

    def set(self, name: str, value: str) -> None:
        """Replace all lines of that name by one, in the place of the first."""
        wanted = canonical(name)
        keys = [key for key, _ in self._pairs]
        place = keys.index(wanted) if wanted in keys else len(keys)
        kept = [pair for pair in self._pairs if pair[0] != wanted]
        kept.insert(place, (wanted, value))
        self._index = None
        self._pairs = kept

    def remove(self, name: str) -> None:
        """Drop all lines of that name."""
        wanted = canonical(name)
        self._index = None
        self._pairs = [pair for pair in self._pairs if pair[0] != wanted]

    def copy(self) -> "Headers":
        """An independent copy."""
        return _adopt(self._pairs.copy())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.lines(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        return self._pairs == other._pairs if isinstance(other, Headers) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # mutable, like list

    def __repr__(self) -> str:
        return f"Headers({self._pairs!r})"


_NO_LINES: list[str] = []


def _adopt(pairs: list[tuple[str, str]]) -> Headers:
    headers = Headers.__new__(Headers)
    headers._pairs = pairs
    headers._index = None
    return headers


@dataclass(slots=True)
class Request:
    """A request. `uri` is the Request-URI as text (see ``sip.uri.parse``)."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def to_bytes(self) -> bytes:
        """The wire form; Content-Length is written from the body, whatever the headers say."""
        return _write(f"{self.method} {self.uri} {VERSION}", self.headers, self.body)


@dataclass(slots=True)
class Response:
    """A response."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def to_bytes(self) -> bytes:
        """The wire form; Content-Length is written from the body, whatever the headers say."""
        return _write(f"{VERSION} {self.status} {self.reason}", self.headers, self.body)


Message = Request | Response


def _write(start: str, headers: Headers, body: bytes) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers if name != "Content-Length"]
    lines.insert(0, start)
    lines.append(f"Content-Length: {len(body)}")
    text = "\r\n".join(lines)
    # No value may smuggle in a header line of its own, wherever it came from.
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        text = "\r\n".join(line.replace("\r", " ").replace("\n", " ") for line in lines)
    return text.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def parse(data: bytes) -> Message:
    """One whole message (a datagram, or what ``sip.framing`` cut from a stream).

    Structure only: start line, header lines, body by Content-Length (a datagram's excess is dropped, too little is a
    PeerError 400). Raises PeerError, never anything else. On an error of a *request* whose Via can still be read, the
    error is answerable and ``partial`` (attribute of the error) holds the Request.
    """
    head, body, whole = _cut(data)
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    start = lines[0].rstrip("\r")
    pairs, problem = _read_headers(lines)
    if head.count(b"\r") != head.count(b"\r\n"):
        # A bare CR inside a value would be a line end for some other parser.
        pairs = [(key, value.replace("\r", " ")) for key, value in pairs]
    headers = _adopt(pairs)
    if start[:4].upper() == "SIP/":
        return _response(start, headers, body, problem if whole else "Header section without an end")
    request, bad_start = _request(start, headers)
    if bad_start or problem or not whole:
        reason, status = bad_start or (problem or "Header section without an end", 400)
        raise MessageError(reason, status, request)
    try:
        request.body = body_of(headers, body)
    except PeerError as error:
        raise MessageError(error.reason, error.status, request) from None
    return request


def _cut(data: bytes) -> tuple[bytes, bytes, bool]:
    """Header section, what follows it, and whether the empty line between them was there."""
    end = data.find(b"\r\n\r\n")
    size = 4
    if end < 0:
        end, size = data.find(b"\n\n"), 2
    if end == 0 or data[:1] in (b"\r", b"\n"):
        # RFC 3261 section 7.5: empty lines before the start line are ignored.
        return _cut(stripped) if (stripped := data.lstrip(b"\r\n")) else (b"", b"", False)
    return (data, b"", False) if end < 0 else (data[:end], data[end + size :], True)


def _read_headers(lines: list[str]) -> tuple[list[tuple[str, str]], str]:
    """Header lines as pairs, and what was wrong with the first bad one ("" if nothing)."""
    pairs: list[tuple[str, str]] = []
    problem = "Too many header lines" if len(lines) > MAX_HEADER_LINES else ""
    spellings = SPELLINGS
    for line in lines[1 : MAX_HEADER_LINES + 1]:
        name, colon, value = line.partition(":")
        key = spellings.get(name)
        if key is not None and colon:
            pairs.append((key, value.strip(BLANKS)))
        elif line[:1] in (" ", "\t") and pairs:
            key, value = pairs[-1]
            pairs[-1] = (key, f"{value} {line.strip(BLANKS)}".strip(BLANKS))
        else:
            try:
                pairs.append((canonical(name if colon and line[0] not in BLANKS else ""), value.strip(BLANKS)))
            except PeerError as error:
                problem = problem or error.reason
    return pairs, problem


def _request(start: str, headers: Headers) -> tuple[Request, tuple[str, int] | None]:
    """The request and, for a bad Request-Line, why and with what status to refuse (RFC 3261 section 7.1)."""
    parts = start.split(" ")
    if len(parts) == 3 and parts[2] == VERSION and parts[1]:
        request = Request(parts[0], parts[1], headers)
        plain = parts[0] in METHODS and "\t" not in start and "\r" not in start
        return request, None if plain else _bad_line(parts[0], parts[1])
    words = start.split()
    version = words[-1].upper() if len(words) > 1 else ""
    if not version.startswith("SIP/"):
        raise NotSipError("Not a SIP message")
    request = Request(words[0], " ".join(words[1:-1]), headers)
    if version != VERSION:
        return request, ("Version Not Supported", 505)
    if len(parts) == 3 and len(words) == 3:
        return request, _bad_line(parts[0], parts[1])
    return request, ("Bad Request-Line", 400)


def _bad_line(method: str, uri: str) -> tuple[str, int] | None:
    try:
        canonical(method)
    except PeerError:
        return "Bad method", 400
    return ("Bad Request-URI", 400) if "\r" in uri or "\t" in uri else None


def _response(start: str, headers: Headers, body: bytes, problem: str) -> Response:
    version, _, rest = start.partition(" ")
    code, _, reason = rest.partition(" ")
    if problem or version.upper() != VERSION or not (len(code) == 3 and code.isascii() and code.isdecimal()):
        raise MessageError(problem or "Bad status line")
    if not 100 <= int(code) <= 699:
        raise MessageError("Bad status code")
    try:
        return Response(int(code), reason.replace("\r", " "), headers, body_of(headers, body))
    except PeerError as error:
        raise MessageError(error.reason) from None


def parse_headers(data: bytes) -> Headers:
    """Header lines alone, as in the parts of a multipart body; raises PeerError 400."""
    pairs, problem = _read_headers(["", *data.decode("utf-8", "surrogateescape").split("\n")])
    if problem:
        raise PeerError(problem)
    return _adopt(pairs)


def body_of(headers: Headers, rest: bytes) -> bytes:
    """The body by Content-Length (RFC 3261 section 20.14): all of `rest` without one; PeerError 400 if too short."""
    length = content_length(headers)
    if length is None:
        return rest
    if length > len(rest):
        raise PeerError("Content-Length exceeds the message")
    return rest[:length]


def content_length(headers: Headers) -> int | None:
    """Content-Length, None without one. Raises PeerError 400 for a bad value or several different ones."""
    values = headers.lines("Content-Length")
    if not values:
        return None
    text = values[0]
    if (len(values) > 1 and any(value != text for value in values)) or "," in text:
        raise PeerError("Several Content-Length values")
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise PeerError("Bad Content-Length")
    return int(text)


def _can_be_answered(request: Request) -> bool:
    # An ACK never has a response (RFC 3261 section 17.1.1.3).
    return request.method != "ACK" and bool(request.headers.get("Via"))
