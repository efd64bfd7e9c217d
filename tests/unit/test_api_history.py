"""History and explanations over the API: whose calls somebody sees, filters, and every reason with its setting."""

from typing import Any

import httpx
import msgspec
import pytest
from tests.api_rig import Rig, with_rig

from vorzimmer.api.principal import Principal
from vorzimmer.app.explaining import explain_now
from vorzimmer.calls.records import Record, encode
from vorzimmer.calls.state import Party, PastLeg
from vorzimmer.directory.ref import Ref
from vorzimmer.features.order import ORDER
from vorzimmer.kernel.ids import CallId, EndpointId, JourneyId, LegId
from vorzimmer.routing.dry_run import dry_run
from vorzimmer.routing.explain import Question
from vorzimmer.routing.live import Facts
from vorzimmer.routing.model import Asked, Caller, LiveFacts, OfferOutcome, Ring, Tried, line_device
from vorzimmer.store.call_rows import row_of
from vorzimmer.testing.company import MOMENT

BASE = "/companies/musterbau"
START = MOMENT.timestamp()
ANNA, BEA, CARL = Ref("user", "anna"), Ref("user", "bea"), Ref("user", "carl")
LIVE = Facts(LiveFacts(frozenset({"anna-tisch", "bea-tisch", "carl-tisch"})))


def call(rig: Rig, number: int, caller: Caller, dialled: str, **more: Any) -> Record:
    """A call that nobody answered, as deciding sent it."""
    asked = Asked("musterbau", caller, dialled, trunk=more.pop("trunk", ""))
    told = dry_run(ORDER, asked, rig.office.book("musterbau"), LIVE, MOMENT)
    tried = []
    for place, step in enumerate(told.steps):
        ring = isinstance(step, Ring)
        offers = tuple(OfferOutcome(o.target, "no_answer", 487) for o in step.offers) if isinstance(step, Ring) else ()
        tried.append(Tried(step, "no_answer" if ring else "forwarded", offers, at=START + number + 20 * (place + 1)))
    base = Record(
        CallId(f"c{number}"),
        JourneyId(f"c{number}"),
        "musterbau",
        asked,
        tuple(tried),
        START + number,
        None,
        START + number + 50,
        "system",
        "no_answer",
        told.because,
    )
    return msgspec.structs.replace(base, **more)


async def furnished(rig: Rig) -> None:
    inside = Caller(BEA, "bea-tisch", None, "Bea Koch")
    line = PastLeg(LegId("l"), Party(device=line_device("provider", "out")), True, EndpointId("e"), START, START + 9)
    records = [
        call(rig, 1, inside, "100"),
        call(rig, 2, Caller(number="+493023125222"), "+498999998100", trunk="provider"),
        call(rig, 3, Caller(CARL, "carl-tisch"), "140", answered=START + 5, answered_by=BEA, reason="hung up"),
        call(rig, 4, Caller(ANNA, "anna-tisch"), "003023125222", legs=(line,), reason="hung up"),
    ]
    await rig.store.calls.add([row_of(record.id, encode(record)) for record in records])


async def ids(rig: Rig, who: str, query: str = "") -> list[str]:
    answer = await rig.ask(who, "GET", f"{BASE}/history?{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["items"]]


def test_administrators_see_all_calls_and_people_their_own() -> None:
    async def scenario(rig: Rig) -> None:
        await furnished(rig)
        assert await ids(rig, "admin") == ["c4", "c3", "c2", "c1"]
        assert await ids(rig, "anna") == ["c4", "c2", "c1"]
        assert (await rig.ask("anna", "GET", f"{BASE}/history/c3")).status_code == 404
        assert (await rig.ask("anna", "GET", f"{BASE}/history/c1")).status_code == 200
        assert (await rig.ask("anna", "GET", f"{BASE}/history?person=user:bea")).status_code == 403
        assert (await rig.ask("other", "GET", "/companies/nebenan/history/c1")).status_code == 404

    with_rig(scenario)


def test_a_site_administrator_sees_the_calls_of_his_people() -> None:
    async def scenario(rig: Rig) -> None:
        await furnished(rig)
        etag = {"If-Match": "*"}
        await rig.ask("admin", "PATCH", f"{BASE}/users/carl", json={"role": "site_admin"}, headers=etag)
        rig.door.people["carl"] = Principal("site_admin", "musterbau", "carl", "muenchen")
        assert await ids(rig, "carl") == ["c3"]
        assert await ids(rig, "carl", "person=user:anna") == ["c4", "c2", "c1"]
        assert (await rig.ask("carl", "GET", f"{BASE}/history?person=user:dora")).status_code == 403
        assert (await rig.ask("carl", "GET", f"{BASE}/history?person=user:nobody")).status_code == 400

    with_rig(scenario)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("direction=in", ["c2"]),
        ("direction=out", ["c4"]),
        ("direction=internal", ["c3", "c1"]),
        ("answered=true", ["c3"]),
        ("answered=false&direction=internal", ["c1"]),
        ("number=030 23125222", ["c4", "c2"]),
        ("person=user:bea", ["c3", "c1"]),
        ("from=2026-03-02T10:30:03", ["c4", "c3"]),
        ("to=2026-03-02T09:30:02Z", ["c1"]),
        ("limit=2", ["c4", "c3"]),
    ],
)
def test_filters(query: str, found: list[str]) -> None:
    async def scenario(rig: Rig) -> None:
        await furnished(rig)
        assert await ids(rig, "admin", query) == found

    with_rig(scenario)


