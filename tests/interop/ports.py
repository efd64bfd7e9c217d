"""Ports for the processes of one test module, so that suites and other people's servers can run beside each other."""

import socket

FIRST, LAST, SIZE = 20000, 32400, 400
"""Below the ports that the system hands out by itself."""


class PortsError(AssertionError):
    """No block of ports is free."""


class Block:
    """SIZE ports next to each other that nobody uses now and no other block of any suite on this machine contains.

    A name in the abstract Unix name space marks the block as taken; the system drops it with the process.
    """

    def __init__(self) -> None:
        self.first = 0
        self._mark = socket.socket(socket.AF_UNIX)
        self._next = 0
        for first in range(FIRST, LAST, SIZE):
            if self._marked(first) and all(_free(port) for port in range(first, first + SIZE)):
                self.first = first
                return
            self._mark.close()
            self._mark = socket.socket(socket.AF_UNIX)
        self._mark.close()
        raise PortsError(f"no {SIZE} free ports between {FIRST} and {LAST}")

    def _marked(self, first: int) -> bool:
        try:
            self._mark.bind(f"\0vorzimmer-interop-{first}")
        except OSError:
            return False
        return True

    def take(self, count: int = 1) -> int:
        """The first of `count` ports that nobody else gets."""
        first = self.first + self._next
        self._next += count
        if self._next > SIZE:
            raise PortsError(f"a block has {SIZE} ports")
        return first

    def take_range(self, count: int) -> str:
        """The same as LOW-HIGH."""
        first = self.take(count)
        return f"{first}-{first + count - 1}"

    def close(self) -> None:
        """Give the block back."""
        self._mark.close()


def _free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            # A connection that has ended shortly before does not keep anybody from listening.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1 if kind == socket.SOCK_STREAM else 0)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True
