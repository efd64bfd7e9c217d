"""Answering a 401 or 407 as a client, with what may be remembered between requests (RFC 3261 section 22, RFC 7616).

For trunks only: a phone's challenge is never answered. Pure: the caller draws the cnonce, keeps ``Nonces`` beside the
trunk and sends the request again (``InviteSpec.after`` keeps Call-ID and From and takes the next CSeq). This module
must never answer for a realm that is not the account's, nor twice with a password that has just been refused.
"""

from dataclasses import dataclass

import msgspec

from vorzimmer.sip.digest import ALGORITHMS, Account, Use, readable_offer, respond_to
from vorzimmer.sip.headers import AuthParams, parse_auth
from vorzimmer.sip.message import Headers

_FORMS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}

MOST_NONCES = 4
"""Realms that one account is asked by on one way; more is a loop."""


class Nonce(msgspec.Struct, frozen=True):
    """A challenge that was answered, and how often its nonce has been used. `proxy` tells 407 from 401."""

    offer: AuthParams
    algorithm: str
    proxy: bool
    count: int = 0

    @property
    def realm(self) -> str:
        """Whose challenge it is."""
        return self.offer.get("realm")


Nonces = tuple[Nonce, ...]
"""What is remembered of one peer; () at first and after anything went wrong."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Header lines for the next request, and what to remember."""

    headers: tuple[tuple[str, str], ...]
    nonces: Nonces


def credentials(nonces: Nonces, method: str, uri: str, account: Account, *, cnonce: str) -> Answer:
    """Authorization lines for a further request before anybody asks (RFC 3261 section 22.2, RFC 7616 section 3.6).

    `uri` is its Request-URI. A nonce without qop is used once: it would be a replay.
    """
    kept = tuple(msgspec.structs.replace(nonce, count=nonce.count + 1) for nonce in nonces if _again(nonce))
    return Answer(tuple(_line(nonce, method, uri, account, cnonce) for nonce in kept), kept)


def answer_challenge(status: int, headers: Headers, nonces: Nonces, sent: Headers, *, realm: str = "") -> Nonces | None:
    """What to remember after a 401 or 407, or None where it must not be answered.

    `sent` are the headers of the request that was refused. None means: no Digest that we know (SHA-256 before MD5),
    not the configured `realm` ("" takes any), or the password was wrong: a fresh answer was refused and the challenge
    is not ``stale=true`` (RFC 7616 section 3.3). A nonce used before may have run out without saying so.
    """
    if status not in _FORMS:
        return None
    asked, answered = _FORMS[status]
    offers = _best(headers.get_all(asked), realm)
    if not offers:
        return None
    for offer, algorithm in offers.values():
        if _refused(offer, algorithm, sent.get_all(answered)):
            return None
    proxy = status == 407
    kept = [nonce for nonce in nonces if nonce.proxy != proxy or nonce.realm not in offers]
    kept += [Nonce(offer, algorithm, proxy) for offer, algorithm in offers.values()]
    return tuple(kept[-MOST_NONCES:])


def next_nonce(headers: Headers, nonces: Nonces) -> Nonces:
    """Take the server's next nonce from the Authentication-Info of a 2xx (RFC 7616 section 3.5)."""
    fresh = ""
    for value in headers.get_all("Authentication-Info"):
        for part in value.split(","):
            name, _, text = part.partition("=")
            if name.strip().lower() == "nextnonce":
                fresh = text.strip().strip('"')
    if not fresh or '"' in fresh or "\\" in fresh:
        return nonces
    return tuple(nonce if nonce.proxy else _renewed(nonce, fresh) for nonce in nonces)


def _renewed(nonce: Nonce, fresh: str) -> Nonce:
    params = tuple((name, f'"{fresh}"' if name == "nonce" else value) for name, value in nonce.offer.params)
    return Nonce(AuthParams(nonce.offer.scheme, params), nonce.algorithm, nonce.proxy)


def _again(nonce: Nonce) -> bool:
    return not nonce.count or bool(nonce.offer.get("qop"))


def _line(nonce: Nonce, method: str, uri: str, account: Account, cnonce: str) -> tuple[str, str]:
    use = Use(account, method, uri, f"{nonce.count:08x}", cnonce)
    return _FORMS[407 if nonce.proxy else 401][1], respond_to(nonce.offer, nonce.algorithm, use)


def _best(values: list[str], realm: str) -> dict[str, tuple[AuthParams, str]]:
    """Per realm the challenge with the best algorithm."""
    found: dict[str, tuple[AuthParams, str]] = {}
    for value in values[:16]:
        offer = readable_offer(value)
        if offer is None or (realm and offer.get("realm") != realm):
            continue
        algorithm = (offer.get("algorithm") or "MD5").upper()
        known = found.get(offer.get("realm"))
        if algorithm in ALGORITHMS and (known is None or ALGORITHMS.index(algorithm) < ALGORITHMS.index(known[1])):
            found[offer.get("realm")] = offer, algorithm
    return found


def _refused(offer: AuthParams, algorithm: str, sent: list[str]) -> bool:
    """Whether this challenge says that the answer in `sent` was wrong, and not only old."""
    if offer.get("stale").lower() == "true":
        return False
    for value in sent:
        given = parse_auth(value)
        same = given.get("realm") == offer.get("realm") and (given.get("algorithm") or "MD5").upper() == algorithm
        if same:
            used_before = int(given.get("nc") or "1", 16) > 1
            return not (used_before and given.get("nonce") != offer.get("nonce"))
    return False
