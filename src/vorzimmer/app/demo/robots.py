"""Robot phones of the demo: Empfang and Emil call each other, so that a newcomer sees life within a minute.

They are ordinary SIP phones on our own engine, with a voice. A robot steps aside as soon as a real phone registers its
account, and comes back when that phone is gone. This module must never dial anything but the other robot.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.demo.voice import Voice, spoken
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.net.advertise import ListenerSpec
from vorzimmer.net.pump import Pump
from vorzimmer.net.transports import SocketTransports
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Event, Responded
from vorzimmer.testing.phone import Line, Phone, answers

FIRST_CALL_S = 3.0
PAUSE_S = (20, 40)
TALK_S = (6, 14)
LOOK_S = 15.0
"""How often a robot registers, which also tells it who else has its account."""
EXPIRES_S = 60


class Robot(msgspec.Struct, frozen=True):
    """One robot's account, the extension that it calls, and its own host."""

    username: str
    password: str
    other: str
    host: str
    server: Address


@dataclass(slots=True)
class _Parts:
    transports: SocketTransports
    pump: Pump
    phone: Phone
    voice: Voice


class RobotPhone:
    """One robot at work."""

    def __init__(self, robot: Robot, clock: Clock, chance: Chance, melody: bytes) -> None:
        self._robot = robot
        self._clock = clock
        self._chance = chance
        self._melody = melody
        self._parts: _Parts | None = None
        self._alarms: dict[str, Alarm] = {}
        self.aside = False

    async def start(self) -> None:
        """Open sockets and register."""
        transports = SocketTransports(self._clock)
        engine = Engine(EngineConfig(transports.sent_by, user_agent="Vorzimmer-Robot"), self._chance)
        pump = Pump(engine, self._clock, transports, on_bug=_raise)
        listener = await transports.listen(ListenerSpec("udp", self._robot.host, 0))
        voice = Voice(self._clock, self._chance, self._melody)
        media = await voice.open(self._robot.host)
        formats = tuple(each for each in DEFAULT_FORMATS if each.name == "PCMA")
        robot = self._robot
        line = Line(
            robot.username,
            robot.server,
            robot.password,
            media=media,
            contact=Address(robot.host, listener.local.port),
            formats=formats,
        )
        phone = Phone(line, pump, self._clock, self._chance)
        phone.manner = answers(2.0)
        self._parts = _Parts(transports, pump, phone, voice)
        pump.handle_with(self._handle)
        self._look()

    async def stop(self) -> None:
        """Leave: end the call, take the registration back, close."""
        parts = self._parts
        if parts is None:
            return
        for alarm in self._alarms.values():
            alarm.cancel()
        for call in parts.phone.calls:
            call.hang_up()
        parts.voice.close()
        parts.pump.close()
        await parts.transports.close()

    def call(self) -> None:
        """Call the other robot and talk for a while, unless somebody is on the phone already."""
        parts = self._parts
        if parts is None or self.aside or not parts.phone.idle:
            return
        parts.phone.calls.clear()
        parts.phone.call(self._robot.other)
        self._later("hang up", 3.0 + self._chance.number(*TALK_S), self._hang_up)

    def _hang_up(self) -> None:
        if self._parts is not None:
            for call in self._parts.phone.calls:
                if call.outgoing:
                    call.hang_up()
            self._speak()

    def _look(self) -> None:
        """Register, or while aside take back a registration that is not there: the answer lists who else is."""
        if self._parts is not None:
            self._parts.phone.register(0 if self.aside else EXPIRES_S)
        self._later("look", LOOK_S, self._look)

    def _handle(self, event: Event) -> None:
        assert self._parts is not None
        self._parts.phone.handle(event)
        if isinstance(event, Responded) and event.response is not None and event.status == 200:
            if event.response.headers.get("CSeq").endswith("REGISTER"):
                self._seen(len(event.response.headers.list_of("Contact")))
            return
        self._speak()

    def _seen(self, contacts: int) -> None:
        if not self.aside and contacts > 1:
            self.aside = True
            self._look()
        elif self.aside and contacts == 0:
            self.aside = False
            self._look()

    def _speak(self) -> None:
        assert self._parts is not None
        talking = next((call for call in self._parts.phone.calls if call.talking), None)
        self._parts.voice.speak(talking.agreed if talking is not None else None)

    def _later(self, name: str, seconds: float, act: Callable[[], None]) -> None:
        if name in self._alarms:
            self._alarms[name].cancel()
        self._alarms[name] = self._clock.call_at(self._clock.now() + seconds, act)


class Company:
    """Both robots and the rhythm of their calls."""

    def __init__(self, robots: tuple[Robot, Robot]) -> None:
        self._clock = LoopClock()
        self._chance = SystemChance()
        melody = spoken()
        self.phones = tuple(RobotPhone(robot, self._clock, self._chance, melody) for robot in robots)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        for phone in self.phones:
            await phone.start()
        talking = asyncio.ensure_future(self._talk())
        await stop.wait()
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        for phone in self.phones:
            await phone.stop()

    async def _talk(self) -> None:
        await self._clock.sleep(FIRST_CALL_S)
        turn = 0
        while True:
            if not any(phone.aside for phone in self.phones):
                self.phones[turn % 2].call()
                turn += 1
            await self._clock.sleep(self._chance.number(*PAUSE_S))


def _raise(doing: str, error: Exception) -> None:
    print(f"robot: {doing}: {error!r}", file=sys.stderr, flush=True)  # noqa: T201 -- a demo's robot has no log


async def _serve(robots: tuple[Robot, Robot]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Company(robots).run(stop)


def main() -> None:
    """The robots' process; its argument is a file with both robots as JSON."""
    robots = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=tuple[Robot, Robot])
    asyncio.run(_serve(robots))


if __name__ == "__main__":
    main()
