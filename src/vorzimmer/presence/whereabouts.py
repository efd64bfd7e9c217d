"""Which of a device's bindings leads to a watcher: a dialog names a phone, and phones share accounts, move and
reconnect.

This module must never look anything up.
"""

from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.bindings import Contact
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.subscription import Subscription
from vorzimmer.sip.uri import SipUri, parse


def way_to(subscription: Subscription, contacts: tuple[Contact, ...]) -> Flow | None:
    """The newest flow to the phone that subscribed: the binding with the Contact it named, else the one it uses now,
    else one at the same host, else the device's first; without bindings what it has."""
    if not contacts:
        return subscription.flow
    target, now = subscription.dialog.target, subscription.flow
    for contact in contacts:
        if contact.uri == target:
            return contact.flow
    if any(contact.flow == now for contact in contacts):
        return now
    place = _place(target)
    for contact in contacts:
        if place is not None and _place(contact.uri) == place:
            return contact.flow
    for contact in contacts:
        if now is not None and contact.flow.remote.host == now.remote.host:
            return contact.flow
    return contacts[0].flow


def _place(uri: str) -> tuple[str, int | None] | None:
    try:
        read = parse(uri)
    except PeerError:
        return None
    return (read.host, read.port) if isinstance(read, SipUri) else None
