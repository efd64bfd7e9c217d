"""Whatever a company sets: deciding ends, says why in both languages, stays inside the company, and lets 112 pass."""

import builtins
import datetime as clocks
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect
from tests.deciding import ANNA, BEA, MONDAY, book, caller, device, explained, fold, live, outside_caller, person, plan

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Key, Kind
from vorzimmer.directory.snapshot import BadRecordError, Change, Snapshot
from vorzimmer.directory.types import Section, emergency_mark
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.routing.decide import MAX_FORWARDS
from vorzimmer.routing.dry_run import MAX_STEPS
from vorzimmer.routing.model import Announce, Caller, Forward, LiveFacts, Refuse, Ring, Run, Step

OUTCOMES = ("no_answer", "busy", "declined", "unreachable", "redirected")
IDS = ("anna", "bea", "carl", "dora", "emil")
EXTENSIONS = dict(zip(IDS, ("100", "140", "141", "120", "121"), strict=True))

targets = st.sampled_from(
    [
        *(f"user:{ident}" for ident in IDS),
        *EXTENSIONS.values(),
        *(f"+498999998{extension}" for extension in EXTENSIONS.values()),
        "voicemail", "voicemail:bea", "user:gone", "phone:flur", "hunt:zentrale", "hang_up", "112", "sip:141@x", "999",
        "+498999998777", "03023125222", "number:+4915112345678", "urn:service:sos", "*72100", "x" * 160,
    ]
)  # fmt: skip
case = st.fixed_dictionaries({}, optional={"enabled": st.booleans(), "to": st.none() | targets})
always = st.fixed_dictionaries({"enabled": st.booleans(), "to": st.none() | targets})
criterion = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b"])},
    optional={
        "active": st.booleans(),
        "filter": st.booleans(),
        "callers": st.sampled_from(["any", "internal", "external", "listed"]),
        "numbers": st.lists(st.sampled_from(["1*", "14?", "+4930*", "*"]), max_size=2),
        "anonymous": st.booleans(),
        "unavailable": st.booleans(),
        "schedule": st.just("tag"),
        "holidays": st.just("fest"),
    },
)
selective = st.tuples(criterion, targets).map(lambda pair: pair[0] | {"to": pair[1]})
user_settings = st.fixed_dictionaries(
    {},
    optional={
        "forwarding": st.fixed_dictionaries(
            {},
            optional={
                "always": always,
                "busy": case,
                "no_answer": case,
                "unreachable": case,
                "selective": st.lists(selective, max_size=2),
            },
        ),
        "reject": st.lists(criterion, max_size=2),
        "accept": st.lists(criterion, max_size=1),
        "reject_anonymous": st.booleans(),
        "dnd": st.booleans(),
        "call_waiting": st.booleans(),
        "voicemail": st.fixed_dictionaries({"enabled": st.booleans()}),
        "parallel_ringing": st.fixed_dictionaries({"enabled": st.just(True), "numbers": st.lists(targets, max_size=3)}),
    },
)
facts = st.fixed_dictionaries(
    {"registered": st.frozensets(st.sampled_from([f"{i}-{n}" for i in IDS for n in (1, 2)]))},
    optional={"talking": st.dictionaries(st.sampled_from([f"{i}-1" for i in IDS]), st.integers(0, 4), max_size=3)},
).map(lambda known: LiveFacts(**known))
dialled = st.sampled_from([*EXTENSIONS.values(), "130", "500", "08999998141", "+493023125222", "*67100", "*72141", "9"])
words = st.lists(st.sampled_from(OUTCOMES), min_size=MAX_STEPS, max_size=MAX_STEPS)


