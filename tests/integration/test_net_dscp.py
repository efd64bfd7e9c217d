"""Marks on packets, read back from the sockets (RFC 2474, RFC 4594)."""

import asyncio
import socket
from typing import Any

import pytest
from tests.integration.net_rig import REQUEST, contexts, go, opened

from vorzimmer.app.media_config import worker_configs
from vorzimmer.app.options import load
from vorzimmer.kernel.errors import StartError
from vorzimmer.media.embedded import udp
from vorzimmer.net.stream import Limits
from vorzimmer.sip.flow import Hop, Packet

HOSTS = ["127.0.0.1", "[::1]"]


def marked(sock: Any) -> int:
    if sock.family == socket.AF_INET6:
        return int(sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS)) >> 2
    return int(sock.getsockopt(socket.IPPROTO_IP, socket.IP_TOS)) >> 2


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("limits", "dscp"), [(Limits(), 24), (Limits(dscp=26), 26), (Limits(dscp=0), 0)])
def test_rfc4594_4_2_signalling_is_marked_on_every_kind_of_socket(host: str, limits: Limits, dscp: int) -> None:
    async def main() -> None:
        specs = (f"udp:{host}:0", f"tcp:{host}:0", f"tls:{host}:0")
        options: dict[str, Any] = {"limits": limits, "tls": contexts()}
        async with opened(*specs, **options) as (server, heard), opened(*specs, **options) as (phone, _):
            datagrams, *streams = server.listeners
            assert datagrams.udp is not None
            assert marked(datagrams.udp._socket) == dscp
            for listener in streams:
                phone.send(Packet(REQUEST, Hop(listener.spec.transport, *listener.local)))
                _, flow = await heard.heard.get()
                ends = [server._table.of_flow(flow), next(iter(phone._table._by_id.values()))]
                for end in ends:
                    assert end is not None
                    assert end._transport is not None
                    assert marked(end._transport.get_extra_info("socket")) == dscp
                phone._table.close()

    go(main)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("dscp", [46, 34, 0])
def test_rfc3246_media_is_marked(host: str, dscp: int) -> None:
    async def main() -> None:
        hub = udp.Hub(asyncio.get_running_loop().time, dscp)
        assert marked(hub.bind(host, 0)._rtp.sock) == dscp
        hub.close()

    asyncio.run(main())


def test_workers_are_told_the_mark_of_media() -> None:
    for flags, dscp in (({}, 46), ({"dscp_media": 34}, 34)):
        configs = worker_configs(load(None, {"state": "x", **flags}), ("a", "b"), "")
        assert [config.dscp for config in configs] == [dscp, dscp]


@pytest.mark.parametrize("value", [-1, 64])
def test_a_mark_has_six_bits(value: int) -> None:
    with pytest.raises(StartError):
        load(None, {"state": "x", "dscp_signalling": value})
