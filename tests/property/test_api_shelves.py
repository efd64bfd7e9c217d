"""Lists that are kept in order one change at a time are the same as lists that are sorted anew."""

from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.api import shelves
from vorzimmer.api.shelves import Shelf
from vorzimmer.directory.snapshot import Change
from vorzimmer.testing.company import demo_book

NAMES = st.sampled_from(["Anna", "anna", "Änna", "Zoe", "Öz", "ß", "", "Bea 2", "Bea 10"])
CHANGES = st.lists(st.tuples(st.sampled_from([f"u{n}" for n in range(6)]), NAMES | st.none()), min_size=1, max_size=4)
BOOK = demo_book()


@given(st.lists(CHANGES, max_size=8), st.sampled_from(["name", "", "extension", "site", "id"]))
def test_an_order_that_is_kept_up_is_the_order_that_is_made_anew(
    rounds: list[list[tuple[str, str | None]]], by: str
) -> None:
    book, shelf, there = BOOK, Shelf(), set[str]()
    for changes in rounds:
        wanted = []
        for ident, name in changes:
            if name is None and ident not in there:
                continue
            (there.discard if name is None else there.add)(ident)
            wanted.append(Change("user", ident, None if name is None else {"id": ident, "name": name or "x"}))
        book = book.apply(wanted)
        kept, anew = shelf.sorted(book, "user", by), Shelf().sorted(book, "user", by)
        assert kept.keys == anew.keys
        assert [row.entry.ref.id for row in kept.rows] == [row.entry.ref.id for row in anew.rows]
        assert all(row.entry is book.entry(row.entry.ref) for row in kept.rows)


def test_much_at_once_is_sorted_anew() -> None:
    shelf = Shelf()
    shelf.sorted(BOOK, "user", "name")
    many = [Change("user", f"n{n}", {"id": f"n{n}", "name": f"N {n}"}) for n in range(shelves._FEW + 1)]
    found = shelf.sorted(BOOK.apply(many), "user", "name")
    assert len(found.rows) == len(found.keys) == len(many) + 6
