"""What is known of a person, told and taken out: one body, run over memory, SQLite and PostgreSQL."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tests.api_rig import Rig
from vorzimmer.admin.erasure import ERASED
from vorzimmer.calls.kept import CallQuery
from vorzimmer.calls.records import Record, encode
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.ids import CallId, JourneyId
from vorzimmer.routing.model import Announce, Asked, Because, Caller, SoFar, Tried
from vorzimmer.store.call_rows import row_of

HOME = "/companies/musterbau/users/gustav"
NUMBER = "+498999998177"
GUSTAV = {
    "id": "gustav",
    "name": "Gustav Gans",
    "extension": "177",
    "numbers": [{"number": NUMBER}],
    "email": "gustav@musterbau.example",
    "site": "muenchen",
}
LONGER = NUMBER + "1"
"""Somebody else's number that begins with Gustav's."""
NAMES = ("gustav", "Gustav", "Gans", NUMBER, '"177"')


def call(ident: str, **changes: Any) -> Any:
    asked = Asked("musterbau", Caller(number="+493012345"), dialled="100", target=Ref("user", "anna"))
    record = Record(CallId(ident), JourneyId("j"), "musterbau", asked, SoFar(), 100.0, 101.0, 110.0, "caller", "bye")
    return row_of(ident, encode(msgspec.structs.replace(record, **changes)))


async def furnish(rig: Rig) -> None:
    """Gustav with a phone, who called, was called, was named by a rule, and had nothing to do with one call."""
    await rig.ask("admin", "POST", "/companies/musterbau/users", json=GUSTAV)
    phone = {"id": "gustav-tisch", "owner": "user:gustav"}
    made = await rig.ask("admin", "POST", "/companies/musterbau/devices", json=phone)
    assert made.status_code == 201, made.text
    gustav = Ref("user", "gustav")
    why = Because("x", "selective.rejected", {"name": "Gustav Gans", "to": "user:gustav"}, "users[gustav].reject")
    own = Asked("musterbau", Caller(gustav, "gustav-tisch", NUMBER, "Gustav Gans"), dialled="+493012345")
    called = Asked("musterbau", Caller(Ref("user", "anna")), dialled="177", target=gustav)
    await rig.store.calls.add(
        [
            call("own", asked=own),
            call("called", asked=called, answered_by=gustav),
            call("named", so_far=SoFar((Tried(Announce("say.rejected", 603, because=(why,)), "done"),))),
            call("other", asked=Asked("musterbau", Caller(number="+493012345"), dialled=LONGER)),
        ]
    )


async def everything(rig: Rig) -> str:
    """All that the store holds of the company, as text."""
    stored = await rig.store.companies.load("musterbau")
    assert stored is not None
    parts = [msgspec.json.encode(stored), msgspec.json.encode(await rig.store.companies.audit("musterbau", 1000))]
    rows = await rig.store.calls.find(CallQuery("musterbau"))
    return b"".join([*parts, *(msgspec.json.encode(row) + row.document for row in rows)]).decode()


async def a_person_is_told_everything_but_secrets(rig: Rig) -> None:
    await furnish(rig)
    told = (await rig.ask("admin", "GET", HOME + "/personal-data")).json()
    assert [record["kind"] for record in told["records"]] == ["user", "device"]
    assert "generated" not in str(told)
    assert {row["id"] for row in told["calls"]} == {"own", "called", "named"}
    assert {entry["id"] for entry in told["audit"]} == {"gustav", "gustav-tisch"}
    packed = await rig.ask("admin", "GET", HOME + "/personal-data", params={"format": "zip"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        names = {"about.json", "audit.json", "calls.json", "named_in.json", "records.json", "sign_in.json"}
        assert set(archive.namelist()) == names
    assert (await rig.ask("anna", "GET", HOME + "/personal-data")).status_code == 403
    own = await rig.ask("anna", "GET", "/companies/musterbau/users/anna/personal-data")
    assert own.status_code == 200
    assert (await rig.ask("admin", "GET", HOME.replace("gustav", "nobody") + "/personal-data")).status_code == 404


async def erasing_takes_the_person_out_and_keeps_the_counts(rig: Rig) -> None:
    await furnish(rig)
    before = await everything(rig)
    assert all(name in before for name in NAMES)
    would = (await rig.ask("admin", "POST", HOME + "/erase", params={"dry_run": "true"})).json()
    assert would == {"calls": 3, "audit": 2, "records": 2, "done": False}
    assert await everything(rig) == before
    assert (await rig.ask("anna", "POST", HOME + "/erase")).status_code == 403
    done = (await rig.ask("admin", "POST", HOME + "/erase")).json()
    assert (done["calls"], done["done"]) == (3, True)
    after = (await everything(rig)).replace(LONGER, "")
    assert not [name for name in NAMES if name in after]
    rows = await rig.store.calls.find(CallQuery("musterbau"))
    assert len(rows) == 4
    for row in rows:
        msgspec.json.decode(row.document, type=Record)
    assert {row.call: (row.caller, row.callee, row.answered_by) for row in rows}["called"] == (
        "user:anna",
        "user:erased",
        "user:erased",
    )
    note = (await rig.store.companies.audit("musterbau"))[0]
    assert (note.kind, note.id, note.before, note.after) == ("user", ERASED, {"id": ERASED}, None)
    assert (await rig.ask("admin", "GET", "/companies/musterbau/history")).status_code == 200
    assert (await rig.ask("admin", "GET", "/companies/musterbau/history/named/explanation")).status_code == 200
    assert (await rig.ask("admin", "GET", HOME)).status_code == 404


PEOPLE: list[Callable[[Rig], Awaitable[None]]] = [
    a_person_is_told_everything_but_secrets,
    erasing_takes_the_person_out_and_keeps_the_counts,
]
