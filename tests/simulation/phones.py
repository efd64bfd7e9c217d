"""A simulated phone with its place in the network: it can move, vanish and be switched on again."""

from collections.abc import Callable

from tests.simulation.companies import PASSWORD, House

from vorzimmer.kernel.address import Address
from vorzimmer.net.pump import Pump
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.plan import Format, Protection
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Event, FlowGone
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock
from vorzimmer.testing.network import Network, Node
from vorzimmer.testing.phone import Line, Phone
from vorzimmer.testing.phone_call import PhoneCall
from vorzimmer.testing.server import SERVER

REFRESH = 60.0
"""Seconds between registrations."""
EXPIRES = 120
OnBug = Callable[[str, Exception], None]


class Handset:
    """One life of a phone: from being plugged in until the plug is pulled."""

    def __init__(
        self,
        network: Network,
        clock: VirtualClock,
        who: tuple[House, str, int],
        *,
        on_bug: OnBug,
        transport: str,
        agent: str = "phone",
        srtp: Protection = "off",
        session: int = 1800,
    ) -> None:
        house, device, life = who
        self.house, self.device, self.life = who
        self.network = network
        number = house.devices.index(device) + 1
        host = f"10.{house.net}.{number}.{life}"
        self.address = Address(host, 5060)
        self.node: Node = network.join(f"{house.id[0].upper()}.{device}.{life}", self.address)
        seed = house.net * 100_000 + number * 1_000 + life
        config = EngineConfig(sent_by=self.node.sent_by, user_agent=agent, session_expires=session)
        self.engine = Engine(config, SeededChance(seed))
        self.pump = Pump(self.engine, clock, self.node, on_bug=on_bug)
        line = Line(
            house.account(device),
            SERVER,
            PASSWORD,
            house.domain,
            transport,
            Address(host, 40000),
            self.address,
            _formats(device),
            srtp,
        )
        self.phone = Phone(line, self.pump, clock, SeededChance(seed + 50_000))
        self.pump.handle_with(self._handle)
        self.refreshing = True
        self.connected = True
        """False from the end of a connection until the server knows of a new one (TCP)."""
        self.cut = False
        """True while nothing reaches it and nothing leaves it, and nobody is told."""
        self.doubtful: set[PhoneCall] = set()
        """Calls in which it was cut off: their end may have passed it by."""

    def _handle(self, event: Event) -> None:
        if isinstance(event, FlowGone):
            self.connected = False
            self.phone.later(1.0, self._lost)
        self.phone.handle(event)

    def _lost(self) -> None:
        """Its connection is gone: it registers again, whatever connection the server may have made meanwhile."""
        self.phone.registered = False
        self.phone.register(EXPIRES)
        self.phone.later(0.0 if self.node.open_flow(self.phone.hop) else 1.0, self._reconnect)

    def _reconnect(self) -> None:
        """It makes a new connection, and what it says in its calls goes there."""
        if not self.refreshing:
            return  # the run is over; one whose device has been switched off would try for ever
        flow = self.node.open_flow(self.phone.hop)
        if flow is None:
            self.phone.register(EXPIRES)
            self.phone.later(1.0, self._reconnect)
            return
        for call in self.calls:
            self.engine.refreshed(call.leg, flow)
        if self.phone.registered:
            self.connected = True
            return
        if not self.phone.registering:
            self.phone.register(EXPIRES)  # The server was down a moment ago, and has connected to us since.
        self.phone.later(0.5, self._reconnect)

    @property
    def alive(self) -> bool:
        """Whether the plug is in."""
        return self.phone.alive

    @property
    def calls(self) -> list[PhoneCall]:
        """Calls that are not over."""
        return [call for call in self.phone.calls if not call.over]

    @property
    def talks(self) -> list[PhoneCall]:
        """Calls that are answered."""
        return [call for call in self.phone.calls if call.talking]

    def register(self) -> None:
        """REGISTER now."""
        if self.refreshing:
            self.phone.register(EXPIRES)

    def keep_registered(self) -> None:
        """REGISTER now and again and again."""
        self.register()
        self.phone.later(REFRESH, self.keep_registered)

    def move(self, port: int) -> None:
        """The NAT gives it another port: what is under way to the old one is lost, and it registers anew."""
        self.network.move(self.node, Address(self.address.host, port))
        self.register()

    def vanish(self) -> None:
        """The plug is pulled."""
        self.phone.vanish()
        self.pump.close()
        self.node.leave(politely=False)

    def sends_to(self, address: Address) -> bool:
        """Whether it sends RTP to this address of the server's media."""
        if not self.alive or self.cut:
            return False
        return any(call.agreed is not None and call.agreed.remote == address for call in self.talks)


def _formats(device: str) -> tuple[Format, ...]:
    """Not all phones can do the same."""
    opus, g722, pcma, pcmu = DEFAULT_FORMATS
    return {"bea-1": (g722, pcma), "carl-1": (pcmu, pcma), "dora-1": (pcmu,), "emil-1": (opus, pcma)}.get(
        device, DEFAULT_FORMATS
    )
