"""Accepting connections: bounds count before a peer costs a TLS handshake, and a full file table is waited out.

This module must never let one address take what all others need.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable

from vorzimmer.kernel.clock import Alarm
from vorzimmer.net.stream import Connection, Table

BATCH = 64
"""Connections accepted in one turn of the loop, so that calls go on while every phone comes back."""

HANDSHAKE = 10.0
"""Seconds that a peer has for the TLS handshake."""

PAUSE = 1.0
"""Seconds without accepting once the system has no file descriptor left."""


class Acceptor:
    """One listening stream socket; `make` gives a connection to fill."""

    def __init__(
        self, sock: socket.socket, table: Table, tls: ssl.SSLContext | None, make: Callable[[], Connection]
    ) -> None:
        self._sock = sock
        self._table = table
        self._tls = tls
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._entering: set[asyncio.Task[None]] = set()
        self._pause: Alarm | None = None
        self._loop.add_reader(sock, self._ready)

    async def close(self) -> None:
        """Stop accepting, give up handshakes that are under way, free the port."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()
        for task in self._entering:
            task.cancel()
        await asyncio.gather(*self._entering, return_exceptions=True)

    def _ready(self) -> None:
        for _ in range(BATCH):
            try:
                sock, address = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptors: the socket stays readable, so that we would spin
                self._loop.remove_reader(self._sock)
                self._pause = self._table.clock.call_at(self._table.clock.now() + PAUSE, self._go_on)
                return
            self._accepted(sock, str(address[0]))

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._sock, self._ready)

    def _accepted(self, sock: socket.socket, host: str) -> None:
        if not self._table.reserve(host):
            sock.close()
            return
        sock.setblocking(False)
        task = self._loop.create_task(self._enter(sock, host))
        self._entering.add(task)
        task.add_done_callback(self._entering.discard)

    async def _enter(self, sock: socket.socket, host: str) -> None:
        connection = self._make()
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection, sock, ssl=self._tls, ssl_handshake_timeout=HANDSHAKE if self._tls else None
            )
        except OSError:  # the handshake failed or took too long, or the peer was gone before we looked
            self._table.counts.handshakes += 1
        finally:
            if not connection.admitted:
                self._table.release(host)
                sock.close()
