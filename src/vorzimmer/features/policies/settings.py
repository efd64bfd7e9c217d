"""Policies with a lock, and the company's limits (FEATURES.md 1.2, 2.1, 5.3). Not acting yet.

A site or user may narrow what is not locked. This module must never decide; it says what an administrator can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section


class DelegationPolicy(Section, frozen=True):
    """None: as the level above; the company's own defaults are on, and users may delegate."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool | None = None
    locked: bool = False
    users_may_delegate: bool | None = None


class RecordingPolicy(Section, frozen=True):
    """None: as the level above; recordings are kept 90 days."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool | None = None
    locked: bool = False
    kept_days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class Policies(Section, frozen=True):
    """The section ``policies`` of company, site and user."""

    EMERGENCY: ClassVar = Emergency.PASSES
    delegation: DelegationPolicy = DelegationPolicy()
    recording: RecordingPolicy = RecordingPolicy()


class Limits(Section, frozen=True):
    """At most so many assistants per executive, delegates per delegator and the reverse, keys per lamp field."""

    EMERGENCY: ClassVar = Emergency.PASSES
    assistants: Annotated[int, Meta(ge=1, le=100)] = 25
    delegates: Annotated[int, Meta(ge=1, le=100)] = 15
    delegators: Annotated[int, Meta(ge=1, le=100)] = 15
    monitors: Annotated[int, Meta(ge=1, le=50)] = 8


POLICIES = Key("policies", Policies, ("company", "site", "user"), acts=False)
LIMITS = Key("limits", Limits, ("company",))
KEYS = (POLICIES, LIMITS)
