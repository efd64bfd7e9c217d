"""Header values as frozen types: name-addr, Via, CSeq, Replaces, Reason, credentials (RFC 3261 section 20 and others).

Each is read only when somebody asks for it. Parameter values are kept as they were written (quotes and all), so what
comes in goes out unchanged; ``get`` gives them unquoted. Bad text raises PeerError 400 and nothing else.
"""

import re
from functools import lru_cache

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.message import METHODS, Headers
from vorzimmer.sip.text import (
    BLANKS,
    end_of_quoted,
    is_number,
    is_token,
    parse_int,
    quote,
    split_list,
    split_outside,
    unescape,
    unquote,
)
from vorzimmer.sip.uri import Params, Uri, is_ipv6, split_host
from vorzimmer.sip.uri import parse as parse_uri

__all__ = [
    "STAR", "AuthParams", "CSeq", "NameAddr", "Reason", "Replaces", "Star", "Via", "parse_auth", "parse_contacts",
    "parse_cseq", "parse_int", "parse_name_addr", "parse_params", "parse_privacy", "parse_reason", "parse_replaces",
    "parse_via", "quote",
]  # fmt: skip

MAX_ELEMENTS = 100
"""Of one list header; more hops than Max-Forwards allows, or more contacts than any device has, is an attack."""

_REMEMBERED = 256
"""Values per kind: checking, matching and authenticating read the same ones of a message within a turn."""

MAX_CSEQ = 2**31 - 1
"""RFC 3261 section 8.1.1.5: less than 2**31."""


_USUAL = frozenset({"branch", "rport", "received", "tag", "expires", "q", "transport", "lr", "ob", "+sip.instance"})
"""Names of parameters that need no look."""


def parse_params(text: str) -> Params:
    """``;a=b;c;d="e"`` (or without the first semicolon) as pairs; names lower case, values as written, None without."""
    if not text:
        return ()
    return tuple([_param(part) for part in split_outside(text, ";") if part.strip(BLANKS)])


def _param(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    if name not in _USUAL:
        name = name.strip(BLANKS).lower()
        if not is_token(name):
            raise PeerError("Bad parameter")
    value = value.strip(BLANKS)
    if value[:1] == '"' and (len(value) < 2 or end_of_quoted(value, 0) != len(value) - 1):
        raise PeerError("Bad quoted string")
    return name, value if equals else None


def _find(params: Params, name: str, default: str) -> str:
    for key, value in params:
        if key == name:
            return unquote(value or "")
    return default


def _written(params: Params) -> str:
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in params)


class NameAddr(msgspec.Struct, frozen=True):
    """``"display" <uri>;params``: From, To, Contact, Route, Refer-To, P-Asserted-Identity ... (RFC 3261 section 20.10).

    `display` is decoded ("" without one); `uri_text` is what stands inside the <>.
    """

    display: str
    uri_text: str
    params: Params = ()

    @property
    def uri(self) -> Uri:
        """The parsed URI; raises PeerError 400."""
        return parse_uri(self.uri_text)

    @property
    def tag(self) -> str:
        """The tag of From and To, "" without one."""
        return _find(self.params, "tag", "")

    def get(self, name: str, default: str = "") -> str:
        """A header parameter, unquoted ("" for one without a value), `default` without it."""
        return _find(self.params, name, default)

    def having(self, name: str, value: str | None) -> "NameAddr":
        """A copy with this parameter set (`value` as it must be written)."""
        kept = tuple(pair for pair in self.params if pair[0] != name)
        return NameAddr(self.display, self.uri_text, (*kept, (name, value)))

    def without(self, name: str) -> "NameAddr":
        """A copy without this parameter."""
        return NameAddr(self.display, self.uri_text, tuple(pair for pair in self.params if pair[0] != name))

    def __str__(self) -> str:
        shown = f"{quote(self.display)} " if self.display else ""
        return f"{shown}<{self.uri_text}>{_written(self.params)}"


@lru_cache(maxsize=_REMEMBERED)
def parse_name_addr(text: str) -> NameAddr:
    """Read a name-addr or addr-spec with header parameters; raises PeerError 400.

    Strict where RFC 4475 asks for it: unbalanced quotes, blanks inside <>, a display name with characters that need
    quotes, and ``?`` or ``,`` in a URI without <> are refused (3.1.2.6, 3.1.2.13 to 3.1.2.15).
    """
    bare = text.strip(BLANKS)
    if bare[:1] == '"':
        end = end_of_quoted(bare, 0)
        rest = bare[end + 1 :].lstrip(BLANKS)
        if end < 0 or rest[:1] != "<":
            raise PeerError("Bad quoted display name")
        return _bracketed(unescape(bare[1:end]), rest)
    opening = bare.find("<")
    if opening < 0:
        return _addr_spec(bare)
    display = bare[:opening].strip(BLANKS)
    if display and not _plain_display(display):
        raise PeerError("Display name needs quotes")
    return _bracketed(display, bare[opening:])


