"""A bad file names line and key and changes nothing; hostile texts are named, never obeyed."""

from collections.abc import Callable

import pytest

from vorzimmer.admin import yaml_reader
from vorzimmer.admin.problems import BadFileError, ProblemsError, RefusedError
from vorzimmer.testing.company import Bench, musterbau, world

GOOD = musterbau()


def edited(old: str, new: str) -> str:
    assert old in GOOD, old
    return GOOD.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


CASES: list[tuple[str, str, str, str]] = [
    (
        "after_s: 20}",
        "after_s: 3}",
        "users[anna].forwarding.no_answer.after_s",
        "3 is below 5",
    ),
    (
        "after_s: 20}",
        "after_s: 121}",
        "users[anna].forwarding.no_answer.after_s",
        "121 is above 120",
    ),
    (
        "dnd: false",
        "dnd: nope",
        "users[anna].dnd",
        'must be true or false, not "nope"',
    ),
    (
        "call_waiting: true",
        "call_wating: true",
        "users[anna].call_wating",
        "did you mean call_waiting?",
    ),
    (
        'extension: "140"',
        "extension: 140",
        "users[bea].extension",
        "in quotes",
    ),
    (
        'extension: "100"',
        'extension: "140"',
        "users[anna].extension",
        "140 belongs to user:bea",
    ),
    (
        'extension: "140"',
        'extension: "1120"',
        "users[bea].extension",
        "begins with the emergency number 112",
    ),
    (
        'extension: "140"',
        'extension: "14000"',
        "users[bea].extension",
        "must have 3 to 4 digits",
    ),
    (
        'number: "+498999998100", label: Büro',
        'number: "+498999998140", label: Büro',
        "users[anna].numbers[+498999998140].number",
        "belongs to user:bea",
    ),
    (
        "Dora Beck, site: lager",
        "Dora Beck, site: lagr",
        "users[dora].site",
        'there is no site "lagr"',
    ),
    (
        "assistants: [bea, carl]",
        "assistants: [bea, nobody]",
        "users[anna].executive.assistants[1]",
        'there is no user "nobody"',
    ),
    (
        "assistants: [bea, carl]",
        "assistants: [bea, anna]",
        "users[anna].executive.assistants",
        "nobody may be his own",
    ),
    (
        "assistants: [bea, carl]",
        "assistants: [bea, bea]",
        "users[anna].executive.assistants[1]",
        "twice",
    ),
    (
        'owner: "user:anna", kind: sip',
        'owner: "boss:anna", kind: sip',
        "devices[anna-tisch].owner",
        "must be kind:id",
    ),
    (
        "username: bea-tisch",
        "username: anna-tisch",
        "devices[bea-tisch].username",
        "already the account of anna-tisch",
    ),
    (
        'keys: {"1": "hunt:zentrale"',
        'keys: {"112": "hunt:zentrale"',
        "attendants[begruessung].menus.business_hours.keys.112",
        "emergency number 112",
    ),
    (
        'park: "*68"',
        'park: "*97"',
        "company.feature_codes.park",
        "*97 is also, or begins, the code of pickup",
    ),
    (
        'park: "*68"',
        'park: "68"',
        "company.feature_codes.park",
        "is not * or #",
    ),
    (
        "id: carl, name: Carl Vogt",
        "id: bea, name: Carl Vogt",
        "users[2]",
        "stands twice",
    ),
    (
        "country: DE",
        "country: XX",
        "company.country",
        "no country with a number plan",
    ),
    (
        "holiday_region: BY",
        "holiday_region: QQ",
        "company.holiday_region",
        "no public holidays are known",
    ),
    (
        "timezone: Europe/Berlin",
        "timezone: Europe/Nowhere",
        "company",
        "the time zone is unknown",
    ),
    (
        "to: voicemail}",
        'to: "112"}',
        "users[anna].forwarding.busy.to",
        "never led to an emergency number",
    ),
    (
        "to: voicemail}",
        'to: "sip:112@x.example"}',
        "users[anna].forwarding.busy.to",
        "never led to an emergency number",
    ),
    (
        "to: voicemail}",
        'to: "1 1 0"}',
        "users[anna].forwarding.busy.to",
        "never led to an emergency number",
    ),
    (
        "to: voicemail}",
        'to: "777"}',
        "users[anna].forwarding.busy.to",
        "neither an extension here nor a number",
    ),
    (
        "always: {enabled: false, to: null}",
        "always: {enabled: true, to: null}",
        "users[anna].forwarding.always.to",
        "is needed",
    ),
    (
        "mode: auto, schedule: buerozeiten, holidays: feiertage,",
        "mode: auto,",
        "night_forwarding[muenchen].schedule",
        "needs a schedule",
    ),
    (
        "policy: circular ",
        "policy: weighted ",
        "hunt_groups[zentrale].members",
        "sum to 0, not to 100",
    ),
    (
        "to_voicemail: false",
        "to_voicemail: true",
        "intercepts[user:emil].to_voicemail",
        "excludes new_number",
    ),
    (
        'outgoing: {number: "+498999998100"',
        'outgoing: {number: "+493023125001"',
        "users[anna].outgoing.number",
        "no number of this company",
    ),
    (
        'from: "+498999998100", to: "+498999998199"',
        'from: "+498999998199", to: "+498999998100"',
        "trunks[provider].numbers[+498999998199-+498999998100]",
        "the smaller one first",
    ),
    (
        '"2026-12-24"',
        '"2026-02-30"',
        "schedules[feiertage].holidays.also[0]",
        "no day of the calendar",
    ),
    (
        'holidays: {region: BY, also: ["2026-12-24", "2026-12-31"]}',
        'days: [{on: "12-24", to: "2026-12-31"}]',
        "schedules[feiertage].days[0].to",
        "give the year for both",
    ),
    (
        'holidays: {region: BY, also: ["2026-12-24", "2026-12-31"]}',
        'days: [{on: "2026-12-24", to: "2026-12-23"}]',
        "schedules[feiertage].days[0].to",
        "2026-12-23 is before 2026-12-24",
    ),
    (
        'holidays: {region: BY, also: ["2026-12-24", "2026-12-31"]}',
        'calendar: {events: [{from: "2026-12-24", to: "2026-12-24T10:00:00Z"}]}',
        "schedules[feiertage].calendar.events[2026-12-24-2026-12-24T10:00:00Z].to",
        "give two days or two moments",
    ),
    (
        'holidays: {region: BY, also: ["2026-12-24", "2026-12-31"]}',
        'calendar: {events: [{from: "9999-12-31", to: "9999-12-31"}]}',
        "schedules[feiertage].calendar.events[9999-12-31-9999-12-31].to",
        "events lie in the years",
    ),
    (
        '"2026-12-24"',
        '"13-24"',
        "schedules[feiertage].holidays.also[0]",
        "no day of the calendar",
    ),
    (
        '["08:00-17:00"]',
        '["8-17"]',
        "schedules[buerozeiten].weekly.mo-th[0]",
        "is not a time block",
    ),
    (
        "departments:",
        "deparments:",
        "deparments",
        "did you mean departments?",
    ),
    (
        "name: Bea Lindner",
        'name: "Bea\\u202eLindner"',
        "users[bea].name",
        "control or direction characters",
    ),
    (
        "name: Bea Lindner",
        'name: "Bea\\nLindner"',
        "users[bea].name",
        "control or direction characters",
    ),
    (
        "name: Bea Lindner",
        "name: " + "B" * 10_000,
        "users[bea].name",
        "10000 characters are above 80",
    ),
    (
        "password: generated, profile: generic",
        "password: {gen: x}, profile: generic",
        "devices[anna-tisch].password",
        "must be generated",
    ),
    (
        "password: generated, profile: generic",
        "password: {env: NO_SUCH}, profile: generic",
        "devices[anna-tisch].password",
        "NO_SUCH is not there",
    ),
    (
        "password: generated, profile: generic",
        "password: {file: /no/such}, profile: generic",
        "devices[anna-tisch].password",
        "/no/such is not there",
    ),
    (
        "enabled: false                 # the demo",
        "enabled: true                 # the demo",
        "trunks[provider].password",
        "TRUNK_PASSWORD is not there",
    ),
    (
        "pin: generated, email: true",
        'pin: "12", email: true',
        "users[anna].voicemail.pin",
        "4 to 10 digits",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "says"), CASES, ids=[f"{c[2]}:{c[1][:20]}" for c in CASES])
