"""The book: lookups, indexes that follow every change, and published Snapshots that never change."""

from zoneinfo import ZoneInfo

import pytest

from vorzimmer.directory.keys import DEVICE, USER
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import BadRecordError, Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.dnd.settings import DND
from vorzimmer.features.executive.settings import EXECUTIVE
from vorzimmer.features.forwarding.settings import FORWARDING
from vorzimmer.features.hunt.settings import HUNT_GROUP
from vorzimmer.features.night.settings import NIGHT
from vorzimmer.testing.company import demo_book

ANNA, BEA = Ref("user", "anna"), Ref("user", "bea")


@pytest.fixture(scope="module")
def book() -> Snapshot:
    return demo_book()


def put(book: Snapshot, ref: Ref, **values: object) -> Snapshot:
    entry = book.entry(ref)
    return book.apply([Change(*ref, {**(entry.data if entry else {"id": ref.id}), **values})])


def test_sections_of_the_file_are_typed_and_absent_ones_mean_defaults(book: Snapshot) -> None:
    assert book.get(EXECUTIVE, ANNA).assistants == ("bea", "carl")
    assert book.get(FORWARDING, ANNA).no_answer.after_s == 20
    assert book.get(FORWARDING, BEA).busy.to == "voicemail"  # the default of BAS-2
    assert not book.get(DND, BEA).enabled
    assert book.get(NIGHT, Ref("attendant", "begruessung")).mode == "never"
    assert book.has(DND, ANNA)
    assert not book.has(DND, BEA)


def test_lookups_by_extension_number_owner_and_name(book: Snapshot) -> None:
    assert book.at_extension("100") == ANNA
    assert book.at_extension("500") == Ref("hunt", "zentrale")
    assert book.at_extension("701") == Ref("park", "platz1")
    second = book.at_number("+498999998101")
    assert second is not None
    assert (second.owner, second.label, second.position) == (ANNA, "Aufsichtsrat", 1)
    assert [n.number for n in book.numbers_of(ANNA)] == ["+498999998100", "+498999998101"]
    assert book.devices_of(ANNA) == ("anna-tisch", "anna-browser")
    assert book.owner_of("anna-tisch") == ANNA
    assert book.owner_of("nobody") is None
    assert book.name_of(Ref("voicemail", "anna")) == "Anna Schneider"
    assert book.name_of(Ref("number", "+4930")) == "+4930"
    assert book.extension_of(ANNA) == "100"
    assert book.exists(Ref("voicemail", "bea"))
    assert not book.exists(Ref("user", "nobody"))
    assert [user.id for user in book.all(USER)][:3] == ["anna", "bea", "carl"]
    found = book.find(HUNT_GROUP, "zentrale")
    assert found is not None
    assert found.members[2].weight == 0


def test_who_names_whom_is_found_from_the_other_end(book: Snapshot) -> None:
    assert [r.owner for r in book.referrers(BEA, "executive.assistants")] == [ANNA]
    places = {(str(r.owner), r.via) for r in book.referrers(Ref("hunt", "zentrale"))}
    assert ("company:musterbau", "recall.chain") in places
    assert ("attendant:begruessung", "menus.business_hours.keys.1") in places
    assert ("park_group:verkauf", "recall.alternate") in places


def test_a_change_gives_a_new_book_and_leaves_the_published_one(book: Snapshot) -> None:
    after = put(book, ANNA, dnd=True, extension="101", numbers=[{"number": "+498999998101"}])
    assert after.get(DND, ANNA).enabled
    assert not book.get(DND, ANNA).enabled
    assert after.at_extension("101") == ANNA
    assert after.at_extension("100") is None
    assert after.at_number("+498999998100") is None
    assert book.at_extension("100") == ANNA
    assert after.revision == book.revision + 1


def test_two_users_swap_extensions_in_one_change(book: Snapshot) -> None:
    anna, bea = book.entry(ANNA), book.entry(BEA)
    assert anna is not None
    assert bea is not None
    swapped = [Change(*ANNA, {**anna.data, "extension": "140"}), Change(*BEA, {**bea.data, "extension": "100"})]
    after = book.apply(swapped)
    assert after.at_extension("140") == ANNA
    assert after.at_extension("100") == BEA
    assert after.apply(reversed([Change(*ANNA, anna.data), Change(*BEA, bea.data)])).at_extension("100") == ANNA


def test_a_removed_record_leaves_no_trace(book: Snapshot) -> None:
    after = book.apply([Change("device", "anna-tisch", None), Change("hunt", "zentrale", None)])
    assert after.devices_of(ANNA) == ("anna-browser",)
    assert after.at_extension("500") is None
    assert after.at_number("+498999998500") is None
    assert all(r.owner.kind != "hunt" for r in after.referrers(BEA))
    assert after.devices_at("anna-tisch") == ()


def test_a_device_that_is_switched_off_or_moves_is_followed(book: Snapshot) -> None:
    tisch = Ref("device", "anna-tisch")
    off = put(book, tisch, enabled=False)
    assert off.devices_of(ANNA) == ("anna-browser",)
    moved = put(book, tisch, owner="user:bea")
    assert moved.devices_of(BEA) == ("anna-tisch", "bea-tisch")
    assert put(off, tisch, enabled=True).devices_of(ANNA) == ("anna-tisch", "anna-browser")


def test_order_of_the_file_survives_changes(book: Snapshot) -> None:
    after = put(book, ANNA, name="Änne")
    assert [d.id for d in after.all(DEVICE)] == [d.id for d in book.all(DEVICE)]
    assert next(u.id for u in after.all(USER)) == "anna"


def test_the_company_brings_its_time_zone(book: Snapshot) -> None:
    assert str(book.zone) == "Europe/Berlin"
    assert str(put(book, Ref("company", "musterbau"), timezone="Europe/Lisbon").zone) == "Europe/Lisbon"
    assert put(book, ANNA, dnd=True).zone is book.zone


def test_a_record_that_does_not_fit_changes_nothing(book: Snapshot) -> None:
    with pytest.raises(BadRecordError):
        put(book, ANNA, dnd="perhaps")
    with pytest.raises(BadRecordError):
        book.apply([Change("nonsense", "x", {"id": "x"})])


def test_paths_of_settings_read_like_the_file(book: Snapshot) -> None:
    assert book.setting(ANNA, "forwarding.no_answer.to") == "users[anna].forwarding.no_answer.to"
    assert book.setting(Ref("company", "musterbau"), "park.recall_to") == "company.park.recall_to"


def test_an_empty_book_has_no_company() -> None:
    with pytest.raises(LookupError):
        _ = Snapshot.empty(SCHEMA, ZoneInfo).company
