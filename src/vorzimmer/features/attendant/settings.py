"""Auto attendants (FEATURES.md section 10). Not acting yet.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from vorzimmer.directory.model import NumberSpec
from vorzimmer.directory.schema import Kind
from vorzimmer.directory.types import (
    Emergency,
    Extension,
    File,
    Ident,
    Name,
    ScheduleRef,
    Section,
    SiteRef,
    Target,
    Text,
)

Digits = Annotated[
    str,
    Meta(pattern=r"^([0-9]{1,6}|[*#])\Z", extra={"says": "digits, * or #, in quotes", "menu_key": True}),
]
Repeat = Annotated[int, Meta(ge=0, le=10)]


class Prompt(Section, frozen=True):
    """`text` is spoken, `file` is played; give one of them."""

    EMERGENCY: ClassVar = Emergency.PASSES
    text: Text | None = None
    file: File | None = None


class Exit(Section, frozen=True):
    """After `repeat` more tries the caller goes `to` (10.2)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    repeat: Repeat = 2
    to: Target = "hang_up"


class TooMany(Section, frozen=True):
    """Where a caller goes who tried too often."""

    EMERGENCY: ClassVar = Emergency.PASSES
    to: Target = "hang_up"


class Menu(Section, frozen=True):
    """What is said and what the keys do. Seconds to the first digit and between digits (10.1, 10.2)."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "keys": Emergency.GUARDED}
    say: Prompt | Literal["none"] | None = None
    keys: dict[Digits, Target] = field(default_factory=dict)
    first_digit_s: Annotated[int, Meta(ge=1, le=60)] = 10
    interdigit_s: Annotated[int, Meta(ge=1, le=10)] = 3
    no_input: Exit = Exit()
    invalid: Exit = Exit(repeat=3)
    too_many: TooMany = TooMany()


class Menus(Section, frozen=True):
    """A menu that is missing falls back to business_hours."""

    EMERGENCY: ClassVar = Emergency.PASSES
    business_hours: Menu = Menu()
    after_hours: Menu | None = None
    holidays: Menu | None = None


class Attendant(Section, frozen=True):
    """`process_extensions`: callers may dial an extension during the greeting and in the menu (10.2).
    `schedule` and `holidays` choose the menu; `allow` and `deny` say which extensions can be dialled (10.2)."""

    EMERGENCY: ClassVar = {"*": Emergency.PASSES, "extension": Emergency.GUARDED, "numbers": Emergency.SERVES}
    id: Ident
    name: Name
    numbers: tuple[NumberSpec, ...] = ()
    extension: Extension | None = None
    site: SiteRef | None = None
    process_extensions: bool = True
    greeting: Prompt | Literal["none"] | None = None
    menus: Menus = Menus()
    schedule: ScheduleRef | None = None
    holidays: ScheduleRef | None = None
    allow: tuple[Extension, ...] = ()
    deny: tuple[Extension, ...] = ()


ATTENDANT = Kind("attendant", "attendants", Attendant, acts=False, dialable=True)
KINDS = (ATTENDANT,)