def test_every_error_names_line_and_key(old: str, new: str, path: str, says: str) -> None:
    text = edited(old, new)
    with pytest.raises(BadFileError) as caught:
        Bench().plan(text)
    found = [p for p in caught.value.problems if p.path == path]
    assert found, str(caught.value)
    assert says in found[0].says
    assert found[0].line is not None
    assert abs(found[0].line - line_of(GOOD, old)) <= (16 if path in {"company", "trunks[provider].password"} else 1)
    assert caught.value.exit_code == 2


def test_the_issue_s_own_example_reads_like_this() -> None:
    with pytest.raises(BadFileError) as caught:
        Bench().plan(edited("after_s: 20}", "after_s: 3}"))
    line = line_of(GOOD, "after_s: 20}")
    assert str(caught.value) == f"line {line}, users[anna].forwarding.no_answer.after_s: 3 is below 5"


def test_all_errors_are_told_at_once_in_the_order_of_lines() -> None:
    text = edited("after_s: 20}", "after_s: 3}").replace("dnd: false", "dnd: x").replace("reject: []", "rejct: []")
    with pytest.raises(BadFileError) as caught:
        Bench().plan(text)
    lines = [p.line for p in caught.value.problems]
    assert len(lines) == 3
    assert lines == sorted(lines, key=lambda n: n or 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "a: [",
        "\t",
        "just text",
        "company: {id: x, id: y}",
        "company: !!python/object/apply:os.system [ls]",
        "company: &a [*a]",
        "company: {id: 5}",
        "company:",
        "company: {id: x}\nusers: 3",
        "company: {id: x}\nusers: [3, null, {}, {id: 7}]",
        "? [a, b]\n: c",
        "company: {id: ../../etc, name: x, sip_domain: x}",
        "\ufeff\x00",
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" + "d: " + "[" * 60 + "]" * 60,
        "company: {id: m, name: M, sip_domain: 'a b'}",
        "company: {id: m, name: M}",
    ],
)
def test_garbage_is_a_bad_file_and_nothing_else(text: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        Bench().plan(text)
    assert caught.value.exit_code == 2


def test_aliases_cannot_explode(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "company: {id: x}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    monkeypatch.setattr(yaml_reader, "MAX_VALUES", 10_000)
    with pytest.raises(BadFileError, match="too many"):
        Bench().plan(text)


def test_yaml_1_2_keeps_off_and_times_as_texts() -> None:
    book = Bench().apply(GOOD.replace('mode: "off"', "mode: off")).book
    assert book is not None


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("Ab3-x9", "shorter than 12"),
        ("aaaaaaaaaaaaaaaa", "fewer than six"),
        ("anna-tisch1234", "contains the name"),
        ("Passwort12345!", "tried first"),
        ("293847561029", "nothing but digits"),
    ],
)
def test_weak_passwords_are_refused_unless_allowed(password: str, says: str) -> None:
    text = edited("password: generated, profile: generic", f'password: "{password}", profile: generic')
    with pytest.raises(RefusedError, match=says) as caught:
        Bench().plan(text)
    assert caught.value.exit_code == 1
    assert caught.value.problems[0].path == "devices[anna-tisch].password"
    assert password not in str(caught.value)
    assert not Bench().plan(text, weak=True).empty


