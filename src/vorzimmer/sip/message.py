"""SIP messages as values: start line, headers in order, body (RFC 3261 section 7).

CONTRACT SKETCH - names and signatures are fixed; the bodies are filled in by the owner of this module.
Bytes that are not UTF-8 are kept: text is decoded with ``surrogateescape`` and written back the same way.
This module must never answer, time or route anything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


class Headers:
    """An ordered, case-insensitive multi-map of raw header values; compact names are expanded when read.

    Values are unfolded text, not parsed. Repeated list headers (Via, Route, Contact ...) may come as several lines
    or comma-separated: ``list_of`` gives the elements either way.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None: ...
    def get(self, name: str, default: str = "") -> str: ...  # first value
    def get_all(self, name: str) -> list[str]: ...  # lines as they came
    def list_of(self, name: str) -> list[str]: ...  # comma-separated elements, quotes and <> respected
    def add(self, name: str, value: str) -> None: ...  # append
    def prepend(self, name: str, value: str) -> None: ...  # in front of the first of that name (Via)
    def set(self, name: str, value: str) -> None: ...  # replace all of that name
    def remove(self, name: str) -> None: ...
    def __contains__(self, name: object) -> bool: ...
    def __iter__(self) -> Iterator[tuple[str, str]]: ...
    def copy(self) -> "Headers": ...


@dataclass(slots=True)
class Request:
    """A request. `uri` is the Request-URI as text (see ``sip.uri.parse``)."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def to_bytes(self) -> bytes: ...  # sets Content-Length


@dataclass(slots=True)
class Response:
    """A response."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def to_bytes(self) -> bytes: ...


Message = Request | Response


def parse(data: bytes) -> Message:
    """One whole message (a datagram, or what ``sip.framing`` cut from a stream).

    Structure only: start line, header lines, body by Content-Length (a datagram's excess is dropped, too little is a
    PeerError 400). Raises PeerError, never anything else. On an error of a *request* whose Via, From, To, Call-ID and
    CSeq can still be read, the error is answerable and ``partial`` (attribute of the error) holds the Request.
    """


# sip.uri:      parse(text) -> SipUri | TelUri | OtherUri  (frozen; str() writes it; equality by RFC 3261 19.1.4 via .same(other))
#               SipUri(scheme, user, password, host, port, params: tuple[tuple[str, str | None], ...], headers: tuple[tuple[str, str], ...])
# sip.headers:  parse_name_addr(text) -> NameAddr(display, uri_text, params)   [From, To, Contact, Route, Refer-To, PAI ...]
#               parse_via(text) -> Via(version, transport, host, port, params); parse_cseq(text) -> CSeq(number, method)
#               parse_contacts(headers) -> Star | tuple[NameAddr, ...]; parse_params; parse_auth(text) -> AuthParams(scheme, params)
#               parse_replaces(text) -> Replaces(call_id, to_tag, from_tag, early_only); parse_reason; parse_privacy; parse_int...
#               each value type is frozen with `parse` and `__str__`; bad text raises PeerError(400)
# sip.framing:  StreamBuffer(limits).feed(data) -> list[bytes | Ping | Pong]; PeerError (not answerable or 413/513) ends the connection
# sip.validate: check_request(request) -> None raises PeerError(status, reason): mandatory headers, CSeq match and range,
#               version, Max-Forwards, scheme 416, Content-Type present etc., as RFC 4475/5118 ask for each torture case
