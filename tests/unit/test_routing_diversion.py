"""Who sent a call on is shown by every offer, and what a carrier says of it decides nothing (RFC 5806, EXA-43)."""

import pytest
from msgspec.structs import replace
from tests.deciding import book, fold, forwarding, outside_caller, parallel, plan

from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.routing.dry_run import Explanation
from vorzimmer.routing.explain import as_json, as_lines
from vorzimmer.routing.model import Diverted, Ring

CARRIERS = (Diverted("+4930555666", "no-answer", name="Büro"), Diverted("", "unknown", private=True, times=3))

BOOKS = {
    "plain": book(),
    "always": book(anna=forwarding(always={"enabled": True, "to": "141"})),
    "no answer": book(anna=forwarding(no_answer={"enabled": True, "to": "140", "after_s": 5})),
    "parallel": book(anna=parallel("141")),
    "unknown target": book(anna=forwarding(always={"enabled": True, "to": "999"})),
}


def bare(told: Explanation) -> tuple[object, ...]:
    """The steps without what is only shown."""
    return tuple(
        replace(step, offers=tuple(replace(offer, diverted=()) for offer in step.offers))
        if isinstance(step, Ring)
        else step
        for step in told.steps
    )


@pytest.mark.parametrize("of", BOOKS.values(), ids=BOOKS)
def test_what_a_carrier_says_of_diversions_decides_nothing(of: Snapshot) -> None:
    told, silent = (fold(of, by=outside_caller(), dialled="+498999998100", diverted=d) for d in (CARRIERS, ()))
    assert bare(told) == bare(silent)
    assert told.because == silent.because


def test_a_carriers_diversions_come_after_ours() -> None:
    (ring,) = (s for s in fold(BOOKS["always"], by=outside_caller(), diverted=CARRIERS).steps if isinstance(s, Ring))
    assert [(one.name, one.reason) for one in ring.offers[0].diverted] == [
        ("Anna", "unconditional"),
        ("Büro", "no-answer"),
        ("", "unknown"),
    ]


def test_bas_7_a_phone_that_rings_along_is_told_for_whom() -> None:
    (ring,) = plan(BOOKS["parallel"]).steps
    assert isinstance(ring, Ring)
    shown = {offer.target.id: [(d.name, d.extension, d.reason) for d in offer.diverted] for offer in ring.offers}
    assert shown.pop("carl-tisch") == [("Anna", "100", "follow-me")]
    assert set(map(tuple, shown.values())) == {()}


def test_rfc3323_a_private_callers_number_is_no_diverters_number_either() -> None:
    hidden = outside_caller(private=True)
    claimed = (Diverted(hidden.number or "", "away", name="Kunde"),)
    (ring,) = (s for s in fold(BOOKS["plain"], by=hidden, diverted=claimed).steps if isinstance(s, Ring))
    assert ring.offers[0].diverted == (Diverted("", "away", private=True),)


def test_explain_says_what_the_rung_phone_is_told() -> None:
    told = fold(BOOKS["always"])
    (row,) = (row for row in as_json(told, {}, lambda why: why.key)["plan"] if row["step"] == "ring")
    assert row["diverted"] == ["Anna <100> (unconditional)"]
    assert any("↪ Anna <100> (unconditional)" in line for line in as_lines(told, lambda why: why.key))
