"""Digest authentication, both sides (RFC 3261 section 22, RFC 7616, RFC 8760 with SHA-256 before MD5).

Nonces are signed and dated, so they need no memory and survive a restart; what is kept is the highest nonce count of
each nonce in use. An unknown account costs the same work and gives the same answer as a wrong password. This module
must never see a password on the server's side, and never say which of the two was wrong.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.headers import AuthParams, parse_auth
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.text import quote
from vorzimmer.sip.uri import SipUri, parse

ALGORITHMS = ("SHA-256", "MD5")
"""Best first; RFC 8760 section 2.4 wants the challenges in this order."""

_TIME, _BOOT, _SALT, _SEAL = 12, 8, 16, 32
"""Lengths of the four hexadecimal pieces of a nonce."""


class Credentials(msgspec.Struct, frozen=True):
    """What the server keeps of an account: H(username:realm:password) in hexadecimal, per algorithm."""

    username: str
    ha1_md5: str
    ha1_sha256: str

    @classmethod
    def of(cls, username: str, realm: str, password: str) -> "Credentials":
        """Made once, where the password is set."""
        text = f"{username}:{realm}:{password}"
        return cls(username, _hash("MD5", text), _hash("SHA-256", text))

    def ha1(self, algorithm: str) -> str:
        """The stored hash for that algorithm."""
        return self.ha1_md5 if algorithm == "MD5" else self.ha1_sha256


class Granted(msgspec.Struct, frozen=True):
    """The answer was right: `username` is who it is, whatever From says."""

    username: str


class Challenge(msgspec.Struct, frozen=True):
    """Ask (again): `status` 401 or 407 with `headers`. No failure; `stale`: the answer was right but too old."""

    status: int
    headers: tuple[tuple[str, str], ...]
    stale: bool = False


class Denied(msgspec.Struct, frozen=True):
    """A wrong answer. `why` (credentials, malformed, uri) is for counting only; the peer gets the same as ever."""

    status: int
    headers: tuple[tuple[str, str], ...]
    username: str
    why: str


Verdict = Granted | Challenge | Denied


@dataclass(frozen=True, slots=True)
class DigestConfig:
    """`lifetime` of a nonce in seconds; `remembered` nonces whose counts are kept; `algorithms` offered, best first
    (MD5 alone for phones that give up at the first challenge they do not know).

    `md5_only` are beginnings of User-Agent values of phones that refuse to register when any challenge is not MD5
    (seen with baresip 1.0.0: "Function not implemented", and with sipp 3.6). They get MD5 alone: an attacker who could
    rewrite the User-Agent could remove the SHA-256 challenge as well."""

    realm: str
    lifetime: float = 600.0
    remembered: int = 200_000
    algorithms: tuple[str, ...] = ALGORITHMS
    md5_only: tuple[str, ...] = ("baresip v0", "baresip v1", "sipp")


class Authenticator:
    """The server's side. `key` signs nonces and is the same after a restart.

    An answer without qop (RFC 2069, some door phones) is accepted once per nonce: without a nonce count a second use
    could not be told from a replay, so it gets ``stale=true`` and a fresh nonce.
    """

    def __init__(
        self, config: DigestConfig, key: bytes, credentials: Callable[[str], Credentials | None], chance: Chance
    ) -> None:
        self._config = config
        self._key = key
        self._credentials = credentials
        self._chance = chance
        self._boot = chance.token(_BOOT // 2)
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._forgotten = -1

    def claimed(self, request: Request, *, proxy: bool = False) -> str:
        """The account a request says it is from, unproven; "" without readable credentials for this realm."""
        try:
            given = self._given(request.headers, "Proxy-Authorization" if proxy else "Authorization")
        except PeerError:
            return ""
        return given.get("username") if given else ""

    @property
    def realm(self) -> str:
        """The one realm of this server."""
        return self._config.realm

    def check(self, request: Request, now: float, *, proxy: bool = False) -> Verdict:
        """Judge a request at monotonic `now`; `proxy` uses the headers and status of a proxy (407).

        Credentials of another scheme or realm count as none (RFC 4475 section 3.3.7).
        """
        try:
            given = self._given(request.headers, "Proxy-Authorization" if proxy else "Authorization")
        except PeerError:
            return self._deny(request, now, "malformed", proxy=proxy)
        agent = request.headers.get("User-Agent")
        if given is None:
            return self.challenge(now, proxy=proxy, agent=agent)
        answer = _Answer.read(given)
        if answer is None or answer.algorithm not in self._config.algorithms:
            return self._deny(request, now, "malformed", given.get("username"), proxy=proxy)
        if not self._is_right(answer, request.method):
            return self._deny(request, now, "credentials", answer.username, proxy=proxy)
        if not same_target(answer.uri, request.uri):
            return self._deny(request, now, "uri", answer.username, proxy=proxy)
        if not self._is_fresh(answer, now):
            return self.challenge(now, proxy=proxy, stale=True, agent=agent)
        return Granted(answer.username)

    def challenge(self, now: float, *, proxy: bool = False, stale: bool = False, agent: str = "") -> Challenge:
        """A fresh challenge for each algorithm that a phone calling itself `agent` can read."""
        nonce = self._nonce(now)
        name = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
        tail = ", stale=true" if stale else ""
        values = (
            f'Digest realm={quote(self.realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{tail}'
            for algorithm in self._algorithms(agent)
        )
        return Challenge(407 if proxy else 401, tuple((name, value) for value in values), stale)

    def _algorithms(self, agent: str) -> tuple[str, ...]:
        if agent.startswith(self._config.md5_only) and "MD5" in self._config.algorithms:
            return ("MD5",)
        return self._config.algorithms

    def _deny(self, request: Request, now: float, why: str, username: str = "", *, proxy: bool) -> Denied:
        challenge = self.challenge(now, proxy=proxy, agent=request.headers.get("User-Agent"))
        return Denied(challenge.status, challenge.headers, username, why)

    def _given(self, headers: Headers, name: str) -> AuthParams | None:
        for value in headers.lines(name):
            if value[:7].lower() != "digest ":
                continue
            params = parse_auth(value)
            if params.get("realm") == self.realm:
                return params
        return None

    def _is_right(self, answer: "_Answer", method: str) -> bool:
        known = self._credentials(answer.username)
        # The decoy keeps time and answer the same for an account that does not exist.
        ha1 = known.ha1(answer.algorithm) if known else self._sign(f"decoy:{answer.username}")
        right = hmac.compare_digest(answer.expected(ha1, method).encode(), answer.response.encode("utf-8", "replace"))
        return right and known is not None

    def _is_fresh(self, answer: "_Answer", now: float) -> bool:
        """True once for each nonce of ours and count (RFC 7616 section 3.4)."""
        sealed = self._sign(answer.nonce[:-_SEAL])
        if not hmac.compare_digest(sealed, answer.nonce[-_SEAL:].lower()):
            return False
        issued = int(answer.nonce[:_TIME], 16)
        age = now - issued / 1000
        if answer.nonce[_TIME : _TIME + _BOOT] != self._boot or not -1 <= age <= self._config.lifetime:
            return False
        highest = self._counts.get(answer.nonce)
        if highest is None and issued <= self._forgotten:
            return False
        if answer.count <= (highest or 0):
            return False
        self._remember(answer)
        return True

    def _remember(self, answer: "_Answer") -> None:
        self._counts[answer.nonce] = answer.count
        self._counts.move_to_end(answer.nonce)
        while len(self._counts) > self._config.remembered:
            nonce, _ = self._counts.popitem(last=False)
            # Whatever is that old and not remembered may be a replay of what was forgotten.
            self._forgotten = max(self._forgotten, int(nonce[:_TIME], 16))

    def _nonce(self, now: float) -> str:
        text = f"{int(now * 1000):0{_TIME}x}{self._boot}{self._chance.token(_SALT // 2)}"
        return text + self._sign(text)

    def _sign(self, text: str) -> str:
        data = text.encode("utf-8", "surrogateescape")
        return hmac.digest(self._key, data, "sha256").hex()[:_SEAL]


class _Answer(msgspec.Struct, frozen=True):
    """The parts of an Authorization header that are used, checked for form."""

    username: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    qop: str
    count: int
    count_text: str
    cnonce: str

    @classmethod
    def read(cls, given: AuthParams) -> "_Answer | None":
        """None where it is not an answer to a challenge of ours."""
        algorithm = (given.get("algorithm") or "MD5").upper()
        qop, count = given.get("qop").lower(), given.get("nc")
        nonce = given.get("nonce")
        if algorithm not in ALGORITHMS or qop not in {"", "auth"} or not _is_hex(nonce, _TIME + _BOOT + _SALT + _SEAL):
            return None
        if qop and not (_is_hex(count, 8) and given.get("cnonce")):
            return None
        return cls(
            username=given.get("username"),
            nonce=nonce,
            uri=given.get("uri"),
            response=given.get("response").lower(),
            algorithm=algorithm,
            qop=qop,
            count=int(count, 16) if qop else 1,
            count_text=count,
            cnonce=given.get("cnonce"),
        )

    def expected(self, ha1: str, method: str) -> str:
        """The right response (RFC 7616 section 3.4.1; without qop RFC 2069)."""
        ha2 = _hash(self.algorithm, f"{method}:{self.uri}")
        middle = f"{self.nonce}:{self.count_text}:{self.cnonce}:{self.qop}" if self.qop else self.nonce
        return _hash(self.algorithm, f"{ha1}:{middle}:{ha2}")


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and all(char in "0123456789abcdefABCDEF" for char in text)


def _hash(algorithm: str, text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    maker = hashlib.md5 if algorithm == "MD5" else hashlib.sha256
    return maker(data, usedforsecurity=False).hexdigest()


def same_target(claimed: str, actual: str) -> bool:
    """Does the digest's uri name the Request-URI? Identical, or the same scheme, user and host.

    Ports and parameters are left out because phones differ there (``;transport=`` in one and not in the other); the
    answer still cannot be used for another user or host.
    """
    if claimed == actual:
        return True
    try:
        one, two = parse(claimed), parse(actual)
    except PeerError:
        return False
    if isinstance(one, SipUri) and isinstance(two, SipUri):
        return (one.scheme, one.user, one.host.lower()) == (two.scheme, two.user, two.host.lower())
    return one == two


@dataclass(frozen=True, slots=True)
class Account:
    """The client's side of an account."""

    username: str
    password: str = field(repr=False)


