"""What is known of a person: told whole without secrets, taken out while calls stay and count, forgotten in time
(FEATURES.md BAS-15)."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.api_rig import Rig, with_rig

from vorzimmer.admin.erasure import ERASED, Person, names_person, without
from vorzimmer.app.office import ApplyRequest
from vorzimmer.calls.records import Record, encode
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.kernel.ids import CallId, JourneyId
from vorzimmer.routing.model import Announce, Asked, Because, Caller, SoFar, Tried
from vorzimmer.store.call_rows import row_of
from vorzimmer.store.ports import CallQuery
from vorzimmer.testing.company import MOMENT

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


def test_bas_15_a_person_is_told_everything_but_secrets() -> None:
    async def scenario(rig: Rig) -> None:
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

    with_rig(scenario)


def test_bas_15_erasing_takes_the_person_out_and_keeps_the_counts() -> None:
    async def scenario(rig: Rig) -> None:
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

    with_rig(scenario)


def test_bas_15_whom_others_still_name_is_not_erased() -> None:
    async def scenario(rig: Rig) -> None:
        before = await everything(rig)
        refused = await rig.ask("admin", "POST", "/companies/musterbau/users/anna/erase")
        assert refused.json()["type"] == "/problems/still-used"
        assert refused.json()["errors"]
        assert await everything(rig) == before

    with_rig(scenario)


def test_bas_15_calls_and_changes_are_forgotten_in_time_and_in_small_steps() -> None:
    async def scenario(rig: Rig) -> None:
        now = MOMENT.timestamp()
        ended = [now - 400 * 86_400, now - 181 * 86_400, now - 179 * 86_400, now]
        await rig.store.calls.add([call(f"c{at:.0f}", started=at - 1, ended=at) for at in ended])
        old = AuditEntry(MOMENT - timedelta(days=731), "admin", "user", "x", None, {})
        fresh = len(await rig.store.companies.audit("musterbau", 1000))
        rig.store.companies._audit["musterbau"].insert(0, old)  # the store keeps them in the order of time
        rig.clock.sleep = rest  # type: ignore[method-assign]  # it waits between its steps
        assert await rig.office.privacy.forget("musterbau") == (2, 1)
        assert len(await rig.store.calls.find(CallQuery("musterbau"))) == 2
        assert len(await rig.store.companies.audit("musterbau", 1000)) == fresh
        shorter = {"company": {"id": "musterbau", "privacy": {"history_days": 30}}}
        await rig.office.apply(ApplyRequest(msgspec.json.encode(shorter).decode(), "", {}))
        assert await rig.office.privacy.forget("musterbau") == (1, 0)

    with_rig(scenario)


async def rest(seconds: float) -> None:
    assert seconds > 0


PERSON = Person("anna", ("anna-tisch",), ("Anna Schneider", "+498999998100", "a@b.example"), "100")
words = st.sampled_from(
    [
        "user:anna",
        "user:annabel",
        "users[anna].x",
        "Anna Schneider",
        "+4989999981000",
        "+498999998100",
        "anna-tisch",
        "100",
    ]
) | st.text(max_size=20)
documents = st.recursive(
    words | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3) | st.just(["user", "anna"]),
    max_leaves=20,
)


@given(documents)
def test_after_erasing_nothing_names_the_person_and_the_shape_is_the_same(document: Any) -> None:
    after = without(PERSON, document)
    assert not names_person(PERSON, after)
    assert _shape(after) == _shape(document)
    assert without(PERSON, after) == after


def _shape(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: _shape(each) for name, each in document.items()}
    return [_shape(each) for each in document] if isinstance(document, list) else type(document)


def test_who_only_looks_alike_stays() -> None:
    for other in ("user:annabel", "users[anna-maria]", "+4989999981000", "user:anna.b", "Joanna Schneider-Weber"):
        assert without(PERSON, other) == other