def random_company(settings_of: list[dict[str, Any]]) -> Snapshot:
    changes = [Change("company", "muster", {"id": "muster", "name": "M", "sip_domain": "m.example", "area_code": "89"})]
    for ident, own in zip(IDS, settings_of, strict=True):
        changes.append(Change("user", ident, person(ident, EXTENSIONS[ident], **own)))
        changes += [device(f"{ident}-{n}", f"user:{ident}") for n in (1, 2)]
    changes.append(Change("phone", "flur", {"id": "flur", "name": "Flur", "extension": "130"}))
    changes.append(Change("hunt", "zentrale", {"id": "zentrale", "name": "Z", "extension": "500", "members": []}))
    week = {"id": "tag", "name": "Tag", "weekly": {"mo-fr": ["08:00-17:00"], "sa": ["22:00-04:00"]}}
    changes.append(Change("schedule", "tag", week))
    changes.append(Change("schedule", "fest", {"id": "fest", "name": "F", "holidays": {"region": "BY"}}))
    return Snapshot.of(SCHEMA, ZoneInfo, changes)


companies = st.lists(user_settings, min_size=len(IDS), max_size=len(IDS)).map(random_company)
callers = st.sampled_from(
    [
        Caller(BEA, "bea-1", "+498999998140", "Bea"),
        Caller(ANNA, None, None, "Anna"),
        outside_caller(),
        outside_caller(None, private=True),
        outside_caller(None),
    ]
)


@settings(max_examples=150, deadline=None)
@given(companies, callers, dialled, facts, words, st.integers(0, 7 * 24))
def test_deciding_always_ends_with_reasons_inside_the_company(  # noqa: PLR0917 -- one argument per thing that varies
    of: Snapshot, by: Caller, number: str, known: LiveFacts, outcomes: list[str], hours: int
) -> None:
    """PRE-0: at most five forwards, a ring each, and an end; every step inside and with a because."""
    left = iter(outcomes)
    told = fold(of, number, by=by, facts=known, outcomes=lambda _: next(left), now=MONDAY + timedelta(hours=hours))
    assert len(told.steps) <= 2 * MAX_FORWARDS + 3
    assert sum(isinstance(step, Forward) for step in told.steps) <= MAX_FORWARDS
    assert isinstance(told.steps[-1], Announce | Refuse | Run)
    rung = [step for step in told.steps if isinstance(step, Ring)]
    for ring in rung:
        assert 0 < ring.seconds <= 170
        assert ring.offers
        assert len({offer.target for offer in ring.offers}) == len(ring.offers)
        assert all(offer.target.id in known.registered for offer in ring.offers)
        assert by.device not in {offer.target.id for offer in ring.offers}
    for status in (step.status for step in told.steps if isinstance(step, Announce | Refuse)):
        assert 400 <= status <= 699


@settings(max_examples=60, deadline=None)
@given(st.lists(user_settings, min_size=5, max_size=5), dialled, facts)
def test_no_decision_leads_to_another_companys_user(own: list[dict[str, Any]], number: str, known: LiveFacts) -> None:
    """Another company has the same ids and extensions: whatever is rung belongs to the company that was asked, and the
    other one's numbers are the outside."""
    of = random_company(own)
    theirs = {"fremd-1", "fremd-2"}
    told = fold(of, number, facts=LiveFacts(known.registered | theirs, known.talking))
    for step in told.steps:
        if isinstance(step, Ring):
            assert all(of.owner_of(offer.target.id) is not None for offer in step.offers)
            assert not theirs & {offer.target.id for offer in step.offers}
        if isinstance(step, Forward) and step.to.kind == "number":
            assert of.at_number(step.to.id) is None
    other = plan(of, "+498999990100")
    assert isinstance(other.steps[0], Announce)
    assert other.steps[0].status in {404, 503}


@settings(max_examples=60, deadline=None)
@given(companies, facts)
def test_decisions_do_not_depend_on_when_they_are_asked_again(of: Snapshot, known: LiveFacts) -> None:
    assert plan(of, "100", facts=known) == plan(of, "100", facts=known)


# -- 112 passes every setting ----------------------------------------------------------------------------------------


