"""One engine against a peer that a test writes by hand: every message is seen, every answer is made up.

For tests of anything that speaks through ``sip.engine``. This module must never open a socket or read a clock.
"""

from typing import TypeVar

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.engine import Engine, EngineConfig, InviteSpec
from vorzimmer.sip.events import Event
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.sip.message import Message, Request, Response, parse
from vorzimmer.testing.chance import SeededChance

E = TypeVar("E", bound=Event)

OURS = Address("192.0.2.1", 5060)
THEIRS = Address("192.0.2.2", 5060)


class Peer:
    """The engine under test, and the pen. Packets and events are taken after every step."""

    def __init__(self, transport: str = "udp", *, seed: int = 0, config: EngineConfig | None = None) -> None:
        self.engine = Engine(config or EngineConfig(sent_by=lambda _: OURS), SeededChance(seed))
        self.flow = Flow(transport, OURS, THEIRS, 0 if transport == "udp" else 1)
        self.now = 0.0
        self.events: list[Event] = []
        self.packets: list[Packet] = []
        self.sent: list[Message] = []
        self._branches = 0
        # What a request of ours says, for a test to change.
        self.call_id = "call"
        self.from_tag = "ann"
        self.contact = "sip:ann@192.0.2.2:5060"
        self.via = ""

    def take(self) -> None:
        """Take events and packets."""
        while (event := self.engine.next_event()) is not None:
            self.events.append(event)
        for packet in self.engine.to_send(self.now):
            self.packets.append(packet)
            self.sent.append(parse(packet.data))

    def wait(self, seconds: float) -> None:
        """Let time pass, deadline by deadline."""
        end = self.now + seconds
        while (due := self.engine.get_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.engine.handle_timer(self.now)
            self.take()
        self.now = end

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def requests(self, method: str) -> list[Request]:
        """What the engine sent of that method, repetitions included."""
        return [message for message in self.sent if isinstance(message, Request) and message.method == method]

    def responses(self, method: str) -> list[int]:
        """The statuses that the engine answered requests of that method with, in order."""
        ends = f" {method}"
        return [m.status for m in self.sent if isinstance(m, Response) and m.headers.get("CSeq").endswith(ends)]

    def last_response(self) -> Response:
        """The newest response of the engine."""
        return next(message for message in reversed(self.sent) if isinstance(message, Response))

    # -- as a server ----------------------------------------------------------------------------------------------
    def invite(self, leg: str = "leg", body: bytes = b"offer", to: Flow | Hop | None = None) -> Request:
        """Let the engine call; its INVITE."""
        self.engine.invite(LegId(leg), self.spec(body, to), self.now)
        self.take()
        return self.requests("INVITE")[-1]

    def spec(self, body: bytes = b"offer", to: Flow | Hop | None = None) -> InviteSpec:
        """An INVITE of Ann to Bob."""
        ann, bob = '"Ann" <sip:ann@example.com>', "<sip:bob@example.com>"
        return InviteSpec("sip:bob@192.0.2.2", to or self.flow, ann, bob, body)

    def answer(
        self,
        request: Request,
        status: int,
        tag: str = "bob",
        *,
        contact: str = "sip:bob@192.0.2.2:5070",
        extra: str = "",
        body: bytes = b"",
        flow: Flow | None = None,
    ) -> None:
        """Answer a request of the engine."""
        headers = request.headers
        to = headers.get("To")
        if tag and ";tag=" not in to:
            to += f";tag={tag}"
        line = f"Contact: <{contact}>\r\n" if contact and 100 < status < 300 else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (
            f"SIP/2.0 {status} X\r\nVia: {headers.get('Via')}\r\nFrom: {headers.get('From')}\r\nTo: {to}\r\n"
            f"Call-ID: {headers.get('Call-ID')}\r\nCSeq: {headers.get('CSeq')}\r\n{line}{extra}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.engine.receive(text.encode() + body, flow or self.flow, self.now)
        self.take()

    # -- as a client ----------------------------------------------------------------------------------------------
    def send(
        self,
        method: str,
        cseq: int = 1,
        *,
        tag: str = "",
        branch: str = "",
        extra: str = "",
        body: bytes = b"",
        flow: Flow | None = None,
    ) -> str:
        """Send a request to the engine; `tag` is the engine's. Gives back the branch, to send it again with."""
        if not branch:
            self._branches += 1
            branch = f"z9hG4bKpeer{self._branches}"
        transport = self.flow.transport.upper()
        via = self.via or f"SIP/2.0/{transport} 192.0.2.2:5060;branch={branch};rport"
        to = "<sip:bob@192.0.2.1>" + (f";tag={tag}" if tag else "")
        kind = "Content-Type: application/sdp\r\n" if body and "Content-Type" not in extra else ""
        line = f"Contact: <{self.contact}>\r\n" if self.contact and method not in {"ACK", "BYE", "CANCEL"} else ""
        text = (
            f"{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:ann@192.0.2.2>;tag={self.from_tag}\r\nTo: {to}\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {cseq} {method}\r\n{line}{extra}{kind}Content-Length: {len(body)}\r\n\r\n"
        )
        self.engine.receive(text.encode() + body, flow or self.flow, self.now)
        self.take()
        return branch
