"""One call of a scripted phone: its dialog, its side of offer and answer, and what it has heard of.

This module must never act by itself: ``phone`` and the test decide.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sdp import negotiate
from vorzimmer.sdp.message import Session
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Agreed, Direction, Format
from vorzimmer.sdp.write import write
from vorzimmer.sip.engine import Engine, InviteSpec
from vorzimmer.sip.events import (
    Acked,
    Answered,
    Cancelled,
    Ended,
    Event,
    Failed,
    Progressed,
    ReinviteAnswered,
    Reinvited,
    ReinviteFailed,
    Requested,
    Responded,
)
from vorzimmer.sip.message import Message, Request, Response

if TYPE_CHECKING:
    from vorzimmer.testing.phone import Phone

SDP = (("Content-Type", "application/sdp"),)


class PhoneCall:
    """`state` is calling, ringing, talking or over. `statuses` lists what was heard of an INVITE or REFER, `notified`
    the sipfrag lines of transfers, `shown` the asserted identities that arrived, `reason` the last Reason header,
    `failure` the final response that refused it, `bodies` those of its provisional responses."""

    def __init__(self, phone: "Phone", leg: LegId, *, outgoing: bool, request: Request | None = None) -> None:
        self.phone = phone
        self.leg = leg
        self.outgoing = outgoing
        self.request = request
        self.state = "calling" if outgoing else "ringing"
        self.uri = ""
        self.challenged = False
        self.statuses: list[int] = []
        self.notified: list[str] = []
        self.subscription: list[str] = []
        """Subscription-State of each NOTIFY."""
        self.shown: list[str] = []
        self.reason = ""
        self.bodies: list[bytes] = []
        self.failure: Response | None = None
        self.cause = ""
        self.reinvited = 0
        self.refused_reinvites: list[int] = []
        self.agreed: Agreed | None = None
        self.direction: Direction = "sendrecv"
        self.formats: tuple[Format, ...] = phone.line.formats
        self._ours: Session | None = None
        self._offered: Session | None = None
        self._end = phone.ours
        self._extra: tuple[tuple[str, str], ...] = ()
        self._late = self._late_again = False
        if request is not None:
            self._note(request)

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.state == "over"

    @property
    def talking(self) -> bool:
        """Whether it is answered."""
        return self.state == "talking"

    @property
    def takes_over(self) -> bool:
        """Whether its INVITE asks for a place in another call."""
        return any(name in {"Replaces", "Join"} for name, _ in self._extra)

    # -- the caller's side ------------------------------------------------------------------------------------------
    def dial(self, dialled: str, *, late: bool, extra: tuple[tuple[str, str], ...]) -> None:
        """INVITE."""
        line = self.phone.line
        self.uri = dialled if ":" in dialled else f"sip:{dialled}@{line.domain or line.server}"
        self._late, self._extra = late, extra
        self.redial()

    def redial(self, credentials: tuple[str, str] | None = None) -> None:
        """INVITE (again, with credentials)."""
        body = b"" if self._late else self._offer()
        extra = (*self._extra, credentials) if credentials else self._extra
        spec = InviteSpec(
            self.uri, self.phone.hop, f"<{self.phone.address}>", f"<{self.uri.partition('?')[0]}>", body, extra=extra
        )
        self._engine.invite(self.leg, spec, self._now)
        self._kick()

    # -- the callee's side ------------------------------------------------------------------------------------------
    def ring(self, status: int = 180, *, media: bool = False) -> None:
        """180, or 183 with our answer."""
        if self.state != "ringing":
            return
        try:
            body = self._answer(self.request.body) if media and self.request and self.request.body else b""
        except PeerError as error:
            self.refuse(error.status)
            return
        said = (("Allow", self.phone.line.allow), ("Supported", self.phone.line.supported))
        about = tuple((name, value) for name, value in said if value)
        extra = (*about, *SDP) if body else about
        self._engine.ring(self.leg, self._now, status=status, extra=extra, body=body)
        self._kick()

    def answer(self) -> None:
        """200."""
        if self.state != "ringing":
            return
        assert self.request is not None
        try:
            body = self._answer(self.request.body) if self.request.body else self._offer()
        except PeerError as error:
            self.refuse(error.status)
            return
        self.state = "talking"
        self._engine.accept(self.leg, self._now, extra=SDP, body=body)
        self._kick()

    def refuse(self, status: int, extra: tuple[tuple[str, str], ...] = ()) -> None:
        """A final status."""
        if self.state != "ringing":
            return
        self.state = "over"
        self._engine.refuse(self.leg, status, self._now, extra=extra)
        self._kick()

    # -- both -------------------------------------------------------------------------------------------------------
    def hang_up(self, reason: str = "") -> None:
        """CANCEL, BYE or 487, whatever fits; `reason` is a Reason value."""
        if self.state == "over":
            return
        self.state = "over"
        self._engine.end(self.leg, self._now, reason=reason)
        self._kick()

    def hold(self, direction: Direction = "sendonly") -> None:
        """re-INVITE: put the other on hold."""
        self.reinvite(direction)

    def resume(self) -> None:
        """re-INVITE: back again."""
        self.reinvite("sendrecv")

    def reinvite(
        self, direction: Direction | None = None, *, formats: tuple[Format, ...] | None = None, late: bool = False
    ) -> None:
        """A re-INVITE with a new direction, other formats, or without an offer."""
        self.direction = direction or self.direction
        self.formats = formats or self.formats
        self._late_again = late
        body = b"" if late else self._offer()
        self._engine.reinvite(self.leg, body, self._now)
        self._kick()

    def rekey(self) -> None:
        """A re-INVITE with another key."""
        guard = msgspec.structs.replace(self._end.guard, turn=self._end.guard.turn + 1)
        self._end = msgspec.structs.replace(self._end, guard=guard)
        self.reinvite()

    def update(self, direction: Direction) -> str:
        """The same by UPDATE; the transaction."""
        self.direction = direction
        return self.request_in("UPDATE", SDP, self._offer())

    def transfer(self, to: str, extra: tuple[tuple[str, str], ...] = ()) -> None:
        """REFER to an extension or a URI."""
        line = self.phone.line
        uri = to if ":" in to else f"sip:{to}@{line.domain or line.server}"
        self.request_in("REFER", (("Refer-To", f"<{uri}>"), *extra))

    def transfer_to(self, other: "PhoneCall") -> None:
        """REFER with Replaces: connect the two others (attended, or semi-attended while `other` still rings)."""
        ids = self._engine.dialog_ids(other.leg)
        assert ids is not None, "no dialog to replace"
        call_id, local, remote = ids
        replaces = f"{call_id}%3Bto-tag%3D{remote}%3Bfrom-tag%3D{local}"
        line = self.phone.line
        self.transfer(f"sip:{other.phone.line.user}@{line.domain or line.server}?Replaces={replaces}")

    def request_in(self, method: str, extra: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> str:
        """Any other request inside the dialog; the transaction."""
        transaction = self._engine.request_in(self.leg, method, self._now, extra=extra, body=body)
        self._kick()
        return transaction

    # -- events -----------------------------------------------------------------------------------------------------
    def handle(self, event: Event) -> None:
        """Take an event of this leg."""
        match event:
            case Progressed(_, response):
                self.statuses.append(response.status)
                self.bodies.append(response.body)
                self._note(response)
                self._take(response.body, early=True)
            case Answered(_, response):
                self._answered(response)
            case Failed(_, status, _, response):
                self.failure = response
                self.statuses.append(status)
                self.state = "over"
            case Cancelled(_, request) | Ended(_, "bye", request):
                self.state = "over"
                self.cause = "cancel" if isinstance(event, Cancelled) else "bye"
                self.reason = request.headers.get("Reason") if request is not None else ""
            case Ended(_, cause):
                self.state, self.cause = "over", cause
            case Acked(_, request):
                self._take(request.body)
            case Reinvited(_, request):
                self._reinvited(request)
            case ReinviteAnswered(_, response):
                self._reinvite_answered(response)
            case ReinviteFailed(_, status):
                self.refused_reinvites.append(status)
            case Requested():
                self._requested(event)
            case Responded(_, status):
                self.statuses.append(status)

    def _answered(self, response: Message) -> None:
        self._note(response)
        self.statuses.append(200)
        if self.state == "over":
            return
        self.state = "talking"
        if self._late:
            self._acknowledge(response.body)
        else:
            self._take(response.body)

    def _acknowledge(self, offer: bytes) -> None:
        """RFC 3261 section 13.2.2.4: a 200 is always acknowledged; what cannot be accepted is ended right after."""
        try:
            body = self._answer(offer)
        except PeerError:
            self._engine.ack(self.leg, b"", self._now)
            self.hang_up()
        else:
            self._engine.ack(self.leg, body, self._now)
        self._kick()

    def _reinvited(self, request: Request) -> None:
        self.reinvited += 1
        self._note(request)
        try:
            body = self._answer(request.body) if request.body else self._offer()
        except PeerError as error:
            self._engine.refuse(self.leg, error.status, self._now)
        else:
            self._engine.accept(self.leg, self._now, extra=SDP, body=body)
        self._kick()

    def _reinvite_answered(self, response: Message) -> None:
        self.statuses.append(200)
        if self._late_again:
            self._late_again = False
            self._acknowledge(response.body)
        else:
            self._take(response.body)

    def _requested(self, event: Requested) -> None:
        request = event.request
        self._note(request)
        if request.method == "NOTIFY":
            self.notified.append(request.body.decode().partition("\r\n")[0])
            self.subscription.append(request.headers.get("Subscription-State"))
        self.phone.requests.append(request)
        usual = 200 if request.method in {"NOTIFY", "OPTIONS", "INFO", "UPDATE"} else 501
        self.phone.respond(event, self.phone.refuses.get(request.method) or usual)

    # -- offer and answer -------------------------------------------------------------------------------------------
    def _offer(self) -> bytes:
        self._ours = self._offered = negotiate.full_offer(
            self._end, self.formats, direction=self.direction, previous=self._ours
        )
        return write(self._ours)

    def _answer(self, body: bytes) -> bytes:
        theirs = parse(body)
        self._offered = None
        self._ours = negotiate.answer(theirs, self._end, self.formats, direction=self.direction, previous=self._ours)
        self.agreed = negotiate.agreed(theirs, self._ours, we_offered=False)
        return write(self._ours)

    def _take(self, body: bytes, *, early: bool = False) -> None:
        if body and self._offered is not None:
            offered, self._offered = self._offered, self._offered if early else None
            # Of re-INVITEs that had to wait for each other only the last one's answer tells what is agreed.
            with suppress(PeerError):
                self.agreed = negotiate.agreed(offered, parse(body), we_offered=True)

    def _note(self, message: Message) -> None:
        shown = message.headers.get("P-Asserted-Identity")
        if shown:
            self.shown.append(shown)

    @property
    def _engine(self) -> Engine:
        return self.phone.signalling.engine

    @property
    def _now(self) -> float:
        return self.phone.signalling.now()

    def _kick(self) -> None:
        self.phone.signalling.kick()
