"""The caller's side of an attempt: a phone whose INVITE is not answered yet, or a party that waits in a call.

An attempt reads the same for both. Before anybody has answered the caller hears 180, 183 with early media, or its own
phone's tones; a party that waits hears music and ringback in band (FEATURES.md 0.6).

An answer in an early dialog stays as it is in the 200 (RFC 6337 section 3.1.1): where the phone that answers agreed on
something else than was heard early, the caller is re-invited after its ACK (``settle``). This module must never decide
whom to ring.
"""

from contextlib import suppress
from typing import Protocol

import msgspec

from vorzimmer.calls.effects import Accept, Close, HangUp, Joined, Waits
from vorzimmer.calls.live import Live
from vorzimmer.calls.opening import open_sound
from vorzimmer.calls.screen import named_badly
from vorzimmer.calls.sound import allowed, answer, first_offer, media_plan, plan_of
from vorzimmer.calls.state import Leg, Offering, Party, Sound
from vorzimmer.calls.talk import session_in
from vorzimmer.kernel.errors import LocalError, PeerError
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.media.port import Peer, Source, Tone
from vorzimmer.sdp.plan import AudioPlan, Format
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Request

SDP = ("Content-Type", "application/sdp")


class Entrance(Protocol):
    """The caller's side. Everything but ``open`` and ``early`` acts at once."""

    @property
    def party(self) -> Party:
        """Who calls."""

    @property
    def plan(self) -> AudioPlan | None:
        """What to offer to the phones that are rung; None: everything we have (a late offer)."""

    async def open(self) -> None:
        """Get ready for media; raises MediaError."""

    def ringing(self) -> None:
        """Somebody's phone rings."""

    def forwarded(self) -> None:
        """The call goes on to somebody else."""

    async def early(self, endpoint: EndpointId, formats: tuple[Format, ...]) -> bool:
        """Let the caller hear a phone that has not answered; False where that cannot be. Raises MediaError."""

    async def quiet(self) -> None:
        """Whoever was heard early rings no more: ringback in its place. Raises MediaError."""

    async def play(self, source: Source) -> EndpointId | None:
        """Let the caller hear a tone or announcement; None where that cannot be."""

    async def serve(self, source: Source) -> EndpointId | None:
        """Answer the call ourselves and let the caller hear a confirmation; raises PeerError, MediaError."""

    def connect(self, callee: Leg) -> None:
        """Somebody has answered; raises PeerError if there is no common codec after all."""

    def refuse(self, status: int, reason: str, why: str, retry_after: int = 0) -> None:
        """It came to nothing; `why` goes into the record, `retry_after` seconds to the caller unless 0."""

    def abandon(self, why: str) -> None:
        """The caller has left."""


