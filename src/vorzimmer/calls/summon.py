"""A call that a program makes for somebody: his own phone rings first, and once he has answered, the target.

From the answer on it is a call like any other: whoever was summoned waits in it as a transferred party does, and the
Decider is asked as if he had dialled from the phone that he took. *If lost* while his phone rings: it stops, the record
says *interrupted*. This module must never choose a phone: it rings those that it is given.
"""

from contextlib import suppress

from vorzimmer.calls.attempt import Attempt
from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.effects import HangUp, Joined
from vorzimmer.calls.live import Live
from vorzimmer.calls.state import Leg, Party, change_leg
from vorzimmer.calls.waiting import Waiting
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.port import Source
from vorzimmer.routing.model import Asked, Caller, Offer, Presentation, Ring, Tried
from vorzimmer.sdp.plan import AudioPlan, Format

SECONDS = 30.0
"""How long somebody's own phone rings."""


class Nobody:
    """An ``Entrance`` while there is no caller yet: nobody hears anything."""

    def __init__(self, live: Live, by: Ref) -> None:
        self._live = live
        self._by = by

    @property
    def party(self) -> Party:
        """Nobody yet."""
        return Party()

    @property
    def plan(self) -> AudioPlan | None:
        """Everything that we have."""
        return None

    async def open(self) -> None:
        """Nothing to open."""

    def ringing(self) -> None:
        """Nobody to tell."""

    def forwarded(self) -> None:
        """Nobody to tell."""

    async def early(self, endpoint: EndpointId, formats: tuple[Format, ...]) -> bool:
        """Nobody listens."""
        return False

    async def quiet(self) -> None:
        """Nobody listens."""

    async def play(self, source: Source) -> EndpointId | None:
        """Nobody listens."""
        return None

    async def serve(self, source: Source) -> EndpointId | None:
        """Nobody listens."""
        return None

    def connect(self, callee: Leg) -> None:
        """Whoever was summoned is the caller from now on, on the phone that he took."""
        self._live.calls_from(callee.party.device)
        self._live.feed(Joined((change_leg(callee, outgoing=False),)))

    def refuse(self, status: int, reason: str, why: str, retry_after: int = 0) -> None:
        """He does not come."""
        self._live.feed(HangUp(str(self._by), why))

    def abandon(self, why: str) -> None:
        """He does not want it any more."""
        self._live.feed(HangUp(str(self._by), why))


class Summons(Attempt):
    """Rings somebody's own phones, then begins the attempt proper."""

    def __init__(self, live: Live, by: Ref, step: Ring, shown: Party) -> None:
        super().__init__(live, Nobody(live, by), shown)
        self._step = step

    async def _connect(self) -> None:
        if not await self._ring(self._step):
            self._refuse(480, "", self._why(480))

    def _connected(self, leg: Leg, tried: Tried) -> None:
        """His own phone's ringing is no part of what was tried for the target."""
        self._concluded = True
        self.entrance.connect(leg)
        self.live.attempt_over()
        for event in self._inbox.rest():
            with suppress(PeerError):
                self.live.deliver(event)  # type: ignore[arg-type]  # a BYE right behind the answer; media has its own way
        if self.live.state.parties:
            Attempt(self.live, Waiting(self.live, _nowhere), self.live.state.parties[0].party).start()


def _nowhere() -> bool:
    """There is no call to go back to."""
    return False


def summon(board: Switchboard, asked: Asked, devices: tuple[str, ...], shown: Presentation) -> CallId:
    """Ring the `devices` of whoever `asked` names as the caller, showing `shown` (whom he is to talk to), then the
    target. The id of the call; how it goes is told by facts and by its record."""
    by = asked.caller.ref
    assert by is not None, "a call is made for somebody of the company"
    live = board.begin(board.fresh(asked))
    offers = tuple(Offer(Ref("device", device), "user", by, present=shown) for device in devices)
    attempt = Summons(live, by, Ring(offers, SECONDS), Party(name=shown.name, number=shown.number))
    live.note()
    attempt.start()
    return live.state.id


def asked_by(company: str, who: Ref, name: str, dialled: str) -> Asked:
    """What somebody asks for who lets a program dial."""
    return Asked(company, Caller(ref=who, name=name), dialled=dialled)
