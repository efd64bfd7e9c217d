"""The words of deciding: who asks for what, what was tried, and the plan with its becauses.

All values are frozen msgspec Structs: they go into call states, records and the journal as they are. This module must
never look anything up.
"""

import msgspec

from vorzimmer.directory.ref import Ref


class Because(msgspec.Struct, frozen=True):
    """Why: the rule that spoke, a message key with parameters (texts.*), and the path of the setting in the company
    file, e.g. ``users[anna].forwarding.no_answer.to``; None where no setting is behind it."""

    rule: str
    key: str
    params: dict[str, str] = {}
    setting: str | None = None


class Caller(msgspec.Struct, frozen=True):
    """Who asks. `ref` is the user or common-area phone for internal callers (decided by the account that passed digest
    or by the trunk, never by what From claims). `number` is the asserted E.164 number; `private` asked for privacy;
    neither number nor private: unavailable."""

    ref: Ref | None = None
    device: str | None = None
    number: str | None = None
    name: str = ""
    private: bool = False

    @property
    def internal(self) -> bool:
        return self.ref is not None


class Diverted(msgspec.Struct, frozen=True):
    """Somebody who sends a call on, `times` over: `number` (E.164) for the network, `name` and `extension` for phones
    of ours; `reason` in the words of RFC 5806. All that was withheld is empty where a carrier says it."""

    number: str
    reason: str
    private: bool = False
    name: str = ""
    extension: str = ""
    times: int = 1


class Asked(msgspec.Struct, frozen=True):
    """One question. `dialled` is what was dialled, as it came; `target` a typed target instead (transfer to a user,
    a forward). `role` is as what the target is to be rung. `trunk` is the one that a call from outside came over.
    `shown` is whom the call is for where `caller` only asks for it (who is transferred): phones of ours show that one,
    rights and rules are the caller's. `diverted` is what the carrier says of who sent the call on before it came to us,
    the last one first: it is shown and recorded, and decides nothing."""

    company: str
    caller: Caller
    dialled: str = ""
    target: Ref | None = None
    role: str = "user"
    robot: bool = False
    trunk: str = ""
    shown: Caller | None = None
    diverted: tuple[Diverted, ...] = ()

    @property
    def face(self) -> Caller:
        """Whom a rung phone shows."""
        return self.shown or self.caller


class Presentation(msgspec.Struct, frozen=True):
    """What the rung device shows of the caller."""

    name: str = ""
    number: str = ""
    private: bool = False


class Route(msgspec.Struct, frozen=True):
    """One way out for an outside number: over which trunk, and as whom we are seen there.

    `shown` is the number in From, `own` the company's that is asserted (the same unless a forwarded caller's number is
    shown). `private` withholds it. `urgent` goes past every channel limit (emergency). `after` is the only status of
    the way before that makes this one worth a try (EXA-41a: 403, then with an own number), 0 for any failure of a
    trunk."""

    trunk: str
    shown: str = ""
    own: str = ""
    name: str = ""
    private: bool = False
    urgent: bool = False
    after: int = 0


class Offer(msgspec.Struct, frozen=True):
    """One invitation to answer: `target` is ``device:ID`` or ``number:+E164``; `user` whom it stands for; `on_behalf`
    of whom (executive, delegator, group); `alert` one of normal, silent, splash, internal, recall, auto.

    `diverted` is who sent the call here, the last one first. An outside number has `routes`, tried in order while
    trunks fail. `confirm` is the prompt that asks whoever answers to press 1 first; "" asks for nothing. `may_divert`:
    a 3xx of this phone is its user's own forwarding and ends the Ring; without it the phone is just not available."""

    target: Ref
    role: str
    user: Ref | None = None
    on_behalf: Ref | None = None
    present: Presentation = Presentation()
    alert: str = "normal"
    routes: tuple[Route, ...] = ()
    diverted: tuple[Diverted, ...] = ()
    confirm: str = ""
    may_divert: bool = False


