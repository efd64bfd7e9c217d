"""A bare socket that speaks SIP by hand, for what no sane phone would send. This module must never wait for ever."""

import asyncio
from typing import Self

from vorzimmer.kernel.address import Address
from vorzimmer.sip.digest import Account, answer
from vorzimmer.sip.message import Headers, Request, Response, parse

HOST = "127.0.0.1"
WAIT_S = 8.0
REPEAT_S = 0.5


class RawUdp(asyncio.DatagramProtocol):
    """Sends what it is given and keeps what comes back."""

    def __init__(self, server: Address) -> None:
        self.server = server
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._number = 0

    async def open(self, host: str = HOST) -> Self:
        """Bind."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self.local = Address(*self._transport.get_extra_info("sockname")[:2])
        return self

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._arrived.put_nowait(data)

    def send(self, data: bytes) -> None:
        """One datagram."""
        self._transport.sendto(data, (self.server.host, self.server.port))

    async def receive(self, seconds: float = WAIT_S) -> bytes:
        """The next datagram; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            return await self._arrived.get()

    async def ask(self, request: Request, seconds: float = WAIT_S) -> Response:
        """Send until it is answered, as UDP asks for; the first response to it that is not provisional."""
        call = request.headers.get("Call-ID")
        async with asyncio.timeout(seconds):
            while True:
                self.send(request.to_bytes())
                response = await self._answer_to(call)
                if response is not None:
                    return response

    async def _answer_to(self, call: str) -> Response | None:
        try:
            async with asyncio.timeout(REPEAT_S):
                while True:
                    response = parse(await self._arrived.get())
                    if isinstance(response, Response) and response.status >= 200 and _is_of(response, call):
                        return response
        except TimeoutError:
            return None

    def request(
        self, method: str, user: str, uri: str = "", *more: tuple[str, str], sent_by: str = "", body: str = ""
    ) -> Request:
        """A request of `user`, complete enough to be taken seriously."""
        self._number += 1
        unique = f"{self.local.port}-{self._number}"
        address = f"sip:{user}@{self.server}"
        given = {name.lower() for name, _ in more}
        usual = (
            ("Via", f"SIP/2.0/UDP {sent_by or self.local};rport;branch=z9hG4bK{unique}"),
            ("Max-Forwards", "70"),
            ("From", f"<{address}>;tag=t{unique}"),
            ("To", f"<{address if method == 'REGISTER' else uri}>"),
            ("Call-ID", f"c{unique}"),
            ("CSeq", f"{self._number} {method}"),
        )
        headers = tuple(each for each in usual if each[0].lower() not in given)
        return Request(method, uri or f"sip:{self.server}", Headers((*headers, *more)), body.encode())

    def acknowledge(self, invite: Request, refused: Response) -> None:
        """The ACK of an INVITE that was refused (RFC 3261 section 17.1.1.3)."""
        kept = [(name, invite.headers.get(name)) for name in ("Via", "Max-Forwards", "From", "Call-ID")]
        number = invite.headers.get("CSeq").partition(" ")[0]
        headers = Headers((*kept, ("To", refused.headers.get("To")), ("CSeq", f"{number} ACK")))
        self.send(Request("ACK", invite.uri, headers).to_bytes())

    def close(self) -> None:
        """Close."""
        self._transport.close()


def _is_of(response: Response, call: str) -> bool:
    return response.headers.get("Call-ID") == call


def credentials(challenge: Response, request: Request, account: tuple[str, str], count: int = 1) -> tuple[str, str]:
    """The header that answers a challenge."""
    found = answer(challenge.headers, request, Account(*account), "0a4f113b", count=count)
    assert found is not None
    return found
