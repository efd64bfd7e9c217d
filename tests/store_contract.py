"""What every backend of the store must do: one body, run over memory, SQLite and PostgreSQL.

A test here takes a fresh, empty ``Store``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.calls.records import Record as CallRecord
from vorzimmer.calls.records import encode
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import (
    AuditEntry,
    Claim,
    ClaimTakenError,
    Commit,
    Record,
    SecretWrite,
    StaleRevisionError,
)
from vorzimmer.directory.snapshot import Change
from vorzimmer.kernel.ids import CallId, JourneyId
from vorzimmer.routing.model import Asked, Caller, SoFar
from vorzimmer.store.call_rows import row_of
from vorzimmer.store.ports import Store

HOSTILE = "<b>'\"; DROP TABLE call;--\x00\u202e=1+1" + "ü" * 10_000
NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
COMPANY = Change("company", "musterbau", {"name": "Musterbau"})


def put(kind: str, ident: str, **data: object) -> Change:
    return Change(kind, ident, data)


def commit(base: int, *changes: Change, company: str = "musterbau", **more: object) -> Commit:
    return msgspec.structs.replace(Commit(company, base, changes), **more)


async def records(store: Store, company: str = "musterbau") -> list[tuple[str, str, object]]:
    stored = await store.companies.load(company)
    assert stored is not None
    return [(record.kind, record.id, record.data) for record in stored.records]


async def companies_are_read_as_written(store: Store) -> None:
    assert await store.companies.companies() == ()
    assert await store.companies.load("musterbau") is None
    data: dict[str, object] = {"name": HOSTILE, "list": [1, 2.5, None, True], "deep": {"a": {"b": "ß"}}}
    assert await store.companies.commit(commit(0, COMPANY, Change("user", "eva", data))) == 1
    assert await store.companies.commit(commit(0, company="andere")) == 1
    assert await store.companies.companies() == ("andere", "musterbau")
    stored = await store.companies.load("musterbau")
    assert stored is not None
    assert stored.revision == 1
    assert stored.records == (Record("company", "musterbau", {"name": "Musterbau"}), Record("user", "eva", data))
    empty = await store.companies.load("andere")
    assert empty is not None
    assert empty.records == ()


async def records_stay_in_the_order_of_their_first_put(store: Store) -> None:
    await store.companies.commit(commit(0, *(put("user", name) for name in ("zoe", "adam", "eva"))))
    assert await store.companies.commit(commit(1, put("user", "zoe", n=2), put("hunt", "adam"))) == 2
    assert [row[:2] for row in await records(store)] == [
        ("user", "zoe"),
        ("user", "adam"),
        ("user", "eva"),
        ("hunt", "adam"),
    ]
    await store.companies.commit(commit(2, Change("user", "zoe", None)))
    await store.companies.commit(commit(3, put("user", "zoe", n=3)))
    assert [row[1] for row in await records(store)] == ["adam", "eva", "adam", "zoe"]
    assert (await records(store))[-1][2] == {"n": 3}


async def a_stale_commit_writes_nothing(store: Store) -> None:
    await store.companies.commit(commit(0, put("user", "eva", n=1)))
    for stale in (
        commit(0, put("user", "eva", n=2)),
        commit(2, put("user", "eva", n=2)),
        commit(1, put("user", "eva", n=2), company="unknown"),
    ):
        with pytest.raises(StaleRevisionError):
            await store.companies.commit(stale)
    assert await records(store) == [("user", "eva", {"n": 1})]
    assert await store.companies.companies() == ("musterbau",)


async def of_two_commits_at_once_one_is_told(store: Store) -> None:
    await store.companies.commit(commit(0, COMPANY))
    results = await asyncio.gather(
        *(store.companies.commit(commit(1, put("user", f"u{number}"))) for number in range(4)), return_exceptions=True
    )
    assert sorted(str(type(result).__name__) for result in results) == ["StaleRevisionError"] * 3 + ["int"]
    assert len(await records(store)) == 2


async def a_claim_belongs_to_one_company(store: Store) -> None:
    account, domain = Claim("account", "eva-1", "eva-phone"), Claim("domain", "pbx.example", "musterbau")
    await store.companies.commit(commit(0, COMPANY, claim=(account, domain)))
    theirs = Claim("account", "eva-1", "other-phone")
    with pytest.raises(ClaimTakenError) as caught:
        await store.companies.commit(commit(0, put("user", "x"), company="andere", claim=(theirs,)))
    assert caught.value.args[0] == theirs
    assert await store.companies.load("andere") is None
    moved = Claim("account", "eva-1", "new-phone")
    await store.companies.commit(commit(1, claim=(moved,)))  # one's own may be renewed
    stale = Claim("account", "eva-1", "eva-phone")
    await store.companies.commit(commit(2, release=(stale,)))  # not held by that phone any more: nothing to release
    with pytest.raises(ClaimTakenError):
        await store.companies.commit(commit(0, company="andere", claim=(theirs,)))
    await store.companies.commit(commit(3, release=(moved,)))
    await store.companies.commit(commit(0, company="andere", claim=(theirs,)))


async def a_claim_changes_hands_within_a_commit(store: Store) -> None:
    old, new = Claim("account", "eva-1", "old"), Claim("account", "eva-1", "new")
    await store.companies.commit(commit(0, claim=(old,)))
    await store.companies.commit(commit(1, release=(old,), claim=(new,)))
    with pytest.raises(ClaimTakenError):
        await store.companies.commit(commit(0, company="andere", claim=(old,)))


async def secrets_are_kept_beside_their_records(store: Store) -> None:
    writes = (
        SecretWrite("phone", "p1", "password", HOSTILE),
        SecretWrite("user", "eva", "voicemail.pin", "4711", "hashed"),
    )
    await store.companies.commit(commit(0, put("phone", "p1"), put("user", "eva"), secrets=writes))
    secrets = await store.companies.secrets("musterbau")
    assert secrets.known("phone", "p1", "password")
    assert not secrets.known("phone", "p1", "pin")
    assert secrets.reveal("phone", "p1", "password") == HOSTILE
    assert secrets.matches("phone", "p1", "password", HOSTILE)
    assert not secrets.matches("phone", "p1", "password", "other")
    assert secrets.matches("user", "eva", "voicemail.pin", "4711")
    assert not secrets.matches("user", "eva", "voicemail.pin", "4712")
    assert not secrets.matches("user", "nobody", "voicemail.pin", "4711")
    hashed = secrets.reveal("user", "eva", "voicemail.pin")
    assert hashed is not None
    assert "4711" not in hashed
    assert secrets.reveal("user", "nobody", "voicemail.pin") is None
    assert (await store.companies.secrets("andere")).reveal("phone", "p1", "password") is None
    back = SecretWrite("user", "bea", "voicemail.pin", hashed, "hash")
    await store.companies.commit(commit(1, put("user", "bea"), secrets=(back,)))
    assert (await store.companies.secrets("musterbau")).matches("user", "bea", "voicemail.pin", "4711")


async def secrets_go_when_told_or_with_their_record(store: Store) -> None:
    writes = tuple(SecretWrite("phone", ident, "password", "geheim") for ident in ("p1", "p2"))
    await store.companies.commit(commit(0, put("phone", "p1"), put("phone", "p2"), secrets=writes))
    gone = SecretWrite("phone", "p1", "password", None)
    await store.companies.commit(commit(1, Change("phone", "p2", None), secrets=(gone,)))
    secrets = await store.companies.secrets("musterbau")
    assert not secrets.known("phone", "p1", "password")
    assert not secrets.known("phone", "p2", "password")


async def audit_comes_newest_first(store: Store) -> None:
    entries = [
        AuditEntry(NOON, "user:adam", "user", str(number), None, {"name": HOSTILE}, ("pin",)) for number in range(5)
    ]
    await store.companies.commit(commit(0, audit=tuple(entries[:3])))
    await store.companies.commit(commit(1, audit=tuple(entries[3:])))
    assert await store.companies.audit("musterbau") == tuple(reversed(entries))
    assert await store.companies.audit("musterbau", 2) == (entries[4], entries[3])
    assert await store.companies.audit("andere") == ()
    first = await store.companies.audit_page("musterbau", 2, None)
    assert [entry for _, entry in first] == [entries[4], entries[3]]
    rest = await store.companies.audit_page("musterbau", 9, first[-1][0])
    assert [entry for _, entry in rest] == [entries[2], entries[1], entries[0]]
    assert await store.companies.audit_page("musterbau", 9, rest[-1][0]) == ()


async def what_is_noted_stands_among_the_changes(store: Store) -> None:
    changed = AuditEntry(NOON, "user:adam", "user", "eva", None, {"name": "Eva"})
    noted = AuditEntry(NOON, "user:eva", "sign-in", "eva", None, {"event": HOSTILE}, origin="192.0.2.1")
    await store.companies.commit(commit(0, audit=(changed,)))
    await store.companies.note("musterbau", noted)
    assert await store.companies.audit("musterbau") == (noted, changed)
    assert await store.companies.audit("andere") == ()


async def a_removed_company_leaves_nothing_but_its_audit(store: Store) -> None:
    claim, write = Claim("account", "eva-1", "p1"), SecretWrite("phone", "p1", "password", "x")
    entry = AuditEntry(NOON, "user:adam", "company", "musterbau", {}, None)
    await store.companies.commit(commit(0, COMPANY, put("phone", "p1"), secrets=(write,), claim=(claim,)))
    assert await store.companies.commit(commit(1, Change("company", "musterbau", None), audit=(entry,))) == 2
    assert await store.companies.companies() == ()
    assert await store.companies.load("musterbau") is None
    assert not (await store.companies.secrets("musterbau")).known("phone", "p1", "password")
    assert await store.companies.audit("musterbau") == (entry,)
    await store.companies.commit(commit(0, company="andere", claim=(claim,)))
    await store.companies.commit(commit(0, COMPANY))
    assert await records(store) == [("company", "musterbau", {"name": "Musterbau"})]


async def a_large_commit_is_one_commit(store: Store) -> None:
    users = [put("user", f"u{number}", name=f"User {number}") for number in range(1_300)]
    writes = tuple(SecretWrite("user", f"u{number}", "password", "x") for number in range(1_300))
    await store.companies.commit(commit(0, *users, secrets=writes))
    assert len(await records(store)) == 1_300
    assert (await store.companies.secrets("musterbau")).reveal("user", "u1299", "password") == "x"


def row(number: int, **changes: object) -> CallRow:
    base = CallRow(
        f"c{number:03}", "musterbau", 100.0 + number, 110.5, "+49301", "user:eva", "user:bea", "answered", b"{}"
    )
    return msgspec.structs.replace(base, **changes)


async def a_record_is_written_once(store: Store) -> None:
    assert await store.calls.add([row(1), row(2)]) == 2
    assert await store.calls.add([row(2, document=b"again"), row(3), row(3, document=b"twice")]) == 1
    assert await store.calls.add([]) == 0
    assert await store.calls.get("c002") == row(2)
    assert await store.calls.get("c003") == row(3)
    assert await store.calls.get("nothing") is None


async def records_are_found_by_what_people_ask_for(store: Store) -> None:
    await store.calls.add(
        [row(1), row(2, caller="user:eva", callee="user:bea", outcome="busy", answered_by=""), row(3, company="andere")]
    )
    await store.calls.add([row(number, direction="in" if number == 7 else "out") for number in range(4, 10)])

    async def found(**more: object) -> list[str]:
        query = msgspec.structs.replace(CallQuery("musterbau"), **more)
        return [item.call for item in await store.calls.find(query)]

    assert await found() == ["c009", "c008", "c007", "c006", "c005", "c004", "c002", "c001"]
    assert await found(limit=2) == ["c009", "c008"]
    assert await found(limit=2, before=(108.0, "c008")) == ["c007", "c006"]
    assert await found(since=102.0, until=105.0) == ["c004", "c002"]
    assert await found(outcome="busy") == ["c002"]
    assert await found(who="user:bea", until=103.0) == ["c002", "c001"]
    assert await found(who="+49301", until=103.0) == ["c001"]
    assert await found(who="user:eva", outcome="answered", until=103.0) == ["c001"]
    assert await found(who="user:nobody", also=("user:bea",), until=103.0) == ["c002", "c001"]
    assert await found(answered=False) == ["c002"]
    assert await found(answered=True, until=105.0) == ["c004", "c001"]
    assert await found(number="9301", until=105.0) == ["c004", "c001"]
    assert await found(number="%") == []
    assert await found(number="_") == []
    assert await found(direction="in") == ["c007"]
    assert await found(company="andere") == ["c003"]
    assert await found(company="nobody") == []


async def old_records_are_forgotten_per_company(store: Store) -> None:
    """BAS-15: kept for a time, then gone."""
    await store.calls.add([row(1, ended=10.0), row(2, ended=20.0), row(3, ended=10.0, company="andere")])
    assert await store.calls.forget("musterbau", 20.0) == 1
    assert [item.call for item in await store.calls.find(CallQuery("musterbau"))] == ["c002"]
    assert await store.calls.get("c003") is not None


async def old_records_are_forgotten_a_few_at_a_time(store: Store) -> None:
    """BAS-15: no long transaction holds the others up."""
    await store.calls.add([row(number, ended=float(number)) for number in range(1, 8)])
    assert [await store.calls.forget("musterbau", 7.0, 4) for _ in range(3)] == [4, 2, 0]
    assert [item.call for item in await store.calls.find(CallQuery("musterbau"))] == ["c007"]


async def a_row_is_rewritten_where_a_person_is_taken_out(store: Store) -> None:
    """BAS-15: the call stays and counts, the person is gone."""
    await store.calls.add([row(1), row(2)])
    erased = row(1, caller="user:erased", document=b'{"x":1}')
    await store.calls.rewrite([erased, row(9)])
    assert await store.calls.get("c001") == erased
    assert await store.calls.get("c002") == row(2)
    assert await store.calls.get("c009") is None
    await store.calls.rewrite([])


async def audit_is_noted_rewritten_and_forgotten(store: Store) -> None:
    """BAS-15: retention and erasure reach the audit; other companies' entries stay."""
    entries = [AuditEntry(NOON + timedelta(days=day), "a", "user", str(day), None, {}) for day in range(4)]
    await store.companies.commit(commit(0, COMPANY, audit=tuple(entries[:3])))
    await store.companies.note("musterbau", entries[3])
    await store.companies.note("andere", entries[0])
    assert await store.companies.audit("musterbau") == tuple(reversed(entries))
    (number, newest), *_ = await store.companies.audit_page("musterbau", 1, None)
    changed = msgspec.structs.replace(newest, id="erased")
    await store.companies.put_audit("musterbau", [(number, changed)])
    assert (await store.companies.audit("musterbau"))[0] == changed
    edge = NOON + timedelta(days=2)
    assert [await store.companies.forget_audit("musterbau", edge, 1) for _ in range(3)] == [1, 1, 0]
    assert [entry.id for entry in await store.companies.audit("musterbau")] == ["erased", "2"]
    assert len(await store.companies.audit("andere")) == 1


