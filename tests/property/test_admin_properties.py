"""Whatever company is generated: its export applied again is an empty diff, a second apply is empty, and any mutation
of the text is applied or refused with a problem, never anything else."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from vorzimmer.admin.export import export_company
from vorzimmer.admin.problems import ProblemsError
from vorzimmer.admin.yaml_reader import read_yaml
from vorzimmer.admin.yaml_writer import write_yaml
from vorzimmer.directory.repository import Commit
from vorzimmer.testing.company import Bench, musterbau

HOSTILE = [
    "<b>Anna</b>",
    "=1+1",
    "off",
    "null",
    "17:00",
    "#x",
    "- a",
    "a: b",
    "'",
    '"',
    "\\",
    "{x}",
    "Дора 🦊",
    "é",
    "~",
    "0x1F",
    " x",
]
NAMES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=80),
)
BOOLS = st.booleans()


@st.composite
def companies(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 6))
    ids = [f"u{n}" for n in range(count)]
    users = [draw(user(n, ids)) for n in range(count)]
    devices = [
        {"id": f"d{n}", "owner": f"user:u{draw(st.integers(0, count - 1))}", **draw(optional(kind=["sip", "browser"]))}
        for n in range(draw(st.integers(0, 4)))
    ]
    company = {"id": "gen", "name": draw(NAMES), "sip_domain": "gen.example", **draw(optional(language=["de", "en"]))}
    groups = [{"id": "h", "name": draw(NAMES), "members": [{"user": u} for u in ids[: draw(st.integers(0, count))]]}]
    return {"company": company, "users": users, "devices": devices, "hunt_groups": groups}


@st.composite
def user(draw: st.DrawFn, position: int, ids: list[str]) -> dict[str, Any]:
    data: dict[str, Any] = {"id": ids[position], "name": draw(NAMES)}
    if draw(BOOLS):
        data["extension"] = f"{200 + position}"
    if draw(BOOLS):
        data["numbers"] = [{"number": f"+4989999982{position:02d}", "label": draw(NAMES)}]
    if draw(BOOLS):
        data["forwarding"] = {
            "no_answer": {"after_s": draw(st.integers(5, 120)), "to": draw(st.sampled_from(["voicemail", None]))},
            "always": {"enabled": draw(BOOLS), "to": f"user:{draw(st.sampled_from(ids))}"},
        }
    if draw(BOOLS):
        others = [u for u in ids if u != ids[position]]
        data["executive"] = {"assistants": draw(st.permutations(others))[: draw(st.integers(0, len(others)))]}
    if draw(BOOLS):
        data["voicemail"] = {"enabled": draw(BOOLS)}
    return {**data, **draw(optional(dnd=[True, False], call_waiting=[True, False], night=["group", "never"]))}


def optional(**choices: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in choices.items()})


@settings(max_examples=25, deadline=None)
@given(companies())
def test_an_export_applied_again_is_an_empty_diff(company: dict[str, Any]) -> None:
    text = write_yaml(company)
    bench = Bench().apply(text)
    assert bench.plan(text, prune=True).empty
    assert bench.book is not None
    exported = export_company(bench.book)
    assert bench.plan(exported, prune=True).empty
    backup = export_company(bench.book, bench.secrets)
    assert bench.plan(backup, prune=True).empty
    restored = Bench().apply(backup)
    assert restored.secrets == bench.secrets
    assert restored.book is not None
    assert export_company(restored.book) == exported


@settings(max_examples=25, deadline=None)
@given(companies(), companies())
def test_one_company_over_another_settles_after_one_apply(old: dict[str, Any], new: dict[str, Any]) -> None:
    bench = Bench().apply(write_yaml(old))
    for prune in (False, True):
        try:
            after = bench.apply(write_yaml(new), prune=prune)
        except ProblemsError:
            continue  # what stays without --prune may contradict what is new
        assert after.plan(write_yaml(new), prune=prune).empty
        if prune:
            assert after.book is not None
            assert {e.ref.id for e in after.book.entries("user")} == {u["id"] for u in new["users"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20) | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=10), JSON, max_size=5))
def test_what_is_written_reads_the_same_here_and_elsewhere(data: dict[str, Any]) -> None:
    text = write_yaml(data) if data else "{}\n"
    assert read_yaml(text).data == data
    assert YAML(typ="safe", pure=True).load(text) == data


LINES = musterbau().splitlines()


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["", "x", "{", "- 1", "users: []", "  id: 5", "\t", "  - {}", "&a *a"]),
)
def test_any_line_spoilt_is_applied_or_a_problem_and_nothing_else(position: int, line: str) -> None:
    text = "\n".join([*LINES[:position], line, *LINES[position + 1 :]])
    found = outcome(text)
    assert found.problems and found.exit_code in {1, 2} if isinstance(found, ProblemsError) else found.company


def outcome(text: str) -> ProblemsError | Commit:
    try:
        return Bench().plan(text).commit
    except ProblemsError as error:
        return error