@pytest.mark.parametrize("pin", ["0000", "1234", "9876", "7777777"])
def test_easy_pins_are_refused(pin: str) -> None:
    with pytest.raises(RefusedError):
        Bench().plan(edited("pin: generated, email: true", f'pin: "{pin}", email: true'))


def test_an_account_or_domain_of_another_company_is_refused_without_saying_whose() -> None:
    bench = Bench().apply(GOOD)
    other = Bench(server=bench.server)
    text = """
company: {id: zweite, name: Zweite, sip_domain: zweite.example}
users: [{id: u, name: U}]
devices: [{id: d, owner: "user:u", username: anna-tisch}]
"""
    with pytest.raises(RefusedError, match=r"line 4, devices\[d\].username: anna-tisch is taken") as caught:
        other.plan(text)
    assert "musterbau" not in str(caught.value)
    with pytest.raises(RefusedError, match=r"musterbau\.example is taken on this server"):
        other.plan(text.replace("zweite.example", "musterbau.example").replace("anna-tisch", "z"))


def test_blf_1_a_limit_is_the_company_s() -> None:
    many = ", ".join(f'"number:+4989999981{n:02d}"' for n in range(9))
    text = edited('monitors: ["user:anna", "user:carl", "user:dora", "park:platz1"]', f"monitors: [{many}]")
    with pytest.raises(BadFileError, match="9 elements are above the company's limit of 8"):
        Bench().plan(text)
    raised = text.replace("call_back_memory:", "limits: {monitors: 9}\n  call_back_memory:")
    assert not Bench().plan(raised).empty