def _plain_display(text: str) -> bool:
    # RFC 3261 asks for tokens; names in UTF-8 without quotes are everywhere and cannot be mistaken for anything else.
    return is_token(text) or all(not word.isascii() or is_token(word) for word in text.split())


def _bracketed(display: str, text: str) -> NameAddr:
    uri, closing, params = text[1:].partition(">")
    params = params.strip(BLANKS)
    if not closing or not uri or " " in uri or "\t" in uri or (params and params[0] != ";"):
        raise PeerError("Bad address")
    return NameAddr(display, uri, parse_params(params) if params else ())


def _addr_spec(text: str) -> NameAddr:
    uri, _, params = text.partition(";")
    uri = uri.strip(BLANKS)
    if ":" not in uri or any(char in uri for char in ' \t,?">'):
        raise PeerError("Bad address")
    return NameAddr("", uri, parse_params(params) if params else ())


class Star(msgspec.Struct, frozen=True):
    """``Contact: *``: all bindings (RFC 3261 section 10.2.2)."""

    def __str__(self) -> str:
        return "*"


STAR = Star()


def parse_contacts(headers: Headers) -> Star | tuple[NameAddr, ...]:
    """All Contact elements; ``*`` beside anything else is a PeerError 400."""
    elements = headers.list_of("Contact")
    if len(elements) > MAX_ELEMENTS:
        raise PeerError("Too many Contact values")
    if "*" in elements:
        if len(elements) > 1:
            raise PeerError("Contact * beside another")
        return STAR
    return tuple(parse_name_addr(element) for element in elements)


class Via(msgspec.Struct, frozen=True):
    """One Via element (RFC 3261 section 20.42): `transport` upper case, `host` without brackets, `port` or None."""

    transport: str
    host: str
    port: int | None = None
    params: Params = ()
    version: str = "2.0"

    @property
    def branch(self) -> str:
        """The branch parameter, "" without one."""
        return _find(self.params, "branch", "")

    @property
    def received(self) -> str:
        """The received address without brackets, "" without one (RFC 5118 section 4.5: both forms are met)."""
        return _find(self.params, "received", "").strip("[]")

    @property
    def alias(self) -> bool:
        """Whether the connection may be used for requests the other way round, too (RFC 5923)."""
        return any(key == "alias" for key, _ in self.params)

    @property
    def wants_rport(self) -> bool:
        """True where the client asked for RFC 3581 treatment (with or without a value)."""
        return any(key == "rport" for key, _ in self.params)

    @property
    def rport(self) -> int | None:
        """The port filled in by the server, None where there is none; raises PeerError 400 for a bad one."""
        value = _find(self.params, "rport", "")
        return parse_int(value, 65535) if value else None

    def get(self, name: str, default: str = "") -> str:
        """A parameter, unquoted, `default` without it."""
        return _find(self.params, name, default)

    def having(self, name: str, value: str | None) -> "Via":
        """A copy with this parameter set, in its old place if it had one."""
        if any(key == name for key, _ in self.params):
            params = tuple((key, value if key == name else old) for key, old in self.params)
        else:
            params = (*self.params, (name, value))
        return Via(self.transport, self.host, self.port, params, self.version)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/{self.version}/{self.transport} {host}{port}{_written(self.params)}"


@lru_cache(maxsize=_REMEMBERED)
def parse_via(text: str) -> Via:
    """Read one Via element, white space around the slashes and the colon allowed (RFC 4475 section 3.1.1.1)."""
    head, semicolon, tail = text.partition(";")
    pieces = head.split("/", 2)
    if len(pieces) != 3 or pieces[0].strip(BLANKS).upper() != "SIP":
        raise PeerError("Bad Via")
    version = pieces[1].strip(BLANKS)
    transport, *place = pieces[2].split(None, 1)[:2] or [""]
    if version != "2.0" or not is_token(transport) or not place:
        raise PeerError("Bad Via")
    host, port = split_host("".join(place[0].split()))
    params = parse_params(tail) if semicolon else ()
    _check_received(params)
    return Via(transport.upper(), host, port, params)


