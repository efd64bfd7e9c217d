"""An offer as an INVITE: whom the rung phone is shown, how it alerts, how long it may ring. Pure.

Names come from strangers: they are made safe and quoted here. A private caller's number is in no header of the INVITE
(RFC 3323, RFC 3325: phones are not trusted). This module must never decide what is shown, only write it.
"""

import msgspec

from vorzimmer.calls.ports import Contact
from vorzimmer.calls.sent_on import to_phone
from vorzimmer.calls.state import Party
from vorzimmer.directory.profiles import PROFILES, Profile
from vorzimmer.kernel.errors import PeerError
from vorzimmer.routing.model import Offer, Presentation
from vorzimmer.sip.engine import InviteSpec
from vorzimmer.sip.identity import ANONYMOUS, ask_privacy, assert_identity, name_addr
from vorzimmer.sip.uri import SipUri, parse


class Manner(msgspec.Struct, frozen=True):
    """How an INVITE is written: for which domain, how many seconds it may ring, how many hops are left, and for what
    kind of phone."""

    domain: str
    seconds: float
    hops: int
    profile: Profile = PROFILES["generic"]


def identity(name: str, number: str, domain: str) -> str:
    """A name-addr for a number of ours."""
    return name_addr(_address(number, domain), name)


def _address(number: str, domain: str) -> SipUri:
    return SipUri("sip", number or "unknown", domain)


def asserted(party: Party | Presentation, domain: str) -> tuple[tuple[str, str], ...]:
    """P-Asserted-Identity for a phone; a private party is only said to be private."""
    if party.private:
        return (ask_privacy(),)
    if not party.number and not party.name:
        return ()
    return (assert_identity(_address(party.number, domain), party.name),)


def address_of(party: Party | Presentation, domain: str) -> str:
    """From as a phone may see it."""
    return ANONYMOUS if party.private else identity(party.name, party.number, domain)


def spec(offer: Offer, contact: Contact, body: bytes, manner: Manner) -> InviteSpec:
    """The INVITE of `offer` to one contact of its device. Expires ends the ringing even if we could not (13.3.1)."""
    shown, domain = offer.present, manner.domain
    alert = manner.profile.alerts.get(offer.alert, ())
    target = _bare(contact.uri)
    return InviteSpec(
        uri=contact.uri,
        to=contact.flow,
        local=address_of(shown, domain),
        remote=f"<{target}>",
        body=body,
        route=contact.path,
        extra=(
            *asserted(shown, domain),
            *alert,
            *to_phone(offer.diverted, target, domain),
            ("Expires", str(int(manner.seconds) + 5)),
        ),
        max_forwards=manner.hops - 1,
    )


def _bare(uri: str) -> str:
    try:
        parsed = parse(uri)
    except PeerError:
        return uri
    return str(parsed.bare()) if isinstance(parsed, SipUri) else uri
