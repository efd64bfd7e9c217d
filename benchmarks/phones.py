"""Phones that are cheap enough to load a server: one UDP socket for all callers, one for all called, text templates.

They send nothing twice and give up on nothing early, so a message that the server loses or answers wrongly is a failed
call. They answer what is sent to them again. This module must never use the server's own SIP code: a mistake there
would be invisible here.
"""

import asyncio
import hashlib
import itertools
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar, cast

from benchmarks.server import DOMAIN, account, free_port, password

Address = tuple[str, int]
SDP = (
    "v=0\r\no=- {number} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 0 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
    "a=ptime:20\r\na=sendrecv\r\n"
)
_MEDIA_PORT = 5004
"""Named in every SDP, below the server's range; nobody sends or listens there. Origins, tags and Call-IDs differ from
call to call as those of real phones do, so that no cache of the server is flattered."""


def value(message: bytes, name: bytes) -> bytes:
    """The first value of a header, b"" without one."""
    start = message.find(b"\r\n" + name + b": ")
    if start < 0:
        return b""
    start += len(name) + 4
    return message[start : message.find(b"\r\n", start)]


def lines_of(message: bytes, name: bytes) -> bytes:
    """All lines of a header, with their ends."""
    head = message[: message.find(b"\r\n\r\n")]
    start = name + b":"
    return b"".join(line + b"\r\n" for line in head.split(b"\r\n") if line.startswith(start))


def uri_in(contact: bytes) -> str:
    """What stands between < and >."""
    return contact[contact.find(b"<") + 1 : contact.find(b">")].decode()


def authorization(challenge: bytes, method: str, uri: str, number: int) -> str:
    """The header line that answers a 401 or 407 (RFC 7616, MD5 as most desk phones do)."""
    proxy = b"\r\nProxy-Authenticate: " in challenge
    offer = value(challenge, b"Proxy-Authenticate" if proxy else b"WWW-Authenticate").decode()
    realm, nonce = (offer.partition(f'{name}="')[2].partition('"')[0] for name in ("realm", "nonce"))
    user = account(number)
    ha1, ha2 = _md5(f"{user}:{realm}:{password(number)}"), _md5(f"{method}:{uri}")
    answer = _md5(f"{ha1}:{nonce}:00000001:0a4f113b:auth:{ha2}")
    return (
        f'{"Proxy-" if proxy else ""}Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", '
        f'uri="{uri}", response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="0a4f113b"\r\n'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Phones(asyncio.DatagramProtocol):
    """A socket with many phones behind it."""

    transport: asyncio.DatagramTransport
    own: Address

    def __init__(self, server: Address) -> None:
        self.server = server
        self.by_call: dict[bytes, Callable[[int, bytes], None]] = {}
        self.ids = itertools.count(1)
        self.unexpected: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is there."""
        self.transport = cast(asyncio.DatagramTransport, transport)  # uvloop's class is no subclass
        self.own = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """asyncio: a message."""
        if data.startswith(b"SIP/2.0 "):
            handler = self.by_call.get(value(data, b"Call-ID"))
            if handler is not None:
                handler(int(data[8:11]), data)
        else:
            self.asked(data[: data.index(b" ")].decode(), data)

    def now(self) -> float:
        """The time, for what is measured in calls."""
        return perf_counter()

    def audio(self, call: bytes, offer: bytes = b"") -> int:
        """The port for the audio of a call that we make, or that `offer` brings."""
        return _MEDIA_PORT

    def agreed(self, call: bytes, answer: bytes) -> None:
        """A call that we made was answered with this description."""

    def asked(self, method: str, data: bytes) -> None:
        """A request from the server."""
        if method != "ACK":
            self.unexpected.append(method)
            self.answer(data, "200 OK")

    def send(self, text: str) -> None:
        """One message to the server."""
        self.transport.sendto(text.encode(), self.server)

    def answer(self, request: bytes, status: str, more: str = "", body: str = "") -> None:
        """A response."""
        copied = b"".join(lines_of(request, name) for name in (b"Via", b"From", b"To", b"Call-ID", b"CSeq"))
        text = copied.decode()
        if "\r\nTo: " in text and ";tag=" not in (to := value(request, b"To").decode()):
            text = text.replace(f"\r\nTo: {to}\r\n", f"\r\nTo: {to};tag=b{value(request, b'Call-ID').decode()}\r\n")
        self.send(f"SIP/2.0 {status}\r\n{text}{more}Content-Length: {len(body)}\r\n\r\n{body}")

    def head(self, start: str, call: str, sequence: str, peers: tuple[str, str]) -> str:
        """The lines that every request has."""
        host, port = self.own
        branch = f"z9hG4bK{call}{sequence.replace(' ', '')}"
        return (
            f"{start} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch={branch};rport\r\nMax-Forwards: 70\r\n"
            f"From: {peers[0]}\r\nTo: {peers[1]}\r\nCall-ID: {call}\r\nCSeq: {sequence}\r\n"
        )

    def contact(self, number: int) -> str:
        """Where phone `number` is reached."""
        return f"<sip:{account(number)}@{self.own[0]}:{self.own[1]}>"


AnyPhones = TypeVar("AnyPhones", bound=Phones)


async def opened(phones: AnyPhones) -> AnyPhones:
    """The same phones with a socket, outside the server's range for media (which no phone may name as its own)."""
    own = ("127.0.0.1", free_port(socket.SOCK_DGRAM))
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: phones, local_addr=own)
    return phones


