"""The event packages that can be watched: calls (RFC 4235), one's own registration (RFC 3680), waiting messages
(RFC 3842), and one's own features (``as-feature-event``).

A package finds what a SUBSCRIBE names and writes its document. Documents are kept as long as nothing changes, so that
many watchers cost one. This module must never say yes to a watcher; ``Sights`` does, by ``may``.
"""

from typing import Protocol

from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence import dialog_info, feature_state, reg_info
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.door import Account
from vorzimmer.presence.feature_state import FeatureState
from vorzimmer.presence.markup import TOKEN_LENGTH, filled
from vorzimmer.presence.pieces import STREAM, Chosen, Pieces, room
from vorzimmer.presence.resources import State, resource_key
from vorzimmer.sip.message import Request
from vorzimmer.sip.subscription import Subscription, check_accept
from vorzimmer.sip.subscription_machine import Document
from vorzimmer.sip.uri import SipUri


class Sights(Protocol):
    """What there is to see, and who may see it (``app`` over books, calls and ``routing.may``)."""

    def find(self, watcher: str, uri: SipUri) -> tuple[str, str] | None:
        """The resource that a device means by a Request-URI, and in which detail it may see it; None for what does not
        exist and for what is another company's, which look the same."""

    def state(self, resource: str) -> State | None:
        """How it is now; None once it is gone."""

    def detail(self, watcher: str, resource: str) -> str | None:
        """How much a device may see of a resource now, None for nothing at all."""

    def features_of(self, watcher: str) -> str | None:
        """The resource of a device's own features."""

    def features(self, resource: str) -> FeatureState | None:
        """How they stand; None once their owner is gone."""

    def limit(self, watcher: str) -> int:
        """How many resources one device may watch (FEATURES.md 5.3 BLF-1)."""

    def enabled(self, account: str) -> bool:
        """Whether the account still may do anything."""


class Package(Protocol):
    """One event package. `limited`: what it shows counts as monitored. `about` are lines of the 200 to a SUBSCRIBE."""

    name: str
    limited: bool
    about: tuple[tuple[str, str], ...]

    def check(self, request: Request) -> None:
        """Raise RefusedError 406 where the watcher cannot read it."""

    def find(self, who: Account, uri: SipUri, request: Request) -> tuple[str, str]:
        """Resource and detail; raises PeerError 404."""

    def exists(self, resource: str) -> bool:
        """Whether it is still there."""

    def look(self, resource: str) -> bool:
        """Look again; whether it is other than what was told last."""

    def forget(self, resource: str) -> None:
        """Nobody watches it any more."""

    def lost(self, key: str) -> None:
        """What has been told to this subscription may not have arrived, or is to be told anew."""

    def render(self, one: Subscription, version: int, now: float) -> Document:
        """The document of its next NOTIFY."""


class Whole:
    """What packages have in common whose document is told as a whole."""

    name = ""
    kind = ""
    limited = False
    about: tuple[tuple[str, str], ...] = ()

    def check(self, request: Request) -> None:
        """As the protocol says."""
        check_accept(request.headers, self.kind)

    def exists(self, resource: str) -> bool:
        """As the protocol says."""
        return True

    def look(self, resource: str) -> bool:
        """As the protocol says."""
        return False

    def forget(self, resource: str) -> None:
        """As the protocol says."""

    def lost(self, key: str) -> None:
        """As the protocol says."""

    def write(self, one: Subscription, now: float) -> bytes:
        """The document, with blanks (``markup``)."""
        raise NotImplementedError

    def render(self, one: Subscription, version: int, now: float) -> Document:
        """As the protocol says."""
        body = filled(self.write(one, now), version, one.key[:TOKEN_LENGTH])
        return Document(f"Content-Type: {self.kind}\r\n", body)


