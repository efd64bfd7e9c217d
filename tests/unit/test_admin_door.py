"""The door over the store in memory: whole or not at all, planned again when somebody was faster, authorised."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from vorzimmer.admin.door import Door, Outcome, Surroundings
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.problems import BadFileError, ProblemsError, RefusedError
from vorzimmer.admin.world import SYSTEM, Actor, Options
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change
from vorzimmer.features.dnd.settings import DND
from vorzimmer.store.memory import MemoryStore
from vorzimmer.store.ports import StoreFailedError
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.company import MOMENT, musterbau

T = TypeVar("T")
ANNA, BEA = Ref("user", "anna"), Ref("user", "bea")
GOOD = musterbau()


class Listener:
    """Remembers what was published."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, tuple[Change, ...]]] = []

    def publish(self, company: str, revision: int, changes: tuple[Change, ...]) -> None:
        self.heard.append((company, revision, changes))


class House:
    """A store in memory and doors to it."""

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self.store = MemoryStore(fails=lambda operation: operation in self.failing)
        self.listener = Listener()
        self.door = self.another_door()

    def another_door(self) -> Door:
        around = Surroundings(SeededChance(7), ZoneInfo, lambda: MOMENT)
        return Door(self.store.companies, around, self.listener)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def furnished() -> House:
    house = House()
    await house.door.open()
    await house.door.apply(GOOD)
    return house


def dnd(ref: Ref, on: object = True) -> list[Edit]:
    return [Edit(ref, {"dnd": on})]


def test_apply_commits_publishes_and_finds_nothing_the_second_time() -> None:
    async def work() -> None:
        house = await furnished()
        assert [(c, r) for c, r, _ in house.listener.heard] == [("musterbau", 1)]
        again = await house.door.apply(GOOD)
        assert not again.committed
        assert again.plan.empty
        assert len(house.listener.heard) == 1
        fresh = house.another_door()
        server = await fresh.open()
        assert server.account("anna-tisch") is not None
        assert (await fresh.apply(GOOD)).plan.empty

    run(work())


def test_changes_at_the_same_time_take_turns() -> None:
    async def work() -> None:
        house = await furnished()
        refs = [Ref("user", name) for name in ("anna", "bea", "carl", "dora", "emil")]
        found = await asyncio.gather(*(house.door.edit("musterbau", dnd(ref), SYSTEM) for ref in refs))
        assert sorted(outcome.revision for outcome in found) == [2, 3, 4, 5, 6]
        assert [revision for _, revision, _ in house.listener.heard] == [1, 2, 3, 4, 5, 6]

    run(work())


def test_a_dry_run_writes_nothing() -> None:
    async def work() -> None:
        house = House()
        outcome = await house.door.apply(GOOD, dry_run=True)
        assert outcome.plan.lines
        assert not outcome.committed
        assert await house.store.companies.companies() == ()
        assert house.listener.heard == []

    run(work())


def test_a_store_that_fails_leaves_everything_as_it_was() -> None:
    async def work() -> None:
        house = await furnished()
        before = house.door.server
        house.failing.add("companies.commit")
        with pytest.raises(StoreFailedError):
            await house.door.edit("musterbau", dnd(ANNA), SYSTEM)
        assert house.door.server is before
        house.failing.clear()
        assert (await house.door.edit("musterbau", dnd(ANNA), SYSTEM)).revision == 2

    run(work())


def test_a_bad_file_changes_nothing_in_the_store() -> None:
    async def work() -> None:
        house = await furnished()
        before = await house.store.companies.load("musterbau")
        with pytest.raises(BadFileError):
            await house.door.apply(GOOD.replace("after_s: 20}", "after_s: 3}"))
        assert await house.store.companies.load("musterbau") == before

    run(work())


def test_whoever_is_slower_plans_again_on_what_is_there_now() -> None:
    async def work() -> None:
        house = await furnished()
        other = house.another_door()
        await other.open()
        await house.door.edit("musterbau", dnd(ANNA), SYSTEM)
        outcome = await other.edit("musterbau", dnd(BEA), SYSTEM)
        assert outcome.revision == 3
        book = other.server.company("musterbau")
        assert book is not None
        assert book.get(DND, ANNA).enabled
        assert book.get(DND, BEA).enabled

    run(work())


def test_nothing_to_do_is_said_only_of_what_is_there_now() -> None:
    async def work() -> None:
        house = await furnished()
        stale = house.another_door()
        await stale.open()
        await house.door.edit("musterbau", dnd(ANNA), SYSTEM)
        assert (await stale.apply(GOOD)).plan.lines == ("~ users[anna].dnd: true -> false",)
        await house.door.edit("musterbau", dnd(ANNA), SYSTEM)
        assert (await stale.edit("musterbau", dnd(ANNA, False), SYSTEM)).committed
        assert (await stale.apply(GOOD, dry_run=True)).plan.empty

    run(work())


def test_a_company_is_removed_with_its_names() -> None:
    async def work() -> None:
        house = await furnished()
        with pytest.raises(RefusedError):
            await house.door.remove("musterbau", person("admin"))
        await house.door.remove("musterbau")
        assert await house.store.companies.companies() == ()
        assert house.door.server.account("anna-tisch") is None
        assert house.listener.heard[-1][2] == (Change("company", "musterbau", None),)
        assert (await house.door.apply(GOOD)).revision == 1
        with pytest.raises(LookupError):
            await house.door.remove("nobody")

    run(work())


