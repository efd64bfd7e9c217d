"""Responses on their way out, as bytes (RFC 3261 section 8.2.6). This module must never send or decide anything."""

from zlib import crc32

from vorzimmer.sip.arrived import Arrived, tag_of
from vorzimmer.sip.message import Request
from vorzimmer.sip.outline import one_line, seal

PHRASES = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    199: "Early Dialog Terminated", 200: "OK", 202: "Accepted", 204: "No Notification", 300: "Multiple Choices",
    301: "Moved Permanently", 302: "Moved Temporarily", 305: "Use Proxy", 380: "Alternative Service",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    410: "Gone", 412: "Conditional Request Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension", 421: "Extension Required",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 428: "Use Identity Header", 429: "Provide Referrer",
    430: "Flow Failed", 433: "Anonymity Disallowed", 436: "Bad Identity Info", 437: "Unsupported Credential",
    438: "Invalid Identity Header", 439: "First Hop Lacks Outbound Support", 469: "Bad Info Package",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete",
    485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event",
    491: "Request Pending", 493: "Undecipherable", 494: "Security Agreement Required", 500: "Server Internal Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Server Time-out",
    505: "Version Not Supported", 513: "Message Too Large", 555: "Push Notification Service Not Supported",
    580: "Precondition Failure", 600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere",
    606: "Not Acceptable", 607: "Unwanted", 608: "Rejected",
}  # fmt: skip


def phrase(status: int, reason: str = "") -> str:
    """`reason`, or the standard phrase."""
    return one_line(reason) or PHRASES.get(status, "Unknown")


def reply(arrived: Arrived, status: int, to_tag: str, *, reason: str = "", lines: str = "", body: bytes = b"") -> bytes:
    """A response to `arrived`. `to_tag` is added where the request had none and the status is above 100; `lines` are
    further header lines, each with its line end."""
    to = arrived.to
    if to_tag and not arrived.to_tag:
        to = f"{to};tag={to_tag}"
    return seal(
        f"SIP/2.0 {status} {phrase(status, reason)}\r\n{arrived.via_lines()}From: {arrived.from_}\r\nTo: {to}\r\n"
        f"Call-ID: {arrived.call_id}\r\nCSeq: {arrived.cseq_text}\r\n{lines}",
        body,
    )


def stateless_tag(request: Request) -> str:
    """A To tag that is the same for every retransmission, for answers that keep no state (RFC 3261 section 8.2.7)."""
    headers = request.headers
    seed = "\n".join((headers.get("Call-ID"), headers.get("From"), headers.get("CSeq"), headers.get("Via")))
    return f"{crc32(seed.encode('utf-8', 'surrogateescape')):08x}"


def record_routes(arrived: Arrived) -> str:
    """Record-Route lines to copy into a response that makes a dialog (RFC 3261 section 12.1.1)."""
    routes = arrived.request.headers.get_all("Record-Route")
    return "".join(f"Record-Route: {route}\r\n" for route in routes) if routes else ""


def reply_unread(request: Request, status: int, to_tag: str, *, reason: str = "") -> bytes:
    """A response to a request whose Via, CSeq or addresses cannot be read: they are copied as they are."""
    headers = request.headers
    vias = "".join(f"Via: {via}\r\n" for via in headers.get_all("Via"))
    to = headers.get("To")
    if not tag_of(to):
        to = f"{to};tag={to_tag}"
    return seal(
        f"SIP/2.0 {status} {phrase(status, reason)}\r\n{vias}From: {headers.get('From')}\r\nTo: {to}\r\n"
        f"Call-ID: {headers.get('Call-ID')}\r\nCSeq: {headers.get('CSeq')}\r\n",
        b"",
    )
