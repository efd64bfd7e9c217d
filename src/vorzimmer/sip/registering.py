"""Our own registration at somebody else's registrar, as a pure machine (RFC 3261 section 10.2, RFC 5626 section 4.5).

``due`` says when the next REGISTER is to be sent, ``request`` makes it, ``answered`` takes what came of it. Time,
chance and cnonce are given in. This module must never send, nor answer a challenge of another realm than the account's.
"""

from dataclasses import dataclass

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.client_auth import Nonces, answer_challenge, credentials, next_nonce
from vorzimmer.sip.digest import Account
from vorzimmer.sip.headers import Star, parse_contacts, parse_name_addr
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.text import is_number
from vorzimmer.sip.uri import SipUri

FIRST_WAIT_S = 30.0
"""Seconds before the second try after a failure; doubled with each further one (RFC 5626 section 4.5)."""
LONGEST_WAIT_S = 600.0
MOST_RETRY_AFTER = 3600
MOST_ROUTES = 8
MOST_SECONDS = 86_400
"""A Min-Expires above this is no registrar that we can follow."""


@dataclass(frozen=True, slots=True)
class RegisterSpec:
    """`registrar` is the Request-URI, `address` the address of record, `expires` in seconds; `realm` "" takes any."""

    registrar: str
    address: str
    account: Account
    expires: int = 600
    realm: str = ""


class Registering:
    """One registration. `due` is None while a request is under way; `target` counts on whenever another proxy is to be
    tried; `why` is what the last failure was, "" after a success; `fresh` until the first result."""

    def __init__(self, spec: RegisterSpec, call_id: str, now: float) -> None:
        self._spec = spec
        self._call_id = call_id
        self._cseq = 0
        self._expires = spec.expires
        self._until = 0.0
        self._failures = 0
        self._nonces: Nonces = ()
        self._sent = Headers(())
        self._contact = ""
        self.due: float | None = now
        self.target = 0
        self.why = ""
        self.fresh = True
        self.route: tuple[str, ...] = ()
        """The Service-Route of the registrar: the way of requests of ours (RFC 3608 section 5.1)."""

    @property
    def nonces(self) -> Nonces:
        """What calls over this registration may use before they are asked."""
        return self._nonces

    def registered(self, now: float) -> bool:
        """Whether the registrar's word still holds."""
        return now < self._until

    @property
    def until(self) -> float:
        """The end of what was granted, in monotonic seconds."""
        return self._until

    def soon(self, now: float) -> None:
        """The way there has changed (a connection closed, another address): register at once."""
        if self.due is not None:
            self.due = now

    def request(self, contact: str, cnonce: str, *, expires: int | None = None) -> Request:
        """The next REGISTER; `expires` 0 takes the registration back. From now on an answer is waited for."""
        spec = self._spec
        self._cseq += 1
        self._contact = contact
        answer = credentials(self._nonces, "REGISTER", spec.registrar, spec.account, cnonce=cnonce)
        self._nonces = answer.nonces
        lines = [
            ("From", f"<{spec.address}>"),
            ("To", f"<{spec.address}>"),
            ("Call-ID", self._call_id),
            ("CSeq", f"{self._cseq} REGISTER"),
            ("Contact", f"<{contact}>"),
            ("Expires", str(self._expires if expires is None else expires)),
            *answer.headers,
        ]
        self.due = None
        request = Request("REGISTER", spec.registrar, Headers(lines))
        self._sent = request.headers
        return request

    def answered(self, status: int, headers: Headers | None, now: float, fraction: float) -> None:
        """The final response, or 408 and 503 where none came; `fraction` 0 <= f < 1 of chance."""
        if 200 <= status < 300 and headers is not None:
            self._granted(headers, now, fraction)
        elif headers is not None and self._asked_again(status, headers):
            self.due = now
        else:
            self._failed(status, headers, now, fraction)

    def _granted(self, headers: Headers, now: float, fraction: float) -> None:
        seconds = self._seconds(headers)
        self._nonces = next_nonce(headers, self._nonces)
        self._failures, self.why, self.fresh = 0, "", False
        self.route = _route(headers)
        self._until = now + seconds
        # Before it runs out, and never in step with other trunks (RFC 3261 section 10.2.4).
        self.due = now + max(seconds * (0.75 + 0.1 * fraction), 1.0)

    def _seconds(self, headers: Headers) -> int:
        """What was granted: our Contact's own expires, else the header's, else what we asked for."""
        found = _listed(headers, self._contact) or headers.get("Expires")
        return min(int(found[:9]), MOST_SECONDS) if is_number(found) else self._expires

    def _asked_again(self, status: int, headers: Headers) -> bool:
        """Whether the same request in another form may succeed at once."""
        if status == 423:
            return self._longer(headers.get("Min-Expires"))
        return status in {401, 407} and self._challenged(status, headers)

    def _challenged(self, status: int, headers: Headers) -> bool:
        nonces = answer_challenge(status, headers, self._nonces, self._sent, realm=self._spec.realm)
        self._nonces = nonces or ()
        return nonces is not None

    def _longer(self, least: str) -> bool:
        """RFC 3261 section 10.2.8: at least so long; a registrar that names no more than we asked for is broken."""
        if not is_number(least) or not self._expires < int(least[:9]) <= MOST_SECONDS:
            return False
        self._expires = int(least)
        return True

    def _failed(self, status: int, headers: Headers | None, now: float, fraction: float) -> None:
        self.fresh = False
        self.why = f"REGISTER answered {status}" if headers is not None else "no answer to REGISTER"
        self._failures += 1
        self.target += 1
        after = headers.get("Retry-After").partition(";")[0].partition("(")[0].strip() if headers is not None else ""
        if status == 503 and is_number(after):
            self.due = now + min(int(after[:9]), MOST_RETRY_AFTER) + fraction
            return
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(self._failures - 1, 8))
        self.due = now + longest * (0.5 + 0.5 * fraction)


def _route(headers: Headers) -> tuple[str, ...]:
    """Loose routes alone, and not too many; whatever else a registrar says is no way to go."""
    found = headers.list_of("Service-Route")
    return tuple(found) if len(found) <= MOST_ROUTES and all(map(_is_loose, found)) else ()


def _is_loose(text: str) -> bool:
    try:
        uri = parse_name_addr(text).uri
    except PeerError:
        return False
    return isinstance(uri, SipUri) and uri.has("lr")


def _listed(headers: Headers, contact: str) -> str:
    """The expires parameter of our Contact among all that the registrar lists."""
    try:
        found = parse_contacts(headers)
        if isinstance(found, Star):
            return ""
        for each in found:
            if isinstance(each.uri, SipUri) and f"sip:{each.uri.user}@" in contact:
                return each.get("expires")
    except PeerError:
        return ""
    return ""
