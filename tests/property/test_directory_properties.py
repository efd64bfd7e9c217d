"""The book against a model: after any changes in any order its indexes say what the records say."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.directory.numbers import NumberPlan
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA

IDS = st.sampled_from(["a", "b", "c", "d"])
COMPANY = Change("company", "m", {"id": "m", "name": "M", "sip_domain": "m.example"})


@st.composite
def changes(draw: st.DrawFn) -> Change:
    ident = draw(IDS)
    if draw(st.integers(0, 4)) == 0:
        return Change(draw(st.sampled_from(["user", "device"])), ident, None)
    if draw(st.booleans()):
        device = {"id": ident, "owner": f"user:{draw(IDS)}", "enabled": draw(st.booleans()), "username": draw(IDS)}
        return Change("device", ident, device)
    data: dict[str, object] = {"id": ident, "name": ident}
    data["executive"] = {"assistants": draw(st.lists(IDS, max_size=3))}
    if draw(st.booleans()):
        data["extension"] = f"10{ident.encode()[0] % 10}"
        data["numbers"] = [{"number": f"+4989{draw(st.integers(100, 102))}"}]
    return Change("user", ident, data)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(changes(), max_size=4), max_size=6))
def test_indexes_follow_any_changes(batches: list[list[Change]]) -> None:
    book = Snapshot.of(SCHEMA, ZoneInfo, [COMPANY])
    records: dict[tuple[str, str], dict[str, object]] = {}
    for batch in batches:
        before, frozen = book, repr(sorted(book.maps.extensions.items()))
        book = book.apply(batch)
        assert repr(sorted(before.maps.extensions.items())) == frozen
        for change in batch:
            if change.record is None:
                records.pop((change.kind, change.id), None)
            else:
                records[change.kind, change.id] = change.record
    agree(book, records)


def agree(book: Snapshot, records: dict[tuple[str, str], dict[str, object]]) -> None:
    fresh = Snapshot.of(SCHEMA, ZoneInfo, [COMPANY, *(Change(*key, data) for key, data in records.items())])
    for ident in "abcd":
        owner = Ref("user", ident)
        assert set(book.devices_of(owner)) == set(fresh.devices_of(owner))
        assert set(book.devices_at(ident)) == set(fresh.devices_at(ident))
        assert set(book.referrers(owner)) == set(fresh.referrers(owner))
        assert book.extension_of(owner) == fresh.extension_of(owner)
    assert dict(book.maps.extensions) == dict(fresh.maps.extensions)
    assert set(book.maps.numbers) <= set(fresh.maps.numbers)
    assert {str(e.ref) for e in book.entries("user")} == {str(e.ref) for e in fresh.entries("user")}


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=25), st.text("0123456789+*# -", max_size=25)), st.sampled_from([None, "0", "9"]))
def test_whatever_is_dialled_gives_e164_or_nothing(dialled: str, prefix: str | None) -> None:
    plan = NumberPlan(area_code="89", outside_prefix=prefix)
    found = plan.normalise(dialled)
    if found is not None:
        assert found.startswith("+")
        assert found[1:].isascii()
        assert found[1:].isdigit()
        assert plan.normalise(found) == found
        assert plan.emergency(dialled) is None
        plan.call_type(found)
        plan.show(found)
