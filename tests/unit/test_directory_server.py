"""The server's book: account names and SIP domains are unique, and follow every change."""

import pytest

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.server import Account, NameTakenError, ServerBook
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.kernel.errors import LocalError
from vorzimmer.testing.company import Bench, demo_book

SECOND = """
company: {id: zweite, name: Zweite GmbH, sip_domain: zweite.example}
users: [{id: anna, name: Anna Zwei, extension: "100"}]
devices: [{id: tisch, owner: "user:anna", username: zwei-anna}]
"""


@pytest.fixture(scope="module")
def demo() -> Snapshot:
    return demo_book()


@pytest.fixture(scope="module")
def second() -> Snapshot:
    book = Bench().apply(SECOND).book
    assert book is not None
    return book


def changed(book: Snapshot, ref: Ref, **values: object) -> Change:
    entry = book.entry(ref)
    assert entry is not None
    return Change(*ref, {**entry.data, **values})


def test_accounts_and_domains_lead_to_their_company(demo: Snapshot, second: Snapshot) -> None:
    server = ServerBook().add(demo).add(second)
    assert server.account("anna-tisch") == Account("musterbau", "anna-tisch")
    assert server.account("ANNA-TISCH") == Account("musterbau", "anna-tisch")
    assert server.account("zwei-anna") == Account("zweite", "tisch")
    assert server.account("nobody") is None
    assert server.at_domain("Zweite.Example") == "zweite"
    assert server.company("zweite") is second


def test_a_change_moves_accounts_and_domains(demo: Snapshot, second: Snapshot) -> None:
    server = ServerBook().add(demo).add(second)
    renamed = server.apply("zweite", (changed(second, Ref("device", "tisch"), username="neu"),))
    assert renamed.account("neu") == Account("zweite", "tisch")
    assert renamed.account("zwei-anna") is None
    assert server.account("neu") is None
    off = server.apply("zweite", (changed(second, Ref("device", "tisch"), enabled=False),))
    assert off.account("zwei-anna") is None
    moved = server.apply("zweite", (changed(second, Ref("company", "zweite"), sip_domain="neu.example"),))
    assert moved.at_domain("zweite.example") is None
    assert moved.at_domain("neu.example") == "zweite"


def test_two_devices_swap_their_accounts_in_one_change(demo: Snapshot) -> None:
    server = ServerBook().add(demo)
    one, two = Ref("device", "bea-tisch"), Ref("device", "carl-tisch")
    swap = (changed(demo, one, username="carl-tisch"), changed(demo, two, username="bea-tisch"))
    assert server.apply("musterbau", swap).account("carl-tisch") == Account("musterbau", "bea-tisch")


def test_a_name_that_another_company_has_is_refused_and_nothing_changes(demo: Snapshot, second: Snapshot) -> None:
    server = ServerBook().add(demo).add(second)
    with pytest.raises(NameTakenError):
        server.apply("zweite", (changed(second, Ref("device", "tisch"), username="Anna-Tisch".lower()),))
    with pytest.raises(NameTakenError):
        server.apply("zweite", (changed(second, Ref("company", "zweite"), sip_domain="musterbau.example"),))
    assert server.account("anna-tisch") == Account("musterbau", "anna-tisch")


def test_a_company_leaves_with_all_its_names(demo: Snapshot, second: Snapshot) -> None:
    server = ServerBook().add(demo).add(second).remove("musterbau")
    assert server.account("anna-tisch") is None
    assert server.at_domain("musterbau.example") is None
    assert server.account("zwei-anna") is not None
    with pytest.raises(LocalError):
        server.apply("musterbau", ())
    assert server.remove("musterbau") is server