def record_bytes(call: str, **changes: object) -> bytes:
    """A record as calls write it into the journal."""
    asked = Asked("musterbau", Caller(number="+49301234567"), dialled="20")
    base = CallRecord(CallId(call), JourneyId("j"), "musterbau", asked, SoFar(), 1.0, 2.0, 3.0, "caller", "hung up")
    return encode(msgspec.structs.replace(base, **changes))


async def records_of_calls_become_rows(store: Store) -> None:
    bea, eva = Ref("user", "bea"), Ref("user", "eva")
    hostile = Asked("musterbau", Caller(number=HOSTILE), dialled=HOSTILE)
    missed = Asked("musterbau", Caller(ref=bea, private=True), dialled="20", target=eva)
    rows = [
        row_of("plain", record_bytes("plain", answered_by=eva)),
        row_of("missed", record_bytes("missed", asked=missed, answered=None, answered_by=eva, reason="busy")),
        row_of("hostile", record_bytes("hostile", asked=hostile, ended_by=HOSTILE)),
    ]
    await store.calls.add(rows)
    plain, lost, odd = [await store.calls.get(item.call) for item in rows]
    assert (plain, lost, odd) == tuple(rows)
    assert plain is not None
    assert (plain.caller, plain.callee, plain.answered_by, plain.outcome) == (
        "+49301234567",
        "20",
        "user:eva",
        "answered",
    )
    assert msgspec.json.decode(plain.document)["ended_by"] == "caller"
    assert lost is not None
    assert (lost.caller, lost.callee, lost.answered_by, lost.outcome) == ("user:bea", "user:eva", "", "busy")
    assert odd is not None
    assert len(odd.caller) <= 255
    assert not {"\x00", "\u202e"} & set(odd.caller + odd.callee)
    assert msgspec.json.decode(odd.document)["ended_by"] == HOSTILE
    assert [item.call for item in await store.calls.find(CallQuery("musterbau", who=odd.caller))] == ["hostile"]


