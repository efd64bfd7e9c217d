"""SIP, SIPS, tel and other URIs as values (RFC 3261 section 19.1, RFC 3966).

Parts are held decoded (``%40`` is ``@``) and written escaped again, so ``*97%23`` and a raw ``*97#`` are the same user.
Bytes that are not UTF-8 survive as surrogates. Plain string searches only. This module must never resolve a host.
"""

from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import quote, unquote

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.text import is_number

Params = tuple[tuple[str, str | None], ...]

_SHORT = 200
"""Longer ones are not remembered, so that no peer can fill the memory."""

MAX_URI = 8192
"""Characters; a longer URI is refused with 414."""

_UNRESERVED = "-_.!~*'()"
_USER = _UNRESERVED + "&=+$,;?/"
_PASSWORD = _UNRESERVED + "&=+$,"
_PARAM = _UNRESERVED + "[]/:&+$"
_HEADER = _UNRESERVED + "[]/?:+$"

_COMPARED = ("user", "ttl", "method", "maddr", "transport")
"""Parameters that must match even when only one side has them (RFC 3261 section 19.1.4)."""


class SipUri(msgspec.Struct, frozen=True):
    """A sip or sips URI. `host` has no brackets, also for IPv6; `user` is "" without one, `port` None if unwritten."""

    scheme: str
    user: str
    host: str
    port: int | None = None
    params: Params = ()
    headers: tuple[tuple[str, str], ...] = ()
    password: str | None = None

    def param(self, name: str, default: str = "") -> str:
        """The value of a URI parameter ("" for one without a value), `default` without it; names ignore case."""
        for key, value in self.params:
            if key.lower() == name:
                return value or ""
        return default

    def has(self, name: str) -> bool:
        """True where the parameter is there, with or without a value (``lr``, ``ob``)."""
        return any(key.lower() == name for key, _ in self.params)

    def header(self, name: str, default: str = "") -> str:
        """The decoded value of a URI header (``?Replaces=``)."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), default)

    @property
    def secure(self) -> bool:
        """True for sips."""
        return self.scheme == "sips"

    def bare(self) -> "SipUri":
        """The address alone: no parameters, headers, password (address of record, RFC 3261 section 10.3)."""
        return SipUri(self.scheme, self.user, self.host.lower(), self.port)

    def same(self, other: object) -> bool:
        """Equality by RFC 3261 section 19.1.4; scheme and host ignore case, user and password do not."""
        if not isinstance(other, SipUri):
            return False
        mine = (self.scheme, self.user, self.password, _same_host(self.host), self.port)
        theirs = (other.scheme, other.user, other.password, _same_host(other.host), other.port)
        return mine == theirs and _same_params(self, other) and _same_headers(self, other)

    def __str__(self) -> str:
        text = f"{self.scheme}:"
        if self.user:
            text += _escape(self.user, _USER)
            text += f":{_escape(self.password, _PASSWORD)}@" if self.password is not None else "@"
        text += f"[{self.host}]" if ":" in self.host else self.host
        if self.port is not None:
            text += f":{self.port}"
        for name, value in self.params:
            text += f";{_escape(name, _PARAM)}" + ("" if value is None else f"={_escape(value, _PARAM)}")
        if self.headers:
            text += "?" + "&".join(f"{_escape(n, _HEADER)}={_escape(v, _HEADER)}" for n, v in self.headers)
        return text


class TelUri(msgspec.Struct, frozen=True):
    """A tel URI. `number` as written, visual separators and all; `digits` without them."""

    number: str
    params: Params = ()
    scheme: str = "tel"

    @property
    def digits(self) -> str:
        """The number without visual separators (RFC 3966 section 5.1.1)."""
        return self.number.translate(_SEPARATORS)

    def param(self, name: str, default: str = "") -> str:
        """The value of a parameter, `default` without it; names ignore case."""
        return next((value or "" for key, value in self.params if key.lower() == name), default)

    def same(self, other: object) -> bool:
        """Equality by RFC 3966 section 4: separators and order of parameters do not count."""
        if not isinstance(other, TelUri):
            return False
        return self.digits.lower() == other.digits.lower() and _lowered(self.params) == _lowered(other.params)

    def __str__(self) -> str:
        tail = "".join(
            f";{_escape(n, _PARAM)}" + ("" if v is None else f"={_escape(v, _PARAM)}") for n, v in self.params
        )
        return f"tel:{_escape(self.number, _UNRESERVED + '+')}{tail}"


class OtherUri(msgspec.Struct, frozen=True):
    """A URI of any other scheme, kept as text after the colon."""

    scheme: str
    rest: str

    def same(self, other: object) -> bool:
        """Identical text, apart from the case of the scheme."""
        return self == other

    def __str__(self) -> str:
        return f"{self.scheme}:{self.rest}"


Uri = SipUri | TelUri | OtherUri

_SEPARATORS = str.maketrans("", "", "-.() ")


def parse(text: str) -> Uri:
    """Read an absolute URI; raises PeerError 400 (414 when over MAX_URI), for a text without a scheme too."""
    return _read(text) if len(text) > _SHORT else _remembered(text)


@lru_cache(maxsize=4096)
def _remembered(text: str) -> Uri:
    """The few URIs of a call are read again and again, and a phone's are the same in every call."""
    return _read(text)


