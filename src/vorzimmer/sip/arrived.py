"""A request as it arrived: what matching and answering need, read once (RFC 3261 sections 17.2.3 and 18.2).

This module must never keep state or send anything.
"""

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import Via, parse_cseq, parse_via
from vorzimmer.sip.message import Headers, Request

MAGIC = "z9hG4bK"
"""The branch prefix of RFC 3261 section 8.1.1.7; without it RFC 2543 rules apply."""

DEFAULT_PORTS = {"tls": 5061, "wss": 443, "ws": 80}


def tag_of(value: str) -> str:
    """The tag parameter of a From or To value, "" without one. Only what follows the last ``>`` is looked at."""
    tail = value[value.rfind(">") + 1 :]
    start = tail.find(";tag=")
    if start >= 0:
        end = tail.find(";", start + 5)
        return (tail[start + 5 :] if end < 0 else tail[start + 5 : end]).strip()
    for part in tail.split(";")[1:]:
        name, _, text = part.partition("=")
        if name.strip().lower() == "tag":
            return text.strip()
    return ""


def transaction_name(via: Via, method: str) -> str:
    """The name of a server transaction by its top Via (RFC 3261 section 17.2.3); an ACK looks for the INVITE. "" for a
    branch without the magic, where more than the Via counts."""
    if not via.branch.startswith(MAGIC) or len(via.branch) == len(MAGIC):
        return ""
    return f"{via.branch} {via.host.lower()}:{via.port} {'INVITE' if method == 'ACK' else method}"


def marked(via: Via, text: str, source: Address) -> str:
    """The top Via of an answer, with received and rport filled in (RFC 3261 section 18.2.1, RFC 3581)."""
    if not via.wants_rport:
        return str(via.having("received", source.host)) if via.host != source.host else text
    before, found, after = text.partition(";rport")
    if found and (not after or after[0] == ";") and ";rport" not in after and "received" not in text:
        return f"{before};rport={source.port}{after};received={source.host}"
    return str(via.having("rport", str(source.port)).having("received", source.host))


class Arrived:
    """One request with its Via, CSeq, Call-ID and tags; raises PeerError 400 where they cannot be read. `lean` is for
    ``unanswered``: what is kept of the request, once it has been written."""

    __slots__ = (
        "call_id",
        "cseq",
        "cseq_text",
        "flow",
        "from_",
        "from_tag",
        "key",
        "lean",
        "request",
        "to",
        "to_tag",
        "via",
        "vias",
    )

    def __init__(self, request: Request, flow: Flow) -> None:
        headers = request.headers
        vias = headers.list_of("Via")
        if not vias:
            raise PeerError("Missing Via", answerable=False)
        self.request = request
        self.flow = flow
        self.via = parse_via(vias[0])
        self.lean = b""
        self.vias = vias
        self.cseq_text = headers.get("CSeq")
        self.cseq = parse_cseq(self.cseq_text).number
        self.call_id = headers.get("Call-ID")
        self.from_ = headers.get("From")
        self.to = headers.get("To")
        self.from_tag = tag_of(self.from_)
        self.to_tag = tag_of(self.to)
        self.key = self.key_for(request.method)

    def key_for(self, method: str) -> str:
        """The name of the server transaction this request belongs to, as if it were a `method` (CANCEL and ACK look
        for the INVITE). RFC 3261 section 17.2.3; without the magic branch, the fallback for RFC 2543 clients."""
        name = transaction_name(self.via, method)
        if name:
            return name
        invite = method in {"INVITE", "ACK"}
        to_tag = "" if invite else self.to_tag
        return "\n".join(
            (self.request.uri, to_tag, self.from_tag, self.call_id, str(self.cseq), self.vias[0],
             "INVITE" if invite else method)
        )  # fmt: skip

    def via_lines(self) -> str:
        """All Via lines for a response, the top one with received and rport filled in (RFC 3261 18.2.1, RFC 3581)."""
        top = f"Via: {marked(self.via, self.vias[0], self.flow.remote)}\r\n"
        return top if len(self.vias) == 1 else top + "".join(f"Via: {via}\r\n" for via in self.vias[1:])

    def answer_to(self) -> Flow | Hop:
        """Where responses go: RFC 3261 section 18.2.2, RFC 3581 section 4.

        A stream: the flow. A datagram: the source port where the client asked for rport, else the port of sent-by.
        The maddr parameter is not followed: it would let a stranger aim our answers at somebody else.
        """
        flow = self.flow
        if flow.transport != "udp" or self.via.wants_rport:
            return flow
        port = self.via.port or 5060
        if port == flow.remote.port:
            return flow
        return Flow(flow.transport, flow.local, Address(flow.remote.host, port), flow.connection, flow.listener)

    def answer_after_close(self) -> Hop:
        """Where a response goes when the stream it came on is closed: the source host, port of sent-by."""
        flow = self.flow
        port = self.via.port or DEFAULT_PORTS.get(flow.transport, 5060)
        return Hop(flow.transport, flow.remote.host, port, flow.listener)


def branch_of(headers: Headers) -> str:
    """The branch in the only Via of a response, "" where there is none or more than one Via (RFC 3261 8.1.3.3).

    We wrote that Via ourselves, so a look is enough: whatever differs from what we wrote matches nothing.
    """
    vias = headers.get_all("Via")
    if len(vias) != 1 or "," in vias[0]:
        return ""
    branch = vias[0].partition(";branch=")[2]
    return branch.partition(";")[0].strip()
