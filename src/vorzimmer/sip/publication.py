"""Event state that phones publish about themselves, as a soft-state store with entity tags (RFC 3903).

Time and tags come in; ``next_expiry`` says when to come back. Who may publish has been decided before. Nothing is kept
over a restart: the phone's next refresh meets 412 and it publishes anew (section 4.1). This module must never read a
document, and never keep more than its limits say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.message import Request
from vorzimmer.sip.subscription import Policy, granted
from vorzimmer.sip.validate import RefusedError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of one document, documents of one account, and of all."""

    size: int = 8_192
    each: int = 4
    all: int = 20_000


@dataclass(frozen=True, slots=True)
class Publication:
    """One published document. `expires` is monotonic seconds."""

    tag: str
    account: str
    package: str
    body: bytes
    expires: float


@dataclass(frozen=True, slots=True)
class Visit:
    """Circumstances of a PUBLISH: monotonic `now`, a new entity tag, a `fraction` of chance."""

    now: float
    tag: str
    fraction: float = 0.0


class Compositor:
    """All published documents. `forms` are the media type of each package, and what raises PeerError for a body that
    is no such document."""

    def __init__(
        self, forms: dict[str, tuple[str, Callable[[bytes], object]]], policy: Policy | None = None,
        limits: Limits | None = None,
    ) -> None:  # fmt: skip
        self._forms = forms
        self._policy = policy or Policy(shorten=0.0)
        self._limits = limits or Limits()
        self._by_tag: dict[str, Publication] = {}
        self._by_account: dict[str, list[str]] = {}
        self._expiries: list[tuple[float, str]] = []

    def of(self, account: str, package: str) -> tuple[Publication, ...]:
        """What an account has published, oldest first."""
        found = (self._by_tag[tag] for tag in self._by_account.get(account, ()))
        return tuple(each for each in found if each.package == package)

    def next_expiry(self) -> float | None:
        """When ``expire`` has something to look at."""
        return self._expiries[0][0] if self._expiries else None

    def __len__(self) -> int:
        return len(self._by_tag)

    def publish(self, account: str, package: str, request: Request, visit: Visit) -> tuple[tuple[str, str], ...]:
        """Initial, refresh, modify or remove (section 6); gives back the lines of the 200.

        Raises PeerError 400, 403 (too many), 412 (no such tag), 413, 415, 423 and changes nothing then."""
        headers = request.headers
        matches = headers.list_of("SIP-If-Match")
        if len(matches) > 1:
            raise PeerError("Several SIP-If-Match values")
        old = self._matched(matches[0].strip(), account, package) if matches else None
        seconds = granted(headers, self._policy, visit.fraction)
        if request.body:
            self._check_body(request, package)
        elif old is None:
            raise PeerError("Missing body")
        elif not seconds:
            self._drop(old)
            return (("SIP-ETag", visit.tag), ("Expires", "0"))
        body = request.body or (old.body if old is not None else b"")
        if old is None:
            self._check_room(account)
        else:
            self._drop(old)
        if seconds:
            self._keep(Publication(visit.tag, account, package, body, visit.now + seconds))
        return (("SIP-ETag", visit.tag), ("Expires", str(seconds)))

    def expire(self, now: float) -> frozenset[str]:
        """Drop what has run out; the accounts that it belonged to."""
        gone: set[str] = set()
        while self._expiries and self._expiries[0][0] <= now:
            found = self._by_tag.get(heappop(self._expiries)[1])
            if found is not None:
                self._drop(found)
                gone.add(found.account)
        return frozenset(gone)

    def forget(self, account: str) -> bool:
        """The account may publish no more; whether there was something."""
        tags = tuple(self._by_account.get(account, ()))
        for tag in tags:
            self._drop(self._by_tag[tag])
        return bool(tags)

    def _matched(self, tag: str, account: str, package: str) -> Publication:
        found = self._by_tag.get(tag)
        if found is None or found.account != account or found.package != package:
            raise PeerError("Conditional Request Failed", 412)
        return found

    def _check_body(self, request: Request, package: str) -> None:
        kind = request.headers.get("Content-Type").partition(";")[0].strip().lower()
        wanted, check = self._forms[package]
        if kind != wanted:
            raise RefusedError("Unsupported Media Type", 415, (("Accept", wanted),))
        if len(request.body) > self._limits.size:
            raise PeerError("Request Entity Too Large", 413)
        check(request.body)

    def _check_room(self, account: str) -> None:
        if len(self._by_account.get(account, ())) >= self._limits.each or len(self._by_tag) >= self._limits.all:
            raise PeerError("Too many publications", 403)

    def _keep(self, publication: Publication) -> None:
        self._by_tag[publication.tag] = publication
        self._by_account.setdefault(publication.account, []).append(publication.tag)
        heappush(self._expiries, (publication.expires, publication.tag))
        if len(self._expiries) > 1000 + 4 * len(self._by_tag):
            # Refreshed ones leave their old entry behind; a phone that refreshes all day must not fill the heap.
            self._expiries = sorted((each.expires, each.tag) for each in self._by_tag.values())

    def _drop(self, publication: Publication) -> None:
        del self._by_tag[publication.tag]
        tags = self._by_account[publication.account]
        tags.remove(publication.tag)
        if not tags:
            del self._by_account[publication.account]