async def a_record_that_cannot_be_read_is_kept(store: Store) -> None:
    newer = msgspec.msgpack.encode({"company": "musterbau", "started": 5, "ended": 7.5, "legs": "another shape"})
    rows = [row_of("newer", newer), row_of("garbage", b"\xff\x00 not a record"), row_of("text", b"\xa3abc")]
    assert await store.calls.add(rows) == 3
    kept = await store.calls.get("newer")
    assert kept is not None
    assert (kept.company, kept.started, kept.ended, kept.outcome) == ("musterbau", 5.0, 7.5, "unreadable")
    assert msgspec.json.decode(kept.document)["legs"] == "another shape"
    assert await store.calls.get("garbage") == rows[1]


async def live_values_are_put_and_removed(store: Store) -> None:
    await store.live.save("binding", {"p1": b"\x00\xff", "p2": b"two"})
    await store.live.save("call", {"p1": b"other kind"})
    assert await store.live.load("binding") == {"p1": b"\x00\xff", "p2": b"two"}
    await store.live.save("binding", {"p1": b"new", "p2": None, "p3": None})
    assert await store.live.load("binding") == {"p1": b"new"}
    assert await store.live.load("call") == {"p1": b"other kind"}
    assert await store.live.load("nothing") == {}
    many: dict[str, bytes | None] = {f"k{number}": b"x" for number in range(1_200)}
    await store.live.save("many", many)
    assert len(await store.live.load("many")) == 1_200
    await store.live.save("many", dict.fromkeys(many))
    assert await store.live.load("many") == {}