def extremes(info: inspect.Type, depth: int = 0) -> Iterator[Any]:  # noqa: C901, PLR0912 -- one branch per kind of type
    """File values at the ends of a type: both truths, all words, lowest and highest, targets that lead astray."""
    match info:
        case inspect.Metadata(type=inner, extra=extra):
            if extra and "target" in extra:
                yield from ("112", "number:112", "user:anna", "hang_up", "+493023125222")
            yield from extremes(inner, depth)
        case inspect.BoolType():
            yield from (True, False)
        case inspect.IntType(ge=low, le=high):
            yield from (low or 0, high if high is not None else 10**6)
        case inspect.LiteralType(values=values):
            yield from values
        case inspect.StrType():
            yield from ("112", "1*", "anna", "user:anna", "+49112", "DE", "*", "mo-su", "00:00-24:00", "*112"[:4])
        case inspect.UnionType(types=types):
            for one in types:
                yield from extremes(one, depth)
        case inspect.NoneType():
            yield None
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            yield []
            for one in extremes(item, depth):
                yield [one]
        case inspect.DictType(key_type=key, value_type=value):
            yield {}
            for name in list(extremes(key, depth))[:6]:
                for one in list(extremes(value, depth))[:6]:
                    yield {name: one}
        case inspect.StructType(cls=cls, fields=members) if depth < 4:
            yield from _struct_extremes(cls, members, depth)


def _struct_extremes(cls: type, members: tuple[inspect.Field, ...], depth: int) -> Iterator[dict[str, Any]]:
    base = _required(members, depth)
    yield base
    for member in members:
        for one in extremes(member.type, depth + 1):
            candidate = base | {member.encode_name: one}
            try:
                msgspec.convert(candidate, cls)
            except msgspec.ValidationError:
                continue
            yield candidate


def _required(members: tuple[inspect.Field, ...], depth: int) -> dict[str, Any]:
    known = {"id": "x", "name": "X", "to": "user:anna", "delegate": "user:anna", "number": "+493023125222"}
    return {
        m.encode_name: known.get(m.encode_name) or next(extremes(m.type, depth + 1), None)
        for m in members
        if m.required
    }


def key_values(key: Key[Any]) -> Iterator[Any]:
    for value in extremes(inspect.type_info(key.type)):
        yield value.get(key.bare) if key.bare else value


def put(of: Snapshot, ref: Ref, name: str, value: Any) -> Snapshot | None:
    entry = of.entry(ref)
    assert entry is not None
    try:
        return of.apply([Change(ref.kind, ref.id, entry.data | {name: value})])
    except (BadRecordError, ZoneInfoNotFoundError):
        return None


OWNERS = {"user": BEA, "company": Ref("company", "muster"), "phone": Ref("phone", "flur"), "site": Ref("site", "haus")}


def housed() -> Snapshot:
    line = Change("trunk", "leitung", {"id": "leitung", "kind": "peer", "peers": ["192.0.2.9"]})
    site = Change("site", "haus", {"id": "haus", "name": "Haus"})
    return book(site, line, bea={"site": "haus"}, phone={"site": "haus"})


def passes(of: Snapshot, who: Ref) -> None:
    for number in ("112", "110"):
        decided = plan(of, number, by=Caller(who, None, None, "x"))
        answer = decided.steps[0]
        assert isinstance(answer, Ring)
        assert (answer.offers[0].target.id, decided.alarm) == (number, "emergency")
        routes = answer.offers[0].routes
        assert routes
        assert all(route.urgent and not route.private for route in routes)
        explained(decided.steps, decided.because)


@pytest.mark.parametrize("key", SCHEMA.keys, ids=lambda key: key.name)
def test_emergency_passes_every_setting_at_its_extremes(key: Key[Any]) -> None:
    """ARCHITECTURE decision 9, T18: the walk over all settings that exist, as the schema lists them."""
    base = housed()
    tried = 0
    for kind in (kind for kind in key.on if kind in OWNERS):
        for value in key_values(key):
            of = put(base, OWNERS[kind], key.name, value)
            if of is not None:
                tried += 1
                passes(of, OWNERS["phone"] if kind == "phone" else BEA)
    assert tried or not any(kind in OWNERS for kind in key.on)


