"""One endpoint inside a worker, and what a media plan means for its two halves.

Everything here is a value or a calculation: no socket is opened and no clock is read. The table of all sessions is in
``table``.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded.digits import DigitWatch
from vorzimmer.media.embedded.player import Playing
from vorzimmer.media.embedded.relay import BLOCKED, Inlet, Outlet, Where
from vorzimmer.media.embedded.secure import Channel
from vorzimmer.media.embedded.wires import Pair
from vorzimmer.media.port import Codec, MediaPlan, Nothing, Source, Statistics
from vorzimmer.rtp.packet import payload_map as numbers
from vorzimmer.rtp.rtcp import ReportBlock, round_trip
from vorzimmer.rtp.statistics import mos

PACKETISING_MS = 20.0
"""Part of the one-way delay that no round trip of RTCP shows."""

PLAYABLE = frozenset({("PCMA", 8000), ("PCMU", 8000), ("G722", 8000), ("OPUS", 48000)})
"""What the player can encode: name and RTP clock (G.722 counts 8000 although it samples 16000, RFC 3551 4.5.2)."""


@dataclass(slots=True, eq=False)
class FarEnd:
    """What the phone's RTCP says: its canonical name, and how it receives us."""

    cname: str = ""
    loss: float = 0.0
    jitter_ms: float = 0.0
    round_trip: float | None = None

    def take(self, block: ReportBlock, ntp: int, outlet: Outlet) -> None:
        """A report block about our stream; `ntp` is our time now."""
        self.loss = min(max(block.lost, 0) / outlet.packets, 1.0) if outlet.packets else 0.0
        self.jitter_ms = block.jitter * 1000 / outlet.rate
        self.round_trip = round_trip(block, ntp) or self.round_trip


@dataclass(slots=True, eq=False)
class Session:
    """One open endpoint. `pool` names the port pool its pair goes back to, None for a bridge's."""

    endpoint: EndpointId
    group: CallId
    pair: Pair
    inlet: Inlet
    watch: DigitWatch
    outlet: Outlet
    channel: Channel
    pool: tuple[str, int] | None
    cname: str
    bridge: tuple[EndpointId, EndpointId] | None = None
    audience: "dict[EndpointId, Session]" = field(default_factory=dict)
    plan: MediaPlan | None = None
    source: Source = field(default_factory=Nothing)
    paused: Playing | None = None
    turn: int = 0
    attentive_since: float = 0.0
    reported_silent: bool = False
    control_from: Where | None = None
    far: FarEnd = field(default_factory=FarEnd)
    closed: bool = False

    def agree(self, plan: MediaPlan, now: float) -> None:
        """Take a plan: learn anew where the phone is when it names another address than before (RFC 3264 8.3.1).

        Raises MediaError for SRTP keys that do not fit.
        """
        self.channel.agree(plan, now)
        attentive = self.plan is not None and self.plan.receives and self.plan.remote is not None
        self.plan = plan
        self.inlet.rates = _rates(plan.receive_codecs, (plan.receive_dtmf, plan.dtmf_rate), plan.comfort_noise)
        self.watch.rate = plan.dtmf_rate or event_rate(plan.receive_codecs)
        self.outlet.event_rate = plan.dtmf_rate or event_rate(plan.codecs)
        self.inlet.event = -1 if plan.receive_dtmf is None else plan.receive_dtmf
        self.inlet.agree(literal(plan.remote), now)
        if not attentive:
            self.attentive_since = now
            self.reported_silent = False
        self.aim()

    def aim(self) -> None:
        """Where our packets go: where the phone's come from, or until then where its SDP says."""
        plan = self.plan
        sends = plan is not None and plan.sends and plan.remote is not None
        to = (self.inlet.source or self.inlet.learning.destination) if sends else None
        if self.outlet.to is None:
            self.outlet.renew()
        self.outlet.to = to

    def link(self, speaker: MediaPlan | None) -> None:
        """Translate payload types of whoever is heard (None: nobody) to those of this phone."""
        if self.outlet.map is BLOCKED:
            self.outlet.renew()
        self.outlet.map = payload_map(speaker, self.plan)

    def silent_for(self, now: float) -> float:
        """Seconds without RTP from a phone that should send; 0 for one that need not."""
        if self.plan is None or not self.plan.receives or self.plan.remote is None or self.bridge:
            return 0.0
        return now - max(self.inlet.last, self.attentive_since)

    def statistics(self, late: int = 0) -> Statistics:
        """Counted over the endpoint's whole life; `late` packets came after their turn where they are decoded."""
        inlet, heard = self.inlet, self.inlet.reception
        lost = max(0, heard.lost - inlet.events)  # digits are counted apart: their timestamps say nothing of jitter
        loss = lost / heard.expected if heard.expected else 0.0
        codec = self.plan.receive_codecs[0].name if self.plan and self.plan.receive_codecs else "PCMA"
        far, trip = self.far, self.far.round_trip
        delay = {"delay_ms": PACKETISING_MS + trip * 500} if trip is not None else {}
        return Statistics(
            received=heard.received + inlet.events,
            sent=self.outlet.packets,
            received_bytes=heard.received_bytes,
            sent_bytes=self.outlet.octets,
            lost=lost,
            loss=loss,
            jitter_ms=heard.jitter_ms,
            mos=mos(loss, heard.jitter_ms, codec, **delay) if heard.received else 0.0,
            refused=inlet.dropped,
            late=late,
            far_loss=far.loss,
            far_jitter_ms=far.jitter_ms,
            round_trip_ms=None if trip is None else trip * 1000,
        )


