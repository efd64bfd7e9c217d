"""Where all devices are now: the bindings of every account, in memory, with their expiry (RFC 3261 section 10).

Time is given in; ``next_expiry`` says when to come back. A binding ends when it expires, when its device takes it back,
or when the connection it came over closes. This module must never read a clock, wait, or decide who may register.
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

import msgspec

from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Request
from vorzimmer.sip.pack import pack
from vorzimmer.sip.registration import Binding, Outcome, Policy, Visit, register

Listener = Callable[[str, bool], None]
"""Told (device, registered) when a device becomes reachable or stops being so."""


class Contact(msgspec.Struct, frozen=True):
    """One registered binding of a device: the Contact URI, the Path (route set), the flow it came over, the User-Agent
    of the phone and the instance that it is (``+sip.instance``, "" without)."""

    device: str
    uri: str
    flow: Flow
    path: tuple[str, ...] = ()
    agent: str = ""
    instance: str = ""


class _Saved(msgspec.Struct, frozen=True):
    """The persistent form. `now` is the moment of saving, so that a restart of the machine's clock can be seen."""

    now: float
    held: tuple[Binding, ...]


class Bindings:
    """The current bindings of all devices; also ``calls.ports.Locations``."""

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy or Policy()
        self._devices: dict[str, tuple[Binding, ...]] = {}
        self._flows: dict[Flow, set[str]] = {}
        self._sources: dict[str, int] = {}
        self._expiries: list[tuple[float, str]] = []
        self._listeners: list[Listener] = []
        self._watchers: list[Callable[[str], None]] = []

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Be told of every change of a device's bindings, refreshes too (to store them, to follow flows)."""
        self._watchers.append(watcher)

    def listen(self, listener: Listener) -> None:
        """Be told of every change between registered and not."""
        self._listeners.append(listener)

    # -- questions -----------------------------------------------------------------------------------------------

    def contacts(self, device: str) -> tuple[Contact, ...]:
        """Where to ring a device: highest q first, newest first among equals; one flow per instance (RFC 5626 5.3)."""
        newest_first = self._devices.get(device, ())[::-1]
        ordered = sorted(newest_first, key=lambda b: -b.q)
        seen: set[str] = set()
        found = []
        for binding in ordered:
            if binding.instance and binding.instance in seen:
                continue
            seen.add(binding.instance)
            found.append(Contact(device, binding.uri, binding.flow, binding.path, binding.agent, binding.instance))
        return tuple(found)

    def bindings(self, device: str) -> tuple[Binding, ...]:
        """All bindings of a device, for people to look at."""
        return self._devices.get(device, ())

    def registered(self, device: str) -> bool:
        """True with at least one binding."""
        return device in self._devices

    def devices(self) -> frozenset[str]:
        """All registered devices."""
        return frozenset(self._devices)

    def has_source(self, host: str) -> bool:
        """True where some binding came from this address (limits are more generous there)."""
        return host in self._sources

    def on_flow(self, flow: Flow) -> tuple[str, ...]:
        """The devices that are registered over this flow."""
        return tuple(sorted(self._flows.get(flow, ())))

    def next_expiry(self) -> float | None:
        """Monotonic time at which ``expire`` has something to look at; None without bindings."""
        return self._expiries[0][0] if self._expiries else None

    # -- changes -------------------------------------------------------------------------------------------------

    def register(self, device: str, request: Request, visit: Visit) -> Outcome:
        """Apply a REGISTER that has been authenticated as `device`; raises PeerError and changes nothing if refused."""
        outcome = register(self._devices.get(device, ()), request, visit, self._policy)
        self._put(device, outcome.bindings)
        return outcome

    def expire(self, now: float) -> None:
        """Drop what has run out."""
        due: set[str] = set()
        while self._expiries and self._expiries[0][0] <= now:
            due.add(heappop(self._expiries)[1])
        for device in sorted(due):
            self._put(device, tuple(b for b in self._devices.get(device, ()) if b.expires > now))

    def flow_gone(self, flow: Flow) -> None:
        """The connection closed: what was registered over it cannot be reached any more."""
        for device in sorted(self._flows.get(flow, ())):
            self._put(device, tuple(b for b in self._devices[device] if b.flow != flow))

    def flow_failed(self, device: str, uri: str, flow: Flow) -> None:
        """A proxy says that the flow behind one binding is gone (430, RFC 5626 section 7)."""
        held = self._devices.get(device, ())
        self._put(device, tuple(b for b in held if (b.uri, b.flow) != (uri, flow)))

    def remove(self, device: str) -> None:
        """A device was switched off or deleted."""
        self._put(device, ())

    def _put(self, device: str, bindings: tuple[Binding, ...]) -> None:
        before = self._devices.pop(device, ())
        if bindings:
            self._devices[device] = bindings
        self._forget(device, before)
        for binding in bindings:
            self._flows.setdefault(binding.flow, set()).add(device)
            host = binding.flow.remote.host
            self._sources[host] = self._sources.get(host, 0) + 1
            if binding not in before:
                heappush(self._expiries, (binding.expires, device))
        self._tidy()
        if before != bindings:
            for watcher in tuple(self._watchers):
                watcher(device)
        if bool(before) != bool(bindings):
            for listener in tuple(self._listeners):
                listener(device, bool(bindings))

    def _tidy(self) -> None:
        # Refreshed bindings leave their old entry in the heap; a device that refreshes all day must not fill it.
        if len(self._expiries) > 1000 + 4 * len(self._devices):
            self._expiries = [(b.expires, device) for device, held in self._devices.items() for b in held]
            heapify(self._expiries)

    def _forget(self, device: str, bindings: Iterable[Binding]) -> None:
        for binding in bindings:
            devices = self._flows.get(binding.flow, set())
            devices.discard(device)
            if not devices:
                self._flows.pop(binding.flow, None)
            host = binding.flow.remote.host
            self._sources[host] -= 1
            if not self._sources[host]:
                del self._sources[host]

    # -- over a restart ------------------------------------------------------------------------------------------

    def frozen(self, device: str, now: float) -> bytes | None:
        """A device's bindings as bytes at monotonic `now`; None without any."""
        held = self._devices.get(device)
        return pack(_Saved(now, held)) if held else None

    def thaw(self, device: str, data: bytes, now: float) -> None:
        """Take up what ``frozen`` gave, at monotonic `now`; bindings over connections are gone with the process.

        A clock that starts anew (the machine was restarted) is seen by `now` lying before the moment of saving; then
        the remaining times count from now. Raises msgspec.DecodeError for bytes that are none of ours.
        """
        saved = msgspec.msgpack.decode(data, type=_Saved)
        shift = now - saved.now if now < saved.now else 0.0
        kept = (b for b in saved.held if not b.flow.reliable and b.expires + shift > now)
        self._put(device, tuple(msgspec.structs.replace(b, expires=b.expires + shift) for b in kept))