def _read(text: str) -> Uri:
    scheme, colon, rest = text.partition(":")
    if len(text) > MAX_URI:
        raise PeerError("Request-URI Too Long", 414)
    name = scheme.lower()
    if not colon or not rest or not _is_scheme(name) or " " in rest or "<" in rest or ">" in rest or '"' in rest:
        raise PeerError("Bad URI")
    if name in {"sip", "sips"}:
        return _parse_sip(name, rest)
    return _parse_tel(rest) if name == "tel" else OtherUri(name, rest)


def parse_sip(text: str) -> SipUri:
    """Read a sip or sips URI; raises PeerError 416 for another scheme and 400 for a bad one."""
    uri = parse(text)
    if not isinstance(uri, SipUri):
        raise PeerError("Unsupported URI Scheme", 416)
    return uri


def _is_scheme(name: str) -> bool:
    return name.isascii() and name[:1].isalpha() and name.replace("+", "").replace("-", "").replace(".", "").isalnum()


def _parse_sip(scheme: str, rest: str) -> SipUri:
    userinfo, at, tail = rest.partition("@")
    user, password = "", None
    if at:
        raw, colon, secret = userinfo.partition(":")
        user, password = _unescape(raw), _unescape(secret) if colon else None
        if not user:
            raise PeerError("Bad URI: empty user")
    else:
        tail = rest
    if "@" in tail:
        raise PeerError("Bad URI: two @")
    tail, _, query = tail.partition("?")
    place, *params = tail.split(";")
    host, port = split_host(place)
    return SipUri(scheme, user, host, port, _read_params(params), _read_headers(query), password)


def split_host(text: str) -> tuple[str, int | None]:
    """``host``, ``host:port``, ``[v6]`` or ``[v6]:port`` as host (no brackets) and port; PeerError 400 otherwise."""
    if text[:1] == "[":
        host, bracket, port = text[1:].partition("]")
        # RFC 5118 section 4.10: a third colon, born from a slip in the ABNF of RFC 3261, is tolerated and not written.
        host = host.replace(":::", "::", 1)
        if not bracket or not is_ipv6(host) or (port and port[0] != ":"):
            raise PeerError("Bad IPv6 reference")
        return host, (_port(port[1:]) if port else None)
    host, colon, port = text.partition(":")
    if not is_host(host):
        raise PeerError("Bad host")
    return host, (_port(port) if colon else None)


def is_ipv6(text: str) -> bool:
    """True for an IPv6 address without brackets and zone (RFC 5118: two colons, never three)."""
    try:
        IPv6Address(text)
    except (AddressValueError, ValueError):
        return False
    return "%" not in text


def is_address(text: str) -> bool:
    """True for a literal IPv4 or IPv6 address without brackets."""
    return is_ipv6(text) or (text.count(".") == 3 and text.replace(".", "").isdecimal())


def is_host(text: str) -> bool:
    """True for a name or IPv4 address by its characters (underscores are met in the wild)."""
    return text.isascii() and len(text) <= 255 and text.translate(_HOST_EXTRA).isalnum()


_HOST_EXTRA = str.maketrans("", "", "-._")


def _port(text: str) -> int:
    if not is_number(text) or len(text) > 5 or not 0 < int(text) <= 65535:
        raise PeerError("Bad port")
    return int(text)


def _read_params(parts: list[str]) -> Params:
    if not parts:
        return ()
    pairs = (part.partition("=") for part in parts if part)
    return tuple((_unescape(name), _unescape(value) if equals else None) for name, equals, value in pairs)


def _read_headers(query: str) -> tuple[tuple[str, str], ...]:
    if not query:
        return ()
    pairs = (part.partition("=") for part in query.split("&") if part)
    return tuple((_unescape(name), _unescape(value)) for name, _, value in pairs)


def _parse_tel(rest: str) -> TelUri:
    number, *params = rest.split(";")
    decoded = _unescape(number)
    if not decoded or not all(c in "+*#-.()" or c in _HEX for c in decoded):
        raise PeerError("Bad telephone number")
    return TelUri(decoded, _read_params(params))


_HEX = frozenset("0123456789abcdefABCDEF")


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    return unquote(text, "utf-8", "surrogateescape")


def _escape(text: str, safe: str) -> str:
    # quote() costs a microsecond; most users are plain letters and digits.
    return text if text.isascii() and text.isalnum() else quote(text, safe, "utf-8", "surrogateescape")


def _same_host(host: str) -> str:
    return IPv6Address(host).compressed if ":" in host else host.lower()


def _lowered(params: Params) -> frozenset[tuple[str, str | None]]:
    return frozenset((name.lower(), None if value is None else value.lower()) for name, value in params)


def _same_params(one: SipUri, two: SipUri) -> bool:
    mine, theirs = dict(_lowered(one.params)), dict(_lowered(two.params))
    if any(mine.get(name) != theirs.get(name) for name in _COMPARED if name in mine or name in theirs):
        return False
    return all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys())


def _same_headers(one: SipUri, two: SipUri) -> bool:
    return sorted((n.lower(), v) for n, v in one.headers) == sorted((n.lower(), v) for n, v in two.headers)
