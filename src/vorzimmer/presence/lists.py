"""Resource lists (RFC 4662): one subscription for all lamps of a phone.

A NOTIFY names the members (RLMI) and brings the documents that are new to this watcher, as many as its way allows; the
next one brings the rest. This module must never show a member that its watcher could not watch alone.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.dialog_info import CONTENT_TYPE as DIALOGS
from vorzimmer.presence.door import Account
from vorzimmer.presence.markup import TOKEN_LENGTH, VERSION, escape, filled
from vorzimmer.presence.multipart import BOUNDARY, joined
from vorzimmer.presence.packages import Lamps
from vorzimmer.presence.pieces import STREAM, Chosen, Pieces, room
from vorzimmer.sip.message import Request
from vorzimmer.sip.subscription import Subscription, check_accept
from vorzimmer.sip.subscription_machine import Document
from vorzimmer.sip.uri import SipUri
from vorzimmer.sip.validate import RefusedError

LIST = "lamps"
"""The user part of the list's address: everybody has one of his own."""

RLMI = "application/rlmi+xml"
NAMESPACE = "urn:ietf:params:xml:ns:rlmi"
TYPE = f'multipart/related;type="{RLMI}";start="<list@vorzimmer>";boundary="{BOUNDARY}"'
ABOUT = f"Require: eventlist\r\nContent-Type: {TYPE}\r\n"
"""The lines of a NOTIFY with a list (RFC 4662 section 4.6)."""


class Member(msgspec.Struct, frozen=True):
    """One lamp of a list: what it watches, the address and name that the phone's key gets, and how much is shown
    (None: nothing, since it is not there or may not be seen)."""

    resource: str
    uri: str
    name: str = ""
    detail: str | None = None


class Rolls(Protocol):
    """Who is on a list."""

    def members(self, roll: str, watcher: str) -> tuple[Member, ...]:
        """The members of a list, in order, as `watcher` may see them; as anybody at all could, for "". Empty also for
        a list that is gone."""

    def roll(self, watcher: str) -> str | None:
        """The list of a device's owner."""

    def takes_lists(self, watcher: str) -> bool:
        """Whether the phone is of a kind that understands lists, though it does not say so."""

    def exists(self, roll: str) -> bool:
        """Whether there is such a list."""


class LampLists:
    """Package ``dialog`` for a whole list (``Package``). Knows which lists are watched and what they hold, so that a
    change of a member is one of its lists."""

    name = "dialog"
    limited = True
    about: tuple[tuple[str, str], ...] = (("Require", "eventlist"),)

    def __init__(self, rolls: Rolls, lamps: Lamps) -> None:
        self._rolls = rolls
        self._lamps = lamps
        self._pieces = Pieces()
        self._held: dict[str, tuple[Member, ...]] = {}
        self._in: dict[str, dict[str, None]] = {}
        self.freed: Callable[[str], None] = lamps.forget
        """Told of a resource that is on no watched list any more."""

    def find(self, who: Account, uri: SipUri, request: Request) -> tuple[str, str]:
        """As the protocol says; raises RefusedError 421 for a phone that understands no lists (section 4.1)."""
        headers = request.headers
        understood = "eventlist" in (option.strip().lower() for option in headers.list_of("Supported"))
        understood = understood or any(RLMI in kind.lower() for kind in headers.list_of("Accept"))
        if not understood and not self._rolls.takes_lists(who.device):
            raise RefusedError("Extension Required", 421, self.about)
        roll = self._rolls.roll(who.device)
        if roll is None:
            raise PeerError("Not Found", 404)
        return roll, str(uri.bare())

    def check(self, request: Request) -> None:
        """As the protocol says."""
        check_accept(request.headers, RLMI)

    def exists(self, resource: str) -> bool:
        """As the protocol says."""
        return self._rolls.exists(resource)

    def look(self, resource: str) -> bool:
        """Whether the list holds others than before, or under other names; from now on their changes are its own."""
        held, before = self._rolls.members(resource, ""), self._held.get(resource)
        if before == held:
            return False
        self._drop(resource)
        self._held[resource] = held
        for member in held:
            self._in.setdefault(member.resource, {})[resource] = None
        return before is not None

    def holding(self, resource: str) -> tuple[str, ...]:
        """The watched lists that a resource is on."""
        return tuple(self._in.get(resource, ()))

    def forget(self, resource: str) -> None:
        """As the protocol says."""
        self._drop(resource)

    def _drop(self, roll: str) -> None:
        for member in self._held.pop(roll, ()):
            rolls = self._in.get(member.resource, {})
            rolls.pop(roll, None)
            if not rolls and self._in.pop(member.resource, None) is not None:
                self.freed(member.resource)

    def lost(self, key: str) -> None:
        """As the protocol says."""
        self._pieces.forget(key)

    def render(self, one: Subscription, version: int, now: float) -> Document:
        """As the protocol says."""
        members = self._rolls.members(one.resource, one.account)
        documents = ((m.resource, self._lamps.document(m.resource, m.detail)) for m in members if m.detail)
        chosen = self._pieces.choose(one.key, documents, STREAM if one.over else room(one.flow))
        body = document(one.detail, members, chosen)
        return Document(ABOUT, filled(body, version, one.key[:TOKEN_LENGTH]), chosen.more)


def document(uri: str, members: Iterable[Member], chosen: Chosen) -> bytes:
    """The body of a NOTIFY: the first one names all members (full state), a later one those that it brings."""
    brought = {resource: f"m{number}@vorzimmer" for number, (resource, _) in enumerate(chosen.parts)}
    named = [each for each in members if chosen.first or each.resource in brought]
    inside = "".join(_resource(each, brought.get(each.resource)) for each in named)
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<list xmlns="{NAMESPACE}" uri="{escape(uri)}" version="{VERSION}" '
        f'fullState="{"true" if chosen.first else "false"}">{inside}</list>\n'
    )
    root = (f'{RLMI};charset="UTF-8"', "list@vorzimmer", text.encode())
    return joined((root, *((DIALOGS, brought[resource], body) for resource, body in chosen.parts)))


def _resource(member: Member, cid: str | None) -> str:
    name = f"<name>{escape(member.name)}</name>" if member.name else ""
    state = 'state="active"' if member.detail else 'state="terminated" reason="noresource"'
    found = f' cid="{cid}"' if cid else ""
    return f'<resource uri="{escape(member.uri)}">{name}<instance id="1" {state}{found}/></resource>'