@dataclass(slots=True)
class Registration:
    """One REGISTER with its challenge; `done(True)` after the 200."""

    phones: Phones
    number: int
    done: Callable[[bool], None]
    call: str = ""
    expires: int = 3600

    def start(self) -> None:
        """Ask without credentials, as a phone does that has no nonce."""
        self.call = f"r{next(self.phones.ids)}x{self.phones.own[1]}"
        self.phones.by_call[self.call.encode()] = self._answered
        self._send("1 REGISTER", "")

    def _send(self, sequence: str, credentials: str) -> None:
        address = f"<sip:{account(self.number)}@{DOMAIN}>"
        head = self.phones.head(f"REGISTER sip:{DOMAIN}", self.call, sequence, (f"{address};tag=r", address))
        contact = f"Contact: {self.phones.contact(self.number)}\r\nExpires: {self.expires}\r\n"
        self.phones.send(f"{head}{contact}{credentials}Content-Length: 0\r\n\r\n")

    def _answered(self, status: int, data: bytes) -> None:
        if status == 401 and value(data, b"CSeq").startswith(b"1 "):
            self._send("2 REGISTER", authorization(data, "REGISTER", f"sip:{DOMAIN}", self.number))
        elif status >= 200 and self.phones.by_call.pop(self.call.encode(), None) is not None:
            self.done(status == 200)


class Called(Phones):
    """All phones that are rung: 180 and 200 at once; a call is complete when its BYE comes after its ACK."""

    def __init__(self, server: Address) -> None:
        super().__init__(server)
        self.completed = 0
        self._acknowledged: dict[bytes, int] = {}

    def asked(self, method: str, data: bytes) -> None:
        """As a phone that is picked up at once."""
        call = value(data, b"Call-ID")
        if method == "INVITE" and b";tag=" not in value(data, b"To"):
            self._acknowledged.setdefault(call, 0)
            contact = f"Contact: <sip:called@{self.own[0]}:{self.own[1]}>\r\n"
            self.answer(data, "180 Ringing", contact)
            body = SDP.format(number=next(self.ids), port=self.audio(call, data))
            self.answer(data, "200 OK", f"{contact}Content-Type: application/sdp\r\n", body)
        elif method == "ACK":
            if call in self._acknowledged:
                self._acknowledged[call] = 1
        elif method == "BYE":
            self.answer(data, "200 OK")
            self.completed += self._acknowledged.pop(call, 0)
        else:
            super().asked(method, data)


