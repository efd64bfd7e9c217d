"""Executive and assistant (FEATURES.md section 1). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, field

from vorzimmer.directory.criteria import Criterion
from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section, Target, UserRef

RING_S: Final = 5
"""Seconds of one ring in Germany (FEATURES.md 0.3 point 2)."""


class Filtering(Section, frozen=True):
    """Which calls the assistants get (1.3)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    mode: Literal["simple", "advanced"] = "simple"
    simple: Literal["all", "internal", "external"] = "all"


class Screening(Section, frozen=True):
    """How the executive is told while assistants ring (1.5)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    alert: Literal["silent", "ring_splash"] = "silent"
    mobile: bool = False
    parallel_ringing: bool = False
    shared_lines: bool = False


class Alerting(Section, frozen=True):
    """How the pool rings and what it shows (1.4, 1.8)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    mode: Literal["simultaneous", "sequential"] = "simultaneous"
    next_assistant_rings: Annotated[int, Meta(ge=1, le=20)] = 2
    name: Literal["executive", "executive_originator", "originator_executive", "originator", "custom"] = (
        "executive_originator"
    )
    number: Literal["executive", "originator", "custom"] = "executive"
    custom_name: Annotated[str, Meta(min_length=1, max_length=80, extra={"name": True})] | None = None
    custom_number: Annotated[str, Meta(min_length=1, max_length=23)] | None = None
    prefix: Annotated[str, Meta(max_length=20, extra={"name": True})] | None = None


class Push(Section, frozen=True):
    """When an unanswered push comes back. `recall_rings` is another way to say it (one ring is 5 s in Germany)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    recall_s: Annotated[int, Meta(ge=10, le=100)] = 20
    recall_rings: Annotated[int, Meta(ge=2, le=20)] | None = None

    @property
    def seconds(self) -> int:
        """The recall time in seconds, whichever way it was set."""
        return self.recall_s if self.recall_rings is None else self.recall_rings * RING_S


class Rollover(Section, frozen=True):
    """What happens when no assistant takes it. `enabled` switches the timer only (1.4); `after_s` None: none."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    after_s: Annotated[int, Meta(ge=0, le=120)] | None = None
    action: Literal["voicemail", "forward", "no_answer", "busy"] = "voicemail"
    forward_to: Target | None = None


class Executive(Section, frozen=True):
    """The section ``executive`` of a user; `assistants` is ordered (1.1)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    assistants: tuple[UserRef, ...] = ()
    allow_opt_in_out: bool = True
    filtering: Filtering = Filtering()
    criteria: Annotated[tuple[Criterion, ...], Meta(max_length=50)] = ()
    screening: Screening = Screening()
    alerting: Alerting = Alerting()
    push: Push = Push()
    rollover: Rollover = Rollover()


class Divert(Section, frozen=True):
    """Where the assistant's share of the executives' calls goes instead (1.4)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    to: Target | None = None


class Assistant(Section, frozen=True):
    """The section ``assistant`` of a user. An executive who is not named in `opted_in` is opted in."""

    EMERGENCY: ClassVar = Emergency.PASSES
    divert: Divert = Divert()
    opted_in: Annotated[dict[UserRef, bool], Meta(extra={"merge": "named"})] = field(default_factory=dict)


EXECUTIVE = Key("executive", Executive, ("user",), acts=False)
ASSISTANT = Key("assistant", Assistant, ("user",), acts=False)
KEYS = (EXECUTIVE, ASSISTANT)
