"""What a change of a call's state wants done, as values: ``apply`` lists them, ``perform`` does them in order.

And the events that calls make themselves, beside those of ``sip.events`` and ``media.port``. This module must never
do anything.
"""

import msgspec

from vorzimmer.calls.state import Leg, Party
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.media.port import MediaPlan, Source


class Accept(msgspec.Struct, frozen=True):
    """200 to the pending INVITE or re-INVITE of `leg`; `connected` is shown to it as P-Asserted-Identity."""

    leg: LegId
    body: bytes
    connected: Party | None = None


class Deny(msgspec.Struct, frozen=True):
    """A final refusal of the pending re-INVITE; the leg stays."""

    leg: LegId
    status: int


class SendReinvite(msgspec.Struct, frozen=True):
    """A re-INVITE with an offer; `connected` tells the phone whom it talks to now."""

    leg: LegId
    body: bytes
    connected: Party | None = None


class Present(msgspec.Struct, frozen=True):
    """Tell the phone whom it talks to now, without touching the session: an UPDATE without a body (RFC 3311, RFC 5876).
    ``Unpresented`` follows where the phone does not take it."""

    leg: LegId
    connected: Party


class Respond(msgspec.Struct, frozen=True):
    """The answer to a request inside the dialog."""

    transaction: str
    status: int
    body: bytes = b""


class Probe(msgspec.Struct, frozen=True):
    """OPTIONS inside the dialog: is the phone still there?"""

    leg: LegId


class Bye(msgspec.Struct, frozen=True):
    """End the leg; `reason` is a Reason header value."""

    leg: LegId
    reason: str = ""


class Configure(msgspec.Struct, frozen=True):
    """Tell media what was agreed."""

    endpoint: EndpointId
    plan: MediaPlan


class Hear(msgspec.Struct, frozen=True):
    """From now on `endpoint` hears `source`."""

    endpoint: EndpointId
    source: Source


class Reopen(msgspec.Struct, frozen=True):
    """Open `endpoint` for a leg whose worker died; ``Reopened`` or ``MediaLost`` follows."""

    leg: LegId
    endpoint: EndpointId
    listener: str
    family: int


class Close(msgspec.Struct, frozen=True):
    """Free an endpoint; its statistics go into the record."""

    endpoint: EndpointId


class Finish(msgspec.Struct, frozen=True):
    """The call is over: write its record. Always the last effect of a call."""


Effect = Accept | Deny | SendReinvite | Present | Respond | Probe | Bye | Configure | Hear | Reopen | Close | Finish


class Joined(msgspec.Struct, frozen=True):
    """Confirmed legs come into the call (an answer, a transfer). `accept` answers the INVITE of one of them with 200;
    that leg awaits its ACK."""

    legs: tuple[Leg, ...]
    accept: Accept | None = None


class MovedOut(msgspec.Struct, frozen=True):
    """Legs leave for another call; their dialogs and endpoints live on there. `why` becomes the reason of the end."""

    legs: tuple[LegId, ...]
    why: str = "transferred"


class Replaced(msgspec.Struct, frozen=True):
    """`new` takes the place of the leg `old`, which is ended (RFC 3891); `accept` answers the INVITE of `new`."""

    old: LegId
    new: Leg
    accept: Accept | None = None


class Waits(msgspec.Struct, frozen=True):
    """What a lone party hears from now on: music, ringback, early media."""

    source: Source


class Reopened(msgspec.Struct, frozen=True):
    """A new endpoint for a leg whose worker died."""

    leg: LegId
    endpoint: EndpointId
    address: Address


class MediaLost(msgspec.Struct, frozen=True):
    """No endpoint could be had, or one refused its configuration: the leg cannot go on."""

    leg: LegId


class Probed(msgspec.Struct, frozen=True):
    """What came of a probe."""

    leg: LegId
    alive: bool


class Unpresented(msgspec.Struct, frozen=True):
    """The phone did not take an UPDATE: a re-INVITE has to say it."""

    leg: LegId


class Pause(msgspec.Struct, frozen=True):
    """Put a leg on hold by command, or let it go on."""

    leg: LegId
    on: bool


class Look(msgspec.Struct, frozen=True):
    """Are the phones still there that need not send audio?"""


class Dismissed(msgspec.Struct, frozen=True):
    """One party cannot stay; the others go on if there are enough. `reason` as in the record, `header` the Reason value
    of its BYE."""

    leg: LegId
    reason: str
    header: str = ""


class HangUp(msgspec.Struct, frozen=True):
    """End the call from our side; `by` and `reason` as in the record, `header` the Reason value of the BYEs."""

    by: str
    reason: str
    header: str = ""


OwnEvent = (
    Unpresented
    | Joined
    | MovedOut
    | Replaced
    | Waits
    | Pause
    | Reopened
    | MediaLost
    | Probed
    | Look
    | Dismissed
    | HangUp
)