class Inviting:
    """A phone whose INVITE waits for our answer. A useless offer raises PeerError (400, 415, 488) at once."""

    def __init__(self, live: Live, leg: LegId, party: Party, origin: tuple[Request, Flow]) -> None:
        request, self._flow = origin
        self.leg = leg
        self._party = party
        self._live = live
        self._offer = session_in(request) if request.body else b""
        self._plan = self._read() if self._offer else None
        if self._plan is not None and named_badly(live.world, self._plan.remote, self._flow):
            raise PeerError("Bad Media Address", 488)
        self._sound: Sound | None = None
        self._early = b""
        self._told = False

    def _read(self) -> AudioPlan:
        policy = self._live.world.media_policy(self._live.state.company, self._party.device)
        plan = plan_of(self._offer, policy.srtp)
        return msgspec.structs.replace(plan, formats=allowed(policy.codecs, plan.formats)) if policy.codecs else plan

    @property
    def party(self) -> Party:
        """Who calls."""
        return self._party

    @property
    def plan(self) -> AudioPlan | None:
        """What its offer said, None for a late offer."""
        return self._plan

    async def open(self) -> None:
        """One endpoint, for the life of the leg."""
        if self._sound is None:
            self._sound = await open_sound(self._live, self.leg, self._flow, self._party.device)

    def ringing(self) -> None:
        """180, once, with what was said early; the engine repeats it every minute (RFC 3261 section 13.3.1.1)."""
        if not self._told:
            self._told = True
            self._provisional(180, self._early)

    def forwarded(self) -> None:
        """181, once a forward."""
        self._provisional(181)

    async def early(self, endpoint: EndpointId, formats: tuple[Format, ...]) -> bool:
        """183 with our answer for the first phone; for another after it the answer stays, and media transcodes."""
        if not self._offer or self._sound is None:
            return False
        known = bool(self._early)
        if not known:
            try:
                self._sound, self._early = answer(self._sound, self._offer, formats)
            except PeerError:
                return False
        await self._listen(Peer(endpoint))
        if not known:
            self._provisional(183, self._early)
        return True

    async def quiet(self) -> None:
        """Its phone plays what we send since the 183, so ringback has to be heard there."""
        if self._early and self._sound is not None:
            await self._listen(Tone("ringback", self._live.state.zone))

    async def play(self, source: Source) -> EndpointId | None:
        """183 with our answer in everything the phone has, and the tone."""
        if not self._offer or self.plan is None:
            return None
        await self.open()
        assert self._sound is not None
        if not self._early:
            try:
                self._sound, self._early = answer(self._sound, self._offer)
            except PeerError:
                return None
            self._provisional(183, self._early)
        await self._listen(source)
        return self._sound.endpoint

    async def serve(self, source: Source) -> EndpointId | None:
        """200, and the caller alone in the call with what it hears."""
        await self.open()
        caller, body = self._accepted(self._plan.formats if self._plan else self._live.world.formats, Party())
        self._live.feed(Waits(source))
        self._live.feed(Joined((caller,), Accept(self.leg, body)))
        return caller.sound.endpoint

    def connect(self, callee: Leg) -> None:
        """200 to the caller and both into the call, in one go."""
        formats = callee.sound.agreed.formats if callee.sound.agreed else self._live.world.formats
        caller, body = self._accepted(formats, callee.party)
        self._live.feed(Joined((caller, callee), Accept(self.leg, body, callee.party)))

    def _accepted(self, formats: tuple[Format, ...], shown: Party) -> tuple[Leg, bytes]:
        """The caller's leg and the body of its 200: what was said early, else an answer, else our (late) offer."""
        if self._sound is None:
            raise PeerError("no media", 503)
        sound, body, offering = self._sound, self._early, None
        if not self._offer:
            sound, body = first_offer(sound, formats, self._live.world.formats)
            assert sound.ours is not None
            offering = Offering(sound.ours, "codec")
        elif not body:
            sound, body = answer(sound, self._offer, formats)
        self._sound = None
        return self._leg(sound, shown, offering), body

    def refuse(self, status: int, reason: str, why: str, retry_after: int = 0) -> None:
        """The final status, the record, and nothing left open."""
        extra = (("Retry-After", str(retry_after)),) if retry_after else ()
        engine, now = self._live.world.signalling.engine, self._live.world.signalling.now()
        try:
            engine.refuse(self.leg, status, now, reason=reason, extra=extra)
        except LocalError:
            why = "cancelled"  # The CANCEL has crossed our answer; its event is on the way.
        self._over("system", why)

    def abandon(self, why: str) -> None:
        """After CANCEL there is nobody left to tell."""
        by = str(self.party.ref) if self.party.ref else "caller"
        self._over(by, why)

    def replaced(self) -> None:
        """Somebody else takes the caller's place: this leg ends, its endpoint with it, the call goes on."""
        engine, now = self._live.world.signalling.engine, self._live.world.signalling.now()
        with suppress(LocalError):  # It may have gone by itself in this very turn.
            engine.refuse(self.leg, 487, now, reason="Replaced")
        self._close()
        self._live.home.disown(self.leg)

    def _over(self, by: str, why: str) -> None:
        self._close()
        self._live.home.disown(self.leg)
        self._live.feed(HangUp(by, why))

    def _close(self) -> None:
        if self._sound is not None:
            self._live.perform(Close(self._sound.endpoint))
            self._sound = None

    def _leg(self, sound: Sound, shown: Party, offering: Offering | None) -> Leg:
        return Leg(
            self.leg,
            self.party,
            sound,
            awaiting="answer" if offering else "ack",
            offering=offering,
            shown=shown,
        )

    async def _listen(self, source: Source) -> None:
        assert self._sound is not None
        if self._sound.agreed is not None:
            await self._live.world.media.configure(self._sound.endpoint, media_plan(self._sound.agreed))
        await self._live.world.media.hear(self._sound.endpoint, source)

    def _provisional(self, status: int, body: bytes = b"") -> None:
        signalling = self._live.world.signalling
        try:
            signalling.engine.ring(self.leg, signalling.now(), status=status, extra=(SDP,) if body else (), body=body)
        except LocalError:
            return  # Cancelled in this very turn; its event is on the way.
        signalling.kick()
