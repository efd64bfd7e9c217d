"""What a change of a call's state wants done, as values: ``apply`` lists them, ``perform`` does them in order.

And the events that calls make themselves, beside those of ``sip.events`` and ``media.port``. This module must never
do anything.
"""

from dataclasses import dataclass

from vorzimmer.calls.state import Leg, Party
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.media.port import MediaPlan, Source


@dataclass(frozen=True, slots=True)
class Accept:
    """200 to the pending INVITE or re-INVITE of `leg`; `connected` is shown to it as P-Asserted-Identity."""

    leg: LegId
    body: bytes
    connected: Party | None = None


@dataclass(frozen=True, slots=True)
class Deny:
    """A final refusal of the pending re-INVITE; the leg stays."""

    leg: LegId
    status: int


@dataclass(frozen=True, slots=True)
class SendReinvite:
    """A re-INVITE with an offer; `connected` tells the phone whom it talks to now."""

    leg: LegId
    body: bytes
    connected: Party | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """Tell the phone whom it talks to now, without touching the session: an UPDATE without a body (RFC 3311, RFC 5876).
    ``Unpresented`` follows where the phone does not take it."""

    leg: LegId
    connected: Party


@dataclass(frozen=True, slots=True)
class Respond:
    """The answer to a request inside the dialog."""

    transaction: str
    status: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Probe:
    """OPTIONS inside the dialog: is the phone still there?"""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Bye:
    """End the leg; `reason` is a Reason header value."""

    leg: LegId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Configure:
    """Tell media what was agreed."""

    endpoint: EndpointId
    plan: MediaPlan


@dataclass(frozen=True, slots=True)
class Hear:
    """From now on `endpoint` hears `source`."""

    endpoint: EndpointId
    source: Source


@dataclass(frozen=True, slots=True)
class Reopen:
    """Open `endpoint` for a leg whose worker died; ``Reopened`` or ``MediaLost`` follows."""

    leg: LegId
    endpoint: EndpointId
    listener: str
    family: int


@dataclass(frozen=True, slots=True)
class Close:
    """Free an endpoint; its statistics go into the record."""

    endpoint: EndpointId


@dataclass(frozen=True, slots=True)
class Finish:
    """The call is over: write its record. Always the last effect of a call."""


Effect = Accept | Deny | SendReinvite | Present | Respond | Probe | Bye | Configure | Hear | Reopen | Close | Finish


@dataclass(frozen=True, slots=True)
class Joined:
    """Confirmed legs come into the call (an answer, a transfer). `accept` answers the INVITE of one of them with 200;
    that leg awaits its ACK."""

    legs: tuple[Leg, ...]
    accept: Accept | None = None


@dataclass(frozen=True, slots=True)
class MovedOut:
    """A leg leaves for another call; its dialog and its endpoint live on there. `why` becomes the reason of the end."""

    leg: LegId
    why: str = "transferred"


@dataclass(frozen=True, slots=True)
class Replaced:
    """`new` takes the place of the leg `old`, which is ended (RFC 3891); `accept` answers the INVITE of `new`."""

    old: LegId
    new: Leg
    accept: Accept | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """What a lone party hears from now on: music, ringback, early media."""

    source: Source


@dataclass(frozen=True, slots=True)
class Reopened:
    """A new endpoint for a leg whose worker died."""

    leg: LegId
    endpoint: EndpointId
    address: Address


@dataclass(frozen=True, slots=True)
class MediaLost:
    """No endpoint could be had, or one refused its configuration: the leg cannot go on."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of a probe."""

    leg: LegId
    alive: bool


@dataclass(frozen=True, slots=True)
class Unpresented:
    """The phone did not take an UPDATE: a re-INVITE has to say it."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Look:
    """Are the phones still there that need not send audio?"""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call from our side; `by` and `reason` as in the record, `header` the Reason value of the BYEs."""

    by: str
    reason: str
    header: str = ""


OwnEvent = Unpresented | Joined | MovedOut | Replaced | Waits | Reopened | MediaLost | Probed | Look | HangUp
