"""Audio of many calls, cheaply, in a process of its own: few sockets, one prebuilt packet a stream, no object a packet.

A stream is one end of a call: it sends every 20 ms to a port of the server and listens for what comes back from there.
Its longest gap is the longest time between two packets that it heard, by the clock of this process, which is late when
the computer is busy: `late` says by how much at most. This module must never know what SIP is.
"""

import gc
import select
import socket
import struct
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import perf_counter, process_time

FRAME_S, SLOTS = 0.02, 20
"""Parts of 20 ms in which the streams take turns."""
SOCKETS = 8
BUFFER = 4 << 20
_HEADER = struct.Struct("!BBHII")


@dataclass(slots=True)
class Stream:
    """One end of a call. `gap` is the longest, in seconds; `source` an SSRC that no other stream has."""

    to: tuple[str, int]
    source: int
    packet: bytearray = field(default_factory=lambda: bytearray(172))
    sent: int = 0
    heard: int = 0
    last: float = 0.0
    gap: float = 0.0

    def next(self) -> bytearray:
        """The packet to send now."""
        self.sent += 1
        _HEADER.pack_into(self.packet, 0, 0x80, 8, self.sent & 0xFFFF, self.sent * 160 & 0xFFFFFFFF, self.source)
        return self.packet


@dataclass(slots=True)
class Heard:
    """What the streams of a window sent and heard; each one's longest gap in seconds; the late and the CPU-seconds."""

    sent: int
    heard: int
    gaps: list[float]
    silent: int
    late: float
    cpu: float


class Audio:
    """The other process, from here."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.ports: list[int] = self._pipe.recv()

    def begin(self, name: int, socket_number: int, port: int) -> None:
        """A stream to this port of the server, from that socket."""
        self._pipe.send(("begin", name, socket_number, port))

    def end(self, name: int) -> None:
        """No more of it."""
        self._pipe.send(("end", name))

    def window(self) -> Heard:
        """What was heard since the last time; waits for the answer."""
        self._pipe.send(("window",))
        found: Heard = self._pipe.recv()
        return found

    def close(self) -> None:
        """End the process."""
        self._pipe.send(("close",))
        self._process.join(5)


class _Loop:
    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._sockets = [_bound() for _ in range(SOCKETS)]
        self._poll = select.epoll()
        for sock in self._sockets:
            self._poll.register(sock.fileno(), select.EPOLLIN)
        self._by_number = {sock.fileno(): number for number, sock in enumerate(self._sockets)}
        self._streams: dict[int, tuple[socket.socket, Stream]] = {}
        self._by_port: list[dict[int, Stream]] = [{} for _ in self._sockets]
        self._parts: list[dict[int, tuple[socket.socket, Stream]]] = [{} for _ in range(SLOTS)]
        self._past: list[Stream] = []
        self._late, self._cpu, self._open = 0.0, process_time(), True
        pipe.send([sock.getsockname()[1] for sock in self._sockets])

    def run(self) -> None:
        """Until it is closed."""
        slot, due = 0, perf_counter()
        while self._open:
            for sock, stream in self._parts[slot % SLOTS].values():
                sock.sendto(stream.next(), stream.to)
            slot, due = slot + 1, due + FRAME_S / SLOTS
            while self._pipe.poll():
                self._told(self._pipe.recv())
            self._late = max(self._late, perf_counter() - due)
            self._read(0.0)
            while (left := due - perf_counter()) > 0:
                self._read(left)

    def _read(self, seconds: float) -> None:
        for number, _ in self._poll.poll(seconds):
            mine = self._by_number[number]
            receive, streams = self._sockets[mine].recvfrom, self._by_port[mine]
            try:
                while True:
                    _, source = receive(256)
                    stream = streams.get(source[1])
                    if stream is None:
                        continue  # RTCP, or a call that has ended
                    when = perf_counter()
                    if stream.last and when - stream.last > stream.gap:
                        stream.gap = when - stream.last
                    stream.last = when
                    stream.heard += 1
            except BlockingIOError:
                pass

    def _told(self, what: tuple[str, ...]) -> None:
        if what[0] == "begin":
            _, name, number, port = what
            self._begin(int(name), int(number), int(port))
        elif what[0] == "end":
            self._end(int(what[1]))
        elif what[0] == "window":
            self._pipe.send(self._window())
        else:
            self._open = False

    def _begin(self, name: int, number: int, port: int) -> None:
        stream = Stream(("127.0.0.1", port), (name + 1) * 0x9E3779B1 & 0xFFFFFFFF)
        self._streams[name] = self._parts[name % SLOTS][name] = self._sockets[number], stream
        self._by_port[number][port] = stream

    def _end(self, name: int) -> None:
        if name in self._streams:
            sock, stream = self._streams.pop(name)
            del self._parts[name % SLOTS][name]
            streams = self._by_port[self._by_number[sock.fileno()]]
            if streams.get(stream.to[1]) is stream:
                del streams[stream.to[1]]
            self._past.append(stream)

    def _window(self) -> Heard:
        now, cpu = perf_counter(), process_time()
        for _, stream in self._streams.values():
            if stream.last:
                stream.gap = max(stream.gap, now - stream.last)
        every = [*self._past, *(stream for _, stream in self._streams.values())]
        gaps = [stream.gap for stream in every if stream.heard > 1]
        silent = sum(stream.sent > 50 and not stream.heard for stream in every)
        sent, heard = sum(each.sent for each in every), sum(each.heard for each in every)
        found = Heard(sent, heard, gaps, silent, self._late, cpu - self._cpu)
        self._past, self._late, self._cpu = [], 0.0, cpu
        for _, stream in self._streams.values():
            stream.sent = stream.heard = 0
            stream.gap = 0.0
        return found


def _bound() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    for port in range(65_000, 65_500, 2):
        try:
            sock.bind(("127.0.0.1", port))
            break
        except OSError:
            continue
    sock.setblocking(False)
    return sock


def _serve(pipe: Connection) -> None:
    gc.disable()
    _Loop(pipe).run()