def test_walking_the_history_by_cursor_shows_every_call_once() -> None:
    async def scenario(rig: Rig) -> None:
        await furnished(rig)
        seen, cursor = [], ""
        while cursor is not None:
            page = (await rig.ask("admin", "GET", f"{BASE}/history?limit=1&cursor={cursor}")).json()
            seen += [row["id"] for row in page["items"]]
            cursor = page["next"]
        assert seen == ["c4", "c3", "c2", "c1"]
        for bad in ("x", "W10", "eyJ4IjoxfQ"):
            assert (await rig.ask("admin", "GET", f"{BASE}/history?cursor={bad}")).status_code == 400
        for bad in ("limit=0", "limit=201", "from=yesterday", "direction=up", "person=anna"):
            assert (await rig.ask("admin", "GET", f"{BASE}/history?{bad}")).status_code == 400, bad

    with_rig(scenario)


def test_a_row_says_who_called_whom_in_the_askers_language() -> None:
    async def scenario(rig: Rig) -> None:
        await furnished(rig)
        answer = await rig.ask("admin", "GET", f"{BASE}/history/c1", headers={"Accept-Language": "de"})
        row = answer.json()
        assert row["from"] == {"ref": "user:bea", "name": "Bea Koch", "number": row["from"]["number"]}
        assert row["to"]["ref"] == "user:anna"
        assert row["to"]["name"] == "Anna Schneider"
        assert row["reason_text"] == "nicht angenommen"
        assert row["started"] == "2026-03-02T10:30:01.000+01:00"

    with_rig(scenario)


def reasons(answer: httpx.Response) -> dict[str, Any]:
    return {why["key"]: why for step in answer.json()["plan"] for why in step["because"]}


def test_an_explanation_names_each_rule_with_its_setting_and_what_happened_when() -> None:
    async def scenario(rig: Rig) -> None:
        await furnished(rig)
        answer = await rig.ask("admin", "GET", f"{BASE}/history/c2/explanation")
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["story"]
        assert told["ended"] == {"by": "system", "reason": "no_answer", "text": "no answer"}
        assert told["timeline"][0]["what"] == "started"
        assert told["timeline"][-1]["what"] == "ended"
        rung = next(row for row in told["timeline"] if row.get("phones"))
        assert rung["at"] == "2026-03-02T10:30:22.000+01:00"
        assert {"target": "device:anna-tisch", "owner": "user:anna"}.items() <= rung["phones"][0].items()
        settings = [why["setting"] for step in told["plan"] for why in step["because"] if why["setting"]]
        for setting in settings:
            assert (await rig.ask("admin", "GET", setting["href"].removeprefix("/api/v1"))).status_code == 200
        assert any(one["pointer"].startswith("/forwarding/no_answer") for one in settings), settings

    with_rig(scenario)