class Lamps(Whole):
    """Package ``dialog``: the calls of a user, a phone or a device."""

    name = "dialog"
    kind = dialog_info.CONTENT_TYPE
    limited = True

    def __init__(self, sights: Sights) -> None:
        self._sights = sights
        self._states: dict[str, State] = {}
        self._documents: dict[str, dict[str, bytes]] = {}

    def find(self, who: Account, uri: SipUri, request: Request) -> tuple[str, str]:
        """As the protocol says."""
        found = self._sights.find(who.device, uri)
        if found is None:
            raise PeerError("Not Found", 404)
        return found

    def exists(self, resource: str) -> bool:
        """As the protocol says."""
        return self._sights.state(resource) is not None

    def look(self, resource: str) -> bool:
        """As the protocol says."""
        state = self._sights.state(resource)
        if state is None or self._states.get(resource) == state:
            return False
        self._states[resource] = state
        self._documents.pop(resource, None)
        return True

    def write(self, one: Subscription, now: float) -> bytes:
        """As the base says."""
        return self.document(one.resource, one.detail)

    def document(self, resource: str, detail: str) -> bytes:
        """What everybody with this detail sees of a resource, with blanks."""
        documents = self._documents.setdefault(resource, {})
        found = documents.get(detail)
        if found is None:
            if resource not in self._states:
                self.look(resource)
                documents = self._documents.setdefault(resource, {})
            state = self._states.get(resource)
            found = documents[detail] = dialog_info.document(state, detail) if state is not None else b""
        return found

    def forget(self, resource: str) -> None:
        """As the protocol says."""
        self._states.pop(resource, None)
        self._documents.pop(resource, None)


class OwnRegistration(Whole):
    """Package ``reg``: a device's own account."""

    name = "reg"
    kind = reg_info.CONTENT_TYPE

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings

    def find(self, who: Account, uri: SipUri, request: Request) -> tuple[str, str]:
        """As the protocol says; the detail is the address that was asked for."""
        check_own(who, uri)
        return registration_of(who.device), str(uri.bare())

    def write(self, one: Subscription, now: float) -> bytes:
        """As the base says."""
        device = one.resource.replace("/registration:", "/", 1)
        return reg_info.document(one.detail, self._bindings.bindings(device), now)


class Messages(Whole):
    """Package ``message-summary``: no mailbox yet, so nothing waits; phones that insist are content with that answer,
    while some ask again without end if they are refused."""

    name = "message-summary"
    kind = "application/simple-message-summary"

    def find(self, who: Account, uri: SipUri, request: Request) -> tuple[str, str]:
        """As the protocol says."""
        check_own(who, uri)
        return _own(who.device, "mailbox"), ""

    def write(self, one: Subscription, now: float) -> bytes:
        """As the base says."""
        return b"Messages-Waiting: no\r\n"


class FeatureKeys(Whole):
    """Package ``as-feature-event``: how do not disturb and forwarding of a phone's owner stand."""

    name = "as-feature-event"
    kind = feature_state.CONTENT_TYPE

    def __init__(self, sights: Sights) -> None:
        self._sights = sights
        self._states: dict[str, FeatureState] = {}
        self._pieces = Pieces()

    def find(self, who: Account, uri: SipUri, request: Request) -> tuple[str, str]:
        """As the protocol says; the detail is the account that the documents name."""
        check_own(who, uri)
        found = self._sights.features_of(who.device)
        if found is None:
            raise PeerError("Not Found", 404)
        return found, uri.user

    def exists(self, resource: str) -> bool:
        """As the protocol says."""
        return self._sights.features(resource) is not None

    def look(self, resource: str) -> bool:
        """As the protocol says."""
        state = self._sights.features(resource)
        if state is None or self._states.get(resource) == state:
            return False
        self._states[resource] = state
        return True

    def forget(self, resource: str) -> None:
        """As the protocol says."""
        self._states.pop(resource, None)

    def lost(self, key: str) -> None:
        """As the protocol says."""
        self._pieces.forget(key)

    def render(self, one: Subscription, version: int, now: float) -> Document:
        """As the protocol says: what is new to this phone, as much as its way allows; all of it, if nothing is."""
        state = self._sights.features(one.resource) or FeatureState()
        self._states.setdefault(one.resource, state)
        parts = feature_state.parts(state, one.detail)
        space = STREAM if one.over else room(one.flow)
        chosen = self._pieces.choose(one.key, parts, space)
        kind, body = feature_state.body(chosen if chosen.parts else Chosen(parts[:1], first=False, more=False))
        return Document(f"Content-Type: {kind}\r\n", body, chosen.more)


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
