"""Which addresses in a Request-URI mean this server: where it listens, what it advertises, what the machine has.

Phones write the address that they know the server by, so every address that leads here counts; any other is somebody
else's. This module must never send anything.
"""

from collections.abc import Callable
from ipaddress import ip_address

from vorzimmer.app.options import ServeOptions
from vorzimmer.kernel.address import Address
from vorzimmer.net.advertise import is_wildcard
from vorzimmer.net.sockets import has_address
from vorzimmer.sip.flow import Flow


class OwnHosts:
    """`sent_by(flow)` is our address as the peer of a flow must see it."""

    def __init__(self, options: ServeOptions, sent_by: Callable[[Flow], Address]) -> None:
        self._sent_by = sent_by
        specs = options.listeners()
        hosts = [spec.host for spec in specs] + [rule.host for spec in specs for rule in spec.advertise]
        self._known = frozenset(_plain(host) for host in hosts if host)

    def __call__(self, host: str, flow: Flow) -> bool:
        """Whether a literal `host` in a request over `flow` is one of ours."""
        wanted = _plain(host)
        if is_wildcard(wanted):
            return False
        near = {_plain(flow.local.host), _plain(self._sent_by(flow).host)}
        return wanted in self._known or wanted in near or has_address(wanted)


def _plain(host: str) -> str:
    """An address in its usual form, so that all spellings of one are equal."""
    try:
        return str(ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return host.lower()
