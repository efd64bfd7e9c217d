"""The vocabulary of settings: texts with a meaning, and what an emergency call makes of a setting.

The meaning sits in `msgspec.Meta(extra=...)`, so that checks, the reverse index, the diff and the API's schema read it
from the types and nobody keeps a second list. This module must never look anything up.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

import msgspec


class Emergency(StrEnum):
    """What an emergency call makes of a setting (ARCHITECTURE decision 9)."""

    PASSES = "passes"
    """The setting never refuses, diverts or delays an emergency call: it is not even asked."""
    SERVES = "serves"
    """An emergency call uses it (location, number shown, trunk, country)."""
    GUARDED = "guarded"
    """It could hide an emergency number, so saving refuses what equals or begins with one."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The root of every part of a company's file. Each class declares its own EMERGENCY: one mark for all fields, or a
    mark by field name with ``*`` for the rest. A test walks them all."""

    EMERGENCY: ClassVar[Emergency | dict[str, Emergency]]


def emergency_mark(section: type[Section], field: str) -> Emergency | None:
    """The mark of one setting; None if its class forgot to declare one (inherited marks do not count)."""
    declared = section.__dict__.get("EMERGENCY")
    if isinstance(declared, dict):
        return declared.get(field, declared.get("*"))
    return declared if isinstance(declared, Emergency) else None


def _ref(*kinds: str, typed: bool = False) -> msgspec.Meta:
    return msgspec.Meta(min_length=1, max_length=80, extra={"ref": kinds, "typed": typed})


MAX_TARGET: Final = 161
"""Characters of a number or SIP URI (FEATURES.md 1.2, 6)."""

Ident = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}\Z", extra={"says": "small letters, digits, - _ ."})
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80, extra={"name": True})]
Label = Annotated[str, msgspec.Meta(max_length=80, extra={"name": True})]
Note = Annotated[str, msgspec.Meta(max_length=500, extra={"name": True, "lines": True})]
Text = Annotated[str, msgspec.Meta(max_length=2000, extra={"name": True, "lines": True})]
File = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\Z", extra={"says": "an e-mail address"})]

E164 = Annotated[
    str, msgspec.Meta(pattern=r"^\+[1-9][0-9]{3,14}\Z", extra={"says": "a number like +498999998100", "number": True})
]
Extension = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{2,6}\Z", extra={"says": "2 to 6 digits in quotes", "extension": True})
]
Pattern = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\+?[0-9?]*\*?\Z",
        min_length=1,
        max_length=30,
        extra={"says": "digits, ? for any one digit, * for any rest at the end"},
    ),
]
Code = Annotated[
    str, msgspec.Meta(pattern=r"^[*#][0-9*#]{1,4}\Z", extra={"says": "* or # and up to four more, in quotes"})
]
Day = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", extra={"says": "a day like 2026-12-24", "day": True})
]
Block = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z",
        extra={"says": "a time block like 08:00-17:00"},
    ),
]

UserRef = Annotated[str, _ref("user")]
SiteRef = Annotated[str, _ref("site")]
DepartmentRef = Annotated[str, _ref("department")]
ScheduleRef = Annotated[str, _ref("schedule")]
TrunkRef = Annotated[str, _ref("trunk")]
PersonRef = Annotated[str, _ref("user", "phone", typed=True)]
ScopeRef = Annotated[str, _ref("user", "phone", "department", "site", "company", "hunt", "attendant", typed=True)]
WatchedRef = Annotated[
    str,
    _ref("user", "phone", "park", "hunt", "instant", "attendant", "site", "paging", "device", "number", typed=True),
]
PageableRef = Annotated[str, _ref("user", "phone", "device", typed=True)]
MemberRef = Annotated[str, _ref("user", "phone", "number", typed=True)]
AlternateRef = Annotated[str, _ref("user", "phone", "hunt", "attendant", "voicemail", typed=True)]

Target = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TARGET, extra={"target": True})]
"""Where a call can be led: ``voicemail`` (the owner's), ``hang_up``, ``kind:id``, +E164, an extension, a SIP URI."""

TARGET_KINDS: Final = ("user", "phone", "hunt", "park", "instant", "attendant", "voicemail", "number")

Seconds = Annotated[int, msgspec.Meta(ge=0)]
Language = Literal["de", "en"]

CodecName = Literal["opus", "g722", "pcma", "pcmu"]
Codecs = Annotated[tuple[CodecName, ...], msgspec.Meta(min_length=1, max_length=4)]
"""Which codecs may be spoken with a phone or trunk, the best first."""

SessionSeconds = Annotated[int, msgspec.Meta(ge=90, le=86_400)]
"""A session interval (RFC 4028)."""


SecretSource = str | dict[str, str] | None
Password = Annotated[SecretSource, msgspec.Meta(extra={"secret": "encrypted", "make": "password"})]
"""``generated``, plain text, ``{value: …}``, ``{env: NAME}``, ``{file: PATH}``, ``{hash: …}`` (from a backup)."""
Pin = Annotated[SecretSource, msgspec.Meta(extra={"secret": "hashed", "make": "pin"})]
DialledCode = Annotated[SecretSource, msgspec.Meta(extra={"secret": "encrypted", "make": "code"})]
GivenPassword = Annotated[SecretSource, msgspec.Meta(extra={"secret": "encrypted", "make": None})]
"""A password that somebody else chose (a carrier): it is never made up and never judged."""
