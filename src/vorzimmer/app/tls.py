"""TLS for the listeners: the operator's certificates, those obtained by ACME, or one that the server makes for itself.

They are looked at every minute, on SIGHUP and by command. This module must never accept a broken certificate silently.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vorzimmer.app.layout import Layout
from vorzimmer.app.options import ServeOptions
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.net.certificates import Certificate, ensure_certificate
from vorzimmer.net.keyring import Keyring, Trust
from vorzimmer.net.transports import SECURE

LOOK_S = 60.0


def certificates(options: ServeOptions, layout: Layout, clock: Clock) -> tuple[Certificate, ...]:
    """The certificates of the TLS listeners, the default one first; none without such listeners. Raises StartError."""
    hosts = tuple(dict.fromkeys(spec.host for spec in options.listeners() if spec.transport in SECURE))
    if not hosts:
        return ()
    found = [Certificate(Path(chain), Path(key)) for chain, key in options.certificates()]
    found += [made for made in (obtained(layout, name) for name in options.tls_name) if made.chain.exists()]
    return tuple(found) or (
        ensure_certificate(layout.state.tls, (*options.tls_name, *hosts, "localhost"), clock.wall()),
    )


def obtained(layout: Layout, name: str) -> Certificate:
    """Where a certificate from ACME for that host name lies, or will."""
    folder = layout.state.tls / "acme" / name
    return Certificate(folder / "fullchain.pem", folder / "key.pem")


def keyring(
    options: ServeOptions, layout: Layout, clock: Clock, on_trouble: Callable[[str], None] = lambda text: None
) -> Keyring:
    """All certificates, read; raises StartError for one that is broken."""
    trust = Trust(Path(options.tls_authorities) if options.tls_authorities else None, options.peers())
    secured = [spec.name for spec in options.listeners() if spec.transport in SECURE]

    def sources() -> Sequence[Certificate]:
        return certificates(options, layout, clock)

    return Keyring(sources, trust, secured, wall=clock.wall, on_trouble=on_trouble)


class Watch:
    """Looks at the certificates again and again."""

    def __init__(self, ring: Keyring, clock: Clock) -> None:
        self.ring = ring
        self._clock = clock
        self._alarm: Alarm | None = None
        self._arm()

    def look(self) -> bool:
        """Now, whatever the time; True where something new is in use."""
        return self.ring.look()

    def status(self) -> list[dict[str, Any]]:
        """For people: what is in use."""
        return [
            {"chain": str(each.source.chain), "names": list(each.names), "expires": each.expires.isoformat()}
            for each in self.ring.loaded
        ]

    def close(self) -> None:
        """No more."""
        if self._alarm is not None:
            self._alarm.cancel()

    def _arm(self) -> None:
        self._alarm = self._clock.call_at(self._clock.now() + LOOK_S, self._again)

    def _again(self) -> None:
        self._arm()
        self.ring.look()