def answer(
    challenge: Headers, request: Request, account: Account, cnonce: str, *, count: int = 1
) -> tuple[str, str] | None:
    """The header line that answers a 401 or 407, for the best algorithm offered; None where we can answer none.

    `request` gives method and Request-URI; `count` is the nonce count (1 for a fresh nonce).
    """
    for name, reply in (("WWW-Authenticate", "Authorization"), ("Proxy-Authenticate", "Proxy-Authorization")):
        offers = [params for value in challenge.get_all(name) if (params := readable_offer(value)) is not None]
        for algorithm in ALGORITHMS:
            for offer in offers:
                if (offer.get("algorithm") or "MD5").upper() == algorithm:
                    use = Use(account, request.method, request.uri, f"{count:08x}", cnonce)
                    return reply, respond_to(offer, algorithm, use)
    return None


def readable_offer(value: str) -> AuthParams | None:
    """A challenge that can be answered with qop=auth or without qop; None for any other scheme, qop or garbage."""
    try:
        params = parse_auth(value)
    except PeerError:
        return None
    qops = {word.strip().lower() for word in params.get("qop").split(",")}
    return params if params.scheme.lower() == "digest" and qops & {"", "auth"} else None


class Use(NamedTuple):
    """One use of a nonce: for which request, `nc` as eight hexadecimal digits, the client's own nonce."""

    account: Account
    method: str
    uri: str
    nc: str
    cnonce: str


def respond_to(offer: AuthParams, algorithm: str, use: Use) -> str:
    """The value of (Proxy-)Authorization that answers `offer` by `algorithm`."""
    account = use.account
    realm, nonce = offer.get("realm"), offer.get("nonce")
    qop = "auth" if offer.get("qop") else ""
    mine = _Answer(account.username, nonce, use.uri, "", algorithm, qop, 1, use.nc, use.cnonce)
    ha1 = _hash(algorithm, f"{account.username}:{realm}:{account.password}")
    params = [
        ("username", quote(account.username)),
        ("realm", quote(realm)),
        ("nonce", quote(nonce)),
        ("uri", quote(use.uri)),
        ("response", quote(mine.expected(ha1, use.method))),
        ("algorithm", algorithm),
    ]
    if qop:
        params += [("qop", qop), ("nc", use.nc), ("cnonce", quote(use.cnonce))]
    if offer.get("opaque"):
        params.append(("opaque", quote(offer.get("opaque"))))
    return str(AuthParams("Digest", tuple(params)))