class Ring(msgspec.Struct, frozen=True, tag="ring"):
    """Offers that end together when one is answered. `seconds` at most, then the outcome is *no answer*."""

    offers: tuple[Offer, ...]
    seconds: float
    because: tuple[Because, ...] = ()


class Announce(msgspec.Struct, frozen=True, tag="announce"):
    """Play a prompt or tone before anybody answered (early media), then end with `status`. `prompt` is a message key of
    texts or ``tone:busy``, ``tone:unavailable`` ..."""

    prompt: str
    status: int
    params: dict[str, str] = {}
    because: tuple[Because, ...] = ()


class Refuse(msgspec.Struct, frozen=True, tag="refuse"):
    """End with a SIP status at once; the caller's phone makes the tone."""

    status: int
    reason: str
    because: tuple[Because, ...] = ()


class Forward(msgspec.Struct, frozen=True, tag="forward"):
    """Ask again for another target on behalf of `by`; the call sends 181 once. The loop key is `by`, `to` and `rule`.

    `private` carries the caller's wish for privacy (a dialled ``*67``) to the next decision; `reason` says why in the
    words of RFC 5806."""

    to: Ref
    by: Ref
    rule: str
    because: tuple[Because, ...] = ()
    private: bool = False
    reason: str = "unknown"


class Run(msgspec.Struct, frozen=True, tag="run"):
    """Something a feature's service does (a feature code): `action` names it, e.g. ``dnd.on``; then confirm or deny."""

    action: str
    params: dict[str, str] = {}
    because: tuple[Because, ...] = ()


Step = Ring | Announce | Refuse | Forward | Run


class Plan(msgspec.Struct, frozen=True):
    """The steps up to the next uncertain outcome, and everything that was asked on the way (`because`), in order.

    `alarm` names what an operator must hear of at once (``emergency_failed``); empty otherwise."""

    steps: tuple[Step, ...]
    because: tuple[Because, ...] = ()
    alarm: str = ""


class OfferOutcome(msgspec.Struct, frozen=True):
    """What came of one offer: answered, busy, declined, no_answer, unreachable, redirected (with `to`), elsewhere,
    cancelled. `via` is the trunk that an outside leg took last, `cause` the Q.850 cause that the far end gave,
    `retry_after` the seconds after which it may be tried again; "" and 0 where there is none."""

    target: Ref
    outcome: str
    status: int = 0
    to: str = ""
    via: str = ""
    cause: int = 0
    retry_after: int = 0


class Tried(msgspec.Struct, frozen=True):
    """A performed step and its outcome: answered, busy, declined, no_answer, unreachable, redirected, done, forwarded.

    For a Ring the overall outcome is decided by ``routing.outcome.overall`` (declined beats busy beats no answer beats
    unreachable, FEATURES.md section 12). `at` is when the outcome was there, POSIX seconds; 0 in a dry run."""

    step: Step
    outcome: str
    offers: tuple[OfferOutcome, ...] = ()
    digits: str = ""
    at: float = 0.0


SoFar = tuple[Tried, ...]


class LiveFacts(msgspec.Struct, frozen=True):
    """Live facts as a value, for one decision: registered device ids, device id -> open calls, devices whose own
    do-not-disturb key is set; trunks that are down, ``trunk:ID:in|out`` -> calls among `talking`. A running server
    hands in a ``routing.live.Live`` instead."""

    registered: frozenset[str] = frozenset()
    talking: dict[str, int] = {}
    dnd: frozenset[str] = frozenset()
    trunks_down: frozenset[str] = frozenset()


LINE = "trunk"
LINE_WAYS = ("in", "out", "sos")


_LINE = f"{LINE}:"


def line_device(trunk: str, way: str) -> str:
    """What stands for a device on a leg to or from a trunk: `way` is in, out or sos (which counts against nothing)."""
    return f"{LINE}:{trunk}:{way}"


def line_of(device: str | None) -> tuple[str, str] | None:
    """Trunk and way of a leg's device; None for a phone's (ids of devices have no colon)."""
    if device is None or not device.startswith(_LINE):
        return None
    trunk, _, way = device[len(_LINE) :].rpartition(":")
    return (trunk, way) if trunk else None
