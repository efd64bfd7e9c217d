"""What is known of a person: told whole without secrets, taken out while calls stay and count, forgotten in time
(FEATURES.md BAS-15)."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api_rig import Rig, with_rig
from tests.person_contract import PEOPLE, call, everything

from vorzimmer.admin.erasure import Person, names_person, without
from vorzimmer.app.office import ApplyRequest
from vorzimmer.app.privacy import DAY_S, FIRST_S, PAUSE_S
from vorzimmer.calls.kept import CallQuery
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.store.memory import MemoryStore
from vorzimmer.testing.company import MOMENT


@pytest.mark.parametrize("clause", PEOPLE, ids=lambda clause: clause.__name__)
def test_bas_15(clause: Any) -> None:
    with_rig(clause)


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


def test_bas_15_it_is_done_every_day_and_trouble_ends_nothing() -> None:
    failing = {"calls.forget"}

    async def scenario() -> tuple[list[float], list[str]]:
        rig = await Rig(MemoryStore(fails=lambda operation: operation in failing)).furnish()
        await rig.store.calls.add([call("old", started=1.0, ended=2.0)])
        slept: list[float] = []
        told: list[str] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            if seconds == DAY_S and not failing:
                raise asyncio.CancelledError
            if seconds == DAY_S:
                failing.clear()

        rig.clock.sleep = sleep  # type: ignore[method-assign]  # time goes by when this test says so
        with pytest.raises(asyncio.CancelledError):
            await rig.office.privacy.run(told.append)
        assert await rig.store.calls.get("old") is None
        return slept, told

    slept, told = asyncio.run(scenario())
    assert slept == [FIRST_S, DAY_S, PAUSE_S, DAY_S]
    assert [line.partition(":")[0] for line in told] == ["musterbau", "nebenan"]


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
