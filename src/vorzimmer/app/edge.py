"""Control's side of the network: sockets, names and certificates, and what people can ask about them.

This module must never hold a rule about calls.
"""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

from vorzimmer.app.layout import Layout
from vorzimmer.app.options import ServeOptions
from vorzimmer.app.rpc import Method, Params
from vorzimmer.app.sockets import inherited
from vorzimmer.app.tls import Watch, keyring
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.net.name_cache import CachedNames
from vorzimmer.net.nameserver import DnsNames
from vorzimmer.net.resolver import DnsResolver
from vorzimmer.net.stream import Limits
from vorzimmer.net.transports import SocketTransports
from vorzimmer.observe.metrics import Metrics
from vorzimmer.sip.flow import Hop


class Edge:
    """One per control process; raises StartError for broken certificates."""

    def __init__(
        self,
        options: ServeOptions,
        layout: Layout,
        ports: tuple[Clock, Chance],
        *,
        metrics: Metrics,
        trouble: Callable[[str], None],
    ) -> None:
        clock, chance = ports
        self._options = options
        self._layout = layout
        self._names = CachedNames(DnsNames(), clock)
        self._ring = keyring(options, layout, clock, trouble)
        self._watch = Watch(self._ring, clock)
        self._resolver = DnsResolver(self._names, chance)
        self.transports = SocketTransports(
            clock,
            tls=self._ring.contexts,
            resolver=self._resolver,
            web_origins=options.web_origins,
            limits=Limits(dscp=options.dscp_signalling),
        )
        self._count(metrics)

    async def listen(self) -> None:
        """Serve the sockets that the supervisor has bound."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._watch.look)
        sockets = self._layout.sockets()
        for spec in self._options.listeners():
            await self.transports.listen(spec, inherited(sockets[spec.name]))

    async def addresses(self, hop: Hop) -> tuple[Address, ...]:
        """presence.trunks.Resolve: where the calls of a trunk may come from; raises OSError."""
        return tuple(target.address for target in await self._resolver.resolve(hop, ("udp", "tcp", "tls")))

    def methods(self) -> dict[str, Method]:
        """By name."""

        async def certificates(params: Params) -> list[dict[str, Any]]:
            if params.get("reload"):
                self._watch.look()
            return self._watch.status()

        return {"certificates": certificates}

    async def close(self) -> None:
        """Free the ports."""
        self._watch.close()
        await self.transports.close()
        await self._names.close()

    def _count(self, metrics: Metrics) -> None:
        transports, ring = self.transports, self._ring
        metrics.gauge(
            "vorzimmer_sip_connections", "Open connections of phones and trunks", lambda: transports.connections
        )
        metrics.gauge(
            "vorzimmer_sip_servers_avoided",
            "Servers of others that failed lately and are tried last",
            lambda: transports.servers_avoided,
        )
        metrics.gauge(
            "vorzimmer_sip_handshakes_failed",
            "TLS handshakes and WebSocket upgrades that came to nothing",
            lambda: transports.counts.handshakes,
        )
        metrics.gauge(
            "vorzimmer_tls_certificate_seconds",
            "Seconds until the first certificate in use ends",
            ring.seconds_left,
        )