def _check_received(params: Params) -> None:
    received = _find(params, "received", "")
    if ":" in received and not is_ipv6(received.removeprefix("[").removesuffix("]")):
        raise PeerError("Bad received address")


class CSeq(msgspec.Struct, frozen=True):
    """Sequence number and method (RFC 3261 section 20.16)."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def parse_cseq(text: str) -> CSeq:
    """Read a CSeq; raises PeerError 400 for a number of 2**31 or more too (RFC 4475 section 3.1.2.4)."""
    number, _, method = text.partition(" ")
    if method in METHODS and len(number) < 10 and number.isascii() and number.isdecimal():
        return CSeq(int(number), method)
    parts = text.split()
    if len(parts) != 2 or not is_token(parts[1]):
        raise PeerError("Bad CSeq")
    return CSeq(parse_int(parts[0], MAX_CSEQ), parts[1])


class AuthParams(msgspec.Struct, frozen=True):
    """Credentials or a challenge (RFC 3261 section 20.7, 20.44): parameter names lower case, values as written."""

    scheme: str
    params: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """A parameter, unquoted, `default` without it."""
        return _find(self.params, name, default)

    def __str__(self) -> str:
        return f"{self.scheme} " + ", ".join(f"{name}={value}" for name, value in self.params)


_PAIR = re.compile(r'[ \t]*([A-Za-z0-9-]+)=("[^"\\]*"|[^\s",;<>\\]+)[ \t]*(?:,|$)')
"""One parameter as everybody writes it, with its comma; text of nothing else needs no closer look."""


@lru_cache(maxsize=_REMEMBERED)
def parse_auth(text: str) -> AuthParams:
    """Read Authorization, Proxy-Authorization, WWW-Authenticate or Proxy-Authenticate; raises PeerError 400.

    An unknown scheme is read like any other (RFC 4475 section 3.3.7); a token68 in place of parameters is left out.
    """
    scheme, _, rest = text.strip(BLANKS).partition(" ")
    if not is_token(scheme):
        raise PeerError("Bad credentials")
    if not _PAIR.sub("", rest):
        return AuthParams(scheme, tuple([(name.lower(), value) for name, value in _PAIR.findall(rest)]))
    params = []
    for part in split_list(rest):
        if "=" not in part:
            if scheme.lower() == "digest":
                raise PeerError("Bad credentials")
            continue
        name, value = _param(part)
        params.append((name, value or ""))
    return AuthParams(scheme, tuple(params))


class Replaces(msgspec.Struct, frozen=True):
    """The dialog to take over (RFC 3891 section 6.1); tags as its receiver sees them, "" where the phone knows none."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        to_tag = f";to-tag={self.to_tag}" if self.to_tag else ""
        from_tag = f";from-tag={self.from_tag}" if self.from_tag else ""
        return f"{self.call_id}{to_tag}{from_tag}{early}"


def parse_replaces(text: str) -> Replaces:
    """Read Replaces or Join, also without tags as some phones send them; PeerError 400."""
    call_id, _, rest = text.partition(";")
    params = parse_params(rest)
    to_tag, from_tag = _find(params, "to-tag", ""), _find(params, "from-tag", "")
    call_id = call_id.strip(BLANKS)
    if not call_id or " " in call_id:
        raise PeerError("Bad Replaces")
    return Replaces(call_id, to_tag, from_tag, any(name == "early-only" for name, _ in params))


class Reason(msgspec.Struct, frozen=True):
    """Why a request is sent (RFC 3326): `protocol` SIP or Q.850, `cause` a number or None, `text` for people."""

    protocol: str
    cause: int | None = None
    text: str = ""

    def __str__(self) -> str:
        cause = "" if self.cause is None else f";cause={self.cause}"
        return self.protocol + cause + (f";text={quote(self.text)}" if self.text else "")


def parse_reason(text: str) -> Reason:
    """Read one Reason element (``list_of`` gives them); raises PeerError 400."""
    protocol, _, rest = text.partition(";")
    params = parse_params(rest)
    cause = _find(params, "cause", "")
    if not is_token(protocol.strip(BLANKS)) or (cause and not is_number(cause)):
        raise PeerError("Bad Reason")
    return Reason(protocol.strip(BLANKS), parse_int(cause) if cause else None, _find(params, "text", ""))


def parse_privacy(headers: Headers) -> frozenset[str]:
    """The values of Privacy, lower case (RFC 3323 section 4.2): semicolons or commas between them."""
    words = (
        word.strip(BLANKS).lower()
        for value in headers.get_all("Privacy")
        for word in value.replace(",", ";").split(";")
    )
    return frozenset(word for word in words if word)
