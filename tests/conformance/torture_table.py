"""What the RFCs ask an element to do with each torture message: one table for the parser and for the whole engine.

`parse` is what the message layer (parse, check_request or check_response, check_support) must say: 0 to accept, a
status to refuse with, DROP for silence. `engine` is the first final status that our server must give through the
engine when the parser's word is not the last one: 0 means "any answer of a working server" (a 2xx, 401, 404, 405, 481
... but never a 400), DROP that no packet may leave.
"""

from dataclasses import dataclass
from pathlib import Path

DROP = -1
ACCEPT = 0
ROOT = Path(__file__).parent / "torture"


@dataclass(frozen=True)
class Case:
    """One message."""

    rfc: str
    name: str
    section: str
    title: str
    parse: int
    through: int | None = None

    @property
    def engine(self) -> int:
        """What is asked of the engine: `through`, or the same as of the parser."""
        return self.parse if self.through is None else self.through

    @property
    def data(self) -> bytes:
        """The bytes as published."""
        return (ROOT / self.rfc / f"{self.name}.dat").read_bytes()


_4475 = "rfc4475"
_5118 = "rfc5118"

CASES: tuple[Case, ...] = (
    Case(_4475, "wsinv", "3.1.1.1", "a short tortuous INVITE", ACCEPT),
    Case(_4475, "intmeth", "3.1.1.2", "wide range of valid characters", ACCEPT),
    Case(_4475, "esc01", "3.1.1.3", "valid use of the % escaping mechanism", ACCEPT),
    Case(_4475, "escnull", "3.1.1.4", "escaped nulls in URIs", ACCEPT),
    Case(_4475, "esc02", "3.1.1.5", "use of % when it is not an escape", ACCEPT),
    Case(_4475, "lwsdisp", "3.1.1.6", "no white space between display name and <", ACCEPT),
    Case(_4475, "longreq", "3.1.1.7", "long values in header fields", ACCEPT),
    Case(_4475, "dblreq", "3.1.1.8", "extra trailing octets in a UDP datagram", ACCEPT),
    Case(_4475, "semiuri", "3.1.1.9", "semicolon-separated parameters in a user part", ACCEPT),
    Case(_4475, "transports", "3.1.1.10", "varied and unknown transport types", ACCEPT),
    Case(_4475, "mpart01", "3.1.1.11", "multipart MIME message", ACCEPT),
    Case(_4475, "unreason", "3.1.1.12", "unusual reason phrase", ACCEPT, DROP),
    Case(_4475, "noreason", "3.1.1.13", "empty reason phrase", ACCEPT, DROP),
    Case(_4475, "badinv01", "3.1.2.1", "extraneous header field separators", 400),
    Case(_4475, "clerr", "3.1.2.2", "Content-Length larger than the message", 400),
    Case(_4475, "ncl", "3.1.2.3", "negative Content-Length", 400),
    Case(_4475, "scalar02", "3.1.2.4", "request scalar fields with overlarge values", 400),
    Case(_4475, "scalarlg", "3.1.2.5", "response scalar fields with overlarge values", DROP),
    Case(_4475, "quotbal", "3.1.2.6", "unterminated quoted string in a display name", 400),
    Case(_4475, "ltgtruri", "3.1.2.7", "<> enclosing the Request-URI", 400),
    Case(_4475, "lwsruri", "3.1.2.8", "malformed Request-URI with embedded white space", 400),
    Case(_4475, "lwsstart", "3.1.2.9", "several SP between the elements of the Request-Line", 400),
    Case(_4475, "trws", "3.1.2.10", "SP at the end of the Request-Line", 400),
    Case(_4475, "escruri", "3.1.2.11", "escaped header fields in a SIP Request-URI", 400),
    Case(_4475, "baddate", "3.1.2.12", "invalid time zone in Date: a bad Date may be read over", ACCEPT),
    Case(_4475, "regbadct", "3.1.2.13", "name-addr not enclosed in <>", 400),
    Case(_4475, "badaspec", "3.1.2.14", "spaces within addr-spec", 400),
    Case(_4475, "baddn", "3.1.2.15", "non-token characters in a display name", 400),
    Case(_4475, "badvers", "3.1.2.16", "unknown protocol version", 505),
    Case(_4475, "mismatch01", "3.1.2.17", "Start Line and CSeq methods differ", 400),
    Case(_4475, "mismatch02", "3.1.2.18", "unknown method, and CSeq differs", 400),
    Case(_4475, "bigcode", "3.1.2.19", "overlarge response code", DROP),
    Case(_4475, "badbranch", "3.2.1", "branch that is nothing but the cookie", ACCEPT),
    Case(_4475, "insuf", "3.3.1", "missing required header fields", 400),
    Case(_4475, "unkscm", "3.3.2", "Request-URI with an unknown scheme", 416),
    Case(_4475, "novelsc", "3.3.3", "Request-URI with a known but atypical scheme", 416),
    Case(_4475, "unksm2", "3.3.4", "unknown URI schemes in header fields", ACCEPT),
    Case(_4475, "bext01", "3.3.5", "Require and Proxy-Require with unknown extensions", 420),
    Case(_4475, "invut", "3.3.6", "unknown Content-Type", 415),
    Case(_4475, "regaut01", "3.3.7", "unknown authorization scheme", ACCEPT, 401),
    Case(_4475, "multi01", "3.3.8", "several values in single-value fields", 400),
    Case(_4475, "mcl01", "3.3.9", "several Content-Length values", 400),
    Case(_4475, "bcast", "3.3.10", "200 with a broadcast Via: not ours, and never relayed", ACCEPT, DROP),
    Case(_4475, "zeromf", "3.3.11", "Max-Forwards of zero at an endpoint", ACCEPT),
    Case(_4475, "cparam01", "3.3.12", "REGISTER with a contact-param", ACCEPT, 401),
    Case(_4475, "cparam02", "3.3.13", "REGISTER with a url-parameter", ACCEPT, 401),
    Case(_4475, "regescrt", "3.3.14", "REGISTER with a URL-escaped Route in Contact", ACCEPT, 401),
    Case(_4475, "sdp01", "3.3.15", "INVITE with an unacceptable Accept", 406),
    Case(_4475, "inv2543", "3.4.1", "INVITE with RFC 2543 syntax", ACCEPT),
    Case(_5118, "ipv6-good", "4.1", "valid message with an IPv6 reference", ACCEPT, 401),
    Case(_5118, "ipv6-bad", "4.2", "IPv6 reference without brackets", 400),
    Case(_5118, "port-ambiguous", "4.3", "port inside the brackets: a legal address", ACCEPT, 401),
    Case(_5118, "port-unambiguous", "4.4", "port after the brackets", ACCEPT, 401),
    Case(_5118, "via-received-param-with-delim", "4.5", "received with brackets", ACCEPT),
    Case(_5118, "via-received-param-no-delim", "4.5", "received without brackets", ACCEPT),
    Case(_5118, "ipv6-in-sdp", "4.6", "IPv6 addresses in SDP", ACCEPT),
    Case(_5118, "mult-ip-in-header", "4.7", "IPv4 and IPv6 in header fields", ACCEPT),
    Case(_5118, "mult-ip-in-sdp", "4.8", "IPv4 and IPv6 in SDP", ACCEPT),
    Case(_5118, "ipv4-mapped-ipv6", "4.9", "IPv4-mapped IPv6 addresses", ACCEPT),
    Case(_5118, "ipv6-bug-abnf-3-colons", "4.10", "the third colon of the old ABNF is tolerated", ACCEPT),
    Case(_5118, "ipv6-correct-abnf-2-colons", "4.10", "two colons", ACCEPT),
)
