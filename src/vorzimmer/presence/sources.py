"""Which package a subscription belongs to, and whom a change concerns: lamps, lists of lamps, a phone's own affairs.

This module must never send anything, nor say yes to a watcher.
"""

from collections.abc import Callable
from typing import Protocol

from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.lists import LIST, LampLists, Rolls
from vorzimmer.presence.packages import FeatureKeys, Lamps, Messages, OwnRegistration, Package, Sights
from vorzimmer.presence.resources import FEATURES, ROLL, is_owned
from vorzimmer.sip.subscription import Subscription
from vorzimmer.sip.uri import SipUri

MOST_OF_ITSELF = 16
"""Subscriptions of an account to its own registration, messages and features, or to one and the same resource: several
phones with an id each, but no flood."""

MOST_ALIKE = 4
"""Of one phone to the same resource: so many keys may show the same."""


class View(Sights, Rolls, Protocol):
    """All that can be watched."""


class Sources:
    """All packages of this server."""

    def __init__(self, bindings: Bindings, view: View) -> None:
        self.lamps = Lamps(view)
        self.lists = LampLists(view, self.lamps)
        self.lists.freed = self._unseen
        self.features = FeatureKeys(view)
        self.watched: Callable[[str], bool] = lambda resource: False
        """Whether somebody watches a resource by itself; to be set."""
        packages: tuple[Package, ...] = (self.lamps, OwnRegistration(bindings), Messages(), self.features)
        self._packages = {package.name: package for package in packages}
        self.names = tuple(self._packages)

    def meant(self, package: str, uri: SipUri) -> Package:
        """Whose a SUBSCRIBE is."""
        return self.lists if package == self.lamps.name and uri.user.lower() == LIST else self._packages[package]

    def of(self, one: Subscription) -> Package:
        """Whose a subscription is."""
        return self.lists if is_owned(one.resource, ROLL) else self._packages[one.package]

    def knows(self, one: Subscription) -> bool:
        """Whether there is such a package (still) and what it watches."""
        return one.package in self._packages and self.of(one).exists(one.resource)

    def begun(self, one: Subscription) -> None:
        """Somebody watches it: changes of a list's members are its own from now on."""
        if is_owned(one.resource, ROLL):
            self.lists.look(one.resource)

    def look(self, resource: str) -> tuple[str, ...]:
        """Look again at a resource, if it is watched by itself or on a list: which of them have changed."""
        rolls = self.lists.holding(resource)
        if not (rolls or self.watched(resource)):
            return ()
        source: Package = self.features if is_owned(resource, FEATURES) else self.lamps
        return (resource, *rolls) if source.look(resource) else ()

    def over(self, one: Subscription) -> None:
        """A subscription is gone: nothing is kept of what nobody watches."""
        if not self.watched(one.resource) and not self.lists.holding(one.resource):
            self.of(one).forget(one.resource)

    def _unseen(self, resource: str) -> None:
        if not self.watched(resource):
            self.lamps.forget(resource)


def make_room(
    sources: Sources, made: Subscription, mine: tuple[Subscription, ...], limit: int
) -> tuple[list[Subscription], list[Subscription]]:
    """Keep the limits of an account that has `mine` already and may watch `limit` resources; raises PeerError 403.

    Gives what is to be dropped, and what is to be told once more: others of the same phone to the same are keys that
    show the same, or what it left behind when it was restarted, and those say so then (481)."""
    alike = [old for old in mine if _alike(old, made)]
    dropped = alike[: max(len(alike) - MOST_ALIKE + 1, 0)]
    kept = [old for old in mine if old not in dropped]
    if sources.of(made).limited:
        others = {old.resource for old in kept if sources.of(old).limited} - {made.resource}
        full = len(others) >= limit
        same = [old for old in kept if old.resource == made.resource]
    else:
        full = False
        same = [old for old in kept if not sources.of(old).limited]
    if full or len(same) >= MOST_OF_ITSELF:
        raise PeerError("Too Many Subscriptions", 403)
    return dropped, alike[len(dropped) :]


def _alike(old: Subscription, made: Subscription) -> bool:
    """Whether both came from one phone and want the same."""
    same = (old.resource, old.event) == (made.resource, made.event) and not old.over
    return same and (old.flow == made.flow or old.dialog.target == made.dialog.target)