async def a_settled_call_has_a_record_and_no_state(store: Store) -> None:
    await store.live.settle({"c001": b"talking", "c002": b"talking", "c004": b"held"}, [])
    await store.live.settle({"c001": b"late state", "c002": b"held", "c004": None}, [row(1)])
    assert await store.live.load("call") == {"c002": b"held"}
    await store.live.settle({}, [row(1, document=b"again")])
    assert await store.calls.get("c001") == row(1)


async def the_first_to_keep_a_fact_decides(store: Store) -> None:
    assert await store.meta.get("server") is None
    assert await store.meta.keep("server", b"one") == b"one"
    assert await store.meta.keep("server", b"two") == b"one"
    assert await store.meta.get("server") == b"one"


CONTRACT: list[Callable[[Store], Awaitable[None]]] = [
    companies_are_read_as_written,
    records_stay_in_the_order_of_their_first_put,
    a_stale_commit_writes_nothing,
    of_two_commits_at_once_one_is_told,
    a_claim_belongs_to_one_company,
    a_claim_changes_hands_within_a_commit,
    secrets_are_kept_beside_their_records,
    secrets_go_when_told_or_with_their_record,
    audit_comes_newest_first,
    what_is_noted_stands_among_the_changes,
    a_removed_company_leaves_nothing_but_its_audit,
    a_large_commit_is_one_commit,
    a_record_is_written_once,
    records_are_found_by_what_people_ask_for,
    old_records_are_forgotten_per_company,
    old_records_are_forgotten_a_few_at_a_time,
    a_row_is_rewritten_where_a_person_is_taken_out,
    audit_is_noted_rewritten_and_forgotten,
    records_of_calls_become_rows,
    a_record_that_cannot_be_read_is_kept,
    live_values_are_put_and_removed,
    a_settled_call_has_a_record_and_no_state,
    the_first_to_keep_a_fact_decides,
]