def payload_map(speaker: MediaPlan | None, listener: MediaPlan | None) -> tuple[int, ...]:
    """For each payload type that `speaker` may send, the number `listener` knows the same format by, or -1."""
    if speaker is None or listener is None or not listener.sends or not speaker.receives:
        return BLOCKED
    extras = ((speaker.receive_dtmf, listener.dtmf), (speaker.comfort_noise, listener.comfort_noise))
    return _numbers(speaker.receive_codecs, listener.codecs, extras)


Pairs = tuple[tuple[int | None, int | None], tuple[int | None, int | None]]


@lru_cache(maxsize=256)
def _numbers(spoken: tuple[Codec, ...], known: tuple[Codec, ...], extras: Pairs) -> tuple[int, ...]:
    """Shared by all who agreed the same, so that the relay finds it in the processor's cache."""
    digits, (noise, wanted) = extras
    found = numbers(spoken, known, digits)
    if noise is None or wanted is None or found[noise & 127] >= 0:
        return found
    return (*found[: noise & 127], wanted, *found[(noise & 127) + 1 :])


def playable(plan: MediaPlan) -> Codec | None:
    """The codec to play in: the phone's favourite among those we can encode."""
    return next((codec for codec in plan.codecs if (codec.name, codec.rate) in PLAYABLE), None)


def literal(address: Address | None) -> Address | None:
    """As sockets write it; None for port 0, and for names, which are not resolved here: the phone is learned."""
    if address is None or not 0 < address.port < 0x10000:
        return None
    try:
        return Address(str(ip_address(address.host)), address.port)
    except ValueError:
        return None


def event_rate(codecs: tuple[Codec, ...]) -> int:
    """Telephone events count in the clock of the codec beside them (RFC 4733 2.1); 8000 is what phones mean."""
    return 48000 if {codec.rate for codec in codecs} == {48000} else 8000


@lru_cache(maxsize=256)
def _rates(codecs: tuple[Codec, ...], events: tuple[int | None, int], noise: int | None) -> tuple[int, ...]:
    digits, clock = events
    rates = [0] * 128
    if noise is not None:
        rates[noise & 127] = 8000
    for codec in codecs:
        rates[codec.payload_type & 127] = codec.rate
    if digits is not None:
        rates[digits & 127] = clock or event_rate(codecs)
    return tuple(rates)
