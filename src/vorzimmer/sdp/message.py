"""A session description as frozen values (RFC 8866), keeping every line, known or not.

The values say what was written and judge nothing: whether a stream can be used is for ``negotiate``. This module must
never hold an interpretation that cannot be written back.
"""

import msgspec

LINE_ORDER = "vosiuepcbtrzkma"
"""The order in which RFC 8866 section 5 wants line types (m= stands where a media section begins)."""


class Attribute(msgspec.Struct, frozen=True):
    """An ``a=`` line. `value` None is a bare property (``a=sendonly``), "" an empty value (``a=x:``). The key in an
    ``a=crypto`` is in no repr."""

    name: str
    value: str | None = None

    def __repr__(self) -> str:
        return f"Attribute({self.name!r}, {'...' if self.name.lower() == 'crypto' else self.value!r})"


class Line(msgspec.Struct, frozen=True):
    """A line that we keep without understanding it: bandwidth, e-mail, repeat times, unknown types."""

    kind: str
    value: str


class Connection(msgspec.Struct, frozen=True):
    """A ``c=`` line: `family` is IP4 or IP6; `host` a literal without brackets, or a name."""

    family: str
    host: str


class Origin(msgspec.Struct, frozen=True):
    """The ``o=`` line. Session and version stay text: phones write numbers of any length there."""

    username: str
    session: str
    version: str
    family: str
    host: str


class Media(msgspec.Struct, frozen=True, dict=True):
    """One media section. `port` 0 is a refused or ended stream; `count` the number of port pairs (normally 1).

    Its ``__dict__`` is ``reading``'s: what the section means, worked out once and gone with it."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    count: int = 1
    connection: Connection | None = None
    lines: tuple[Line, ...] = ()
    attributes: tuple[Attribute, ...] = ()


class Session(msgspec.Struct, frozen=True, dict=True):
    """A whole description. `timing` holds the values of the ``t=`` lines; a phone that sends none gets ``0 0``.

    Its ``__dict__`` is ``reading``'s, as that of Media."""

    origin: Origin
    name: str = "-"
    connection: Connection | None = None
    timing: tuple[str, ...] = ("0 0",)
    lines: tuple[Line, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    media: tuple[Media, ...] = ()


def rank(kind: str) -> int:
    """Where a line of this type belongs; unknown types go right before the attributes."""
    place = LINE_ORDER.find(kind)
    return place if place >= 0 else LINE_ORDER.index("m")


def values_of(attributes: tuple[Attribute, ...], name: str) -> tuple[str, ...]:
    """The values of all attributes called `name`, in order; a bare one counts as ""."""
    return tuple(a.value or "" for a in attributes if a.name == name)


def value_of(attributes: tuple[Attribute, ...], name: str) -> str | None:
    """The value of the first attribute called `name`, None where there is none."""
    return next(iter(values_of(attributes, name)), None)
