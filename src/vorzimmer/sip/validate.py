"""Is this request one that may be handled at all? (RFC 3261 sections 8.1.1, 8.2, 16.3; RFC 4475 for the hard cases.)

``check_request`` is syntax and consistency, ``check_support`` what we can do with it. What is tolerable is tolerated: a
missing Max-Forwards, a branch without cookie, a bad Date. This module must never answer.
"""

from collections.abc import Collection
from functools import lru_cache

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.content import SDP, parse_media_type, parts
from vorzimmer.sip.headers import MAX_ELEMENTS, Star, parse_contacts, parse_cseq, parse_int, parse_name_addr, parse_via
from vorzimmer.sip.message import Headers, Request, Response
from vorzimmer.sip.text import is_token
from vorzimmer.sip.uri import OtherUri, SipUri, parse

_MANDATORY = ("Via", "From", "To", "Call-ID", "CSeq")
_SINGLE = frozenset({"From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type", "Expires"})
_ROUTES = ("Record-Route", "Route", "Path")
_SESSION = frozenset({"INVITE", "UPDATE", "PRACK"})


class RefusedError(PeerError):
    """A PeerError whose answer carries more header lines (``extra``: Unsupported, Accept ...)."""

    def __init__(self, reason: str, status: int, extra: tuple[tuple[str, str], ...]) -> None:
        super().__init__(reason, status)
        self.extra = extra


def check_request(request: Request) -> None:
    """Raise PeerError (status 400 or 416, and why) for a request that must not be handled."""
    headers = request.headers
    for name in headers.repeated():
        if name in _SINGLE:
            raise PeerError(f"Several {name} header fields")
    _check_present(headers)
    for value in _elements(headers, "Via"):
        parse_via(value)
    _check_name_addr(headers.get("From"))
    _check_name_addr(headers.get("To"))
    _check_cseq(request)
    hops = headers.get("Max-Forwards", "70")
    if hops != "70":
        parse_int(hops, 255)
    _check_addresses(request)
    _check_uri(request.uri)
    if request.body and "Content-Type" not in headers:
        raise PeerError("Missing Content-Type")


def check_response(response: Response) -> None:
    """Raise PeerError, never answerable, for a response that must be dropped (RFC 4475 sections 3.1.2.5, 3.1.2.19)."""
    headers = response.headers
    try:
        _check_present(headers)
        for value in _elements(headers, "Via"):
            parse_via(value)
        for name in ("From", "To"):
            parse_name_addr(headers.get(name))
        parse_cseq(headers.get("CSeq"))
    except PeerError as error:
        raise PeerError(error.reason, error.status, answerable=False) from None


def check_support(request: Request, supported: Collection[str], types: Collection[str] = (SDP,)) -> None:
    """Raise RefusedError 420, 415 or 406 for what we cannot do (RFC 3261 section 8.2.2.3 and 8.2.3).

    `supported` are option tags; `types` the media types that INVITE, UPDATE and PRACK may carry. Bodies of other
    methods are judged by those who read them.
    """
    if request.method in {"ACK", "CANCEL"}:
        return
    required = request.headers.list_of("Require")
    unknown = [tag for tag in required if tag.lower() not in supported] if required else required
    if unknown:
        raise RefusedError("Bad Extension", 420, (("Unsupported", ", ".join(unknown)),))
    if request.method not in _SESSION:
        return
    _check_encoding(request.headers)
    _check_types(request, types)
    if request.method == "INVITE" and not accepts(request.headers, SDP):
        raise RefusedError("Not Acceptable", 406, (("Accept", ", ".join(types)),))


def accepts(headers: Headers, kind: str) -> bool:
    """True where Accept is missing or admits the media type `kind` (RFC 3261 section 20.1)."""
    values = headers.get_all("Accept")
    if not values:
        return True
    major = kind.partition("/")[0]
    ranges = {element.partition(";")[0].replace(" ", "").lower() for element in headers.list_of("Accept")}
    return bool(ranges & {kind, f"{major}/*", "*/*"})


def _elements(headers: Headers, name: str) -> list[str]:
    """The elements of a list header, so few that reading them costs a stranger's datagram little."""
    elements = headers.list_of(name)
    if len(elements) > MAX_ELEMENTS:
        raise PeerError(f"Too many {name} values")
    return elements


def _check_name_addr(value: str) -> None:
    """The address of From and To is the same in many messages, the tag behind it in few."""
    end = value.rfind(">") + 1
    tail = value[end:]
    usual = not tail or (tail.startswith(";tag=") and is_token(tail[5:]))
    if not (usual and end and _is_address(value[:end])):
        _ = parse_name_addr(value).uri


@lru_cache(maxsize=2048)
def _is_address(value: str) -> bool:
    try:
        _ = parse_name_addr(value).uri
    except PeerError:
        return False
    return True


def _check_present(headers: Headers) -> None:
    for name in _MANDATORY:
        if not headers.get(name):
            raise PeerError(f"Missing {name} header field", answerable=bool(headers.get("Via")))
    call_id = headers.get("Call-ID")
    if " " in call_id or "\t" in call_id or "\r" in call_id:
        raise PeerError("Bad Call-ID")


def _check_cseq(request: Request) -> None:
    if parse_cseq(request.headers.get("CSeq")).method != request.method:
        raise PeerError("CSeq method does not match")


def _check_addresses(request: Request) -> None:
    headers = request.headers
    if "Contact" in headers:
        contacts = parse_contacts(headers)
        if isinstance(contacts, Star):
            if request.method != "REGISTER":
                raise PeerError("Contact * outside REGISTER")
        else:
            for contact in contacts:
                _ = contact.uri
    for name in _ROUTES:
        if name not in headers:
            continue
        for value in _elements(headers, name):
            _ = parse_name_addr(value).uri


def _check_uri(text: str) -> None:
    uri = parse(text)
    if isinstance(uri, OtherUri):
        raise PeerError("Unsupported URI Scheme", 416)
    if isinstance(uri, SipUri) and uri.headers:
        # RFC 3261 section 19.1.1 forbids them there, RFC 4475 section 3.1.2.11 asks for 400.
        raise PeerError("Request-URI with header fields")


def _check_encoding(headers: Headers) -> None:
    encodings = [element.lower() for element in headers.list_of("Content-Encoding")]
    if encodings and any(encoding != "identity" for encoding in encodings):
        raise RefusedError("Unsupported Media Type", 415, (("Accept-Encoding", "identity"),))


def _check_types(request: Request, types: Collection[str]) -> None:
    headers = request.headers
    if not request.body or (SDP in types and headers.get("Content-Type") == SDP):
        return
    multipart = parse_media_type(request.headers.get("Content-Type")).name.startswith("multipart/")
    leaves = parts(request)
    known = [part for part in leaves if part.type.name in types]
    # In a multipart body one usable part is enough; what else is in there is read over (RFC 5621 section 3).
    if (multipart and known) or all(part.type.name in types or part.optional for part in leaves):
        return
    raise RefusedError("Unsupported Media Type", 415, (("Accept", ", ".join(types)),))
