"""RTCP of the endpoints (RFC 3550 section 6): what we sent and how well we received, and what phones report of us.

We terminate RTCP on both sides of a relay: nothing that a phone sends is passed on, and our reports name our own
streams. The time in sender reports counts from the worker's start (RFC 3550 6.4.1 allows that), since this module must
never read a clock.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.media.embedded.outlet import Where
from vorzimmer.media.embedded.session import Session, literal
from vorzimmer.rtp import rtcp

LEAST = 5.0
"""Seconds: RFC 3550 6.2's minimum interval, which is always more than 5 % of the bandwidth of a call needs."""

COMPENSATION = 1.21828
"""e - 1.5: makes up for the bias of the randomised interval (RFC 3550 6.3.1)."""

MAX_DATAGRAM = 1500


@dataclass(slots=True)
class Reporter:
    """Who has to report when: at random times around every five seconds (RFC 3550 6.3.1), so that they never bunch."""

    chance: Chance
    _due: list[tuple[float, int, Session]] = field(default_factory=list)
    _number: int = 0

    def watch(self, session: Session, now: float) -> None:
        """A new endpoint: its first report comes after half an interval (RFC 3550 6.2)."""
        self._plan(session, now + self._interval() / 2)

    def send_due(self, now: float) -> None:
        """Every tick: the reports whose time has come."""
        while self._due and self._due[0][0] <= now:
            _, _, session = heappop(self._due)
            if session.closed:
                continue
            send(session, report(session, now))
            self._plan(session, now + self._interval())

    def goodbye(self, session: Session, now: float) -> None:
        """The endpoint closes (RFC 3550 6.3.7)."""
        session.closed = True
        last = report(session, now)
        if last:
            send(session, last + rtcp.goodbye(rtcp.Goodbye((session.outlet.ssrc,))))

    def _interval(self) -> float:
        return LEAST * (0.5 + self.chance.fraction()) / COMPENSATION

    def _plan(self, session: Session, at: float) -> None:
        self._number += 1
        heappush(self._due, (at, self._number, session))


def report(session: Session, now: float) -> bytes | None:
    """The compound packet that is due; None while nothing has been sent or received."""
    outlet, block = session.outlet, session.inlet.reception.block(now)
    blocks = (block,) if block else ()
    name = rtcp.source_description(rtcp.SourceDescription(outlet.ssrc, session.cname))
    if outlet.packets:
        gone = round((now - outlet.last) * outlet.rate)
        sent = rtcp.SenderReport(outlet.ssrc, _ntp(now), outlet.timestamp + gone, outlet.packets, outlet.octets, blocks)
        return rtcp.sender_report(sent) + name
    return rtcp.receiver_report(rtcp.ReceiverReport(outlet.ssrc, blocks)) + name if blocks else None


def send(session: Session, data: bytes | None) -> None:
    """To where the phone's RTCP is; bridges and endpoints without a phone report to nobody."""
    to = destination(session)
    if data and to and session.pool:
        session.channel.send_control(data, to)


def destination(session: Session) -> Where | None:
    """On the port of RTP (RFC 5761), where the phone's RTCP comes from, where its SDP says, or beside its RTP."""
    to, plan = session.outlet.to or session.inlet.source, session.plan
    if to is None or plan is None or plan.rtcp_mux:
        return to
    if session.control_from is not None and session.control_from[0] == to[0]:
        return session.control_from
    named = literal(plan.remote_rtcp)
    if named is not None and plan.remote is not None and tuple(to[:2]) == plan.remote and named.host == to[0]:
        return (*named, *to[2:])
    return (to[0], int(str(to[1])) + 1, *to[2:])


def heard(session: Session, data: bytes, source: Where, now: float) -> None:
    """RTCP has come. It is believed from the host whose RTP is believed; another host can only vouch for a stream."""
    locked: Address | None = session.inlet.learning.locked
    if len(data) > MAX_DATAGRAM or locked is None:
        return
    reports = rtcp.parse(data)
    if source[0] != locked.host:
        _vouch(session, reports, str(source[0]))
        return
    if reports:
        session.control_from = source
    for each in reports:
        _take(session, each, now)


def _take(session: Session, each: rtcp.Report, now: float) -> None:
    if isinstance(each, rtcp.SourceDescription):
        if each.ssrc == session.inlet.ssrc:
            session.far.cname = each.cname
        return
    if isinstance(each, rtcp.SenderReport) and each.ssrc == session.inlet.ssrc:
        session.inlet.reception.sender_report(each.ntp, now)
    if isinstance(each, rtcp.SenderReport | rtcp.ReceiverReport):
        for block in each.blocks:
            if block.ssrc == session.outlet.ssrc:
                session.far.take(block, _ntp(now), session.outlet)


def _vouch(session: Session, reports: tuple[rtcp.Report, ...], host: str) -> None:
    """A phone that changed its network proves itself with the name it had before."""
    for each in reports:
        if isinstance(each, rtcp.SourceDescription) and session.far.cname and each.cname == session.far.cname:
            session.inlet.learning.vouch(host, each.ssrc)


def _ntp(now: float) -> int:
    return int(now * 2**32)
