"""Who and what a company consists of, with the very names of the company file.

Features add their own kinds and sections; here is only what the house itself needs: people, phones, devices,
places (times are in ``timetable.py``). Fields without a default must be given. This module must never hold a secret or
a rule.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from vorzimmer.directory.profiles import ProfileName
from vorzimmer.directory.types import (
    E164,
    Codecs,
    DepartmentRef,
    Email,
    Emergency,
    Extension,
    Ident,
    Label,
    Language,
    Name,
    Note,
    Password,
    PersonRef,
    Section,
    SessionSeconds,
    SiteRef,
    TrunkRef,
    UserRef,
)

__all__ = ["Company", "Contact", "Department", "Device", "NumberSpec", "Phone", "Site", "User"]


class ExtensionLength(Section, frozen=True):
    """How long extensions may be (FEATURES.md 0.3 point 7)."""

    EMERGENCY: ClassVar = Emergency.GUARDED
    min: Annotated[int, Meta(ge=2, le=6)] = 3
    max: Annotated[int, Meta(ge=2, le=6)] = 4


class Company(Section, frozen=True):
    """The company itself. `outside_prefix` is dialled before outside numbers, None where people dial without. `codecs`
    are those of its phones, the best first (None: opus, g722, pcma, pcmu, as the caller's phone likes best);
    `session_expires_s` is how often a call is asked whether it still lives (None: as the server is started)."""

    EMERGENCY: ClassVar = {
        "*": Emergency.PASSES,
        "country": Emergency.SERVES,
        "main_number": Emergency.SERVES,
        "outside_prefix": Emergency.GUARDED,
    }
    id: Ident
    name: Name
    sip_domain: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\Z",
            max_length=253,
            extra={"says": "a domain in small letters"},
        ),
    ]
    country: Annotated[
        str, Meta(pattern=r"^[A-Z]{2}\Z", extra={"says": "two capital letters like DE", "country": True})
    ] = "DE"
    area_code: Annotated[
        str, Meta(pattern=r"^[0-9]{0,6}\Z", extra={"says": "digits without the leading 0, in quotes"})
    ] = ""
    outside_prefix: Annotated[str, Meta(pattern=r"^[0-9]{1,3}\Z", extra={"says": "1 to 3 digits in quotes"})] | None = (
        None
    )
    holiday_region: Annotated[
        str, Meta(pattern=r"^[A-Z0-9]{0,3}\Z", extra={"says": "a region like BY", "region": True})
    ] = ""
    timezone: Annotated[str, Meta(max_length=64, extra={"zone": True})] = "Europe/Berlin"
    language: Language = "de"
    extension_length: ExtensionLength = ExtensionLength()
    main_number: E164 | None = None
    music_on_hold: Annotated[
        str, Meta(pattern=r"^(default|none|file:.{1,250})\Z", extra={"says": "default, none or file:NAME"})
    ] = "default"
    codecs: Codecs | None = None
    session_expires_s: SessionSeconds | None = None


class SiteEmergency(Section, frozen=True):
    """What an emergency call from this site shows, and the trunk it takes."""

    EMERGENCY: ClassVar = Emergency.SERVES
    number: E164 | None = None
    trunk: TrunkRef | None = None


class Site(Section, frozen=True):
    """A place with an address. Emergency calls from its devices carry it."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "address": Emergency.SERVES, "emergency": Emergency.SERVES}
    id: Ident
    name: Name
    address: Note = ""
    emergency: SiteEmergency = SiteEmergency()


class Department(Section, frozen=True):
    """A part of the company, for plans and reports."""

    EMERGENCY: ClassVar = Emergency.PASSES
    id: Ident
    name: Name


class NumberSpec(Section, frozen=True):
    """One direct number of an owner. Keys, panel and history show the label."""

    EMERGENCY: ClassVar = Emergency.SERVES
    number: E164
    label: Label = ""


class User(Section, frozen=True):
    """A person with a workplace. The first of `numbers` is the primary."""

    EMERGENCY: ClassVar = {
        "*": Emergency.PASSES,
        "site": Emergency.SERVES,
        "numbers": Emergency.SERVES,
        "extension": Emergency.GUARDED,
    }
    id: Ident
    name: Name
    role: Literal["user", "site_admin", "company_admin"] = "user"
    site: SiteRef | None = None
    department: DepartmentRef | None = None
    extension: Extension | None = None
    numbers: tuple[NumberSpec, ...] = ()
    email: Email | None = None
    language: Language | None = None
    mobile: E164 | None = None


class Phone(Section, frozen=True):
    """A common-area phone: a place, not a person."""

    EMERGENCY: ClassVar = {
        "*": Emergency.PASSES,
        "site": Emergency.SERVES,
        "numbers": Emergency.SERVES,
        "extension": Emergency.GUARDED,
    }
    id: Ident
    name: Name
    site: SiteRef | None = None
    department: DepartmentRef | None = None
    extension: Extension | None = None
    numbers: tuple[NumberSpec, ...] = ()


class Device(Section, frozen=True):
    """What registers. `profile` knows silent alert, recall ring, auto answer and pick-up style (None: as the phone's
    User-Agent tells); `silent_alert` overrides it (None: as the profile says). `codecs` None: those of the company.
    `place` is the site where the device stands, if not its owner's."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "owner": Emergency.SERVES, "place": Emergency.SERVES}
    id: Ident
    owner: PersonRef
    name: Label = ""
    kind: Literal["sip", "browser"] = "sip"
    enabled: bool = True
    username: (
        Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}\Z", extra={"says": "small letters, digits, - _ ."})]
        | None
    ) = None
    password: Password = "generated"
    profile: ProfileName | None = None
    silent_alert: bool | None = None
    transport: Literal["any", "udp", "tcp", "tls", "ws", "wss"] = "any"
    srtp: Literal["off", "optional", "required"] = "optional"
    codecs: Codecs | None = None
    place: SiteRef | None = None


class Contact(Section, frozen=True):
    """Somebody outside; `responsible` is the user who looks after them (section 11)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    id: Ident
    name: Name
    numbers: tuple[E164, ...] = ()
    responsible: UserRef | None = None
    company: Label = ""
    email: Email | None = None
