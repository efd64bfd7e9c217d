"""A small company to decide in, and helpers that hold every plan to the house rule: no step without a because whose
words exist in both languages."""

import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.order import ORDER
from vorzimmer.features.texts import LANGUAGES, TEXTS, render
from vorzimmer.routing.decide import decide
from vorzimmer.routing.dry_run import Explanation, dry_run
from vorzimmer.routing.model import (
    Announce,
    Asked,
    Because,
    Caller,
    Forward,
    LiveFacts,
    OfferOutcome,
    Plan,
    Refuse,
    Ring,
    SoFar,
    Step,
    Tried,
)
from vorzimmer.routing.outcome import overall

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday, 10:00 in Berlin."""

COMPANY = {
    "id": "muster",
    "name": "Muster GmbH",
    "sip_domain": "muster.example",
    "country": "DE",
    "area_code": "89",
    "main_number": "+498999998000",
}
ANNA, BEA, CARL, FLUR = Ref("user", "anna"), Ref("user", "bea"), Ref("user", "carl"), Ref("phone", "flur")
OUTSIDE = "+493023125222"


def person(ident: str, extension: str, **settings: Any) -> dict[str, Any]:
    numbers = [{"number": f"+498999998{extension}"}]
    return {"id": ident, "name": ident.capitalize(), "extension": extension, "numbers": numbers} | settings


def book(
    *more: Change,
    company: Mapping[str, Any] | None = None,
    phone: Mapping[str, Any] | None = None,
    **settings: Mapping[str, Any],
) -> Snapshot:
    """Anna (100, two devices), Bea (140), Carl (141), a common-area phone (130); `anna={...}` gives Anna settings."""
    people = {"anna": "100", "bea": "140", "carl": "141"}
    changes = [Change("company", "muster", COMPANY | dict(company or {}))]
    changes += [Change("user", who, person(who, ext, **settings.get(who, {}))) for who, ext in people.items()]
    changes.append(Change("phone", "flur", {"id": "flur", "name": "Flur", "extension": "130"} | dict(phone or {})))
    changes += [device(f"{who}-tisch", f"user:{who}") for who in people]
    changes += [device("anna-mobil", "user:anna"), device("flur-tisch", "phone:flur")]
    return Snapshot.of(SCHEMA, ZoneInfo, [*changes, *more])


def device(ident: str, owner: str, **fields: Any) -> Change:
    return Change("device", ident, {"id": ident, "owner": owner} | fields)


def live(of: Snapshot, *, without: str = "", talking: Mapping[str, int] | None = None, dnd: str = "") -> LiveFacts:
    """All devices registered but those named in `without`; `talking` counts open calls."""
    every = {entry.ref.id for entry in of.entries("device")}
    return LiveFacts(frozenset(every - set(without.split())), dict(talking or {}), frozenset(dnd.split()))


def caller(of: Snapshot, who: Ref = BEA) -> Caller:
    devices = of.devices_of(who)
    numbers = of.numbers_of(who)
    number = numbers[0].number if numbers else None
    return Caller(who, devices[0] if devices else None, number, of.name_of(who))


def outside_caller(number: str | None = OUTSIDE, *, private: bool = False) -> Caller:
    return Caller(number=number, name="Kunde", private=private)


def plan(
    of: Snapshot,
    dialled: str = "100",
    *,
    by: Caller | None = None,
    facts: LiveFacts | None = None,
    so_far: SoFar = (),
    now: datetime = MONDAY,
    **asked: Any,
) -> Plan:
    """One decision, held to the house rules."""
    question = Asked("muster", by or caller(of), dialled, **asked)
    decided = decide(ORDER, question, so_far, of, facts or live(of), now)
    explained(decided.steps, decided.because)
    return decided


def step(of: Snapshot, dialled: str = "100", **kwargs: Any) -> Step:
    """The only step of one decision."""
    steps = plan(of, dialled, **kwargs).steps
    assert len(steps) == 1
    return steps[0]


def fold(of: Snapshot, dialled: str = "100", *, facts: LiveFacts | None = None, **kwargs: Any) -> Explanation:
    """The whole dry run, held to the house rules. Keywords: by, outcomes, now, target, role."""
    outcomes, now = kwargs.pop("outcomes", "no_answer"), kwargs.pop("now", MONDAY)
    question = Asked("muster", kwargs.pop("by", None) or caller(of), dialled, **kwargs)
    told = dry_run(ORDER, question, of, facts or live(of), now, outcomes)
    explained(told.steps, told.because)
    return told


def tried(ring: Step, *words: str, to: str = "", status: int = 0) -> Tried:
    """A Ring whose offers ended with `words` (the last one for all others)."""
    assert isinstance(ring, Ring)
    padded = [*words, *(words[-1:] * len(ring.offers))]
    offers = tuple(OfferOutcome(o.target, w, status, to) for o, w in zip(ring.offers, padded, strict=False))
    return Tried(ring, overall(offers, ring), offers)


def explained(steps: tuple[Step, ...], because: tuple[Because, ...]) -> None:
    """Every step says because of what, in words that exist in both languages, with all their parameters."""
    assert steps
    for one in steps:
        assert one.because, one
    for why in (*because, *(why for one in steps for why in one.because)):
        for language in LANGUAGES:
            words = TEXTS[why.key][language]
            missing = fields(words) - set(why.params)
            assert not missing, (why, missing)
            assert render(why, language)


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def keys(because: tuple[Because, ...]) -> list[str]:
    return [why.key for why in because]


def forwarding(**cases: Any) -> dict[str, Any]:
    """A user's forwarding section."""
    return {"forwarding": cases}


def criterion(**fields: Any) -> dict[str, Any]:
    """A criterion with a name."""
    return {"name": "Regel"} | fields


def parallel(*numbers: str, **fields: Any) -> dict[str, Any]:
    """Parallel ringing at `numbers`."""
    return {"parallel_ringing": {"enabled": True, "numbers": list(numbers)} | fields}


def forwards_to(answer: Step) -> Ref:
    assert isinstance(answer, Forward)
    return answer.to


def status(answer: Step) -> int:
    assert isinstance(answer, Refuse | Announce)
    return answer.status


def rung(answer: Step) -> list[str]:
    assert isinstance(answer, Ring)
    return [offer.target.id for offer in answer.offers]
