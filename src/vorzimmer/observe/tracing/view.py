"""A trace as people and programs read it: the ladder with its decisions, the messages themselves, a capture file.

Everything here has gone through ``redact``. This module must never hand on a message that has not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vorzimmer.kernel.address import Address
from vorzimmer.observe.tracing.ladder import Remark, Rung, draw, first_line
from vorzimmer.observe.tracing.pcap import Datagram, capture
from vorzimmer.observe.tracing.redact import redacted
from vorzimmer.observe.tracing.ring import Decision, Message, Trace
from vorzimmer.routing.model import Because
from vorzimmer.sip.flow import Flow, Hop

US = "Vorzimmer"
_UNKNOWN = Address("0.0.0.0", 0)
_WIDTH = 36


@dataclass(frozen=True, slots=True)
class View:
    """One trace to look at. `render` puts a because into words; `epoch` is the POSIX time of monotonic 0."""

    trace: Trace
    render: Callable[[Because], str]
    epoch: float

    def lines(self) -> list[str]:
        """The ladder: seconds since the first message, a column per peer with us in the second one."""
        entries = self.trace.entries()
        start = entries[0].at if entries else 0.0
        rows: list[Rung | Remark] = []
        for entry in entries:
            rows.extend(_rows(entry, entry.at - start, self.render))
        peers = list(dict.fromkeys(_peer(entry.to) for entry in entries if isinstance(entry, Message)))
        told = draw(rows, (*peers[:1], US, *peers[1:]), _WIDTH).splitlines()
        lost = [f"{self.trace.lost} messages in between were not kept"] if self.trace.lost else []
        return [*told, *lost]

    def messages(self) -> list[dict[str, object]]:
        """Every message, redacted: ``at`` (POSIX seconds), ``from``, ``to``, ``transport``, ``text``."""
        return [self._message(entry) for entry in self.trace.entries() if isinstance(entry, Message)]

    def _message(self, message: Message) -> dict[str, object]:
        datagram = datagram_of(message, self.epoch)
        return {
            "at": datagram.at,
            "from": str(datagram.source),
            "to": str(datagram.target),
            "transport": message.to.transport,
            "text": datagram.data.decode("utf-8", "replace"),
        }

    def pcap(self) -> bytes:
        """A capture file."""
        kept = [entry for entry in self.trace.entries() if isinstance(entry, Message)]
        return capture(datagram_of(message, self.epoch) for message in kept)


def datagram_of(message: Message, epoch: float) -> Datagram:
    """A message with its ends and without its secrets."""
    ours = message.to.local if isinstance(message.to, Flow) else _UNKNOWN
    theirs = message.to.remote if isinstance(message.to, Flow) else Address(message.to.host, message.to.port)
    source, target = (ours, theirs) if message.sent else (theirs, ours)
    return Datagram(epoch + message.at, source, target, redacted(message.data))


def _rows(entry: Message | Decision, at: float, render: Callable[[Because], str]) -> list[Rung | Remark]:
    if isinstance(entry, Decision):
        return [Remark(at, render(because)) for because in entry.because]
    peer, text = _peer(entry.to), first_line(redacted(entry.data)) + _about(entry.data)
    return [Rung(at, US, peer, text) if entry.sent else Rung(at, peer, US, text)]


def _peer(to: Flow | Hop) -> str:
    address = to.remote if isinstance(to, Flow) else Address(to.host, to.port)
    return f"{to.transport}:{address}"


def _about(data: bytes) -> str:
    """Whether a message carries a description, and which way its audio goes."""
    _, _, body = data.partition(b"\r\n\r\n")
    if b"m=audio" not in body:
        return ""
    way = next((way for way in ("sendonly", "recvonly", "inactive") if f"a={way}".encode() in body), "")
    return f" SDP {way}".rstrip()
