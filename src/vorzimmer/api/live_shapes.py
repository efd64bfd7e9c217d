"""Shapes of what is now, for the description of the API. This module must never hold behaviour."""

# table

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.api.shapes import Named


class LiveParty(BaseModel):
    """Somebody in a call, or whose phone it rings."""

    model_config = ConfigDict(extra="allow")
    who: str = Field(examples=["user:anna"])
    name: str | None
    device: str | None
    ringing: bool
    held: bool
    codec: str | None


class LiveCall(BaseModel):
    """A call that exists now."""

    model_config = ConfigDict(populate_by_name=True)
    id: str
    direction: Literal["in", "out", "internal", "through"]
    trunk: str | None
    from_: Named = Field(alias="from")
    to: Named
    state: Literal["ringing", "waiting", "talking", "held"]
    parties: list[LiveParty]
    started: str
    answered: str | None
    seconds: float


class CallsNow(BaseModel):
    """Calls that exist now."""

    items: list[LiveCall]


class Present(BaseModel):
    """What somebody does now."""

    ref: str = Field(examples=["user:anna"])
    name: str
    extension: str | None
    state: Literal["idle", "ringing", "talking", "held", "dnd", "unregistered", "unknown"]
    dnd: bool
    devices: int = Field(description="Devices that are switched on")
    registered: int = Field(description="How many of them can be reached")


class PresenceList(BaseModel):
    """What everybody does now."""

    items: list[Present]


class Registration(BaseModel):
    """One phone that is registered now."""

    device: str
    owner: str
    contact: str
    agent: str = Field(description="What the phone says it is", examples=["snomD785/10.1.175.16"])
    transport: Literal["udp", "tcp", "tls", "ws", "wss"]
    address: str
    instance: str
    expires_s: int


class Registrations(BaseModel):
    """Phones that are registered now."""

    items: list[Registration]


class TrunkState(BaseModel):
    """How a trunk stands."""

    model_config = ConfigDict(extra="allow")
    trunk: str
    kind: Literal["register", "peer"]
    up: bool
    why: str
    registered_s: int | None
    calls: dict[str, Any]


class TrunkStates(BaseModel):
    """How the trunks stand."""

    items: list[TrunkState]


class NumberRow(BaseModel):
    """A number or an extension, and whose it is."""

    number: str
    kind: Literal["number", "extension"]
    label: str = ""
    owner: Named | None = Field(description="None: it leads nowhere yet")
    trunk: str | None = None


class NumberPage(BaseModel):
    """Numbers and extensions."""

    items: list[NumberRow]
    next: str | None
    total: int


class FreeNumbers(BaseModel):
    """What can still be given to somebody."""

    extensions: list[str]
    numbers: list[str]


class EffectiveField(BaseModel):
    """One setting of somebody as it acts."""

    path: str = Field(examples=["forwarding.no_answer.after_s"])
    value: Any
    decided_by: Literal["user", "phone", "site", "company", "default"]
    setting: str | None = Field(None, description="Where it is set", examples=["users[anna].forwarding"])
    locked_by: Literal["site", "company"] | None = None
    acts: bool = Field(True, description="False: it can be set, and does not act yet")


class Effective(BaseModel):
    """All settings of somebody as they act."""

    items: list[EffectiveField]


class Card(BaseModel):
    """An entry of the directory."""

    ref: str
    name: str
    kind: str
    extension: str | None
    numbers: list[str]
    site: str | None
    department: str | None
    email: str | None


class CardPage(BaseModel):
    """A page of the directory."""

    items: list[Card]
    next: str | None
    total: int
