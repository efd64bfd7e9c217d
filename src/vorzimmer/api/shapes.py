"""Shapes of answers that only the API has, for its description. Records of the directory are in ``schemas.py``.

This module must never hold behaviour.
"""

# table

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Named(BaseModel):
    """Somebody or something in a call: a reference where it is one of the company's, a number."""

    ref: str | None = Field(None, examples=["user:anna"])
    name: str | None = None
    number: str | None = Field(None, examples=["+493023125222"])


class PastCall(BaseModel):
    """An ended call. Times are RFC 3339 in the company's zone."""

    model_config = ConfigDict(populate_by_name=True)
    id: str
    journey: str = Field(description="Calls that belong together (transfers) have the same")
    direction: Literal["", "in", "out", "internal", "through"]
    from_: Named = Field(alias="from")
    to: Named
    answered_by: Named | None
    outcome: str = Field(examples=["answered"])
    outcome_text: str
    ended_by: str | None
    reason: str | None
    reason_text: str
    started: str
    answered: str | None
    ended: str
    seconds: float = Field(description="How long people talked")


class CallPage(BaseModel):
    """A page of ended calls."""

    items: list[PastCall]
    next: str | None


class CallLeg(BaseModel):
    """One phone or line that was in a call."""

    who: str | None
    name: str | None
    number: str | None
    device: str | None
    outgoing: bool = Field(description="We rang it")
    joined: str
    left: str
    statistics: dict[str, Any]


class PastCallDetail(PastCall):
    """An ended call with everybody who was in it."""

    legs: list[CallLeg]


class Setting(BaseModel):
    """Where a setting stands: its path, its record, and the place inside it (RFC 6901)."""

    path: str = Field(examples=["users[anna].forwarding.no_answer.to"])
    section: str | None
    id: str | None
    pointer: str | None
    href: str | None


class Reason(BaseModel):
    """A rule that was asked, and why it did what it did."""

    rule: str
    key: str
    params: dict[str, str]
    text: str
    setting: Setting | None


class Step(BaseModel):
    """One step: ring, forward, announce, refuse or run."""

    model_config = ConfigDict(extra="allow")
    step: Literal["ring", "forward", "announce", "refuse", "run"]
    targets: list[str]
    role: str | None
    seconds: float | None
    display: str | None
    alert: str | None
    because: list[Reason]
    outcome: str | None = None
    outcome_text: str | None = None


class Happening(BaseModel):
    """A moment of a call that was."""

    model_config = ConfigDict(extra="allow")
    at: str | None
    what: str
    text: str | None = None
    step: int | None = Field(None, description="Position in `plan`")
    phones: list[dict[str, Any]] = []


class Told(BaseModel):
    """Why a call went, or would go, where it does: a short story first, then each step with each rule asked."""

    asked: dict[str, str]
    story: list[str]
    because: list[Reason]
    plan: list[Step]
    timeline: list[Happening] = []
    ended: dict[str, str] | None = None


class ExplainChange(BaseModel):
    """A change that is laid over the settings before the question is asked: a patch (RFC 7396) of one record."""

    section: str = Field(examples=["users"])
    id: str = Field(examples=["anna"])
    values: dict[str, Any] = Field(examples=[{"dnd": True}])


class ExplainQuestion(BaseModel):
    """An imagined call."""

    model_config = ConfigDict(
        populate_by_name=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"from": "+493023125222", "to": "+498999998100", "assume": ["user:bea=busy"]}],
        },
    )
    from_: str = Field(
        alias="from", max_length=200, description="user:ID, phone:ID, device:ID, +E164, anonymous or unavailable"
    )
    to: str = Field(max_length=200, description="What is dialled, or a target kind:ID")
    at: str | None = Field(None, max_length=40, description="A moment such as 2026-12-24T20:15; now if not given")
    assume: list[str] = Field([], max_length=50, description="user:bea=busy, trunk:provider=down, all=idle …")
    changes: list[ExplainChange] = Field([], max_length=20)


class Trace(BaseModel):
    """The SIP of a call: a ladder in lines, and every message with its secrets blacked out."""

    lines: list[str]
    messages: list[dict[str, Any]]
