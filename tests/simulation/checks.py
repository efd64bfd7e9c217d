"""What must be true during and after every run. Each check raises AssertionError with what it found."""

import asyncio
from collections import Counter

from tests.simulation.companies import HOUSES
from tests.simulation.phones import Handset

from vorzimmer.calls.kept import CallQuery
from vorzimmer.calls.records import decode_record
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import MediaPlan, Source, speakers
from vorzimmer.store.frames import fold
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.server import SimulatedServer


def company_of(host: str) -> str:
    """The company of a phone by its address, "" for strangers."""
    return next((house.id for house in HOUSES if host.startswith(f"10.{house.net}.")), "")


class WatchedMedia(RecordingMedia):
    """The double that also sees to it that two companies never hear each other."""

    async def hear(self, endpoint: EndpointId, source: Source) -> None:
        await super().hear(endpoint, source)
        self._apart(endpoint)

    async def configure(self, endpoint: EndpointId, plan: MediaPlan) -> None:
        await super().configure(endpoint, plan)
        self._apart(endpoint)

    def _apart(self, changed: EndpointId) -> None:
        for listener, found in self.endpoints.items():
            heard = speakers(found.source)
            if changed in (listener, *heard):
                met = {self._company(each) for each in (listener, *heard)} - {""}
                if len(met) > 1:
                    # Raised in the call that did it; the loop's handler makes a bug of it.
                    raise AssertionError(f"companies met in media: {listener} hears {heard}")

    def _company(self, endpoint: EndpointId) -> str:
        found = self.endpoints.get(endpoint)
        remote = found.plan.remote if found and found.plan else None
        return company_of(remote.host) if remote else ""


def companies_apart(server: SimulatedServer, handsets: list[Handset]) -> None:
    """No leg of one company in a call of the other, and no name of one on a display of the other."""
    for state in server.exchange.board.live_view() if server.process else ():
        for leg in state.parties:
            remote = leg.sound.agreed.remote if leg.sound.agreed else None
            there = company_of(remote.host) if remote else ""
            assert there in {"", state.company}, f"companies met: {there} in a call of {state.company}: {state}"
    for handset in handsets:
        for call in handset.phone.calls:
            for shown in call.shown:
                assert f"@{handset.house.domain}" in shown or "anonymous" in shown.lower(), (
                    f"companies met: {handset.device} shows {shown}"
                )


def nothing_left(server: SimulatedServer, media: RecordingMedia, own: set["asyncio.Task[object]"]) -> None:
    """No leg, endpoint, timer, task."""
    exchange = server.exchange
    assert exchange.board.idle(), f"the switchboard holds {exchange.board.live_view()} {exchange.board.__dict__}"
    assert media.leaks() == [], f"endpoints left open: {media.leaks()}"
    assert exchange.engine.idle(), (
        f"the engine holds {exchange.engine.legs()} and is due at {exchange.engine.get_timer()}"
    )
    assert exchange.bindings.devices() == frozenset(), "bindings that do not expire"
    tasks = asyncio.all_tasks() - own
    assert not tasks, f"tasks left: {tasks}"
    assert server.alarms() == 0, f"{server.alarms()} timers left"
    assert server.network.in_flight == 0, "packets that never arrive"


def phones_idle(handsets: list[Handset]) -> None:
    """Each phone is idle too, unless its plug was pulled."""
    for handset in handsets:
        if handset.alive:
            calls = [(call.state, call.statuses, call.cause) for call in handset.calls]
            assert handset.phone.idle, f"{handset.node.name} still thinks it is in {calls}"
            assert handset.engine.idle(), f"the engine of {handset.node.name} holds {handset.engine.legs()}"


async def one_record_each(server: SimulatedServer, handsets: list[Handset]) -> None:
    """Every call that began has exactly one record, in journal and history alike; replaying gives the same."""
    entries = server.history.entries()
    written = Counter(entry.key for entry in entries if entry.kind == "record")
    started = {fact.call for fact in server.told.facts if fact.kind == "started"}
    assert set(written) == started, f"without a record: {started - set(written)}, unknown: {set(written) - started}"
    twice = [key for key, count in written.items() if count != 1]
    assert not twice, f"more than one record: {twice}"
    replayed = fold(entries)
    assert not any(state for state in replayed.states.values()), "the journal still holds live calls"
    assert await server.store.live.load("call") == {}, "the store still holds live calls"
    stored = {row.call for house in HOUSES for row in await server.store.calls.find(_all(house.id))}
    assert stored == set(replayed.records), f"journal and history differ: {stored ^ set(replayed.records)}"
    _phones_agree(replayed.records, handsets)


def _all(company: str) -> CallQuery:
    return CallQuery(company, limit=100_000)


def _phones_agree(records: dict[str, bytes], handsets: list[Handset]) -> None:
    """A device has a record for every call of its that was answered or refused by a decision. Whoever takes over a call
    is in the record of that."""
    counted: Counter[tuple[str, str]] = Counter()
    for data in records.values():
        record = decode_record(data)
        if record.asked.role != "transfer" and record.asked.caller.device:
            counted[record.company, record.asked.caller.device] += 1
    seen: Counter[tuple[str, str]] = Counter()
    for handset in handsets:
        seen[handset.house.id, handset.device] += sum(
            1 for c in handset.phone.calls if c.outgoing and not c.takes_over and _accepted(c.statuses)
        )
    for device, count in seen.items():
        assert counted[device] >= count, f"{device} has seen {count} calls accepted, and has {counted[device]} records"


def _accepted(statuses: list[int]) -> bool:
    return any(status in {180, 183, 200} for status in statuses)
