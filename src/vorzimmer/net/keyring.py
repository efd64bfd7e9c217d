"""The certificates of a server while it runs: chosen by the name a peer asks for (SNI), read again when files change.

Connections that are open keep what they have; new ones get the new certificate. A new file that is broken changes
nothing but the alarm. This module must never print a key, nor leave a listener without a certificate that worked.
"""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from vorzimmer.kernel.errors import StartError
from vorzimmer.net.certificates import Certificate, client_context, server_context
from vorzimmer.net.transports import TlsContexts

Stamp = tuple[tuple[int, int, int], ...]
WARN_DAYS = 14


@dataclass(frozen=True, slots=True)
class Trust:
    """PEM files of authorities: `servers` for those we connect to (None: the system's), `peers` for clients that prove
    who they are, by listener name, "" for all listeners."""

    servers: Path | None = None
    peers: dict[str, Path] = field(default_factory=dict)

    def of(self, listener: str) -> Path | None:
        """The authorities for clients of a listener, None where clients are not asked for a certificate."""
        return self.peers.get(listener, self.peers.get(""))


@dataclass(slots=True)
class Loaded:
    """A certificate that works: one context for each kind of listener."""

    source: Certificate
    stamp: Stamp
    names: tuple[str, ...]
    expires: datetime
    contexts: dict[Path | None, ssl.SSLContext]


class Keyring:
    """`sources()` names the certificates, the default one first; `on_trouble` gets a line about what is wrong."""

    def __init__(
        self,
        sources: Callable[[], Sequence[Certificate]],
        trust: Trust,
        listeners: Sequence[str],
        *,
        wall: Callable[[], datetime],
        on_trouble: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._sources = sources
        self._trust = trust
        self._wall = wall
        self._on_trouble = on_trouble
        self._loaded: tuple[Loaded, ...] = ()
        self._broken: dict[Path, Stamp] = {}
        self._warned: dict[Path, int] = {}
        self._authorities: Stamp = ()
        self.contexts = TlsContexts()
        first = [self._load(source) for source in sources()]
        self._take(first)
        if first:
            self.contexts.by_listener = {name: self._outer(trust.of(name)) for name in listeners}
            self.contexts.server = self._outer(trust.of(""))

    @property
    def loaded(self) -> tuple[Loaded, ...]:
        """The certificates in use, the default one first."""
        return self._loaded

    def seconds_left(self) -> float:
        """Until the first certificate in use ends; negative once it has. Infinity without any."""
        now = self._wall()
        return min(((each.expires - now).total_seconds() for each in self._loaded), default=float("inf"))

    def look(self, *, now: bool = False) -> bool:
        """Read what has changed (`now`: everything) and warn of what ends soon; True where something new is in use."""
        before = {each.source.chain: each for each in self._loaded}
        moved = _stamp(*self._trusted()) != self._authorities
        after: list[Loaded] = []
        for source in self._sources():
            old = before.get(source.chain)
            if old is not None and not now and not moved and _stamp(source.chain, source.key) == old.stamp:
                after.append(old)
            elif (new := self._try(source, old)) is not None:
                after.append(new)
        changed = after != list(self._loaded)
        if changed and after:
            self._take(after)
        self._warn()
        return changed

    # -- reading ----------------------------------------------------------------------------------------------------
    def _try(self, source: Certificate, old: Loaded | None) -> Loaded | None:
        stamp = _stamp(source.chain, source.key)
        try:
            new = self._load(source)
        except StartError as error:
            if self._broken.get(source.chain) != stamp:  # said once, not every minute
                self._broken[source.chain] = stamp
                self._on_trouble(f"{error}; {'the one before stays in use' if old else 'it is not used'}")
            return old
        self._broken.pop(source.chain, None)
        return new

    def _load(self, source: Certificate) -> Loaded:
        stamp = _stamp(source.chain, source.key)
        kinds = {self._trust.of(""), *self._trust.peers.values()}
        contexts = {kind: server_context(source, kind) for kind in kinds}
        names, expires = _read(source.chain)
        return Loaded(source, stamp, names, expires, contexts)

    def _take(self, loaded: Sequence[Loaded]) -> None:
        self._loaded = tuple(loaded)
        self._authorities = _stamp(*self._trusted())
        self.contexts.client = client_context(self._trust.servers, own=loaded[0].source if loaded else None)

    def _trusted(self) -> list[Path]:
        return [path for path in (self._trust.servers, *self._trust.peers.values()) if path is not None]

    def _warn(self) -> None:
        for each in self._loaded:
            days = (each.expires - self._wall()).days
            if days < WARN_DAYS and self._warned.get(each.source.chain) != days:
                self._warned[each.source.chain] = days
                self._on_trouble(f"certificate {each.source.chain} ends in {days} days")

    # -- choosing ---------------------------------------------------------------------------------------------------
    def _outer(self, kind: Path | None) -> ssl.SSLContext:
        """What a listener holds for good; it hands each new connection to the certificate of the moment."""
        outer = server_context(self._loaded[0].source, kind)

        def choose(peer: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            peer.context = self._of(name or "").contexts[kind]

        outer.sni_callback = choose
        return outer

    def _of(self, name: str) -> Loaded:
        """The certificate for a server name: exact, then by wildcard, else the default one (RFC 6066 section 3)."""
        wanted = name.lower().rstrip(".")
        for form in (wanted, f"*.{wanted.partition('.')[2]}"):
            for each in self._loaded:
                if form in each.names:
                    return each
        return self._loaded[0]


def _stamp(*paths: Path) -> Stamp:
    """What changes with a file."""
    found = []
    for path in paths:
        try:
            state = path.stat()
            found.append((state.st_mtime_ns, state.st_size, state.st_ino))
        except OSError:
            found.append((0, 0, 0))
    return tuple(found)


def _read(chain: Path) -> tuple[tuple[str, ...], datetime]:
    try:
        leaf = x509.load_pem_x509_certificate(chain.read_bytes())
    except (OSError, ValueError) as error:
        raise StartError(f"certificate {chain}: {error}") from None
    try:
        named = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(name.lower() for name in named.get_values_for_type(x509.DNSName))
    except (x509.ExtensionNotFound, ValueError):
        names = ()
    return names, leaf.not_valid_after_utc