RULED = [
    ("EXA-4: nobody is his own assistant", "assistants: [bea, carl]", "assistants: [anna]", "nobody may be his own"),
    (
        "DEL-2: so many delegates",
        "call_back_memory:",
        "limits: {delegates: 1}\n  call_back_memory:",
        "2 elements are above",
    ),
    (
        "DEL-2: so many delegators",
        'delegate: "phone:empfang"',
        'delegate: "user:anna"',
        "nobody may be his own delegate",
    ),
    ("IGC-1: at most 20", '"number:+491713920000"', ", ".join(['"user:bea"'] * 17), "21 elements are above 20"),
    ("PU-1: one pickup group", "pickup_groups:", "pickup_groups:\n  - {id: x, name: X, members: [dora]}", "already in"),
    ("PRK: one park group", "park_groups:", "park_groups:\n  - {id: x, name: X, members: [carl]}", "already in"),
    (
        "NF-1: a target",
        'holidays: feiertage, to: "attendant:begruessung"',
        "holidays: feiertage",
        "needed for mode auto",
    ),
    ("CP-2: transfer numbers", "national: allow", "national: transfer_2", "needs that many transfer_numbers"),
    (
        "BAS-14: own numbers",
        'outgoing: {number: "+498999998100"',
        'outgoing: {number: "+4930231250"',
        "no number of this",
    ),
]


@pytest.mark.parametrize(("old", "new", "says"), [case[1:] for case in RULED], ids=[case[0] for case in RULED])
def test_the_small_print_of_features_is_kept_when_saving(old: str, new: str, says: str) -> None:
    with pytest.raises(BadFileError, match=says):
        Bench().plan(edited(old, new))


def test_bas_14_a_number_that_a_trunk_brings_may_be_shown() -> None:
    assert Bench().plan(edited('outgoing: {number: "+498999998100"', 'outgoing: {number: "+498999998155"')).after


def nothing(bench: Bench, do: Callable[[], object]) -> None:
    before = bench.book
    with pytest.raises(ProblemsError):
        do()
    assert bench.book is before


def test_a_bad_file_changes_nothing() -> None:
    bench = Bench().apply(GOOD)
    nothing(bench, lambda: bench.apply(edited("after_s: 20}", "after_s: 3}")))
    assert bench.plan(GOOD).empty


def test_secrets_come_from_variables_and_files_of_enabled_objects_only() -> None:
    around = world({"P": "a-Long-enough-Secret1\n"}, {"/p": "another-Long-Secret22"})
    text = edited("password: generated, profile: generic", "password: {env: P}, profile: generic")
    assert [w.text for w in Bench().plan(text, around).commit.secrets if w.id == "anna-tisch"] == [
        "a-Long-enough-Secret1"
    ]
    text = edited("password: generated, profile: generic", "password: {file: /p}, profile: generic")
    assert [w.text for w in Bench().plan(text, around).commit.secrets if w.id == "anna-tisch"] == [
        "another-Long-Secret22"
    ]
    off = edited("password: generated, profile: generic", "password: {env: NO}, enabled: false, profile: generic")
    assert not [w for w in Bench().plan(off).commit.secrets if w.id == "anna-tisch"]
