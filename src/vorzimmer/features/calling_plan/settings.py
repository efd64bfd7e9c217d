"""Calling plans: who may call what, forward where, be called by whom (FEATURES.md section 9). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from vorzimmer.directory.schema import Kind
from vorzimmer.directory.types import DialledCode, Emergency, Pattern, ScopeRef, Section, Target

Action = Literal["allow", "block", "authorization_code", "transfer_1", "transfer_2", "transfer_3"]
YesNo = Literal["allow", "block"]
PlanName = Annotated[str, Meta(min_length=1, max_length=30, extra={"name": True})]


class OutgoingPattern(Section, frozen=True):
    """A digit pattern; patterns are asked before call types."""

    EMERGENCY: ClassVar = Emergency.PASSES
    name: PlanName
    pattern: Pattern
    action: Action = "block"


class IncomingPattern(Section, frozen=True):
    """A caller's number."""

    EMERGENCY: ClassVar = Emergency.PASSES
    name: PlanName
    pattern: Pattern
    action: YesNo = "block"


class CallTypes(Section, frozen=True):
    """What happens to each type of call (9.2); premium numbers are blocked unless opened."""

    EMERGENCY: ClassVar = Emergency.PASSES
    internal: Action = "allow"
    local: Action = "allow"
    national: Action = "allow"
    mobile: Action = "allow"
    toll_free: Action = "allow"
    international: Action = "allow"
    premium: Action = "block"
    special: Action = "allow"


class OutgoingPlan(Section, frozen=True):
    """Calls that one starts. `transfer_numbers` are the targets of transfer_1 to transfer_3."""

    EMERGENCY: ClassVar = Emergency.PASSES
    patterns: tuple[OutgoingPattern, ...] = ()
    types: CallTypes = CallTypes()
    transfer_numbers: Annotated[tuple[Target, ...], Meta(max_length=3)] = ()


class Redirecting(Section, frozen=True):
    """Forwards and transfers that one starts: yes or no by type, closed where fraud is dear."""

    EMERGENCY: ClassVar = Emergency.PASSES
    internal: YesNo = "allow"
    local: YesNo = "allow"
    national: YesNo = "allow"
    mobile: YesNo = "allow"
    toll_free: YesNo = "allow"
    international: YesNo = "block"
    premium: YesNo = "block"
    special: YesNo = "allow"


class IncomingPlan(Section, frozen=True):
    """Who may call in (9.1)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    internal: YesNo = "allow"
    outside: Literal["allow", "redirected_only", "block"] = "allow"
    collect: YesNo = "block"
    anonymous: YesNo = "allow"
    patterns: tuple[IncomingPattern, ...] = ()


class AuthorizationCode(Section, frozen=True):
    """A code that opens what asks for one; kept like a password."""

    EMERGENCY: ClassVar = Emergency.PASSES
    name: PlanName
    code: DialledCode = "generated"


class CallingPlan(Section, frozen=True):
    """The nearest plan wins: user, department, site, company (9.2)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    for_: ScopeRef = field(name="for")
    outgoing: OutgoingPlan = OutgoingPlan()
    redirecting: Redirecting = Redirecting()
    incoming: IncomingPlan = IncomingPlan()
    authorization_codes: tuple[AuthorizationCode, ...] = ()


CALLING_PLAN = Kind("calling_plan", "calling_plans", CallingPlan, acts=False, id_field="for")
KINDS = (CALLING_PLAN,)
