"""RTCP of one endpoint (RFC 3550 section 6): every five seconds what we sent and how well we received.

The time in sender reports counts from the worker's start (RFC 3550 6.4.1 allows that), since this module must never
read a clock. What phones report is read for the round trip only; nothing they send is passed on.
"""

from vorzimmer.kernel.address import Address
from vorzimmer.media.embedded.relay import Where
from vorzimmer.media.embedded.session import Session
from vorzimmer.rtp import rtcp

INTERVAL = 5
"""Seconds between reports: RFC 3550 6.2's minimum."""

MAX_DATAGRAM = 1500


def report(session: Session, now: float) -> bytes | None:
    """The compound packet that is due; None while nothing has been sent or received."""
    outlet, block = session.outlet, session.inlet.reception.block(now)
    blocks = (block,) if block else ()
    name = rtcp.source_description(rtcp.SourceDescription(outlet.ssrc, session.cname))
    if outlet.packets:
        gone = round((now - outlet.last) * outlet.rate)
        ntp = int(now * 2**32)
        sent = rtcp.SenderReport(outlet.ssrc, ntp, outlet.timestamp + gone, outlet.packets, outlet.octets, blocks)
        return rtcp.sender_report(sent) + name
    return rtcp.receiver_report(rtcp.ReceiverReport(outlet.ssrc, blocks)) + name if blocks else None


def destination(session: Session) -> Where | None:
    """Where the phone's RTCP comes from, or beside the address of its RTP."""
    to = session.outlet.to or session.inlet.source
    if to is None:
        return None
    if session.control_from is not None and session.control_from[0] == to[0]:
        return session.control_from
    return (to[0], int(str(to[1])) + 1, *to[2:])


def heard(session: Session, data: bytes, source: Where, now: float) -> None:
    """RTCP has come: believed from the host whose RTP is believed, for learning its port and its reports' times."""
    locked: Address | None = session.inlet.learning.locked
    if len(data) > MAX_DATAGRAM or locked is None or source[0] != locked.host:
        return
    reports = rtcp.parse(data)
    if reports:
        session.control_from = source
    for each in reports:
        if isinstance(each, rtcp.SenderReport) and each.ssrc == session.inlet.ssrc:
            session.inlet.reception.sender_report(each.ntp, now)