def test_people_see_no_settings_of_others_in_an_explanation() -> None:
    async def scenario(rig: Rig) -> None:
        etag = {"If-Match": "*"}
        forwarding = {"forwarding": {"always": {"enabled": True, "to": "user:anna"}}}
        await rig.ask("admin", "PATCH", f"{BASE}/users/carl", json=forwarding, headers=etag)
        await rig.store.calls.add([row_of("c9", encode(call(rig, 9, Caller(ANNA, "anna-tisch"), "141")))])
        everything = await rig.ask("admin", "GET", f"{BASE}/history/c9/explanation")
        assert '"users[carl].forwarding' in everything.text
        mine = await rig.ask("anna", "GET", f"{BASE}/history/c9/explanation")
        assert mine.status_code == 200
        assert "users[carl]" not in mine.text

    with_rig(scenario)


def answering(rig: Rig) -> None:
    """Control explains with the book of the office."""

    async def explain(question: Question) -> dict[str, Any]:
        return explain_now(question, rig.office.book("musterbau"), LIVE, MOMENT)

    rig.office.explain = explain  # type: ignore[method-assign]  # the office asks control, which is scripted here


def test_an_imagined_call_is_explained_with_changes_laid_over_and_nothing_saved() -> None:
    async def scenario(rig: Rig) -> None:
        answering(rig)
        question: dict[str, Any] = {"from": "+493023125222", "to": "user:carl", "assume": ["all=idle"]}
        now = await rig.ask("admin", "POST", f"{BASE}/explain", json=question)
        assert now.status_code == 200, now.text
        assert now.json()["plan"][0]["step"] == "ring"
        change = {"section": "users", "id": "carl", "values": {"dnd": True}}
        then = await rig.ask("admin", "POST", f"{BASE}/explain", json={**question, "changes": [change]})
        assert "dnd.on" in reasons(then) or "dnd.on" in {why["key"] for why in then.json()["because"]}
        assert "dnd" not in (await rig.ask("admin", "GET", f"{BASE}/users/carl")).json()

    with_rig(scenario)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"from": "nobody", "to": "100"}, "/from"),
        ({"from": "user:bea", "to": "user:nobody"}, "/to"),
        ({"from": "user:bea", "to": "100", "at": "soon"}, "/at"),
        ({"from": "user:bea", "to": "100", "assume": ["all=idle", "all=drunk"]}, "/assume/1"),
        (
            {"from": "user:bea", "to": "100", "changes": [{"section": "x", "id": "x", "values": {}}]},
            "/changes/0/section",
        ),
    ],
)
def test_what_cannot_be_asked_is_pointed_to(body: dict[str, Any], pointer: str) -> None:
    async def scenario(rig: Rig) -> None:
        answering(rig)
        answer = await rig.ask("admin", "POST", f"{BASE}/explain", json=body)
        assert answer.status_code == 422
        assert [row["pointer"] for row in answer.json()["errors"]] == [pointer]

    with_rig(scenario)


def test_people_ask_about_calls_of_their_own_only_and_change_nothing_of_others_even_in_thought() -> None:
    async def scenario(rig: Rig) -> None:
        answering(rig)
        own, foreign = {"from": "user:bea", "to": "100"}, {"from": "user:bea", "to": "141"}
        assert (await rig.ask("anna", "POST", f"{BASE}/explain", json=own)).status_code == 200
        assert (await rig.ask("anna", "POST", f"{BASE}/explain", json=foreign)).status_code == 403
        sneaky = {**own, "changes": [{"section": "users", "id": "carl", "values": {"dnd": True}}]}
        assert (await rig.ask("anna", "POST", f"{BASE}/explain", json=sneaky)).status_code == 403

    with_rig(scenario)


def test_the_sip_of_a_call_is_for_administrators() -> None:
    async def scenario(rig: Rig) -> None:
        await furnished(rig)
        rig.control.answers["trace_of"] = {"lines": ["INVITE"], "messages": [], "pcap": b"\xd4\xc3\xb2\xa1"}
        rig.control.answers["calls"] = []
        assert (await rig.ask("admin", "GET", f"{BASE}/history/c1/trace")).json()["lines"] == ["INVITE"]
        assert (await rig.ask("admin", "GET", f"{BASE}/history/c1/trace.pcap")).content == b"\xd4\xc3\xb2\xa1"
        assert (await rig.ask("anna", "GET", f"{BASE}/history/c1/trace")).status_code == 403
        assert (await rig.ask("admin", "GET", f"{BASE}/history/other/trace")).status_code == 404
        del rig.control.answers["trace_of"]
        away = await rig.ask("admin", "GET", f"{BASE}/history/c1/trace")
        assert (away.status_code, away.json()["type"]) == (503, "/problems/not-now")

    with_rig(scenario)
