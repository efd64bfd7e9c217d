"""What the worker's sessions see of the network: a pair of bound ports. No socket is opened here."""

from collections.abc import Callable
from typing import Protocol

from vorzimmer.media.embedded.relay import Where

Receiver = Callable[[bytes, Where, float], None]
"""Takes a datagram, its source address, and the time in seconds."""


class Pair(Protocol):
    """Two bound UDP sockets, RTP and RTCP, as the session sees them."""

    @property
    def port(self) -> int:
        """The RTP port; RTCP is one above."""

    def aim(self, rtp: Receiver, rtcp: Receiver) -> None:
        """From now on hand datagrams to these, with source address and time."""

    def send(self, data: bytes | bytearray, to: Where) -> None: ...

    def send_control(self, data: bytes, to: Where) -> None: ...

    def close(self) -> None: ...