@dataclass(slots=True)
class Call:
    """One call from `caller` to `called`, with authentication; `over("")` when the BYE is answered, else with why not.
    With `hold` it stays until `hang_up`."""

    phones: Phones
    caller: int
    called: int
    over: Callable[[str], None]
    hold: bool = False
    talking: Callable[[], None] | None = None
    since: float = 0.0
    challenged_after: float = 0.0
    ringing_after: float | None = None
    media: int = 0
    call: str = ""
    sequence: int = 1
    _peers: tuple[str, str] = field(default=("", ""))
    _target: str = ""

    def start(self) -> None:
        """The first INVITE, without credentials."""
        self.call = f"c{next(self.phones.ids)}x{self.phones.own[1]}"
        self.phones.by_call[self.call.encode()] = self._answered
        self._peers = (f"<sip:{account(self.caller)}@{DOMAIN}>;tag={self.call}", f"<sip:{self.called}@{DOMAIN}>")
        self.media = self.phones.audio(self.call.encode())
        self.since = self.phones.now()
        self._invite("")

    def hang_up(self) -> None:
        """BYE."""
        self.sequence += 1
        self._plain("BYE", self._target)

    def _invite(self, credentials: str) -> None:
        uri = f"sip:{self.called}@{DOMAIN}"
        head = self.phones.head(f"INVITE {uri}", self.call, f"{self.sequence} INVITE", self._peers)
        body = SDP.format(number=self.call[1:].replace("x", ""), port=self.media)
        contact = f"Contact: {self.phones.contact(self.caller)}\r\n{credentials}"
        kind = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n"
        self.phones.send(f"{head}{contact}{kind}{body}")

    def _plain(self, method: str, uri: str) -> None:
        head = self.phones.head(f"{method} {uri}", self.call, f"{self.sequence} {method}", self._peers)
        self.phones.send(f"{head}Content-Length: 0\r\n\r\n")

    def _answered(self, status: int, data: bytes) -> None:
        if value(data, b"CSeq").endswith(b"BYE"):
            self._end("" if status == 200 else f"BYE got {status}")
        elif status == 180 and self.ringing_after is None:
            self.ringing_after = self.phones.now() - self.since
        elif status == 200:
            self._accepted(data)
        elif status >= 300:
            self._refused(status, data)

    def _accepted(self, data: bytes) -> None:
        again = bool(self._target)
        self._target = uri_in(value(data, b"Contact"))
        self._peers = (self._peers[0], value(data, b"To").decode())
        self._plain("ACK", self._target)
        if again:
            return
        self.phones.agreed(self.call.encode(), data)
        if self.talking is not None:
            self.talking()
        if not self.hold:
            self.hang_up()

    def _refused(self, status: int, data: bytes) -> None:
        if not value(data, b"CSeq").startswith(f"{self.sequence} ".encode()):
            return
        plain = self._peers
        self._peers = (plain[0], value(data, b"To").decode())
        self._ack_refusal()
        self._peers = plain
        if status in {401, 407} and self.sequence == 1:
            self.sequence, self.challenged_after = 2, self.phones.now() - self.since
            self._invite(authorization(data, "INVITE", f"sip:{self.called}@{DOMAIN}", self.caller))
        else:
            self._end(f"INVITE got {status}")

    def _ack_refusal(self) -> None:
        """In the INVITE's own transaction (RFC 3261 section 17.1.1.3)."""
        uri = f"sip:{self.called}@{DOMAIN}"
        head = self.phones.head(f"ACK {uri}", self.call, f"{self.sequence} ACK", self._peers)
        head = head.replace(f"{self.sequence}ACK;rport", f"{self.sequence}INVITE;rport")
        self.phones.send(f"{head}Content-Length: 0\r\n\r\n")

    def _end(self, why: str) -> None:
        if self.phones.by_call.pop(self.call.encode(), None) is not None:
            self.over(why)