def test_a_door_with_a_stale_server_still_cannot_take_another_company_s_account() -> None:
    async def work() -> None:
        house = House()
        stale = house.another_door()
        await stale.open()
        await house.door.apply(GOOD)
        text = """
company: {id: zweite, name: Zweite, sip_domain: zweite.example}
users: [{id: u, name: U}]
devices: [{id: d, owner: "user:u", username: anna-tisch}]
"""
        with pytest.raises(RefusedError, match="is taken on this server"):
            await stale.apply(text)
        assert await house.store.companies.companies() == ("musterbau",)

    run(work())


def test_the_audit_says_who_when_before_and_after_and_no_secret() -> None:
    async def work() -> None:
        house = await furnished()
        await house.door.edit("musterbau", dnd(ANNA), Actor("anna@portal", "musterbau", "anna"))
        newest = (await house.store.companies.audit("musterbau"))[0]
        assert (newest.actor, newest.at, newest.id) == ("anna@portal", MOMENT, "anna")
        assert newest.before is not None
        assert newest.after is not None
        assert (newest.before["dnd"], newest.after["dnd"]) == (False, True)
        secrets = await house.store.companies.secrets("musterbau")
        password = secrets.reveal("device", "anna-tisch", "password")
        assert password
        assert password not in repr(await house.store.companies.audit("musterbau"))

    run(work())


def test_a_backup_restores_on_another_server_with_all_secrets() -> None:
    async def work() -> None:
        house, other = await furnished(), House()
        backup = await house.door.export("musterbau", with_secrets=True)
        restored = await other.door.apply(backup)
        assert restored.plan.made == ()
        assert await other.door.export("musterbau", with_secrets=True) == backup
        assert (await house.door.apply(await house.door.export("musterbau"), Options(prune=True))).plan.empty
        with pytest.raises(LookupError):
            await house.door.export("nobody")

    run(work())


def attempt(actor: Actor, edits: list[Edit]) -> Outcome | ProblemsError:
    async def work() -> Outcome | ProblemsError:
        house = await furnished()
        chief = [Edit(Ref("user", "carl"), {"role": "site_admin"})]
        await house.door.edit("musterbau", chief, SYSTEM)
        try:
            return await house.door.edit("musterbau", edits, actor)
        except ProblemsError as error:
            return error

    return run(work())


def person(user: str, company: str = "musterbau") -> Actor:
    return Actor(user, company, user)


@pytest.mark.parametrize(
    ("actor", "edits", "allowed"),
    [
        (SYSTEM, dnd(ANNA), True),
        (person("anna"), dnd(ANNA), True),
        (person("anna"), dnd(BEA), False),
        (person("anna"), [Edit(ANNA, {"extension": "177"})], False),
        (person("anna"), [Edit(ANNA, {"role": "company_admin"})], False),
        (person("anna"), [Edit(ANNA, None)], False),
        (person("admin"), [Edit(BEA, {"name": "Bea Neu"})], True),
        (person("admin", "zweite"), dnd(ANNA), False),
        (person("nobody"), dnd(ANNA), False),
        (person("carl"), [Edit(BEA, {"name": "Bea Neu"})], True),
        (person("carl"), [Edit(Ref("user", "dora"), {"name": "Dora Neu"})], False),
        (person("carl"), [Edit(Ref("user", "carl"), {"role": "company_admin"})], False),
        (person("carl"), [Edit(Ref("company", "musterbau"), {"name": "X"})], False),
        (person("carl"), [Edit(Ref("device", "bea-tisch"), {"srtp": "off"})], True),
    ],
)
def test_who_may_change_what(actor: Actor, edits: list[Edit], allowed: bool) -> None:
    outcome = attempt(actor, edits)
    assert isinstance(outcome, Outcome if allowed else RefusedError), outcome


def test_an_edit_passes_the_same_checks_as_a_file() -> None:
    found = attempt(SYSTEM, [Edit(BEA, {"extension": "100"})])
    assert isinstance(found, BadFileError)
    assert str(found) == "users[bea].extension: 100 belongs to user:anna"
    found = attempt(SYSTEM, [Edit(BEA, {"forwarding": {"no_answer": {"after_s": 3}}})])
    assert isinstance(found, BadFileError)
    assert "3 is below 5" in str(found)
    for source in ({"file": "/etc/passwd"}, {"env": "HOME"}, {"hash": "x"}):
        found = attempt(SYSTEM, [Edit(ANNA, {"voicemail": {"pin": source}})])
        assert isinstance(found, BadFileError)
        assert "only a company file may name" in str(found)
    found = attempt(SYSTEM, [Edit(Ref("nonsense", "x"), {"a": 1})])
    assert isinstance(found, BadFileError)
    found = attempt(SYSTEM, [Edit(Ref("schedule", "buerozeiten"), None)])
    assert isinstance(found, BadFileError)
    assert "still names it" in str(found)


def test_only_the_operator_applies_files() -> None:
    async def work() -> None:
        house = await furnished()
        with pytest.raises(RefusedError):
            await house.door.apply(GOOD, actor=person("admin"))

    run(work())
