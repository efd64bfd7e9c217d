"""What the engine tells the layer above: the whole vocabulary, on one page (after sippy's CCEvents).

Every event is a frozen value. A leg is one INVITE dialog (or the attempt to make one), named by us. What needs an
answer carries a `transaction` (or is answered through its leg); everything else has already been answered by the
engine as the RFC demands. Nothing here may hold a socket, a clock or a user.
"""

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Request, Response


class Invited(msgspec.Struct, frozen=True):
    """A new INVITE. 100 has been sent. Answer with ``ring``, ``accept`` or ``refuse`` on the leg.

    Authentication is the receiver's business: ``refuse(leg, 401, ...)`` with the challenge header ends the leg.
    """

    leg: LegId
    request: Request
    flow: Flow


class Progressed(msgspec.Struct, frozen=True):
    """A provisional response above 100 to our INVITE. `fork` is the remote tag, "" if none: one per early dialog."""

    leg: LegId
    response: Response
    fork: str


class Answered(msgspec.Struct, frozen=True):
    """The first 2xx to our initial INVITE. Later 2xx of other forks are acknowledged and ended by the engine.

    The ACK is sent by the engine where our INVITE carried the offer; otherwise the receiver calls ``ack`` with the
    answer (RFC 3261 section 13.2.2.4), and until then the 2xx is retransmitted by the peer.
    """

    leg: LegId
    response: Response
    flow: Flow


class Failed(msgspec.Struct, frozen=True):
    """Our initial INVITE has ended without a dialog. `status` is the peer's, or 408 (timer B or no final response),
    503 (could not be sent), 487 (we cancelled). `response` is None where we made it up. The leg is gone."""

    leg: LegId
    status: int
    reason: str
    response: Response | None = None


class Acked(msgspec.Struct, frozen=True):
    """The ACK for our 2xx to an INVITE or re-INVITE; its body is the answer where the 2xx carried an offer."""

    leg: LegId
    request: Request


class Cancelled(msgspec.Struct, frozen=True):
    """The caller cancelled; 200 and 487 have been sent. The leg is gone."""

    leg: LegId
    request: Request


class Reinvited(msgspec.Struct, frozen=True):
    """A re-INVITE on a confirmed leg (offer or no offer in the body). Answer with ``accept`` or ``refuse``.

    Glare (491), overlapping requests (500 with Retry-After) and stale CSeq have been answered by the engine.
    """

    leg: LegId
    request: Request


class ReinviteAnswered(msgspec.Struct, frozen=True):
    """A 2xx to our re-INVITE; acknowledged unless the re-INVITE had no offer (then call ``ack``)."""

    leg: LegId
    response: Response


class ReinviteFailed(msgspec.Struct, frozen=True):
    """Our re-INVITE failed; the session is as before (RFC 3261 section 14.1). 491 is retried by the engine itself
    up to three times and shows up here only after that. 408 and 481 end the leg: ``Ended`` follows."""

    leg: LegId
    status: int
    reason: str
    response: Response | None = None


class Ended(msgspec.Struct, frozen=True):
    """A confirmed leg is over: the peer's BYE (answered 200), a dead dialog (408, 481 inside it), or an ACK that never
    came (`cause` "no-ack": BYE has been sent), or a session that nobody refreshed ("timeout", RFC 4028). An
    incoming leg whose provisional was never acknowledged ends with "no-prack" (RFC 3262; 504 has been sent).
    `cause` is "bye", "timeout", "gone", "no-ack" or "no-prack". The leg is gone."""

    leg: LegId
    cause: str
    request: Request | None = None


class Requested(msgspec.Struct, frozen=True):
    """Any other request that needs a decision (REGISTER, SUBSCRIBE, OPTIONS, REFER, NOTIFY, INFO, UPDATE, MESSAGE ...).

    `leg` is set inside a dialog of ours. Answer once with ``respond``. Unknown methods were answered 405 or 501,
    requests for a dialog that does not exist 481, by the engine.
    """

    transaction: str
    request: Request
    flow: Flow
    leg: LegId | None = None


class Responded(msgspec.Struct, frozen=True):
    """The final response to a request of ours made with ``request`` or ``request_in``; 408 and 503 may be made up
    (`response` None)."""

    transaction: str
    status: int
    reason: str
    response: Response | None = None
    leg: LegId | None = None


class FlowGone(msgspec.Struct, frozen=True):
    """A connection closed: bindings made over it are to be dropped."""

    flow: Flow


class Malformed(msgspec.Struct, frozen=True):
    """A peer sent what cannot be a message (or was answered with an error): for counting and limiting.

    `fatal` is True where a stream cannot be read on: its connection is to be closed once what was sent is out.
    """

    flow: Flow
    error: PeerError
    fatal: bool = False


Event = (
    Invited
    | Progressed
    | Answered
    | Failed
    | Acked
    | Cancelled
    | Reinvited
    | ReinviteAnswered
    | ReinviteFailed
    | Ended
    | Requested
    | Responded
    | FlowGone
    | Malformed
)
