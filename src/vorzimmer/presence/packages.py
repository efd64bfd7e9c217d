"""The event packages that can be watched: calls (RFC 4235), one's own registration (RFC 3680), waiting messages
(RFC 3842).

A package finds what a SUBSCRIBE names and writes its document. Documents are kept as long as nothing changes, so that
many watchers cost one. This module must never say yes to a watcher; ``Sights`` does, by ``may``.
"""

from typing import Protocol

from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence import dialog_info, reg_info
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.door import Account
from vorzimmer.presence.resources import State, resource_key
from vorzimmer.sip.uri import SipUri


class Sights(Protocol):
    """What there is to see, and who may see it (``app`` over books, calls and ``routing.may``)."""

    def find(self, watcher: str, uri: SipUri) -> tuple[str, str] | None:
        """The resource that a device means by a Request-URI, and in which detail it may see it; None for what does not
        exist and for what is another company's, which look the same."""

    def state(self, resource: str) -> State | None:
        """How it is now; None once it is gone."""

    def limit(self, watcher: str) -> int:
        """How many resources one device may watch (FEATURES.md 5.3 BLF-1)."""

    def enabled(self, account: str) -> bool:
        """Whether the account still may do anything."""


class Package(Protocol):
    """One event package. `limited`: what it shows counts as monitored."""

    name: str
    kind: str
    limited: bool

    def find(self, who: Account, uri: SipUri) -> tuple[str, str]:
        """Resource and detail; raises PeerError 404."""

    def exists(self, resource: str) -> bool:
        """Whether it is still there."""

    def document(self, resource: str, detail: str, now: float) -> bytes:
        """Its state now, with blanks (``markup``)."""


class Lamps:
    """Package ``dialog``: the calls of a user, a phone or a device."""

    name = "dialog"
    kind = dialog_info.CONTENT_TYPE
    limited = True

    def __init__(self, sights: Sights) -> None:
        self._sights = sights
        self._states: dict[str, State] = {}
        self._documents: dict[str, dict[str, bytes]] = {}

    def find(self, who: Account, uri: SipUri) -> tuple[str, str]:
        """As the protocol says."""
        found = self._sights.find(who.device, uri)
        if found is None:
            raise PeerError("Not Found", 404)
        return found

    def exists(self, resource: str) -> bool:
        """As the protocol says."""
        return self._sights.state(resource) is not None

    def look(self, resource: str) -> bool:
        """Look again; whether it is other than what was told last."""
        state = self._sights.state(resource)
        if state is None or self._states.get(resource) == state:
            return False
        self._states[resource] = state
        self._documents.pop(resource, None)
        return True

    def document(self, resource: str, detail: str, now: float) -> bytes:
        """As the protocol says."""
        documents = self._documents.setdefault(resource, {})
        found = documents.get(detail)
        if found is None:
            if resource not in self._states:
                self.look(resource)
            state = self._states.get(resource)
            found = documents[detail] = dialog_info.document(state, detail) if state is not None else b""
        return found

    def forget(self, resource: str) -> None:
        """Nobody watches it any more."""
        self._states.pop(resource, None)
        self._documents.pop(resource, None)


class OwnRegistration:
    """Package ``reg``: a device's own account."""

    name = "reg"
    kind = reg_info.CONTENT_TYPE
    limited = False

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings

    def find(self, who: Account, uri: SipUri) -> tuple[str, str]:
        """As the protocol says; the detail is the address that was asked for."""
        check_own(who, uri)
        return registration_of(who.device), str(uri.bare())

    def exists(self, resource: str) -> bool:
        """As the protocol says."""
        return True

    def document(self, resource: str, detail: str, now: float) -> bytes:
        """As the protocol says."""
        device = resource.replace("/registration:", "/", 1)
        return reg_info.document(detail, self._bindings.bindings(device), now)


class Messages:
    """Package ``message-summary``: no mailbox yet, so nothing waits; phones that insist are content with that answer,
    while some ask again without end if they are refused."""

    name = "message-summary"
    kind = "application/simple-message-summary"
    limited = False

    def find(self, who: Account, uri: SipUri) -> tuple[str, str]:
        """As the protocol says."""
        check_own(who, uri)
        return _own(who.device, "mailbox"), ""

    def exists(self, resource: str) -> bool:
        """As the protocol says."""
        return True

    def document(self, resource: str, detail: str, now: float) -> bytes:
        """As the protocol says."""
        return b"Messages-Waiting: no\r\n"


def check_own(who: Account, uri: SipUri) -> None:
    """Raise PeerError 404 unless the URI names the account itself; what it may not see looks like what is not there."""
    if uri.user != who.username and uri.user not in who.users:
        raise PeerError("Not Found", 404)


def registration_of(device: str) -> str:
    """The resource of a device's registration."""
    return _own(device, "registration")


def _own(account: str, kind: str) -> str:
    company, _, device = account.partition("/")
    return resource_key(company, Ref(kind, device))
