"""Shapes of events, for the description of the API. This module must never hold behaviour."""

# table

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from vorzimmer.api.shapes import Named

State = Literal["idle", "ringing", "talking", "held", "dnd", "unregistered"]


class _Event(BaseModel):
    number: int = Field(description="Rises in this stream; give it as `since` to resume after this event")
    company: str | None = Field(examples=["musterbau"])
    at: str = Field(description="RFC 3339, UTC", examples=["2026-03-02T09:30:00.000Z"])


class CallEventData(BaseModel):
    """A call, as it is after the event."""

    model_config = ConfigDict(populate_by_name=True)
    call: str
    from_: Named = Field(alias="from")
    to: Named
    parties: list[str] = Field(description="Accounts that are in it", examples=[["user:anna", "user:bea"]])
    ringing: list[str] = Field(description="Accounts for which it rings now")
    by: str | None = Field(description="Who answered, held, resumed or ended it")
    reason: str | None = Field(description="Why it ended")


class CallEvent(_Event):
    """Something happened to a call. Told to those in it or for whom it rings, and to administrators."""

    type: Literal[
        "call.started", "call.ringing", "call.answered", "call.held", "call.resumed", "call.changed", "call.ended"
    ]
    data: CallEventData


class PresenceEventData(BaseModel):
    """What somebody does now."""

    ref: str = Field(examples=["user:anna"])
    state: State
    dnd: bool


class PresenceEvent(_Event):
    """Somebody does something else; told to all colleagues unless his `lamp` shows nothing."""

    type: Literal["presence.changed"]
    data: PresenceEventData


class RegistrationEventData(BaseModel):
    """A device, and whose it is."""

    device: str
    owner: str | None


class RegistrationEvent(_Event):
    """A device can be reached now, or not any more."""

    type: Literal["registration.added", "registration.removed"]
    data: RegistrationEventData


class TrunkEventData(BaseModel):
    """How a trunk stands."""

    model_config = ConfigDict(extra="allow")
    state: str
    trunk: str


class TrunkEvent(_Event):
    """A trunk came up or went down; told to administrators."""

    type: Literal["trunk.up", "trunk.down"]
    data: TrunkEventData


class AlarmEventData(BaseModel):
    """What an operator must hear of."""

    model_config = ConfigDict(extra="allow")
    what: str = Field(examples=["trunk_down"])
    call: str | None


class AlarmEvent(_Event):
    """Something that an operator must hear of at once; told to administrators."""

    type: Literal["alarm.raised"]
    data: AlarmEventData


class ChangeEventData(BaseModel):
    """Which record; read it to learn what it is now."""

    section: str = Field(examples=["users"])
    id: str | None = Field(description="None with change.many: many of the section", examples=["anna"])


class ChangeEvent(_Event):
    """A record is another one now; told to those who may read it. It never says what it holds."""

    type: Literal["change.created", "change.changed", "change.removed", "change.many"]
    data: ChangeEventData


class GapEventData(BaseModel):
    """`expired`: `since` lies too far back; `control`: the exchange was away for a moment."""

    reason: Literal["expired", "control"]
    load: list[Literal["calls", "presence", "registrations", "trunk-states", "history", "records"]]


class GapEvent(_Event):
    """Events are missing here: read again what `load` names."""

    type: Literal["gap"]
    data: GapEventData


class ReadyEventData(BaseModel):
    """Whether what was missed since `since` follows."""

    resumed: bool


class ReadyEvent(_Event):
    """The first message: from here on everything is told."""

    type: Literal["ready"]
    data: ReadyEventData


class HeartbeatEvent(_Event):
    """Nothing happened for 15 seconds, and the line is alive."""

    type: Literal["heartbeat"]
    data: dict[str, Any]


Told = Annotated[
    CallEvent
    | PresenceEvent
    | RegistrationEvent
    | TrunkEvent
    | AlarmEvent
    | ChangeEvent
    | GapEvent
    | ReadyEvent
    | HeartbeatEvent,
    Field(discriminator="type"),
]
_ABOUT = (
    "One message of the web socket `/api/v1/events?since=NUMBER&company=ID&topics=call,presence` (see docs/events.md). "
    "Close codes: 4401 the session or token does not count any more, 4408 too slow (resume with `since`)."
)
EXAMPLES: list[dict[str, Any]] = [
    {
        "number": 1772443800001,
        "type": "call.ringing",
        "company": "musterbau",
        "at": "2026-03-02T09:30:00.000Z",
        "data": {
            "call": "c-1",
            "from": {"ref": None, "name": None, "number": "+493023125222"},
            "to": {"ref": "user:anna", "name": "Anna Schneider", "number": "100"},
            "parties": [],
            "ringing": ["user:anna"],
            "by": None,
            "reason": None,
        },
    },
    {
        "number": 1772443800002,
        "type": "presence.changed",
        "company": "musterbau",
        "at": "2026-03-02T09:30:00.050Z",
        "data": {"ref": "user:anna", "state": "ringing", "dnd": False},
    },
    {
        "number": 1772443800003,
        "type": "change.changed",
        "company": "musterbau",
        "at": "2026-03-02T09:31:00.000Z",
        "data": {"section": "users", "id": "anna"},
    },
    {
        "number": 1772443800003,
        "type": "gap",
        "company": "musterbau",
        "at": "2026-03-02T09:40:00.000Z",
        "data": {"reason": "expired", "load": ["calls", "presence", "registrations", "trunk-states", "history"]},
    },
]


def components(prefix: str) -> dict[str, Any]:
    """The schemas, `EventMessage` above all."""
    found: dict[str, Any] = TypeAdapter(Told).json_schema(ref_template=prefix + "{model}")
    defs: dict[str, Any] = found.pop("$defs")
    return defs | {"EventMessage": {**found, "description": _ABOUT, "examples": EXAMPLES}}
