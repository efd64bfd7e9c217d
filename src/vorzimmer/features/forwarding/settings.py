"""Forwarding of a user's calls: always, busy, no answer, unreachable, selective (FEATURES.md BAS-1 to BAS-3).

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.criteria import ForwardCriterion
from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section, Target


class Always(Section, frozen=True):
    """Every call at once; off."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    to: Target | None = None


class OnEvent(Section, frozen=True):
    """When busy or unreachable; on, to voicemail if there is a mailbox."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = True
    to: Target | None = "voicemail"


class NoAnswer(Section, frozen=True):
    """When nobody answers within `after_s` seconds; on, to voicemail if there is a mailbox."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = True
    to: Target | None = "voicemail"
    after_s: Annotated[int, Meta(ge=5, le=120)] = 20


class Forwarding(Section, frozen=True):
    """The section ``forwarding`` of a user or common-area phone."""

    EMERGENCY: ClassVar = Emergency.PASSES
    always: Always = Always()
    busy: OnEvent = OnEvent()
    no_answer: NoAnswer = NoAnswer()
    unreachable: OnEvent = OnEvent()
    selective: Annotated[tuple[ForwardCriterion, ...], Meta(max_length=50)] = ()


FORWARDING = Key("forwarding", Forwarding, ("user", "phone"), place="reach")
KEYS = (FORWARDING,)
