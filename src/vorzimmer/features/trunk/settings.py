"""Trunks to the outside: registered accounts and peers (FEATURES.md 12.2, docs/trunks.md).

This module must never decide; it says what an administrator can set.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from vorzimmer.directory.numbers import NumberForm
from vorzimmer.directory.schema import Kind
from vorzimmer.directory.types import (
    E164,
    Codecs,
    Emergency,
    GivenPassword,
    Ident,
    Label,
    Section,
    SessionSeconds,
)

SipUri = Annotated[str, Meta(pattern=r"^sips?:[^\s<>\"]{1,250}\Z", extra={"says": "a SIP URI like sip:trunk.example"})]
DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z"
Channels_ = Annotated[int, Meta(ge=1, le=10_000)]


class TrunkNumber(Section, frozen=True):
    """A number that the trunk brings, or a range of equally long ones (both ends belong to it)."""

    EMERGENCY: ClassVar = Emergency.PASSES
    number: E164 | None = None
    from_: E164 | None = field(name="from", default=None)
    to: E164 | None = None

    def covers(self, e164: str) -> bool:
        """Whether the number is this one or inside the range."""
        if self.number is not None:
            return e164 == self.number
        if self.from_ is None or self.to is None:
            return False
        return len(e164) == len(self.from_) and self.from_ <= e164 <= self.to


class Channels(Section, frozen=True):
    """Calls at once, and how many of them may go out; emergency calls do not count."""

    EMERGENCY: ClassVar = Emergency.PASSES
    total: Channels_ | None = None
    out: Channels_ | None = None


class Trunk(Section, frozen=True):
    """A line to a carrier. `identity` is the header that carries the number shown: P-Asserted-Identity,
    P-Preferred-Identity, or From alone. `number_format` is how numbers stand on the wire: +4989…, 004989…, 4989…, 089….
    `foreign_numbers`: the carrier lets a forwarded call show its caller's number. `realm` None: that of the registrar.
    `from_domain` None: that of the registrar or proxy. `options_s` 0 asks for no health; `expires_s` is what is asked
    for at registration, in seconds like `options_s`. `codecs` None: all that we have; `session_expires_s` None: that
    of the company."""

    EMERGENCY: ClassVar = {"*": Emergency.SERVES}
    id: Ident
    name: Label = ""
    kind: Literal["register", "peer"] = "register"
    enabled: bool = True
    registrar: SipUri | None = None
    proxy: SipUri | None = None
    peers: tuple[Annotated[str, Meta(min_length=1, max_length=255)], ...] = ()
    username: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    password: GivenPassword = None
    numbers: tuple[TrunkNumber, ...] = ()
    channels: Channels = Channels()
    identity: Literal["pai", "ppi", "from"] = "pai"
    transport: Literal["udp", "tcp", "tls"] = "tls"
    srtp: Literal["off", "optional", "required"] = "optional"
    realm: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    number_format: NumberForm = "e164"
    from_domain: Annotated[str, Meta(pattern=DOMAIN, max_length=253, extra={"says": "a host or domain"})] | None = None
    foreign_numbers: bool = False
    options_s: Annotated[int, Meta(ge=0, le=3600)] = 45
    expires_s: Annotated[int, Meta(ge=60, le=7200)] = 600
    codecs: Codecs | None = None
    session_expires_s: SessionSeconds | None = None

    def covers(self, e164: str) -> bool:
        """Whether the number is one of this trunk's."""
        return any(spec.covers(e164) for spec in self.numbers)


TRUNK = Kind("trunk", "trunks", Trunk)
KINDS = (TRUNK,)