@pytest.mark.parametrize("kind", ["company", "site", "user", "phone"])
def test_emergency_passes_every_field_of_the_core_records(kind: str) -> None:
    """Also what saving refuses (an extension 112, an outside prefix 112) does not hide an emergency number here."""
    base = housed()
    record = SCHEMA.by_kind[kind].type
    fields = inspect.type_info(record)
    assert isinstance(fields, inspect.StructType)
    for member in fields.fields:
        for value in extremes(member.type):
            of = put(base, OWNERS[kind], member.encode_name, value) if member.name not in {"id", "country"} else None
            if of is not None:
                passes(of, OWNERS["phone"] if kind == "phone" else BEA)


LATER = [kind for kind in SCHEMA.kinds if kind.name not in OWNERS]


@pytest.mark.parametrize("kind", LATER, ids=lambda kind: kind.name)
def test_emergency_passes_every_record_about_the_caller(kind: Kind[Any]) -> None:
    """Intercepts, calling plans, night forwarding and the rest, about the caller, the site and the company."""
    base = housed()
    tried = 0
    for value in extremes(inspect.type_info(kind.type)):
        for about in ("user:bea", "site:haus", "company:muster", "haus", "x"):
            change = Change(kind.name, about, value | {kind.id_field: about})
            try:
                of = base.apply([change])
            except VorzimmerError:
                continue
            tried += 1
            passes(of, BEA)
    assert tried


def test_emergency_passes_extensions_and_prefixes_that_hide_it() -> None:
    for more in ({"outside_prefix": "112"}, {"outside_prefix": "1"}, {"outside_prefix": "11"}, {"country": "US"}):
        decided = plan(book(company=more), "112")
        assert decided.alarm
    hidden = housed().apply([Change("user", "dieb", {"id": "dieb", "name": "Dieb", "extension": "112"})])
    passes(hidden, BEA)


def test_every_setting_carries_an_emergency_marker() -> None:
    for section in SCHEMA.types():
        for member in msgspec.structs.fields(section):
            assert issubclass(section, Section)
            assert emergency_mark(section, member.name) is not None, (section, member.name)


# -- purity ----------------------------------------------------------------------------------------------------------


def test_rules_run_with_files_sockets_and_clocks_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pure rooms touch nothing: time zones came in with the book, holidays are reckoned."""
    hours = Change("schedule", "tag", {"id": "tag", "name": "Tag", "weekly": {"mo-fr": ["08:00-17:00"]}})
    feast = Change("schedule", "fest", {"id": "fest", "name": "F", "holidays": {"region": "BY"}})
    rule = {"name": "x", "schedule": "tag", "holidays": "fest", "callers": "listed", "numbers": ["+4930*"]}
    forwarding = {"forwarding": {"selective": [rule | {"to": "141"}], "busy": {"to": "03023125222"}}}
    of = book(hours, feast, anna=forwarding | {"reject": [rule], "voicemail": {"enabled": True}})
    questions: list[tuple[str, Caller]] = [
        (number, by)
        for number in ("100", "112", "*72141", "*67100", "03023125222", "999", "08999998141")
        for by in (caller(of), outside_caller())
    ]
    known = live(of)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a rule touched the world")

    class NoClock(clocks.datetime):
        now = utcnow = today = classmethod(never)  # type: ignore[assignment]  # blocked on purpose

    with monkeypatch.context() as blocked:
        blocked.setattr(builtins, "open", never)
        blocked.setattr(socket, "socket", never)
        for name in ("time", "monotonic", "perf_counter", "time_ns", "sleep"):
            blocked.setattr(time, name, never)
        blocked.setattr(clocks, "datetime", NoClock)
        steps: list[Step] = []
        for number, by in questions:
            for word in OUTCOMES:
                steps.extend(fold(of, number, by=by, facts=known, outcomes=word).steps)
    assert {type(step) for step in steps} == {Ring, Forward, Announce, Refuse, Run}
