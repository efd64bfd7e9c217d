"""Call intercept: taking a number out of service (FEATURES.md section 8). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from vorzimmer.directory.schema import Kind
from vorzimmer.directory.types import E164, Emergency, ScopeRef, Section, Target


class Intercept(Section, frozen=True):
    """For a user, phone, group or site; the site's overrides the user's. `to_voicemail` excludes new number and 0."""

    EMERGENCY: ClassVar = Emergency.PASSES
    for_: ScopeRef = field(name="for")
    active: bool = False
    inbound: Literal["all", "allow_all", "system_numbers"] = "all"
    outbound: Literal["block_all", "allow_local", "allow_internal"] = "block_all"
    reroute_to: Target | None = None
    announcement: Annotated[
        str, Meta(pattern=r"^(default|file:.{1,250})\Z", extra={"says": "default or file:NAME"})
    ] = "default"
    new_number: E164 | None = None
    zero_to: Target | None = None
    to_voicemail: bool = False


INTERCEPT = Kind("intercept", "intercepts", Intercept, acts=False, id_field="for")
KINDS = (INTERCEPT,)
