"""What is now: calls, who does what, which phones are registered, how the trunks stand.

It is asked of control at each request and never kept. This module must never show a call to whom ``routing.may`` does
not.
"""

from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from vorzimmer.admin.authorise import may_read
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.events.rights import sees_call, sees_presence
from vorzimmer.api.history import moment, named
from vorzimmer.api.house import Ask, Asking
from vorzimmer.api.live_shapes import CallsNow, LiveCall, PresenceList, Registrations, TrunkStates
from vorzimmer.api.problems import ApiError
from vorzimmer.directory.keys import DEVICE, PHONE, USER
from vorzimmer.directory.record import Entry
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.dnd.rules import is_on
from vorzimmer.routing.may import Actor, CallFacts, may

router = guarded("live")
_PEOPLE: Final = (USER, PHONE)


@router.get("/companies/{company}/calls", summary="Calls now", response_model=CallsNow)
async def calls(company: str, ask: Asking) -> Response:
    """Administrators see all, people those that they are in or that ring for them."""
    book = ask.book(company)
    rows = await ask.house.control.call("calls", company=company)
    return json_answer({"items": [shown_call(row, book) for row in rows if permitted(ask, company, "see", row)]})


@router.get("/companies/{company}/calls/{id}", summary="A call now", response_model=LiveCall)
async def one_call(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
    """One of them."""
    return json_answer(shown_call(await call_now(ask, company, id), ask.book(company)))


async def call_now(ask: Ask, company: str, ident: str) -> dict[str, Any]:
    """A call that the asker may see, as control tells it; raises ApiError ``not-found``."""
    ask.book(company)
    for row in await ask.house.control.call("calls", company=company):
        if row["id"] == ident and permitted(ask, company, "see", row):
            return dict(row)
    raise ApiError("not-found")


def permitted(ask: Ask, company: str, action: str, row: dict[str, Any]) -> bool:
    """Whether the asker may do that to a call."""
    if ask.asker.role == "provider":
        return True
    assert ask.asker.ref is not None, "everybody but the provider is somebody"
    parties = [party["who"] for party in row["parties"] if not party["ringing"]] + [row["from"]]
    rung = [party["who"] for party in row["parties"] if party["ringing"]]
    facts = CallFacts(row["company"], _refs(parties), _refs(rung))
    if action == "see":
        return sees_call(ask.asker, company, ask.book(company), (_refs(parties), _refs(rung)))
    actor = Actor(company, ask.asker.ref, administers=ask.asker.at_least("company_admin"))
    return may(actor, action, facts) is None


def _refs(texts: list[str]) -> tuple[Ref, ...]:
    split = [text.partition(":") for text in texts]
    return tuple(Ref(kind, ident) for kind, colon, ident in split if colon and ident)


def shown_call(row: dict[str, Any], book: Snapshot) -> dict[str, Any]:
    """A call with names for people."""
    return {
        "id": row["id"],
        "direction": row["direction"],
        "trunk": row["trunk"] or None,
        "from": named(book, row["from"]),
        "to": named(book, row["to"]),
        "state": row["state"],
        "parties": [{**party, "name": _name(book, party["who"])} for party in row["parties"]],
        "started": moment(row["started"], book),
        "answered": moment(row["answered"], book) if row["answered"] is not None else None,
        "seconds": row["seconds"],
    }


def _name(book: Snapshot, who: str) -> str | None:
    refs = _refs([who])
    return book.name_of(refs[0]) if refs else None


@router.get("/companies/{company}/presence", summary="Who does what now", response_model=PresenceList)
async def presence(
    company: str,
    ask: Asking,
    who: Annotated[list[str] | None, Query(max_length=200, description="user:ID, phone:ID; all if none")] = None,
) -> Response:
    """Of every person and common-area phone: idle, ringing, talking, held, dnd or unregistered. Colleagues see that
    somebody talks, never with whom, and of whoever shows nothing (`lamp`) only that he is there: unknown."""
    book = ask.book(company)
    found = await ask.house.control.call("presence", company=company)
    registered = frozenset(found["registered"])
    entries = _wanted(book, who)
    seen = [(entry, sees_presence(ask.asker, book, entry.ref)) for entry in entries]
    return json_answer(
        {"items": [_present(book, e, found, registered) if sees else _hidden(book, e) for e, sees in seen]}
    )


def _wanted(book: Snapshot, who: list[str] | None) -> list[Entry]:
    if who is None:
        return [entry for kind in _PEOPLE for entry in book.entries(kind.name)]
    refs = [ref for ref in _refs(who) if ref.kind in {kind.name for kind in _PEOPLE}]
    return [entry for ref in refs if (entry := book.entry(ref)) is not None]


def _present(book: Snapshot, entry: Entry, found: dict[str, Any], registered: frozenset[str]) -> dict[str, Any]:
    devices = book.devices_of(entry.ref)
    reached = [device for device in devices if device in registered]
    dnd = is_on(book, entry.ref)
    state = found["who"].get(str(entry.ref)) or ("unregistered" if not reached else "dnd" if dnd else "idle")
    return {
        "ref": str(entry.ref),
        "name": book.name_of(entry.ref),
        "extension": book.extension_of(entry.ref),
        "state": state,
        "dnd": dnd,
        "devices": len(devices),
        "registered": len(reached),
    }


def _hidden(book: Snapshot, entry: Entry) -> dict[str, Any]:
    """Somebody who shows nothing of himself."""
    known = {"ref": str(entry.ref), "name": book.name_of(entry.ref), "extension": book.extension_of(entry.ref)}
    return {**known, "state": "unknown", "dnd": False, "devices": 0, "registered": 0}


@router.get("/companies/{company}/registrations", summary="Registered phones", response_model=Registrations)
async def registrations(
    company: str,
    ask: Asking,
    device: Annotated[list[str] | None, Query(max_length=200, description="Ids of devices; all if none")] = None,
) -> Response:
    """Every phone that is registered now, of devices that the asker may see."""
    book, actor = ask.book(company), ask.asker.actor()
    wanted = device if device is not None else None
    if not ask.asker.at_least("company_admin"):
        known = device if device is not None else [entry.ref.id for entry in book.entries(DEVICE.name)]
        wanted = [ident for ident in known if book.entry(Ref(DEVICE.name, ident)) is not None]
        wanted = [ident for ident in wanted if may_read(actor, book, Ref(DEVICE.name, ident))]
    rows = await ask.house.control.call("registrations", company=company, devices=wanted)
    return json_answer({"items": [{**row, "owner": str(book.owner_of(row["device"]) or "")} for row in rows]})


@router.get("/companies/{company}/trunk-states", summary="How trunks stand", response_model=TrunkStates)
async def trunk_states(company: str, ask: Asking) -> Response:
    """Whether calls may go out, why not, and how many do."""
    ask.book(company)
    rows = await ask.house.control.call("trunks", company=company)
    return json_answer({"items": [{name: value for name, value in row.items() if name != "company"} for row in rows]})
