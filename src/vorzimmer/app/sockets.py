"""Listening sockets, bound by the supervisor and inherited by its children (docs/adr/0006).

Everything that can be wrong with an address is found here, before a process is started. This module must never read
from a socket.
"""

import os
import resource
import socket

from vorzimmer.kernel.errors import StartError
from vorzimmer.net.advertise import ListenerSpec
from vorzimmer.net.sockets import open_socket

WANTED_DESCRIPTORS = 65536
NEEDED_DESCRIPTORS = 512
RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes of datagrams that may wait while control restarts."""


def bind(spec: ListenerSpec) -> socket.socket:
    """An inheritable socket for `spec`; raises StartError with one line that names it."""
    bound = open_socket(spec)
    if spec.transport == "udp":
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    bound.set_inheritable(True)
    return bound


def inherited(descriptor: int) -> socket.socket:
    """The child's end of `bind`: takes the descriptor over."""
    taken = socket.socket(fileno=descriptor)
    taken.setblocking(False)
    os.set_inheritable(descriptor, False)
    return taken


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files as far as allowed; raises StartError where it stays too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reachable = WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else hard
    if reachable < NEEDED_DESCRIPTORS:
        raise StartError(
            f"only {reachable} open files are allowed, at least {NEEDED_DESCRIPTORS} are needed: ulimit -n"
        )
    wanted = max(soft, min(reachable, WANTED_DESCRIPTORS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
