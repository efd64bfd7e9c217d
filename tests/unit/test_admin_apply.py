"""Applying a file: what is absent, what is complete, what needs --prune, and secrets that are kept or made up."""

import pytest

from vorzimmer.admin.export import export_company
from vorzimmer.admin.problems import BadFileError
from vorzimmer.directory.keys import DEVICE, USER
from vorzimmer.directory.ref import Ref
from vorzimmer.features.attendant.settings import ATTENDANT
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.dnd.settings import DND
from vorzimmer.features.executive.settings import ASSISTANT, EXECUTIVE
from vorzimmer.features.hunt.settings import HUNT_GROUP
from vorzimmer.testing.company import MOMENT, Bench, musterbau

GOOD = musterbau()
HEAD = "company: {id: musterbau}\n"
ANNA, BEA = Ref("user", "anna"), Ref("user", "bea")


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench().apply(GOOD)


def test_the_demo_company_loads_with_every_key_typed(bench: Bench) -> None:
    assert bench.book is not None
    counts = {kind.name: len(bench.book.entries(kind.name)) for kind in SCHEMA.kinds}
    assert all(counts.values()), counts
    assert counts["user"] == 6
    for kind in SCHEMA.kinds:
        for entry in bench.book.entries(kind.name):
            known = set(entry.core.__struct_fields__) | set(entry.sections) | {"for"}
            assert set(entry.data) <= known


def test_a_second_apply_finds_nothing_to_do(bench: Bench) -> None:
    again = bench.plan(GOOD)
    assert again.empty
    assert again.lines == again.notes == ()
    assert again.commit.audit == ()


def test_what_is_new_is_named_and_audited(bench: Bench) -> None:
    plan = Bench().plan(GOOD)
    assert '+ users[anna] "Anna Schneider"' in plan.lines
    assert "~ devices[anna-tisch].password: made up" in plan.lines
    assert {c.name for c in plan.commit.claim if c.what == "domain"} == {"musterbau.example"}
    assert all(entry.at == MOMENT and entry.actor == "system" for entry in plan.commit.audit)
    entry = next(e for e in plan.commit.audit if e.id == "anna-tisch")
    assert entry.before is None
    assert entry.secrets == ("password",)
    texts = {write.text for write in plan.commit.secrets}
    assert not any(text and text in repr(plan.commit.audit) + repr(plan.lines) + repr(plan.commit) for text in texts)


def test_an_absent_key_is_left_alone(bench: Bench) -> None:
    after = bench.apply(HEAD + 'users: [{id: anna, name: "Anna Neu"}]').book
    assert after is not None
    assert after.name_of(ANNA) == "Anna Neu"
    assert after.get(EXECUTIVE, ANNA).assistants == ("bea", "carl")
    assert after.find(USER, "bea") is not None


def test_a_nested_key_is_merged_and_the_line_says_so(bench: Bench) -> None:
    plan = bench.plan(HEAD + "users: [{id: anna, forwarding: {no_answer: {after_s: 25}}}]")
    assert plan.lines == ("~ users[anna].forwarding.no_answer.after_s: 20 -> 25",)
    assert [str(Ref(c.kind, c.id)) for c in plan.commit.changes] == ["user:anna"]
    audit = plan.commit.audit[0]
    assert audit.before is not None
    assert audit.after is not None
    assert audit.before["forwarding"]["no_answer"]["after_s"] == 20  # type: ignore[index]  # file form
    assert audit.after["forwarding"]["no_answer"]["after_s"] == 25  # type: ignore[index]  # file form


def test_what_people_switch_daily_is_written_only_if_named(bench: Bench) -> None:
    assert bench.book is not None
    data = bench.book.entry(ANNA)
    assert data is not None
    switched = bench.apply(HEAD + "users: [{id: anna, dnd: true}, {id: bea, assistant: {opted_in: {anna: false}}}]")
    without = GOOD.replace("    dnd: false\n", "").replace(", opted_in: {anna: true}", "")
    after = switched.apply(without, prune=True).book
    assert after is not None
    assert after.get(DND, ANNA).enabled
    assert after.get(ASSISTANT, BEA).opted_in == {"anna": False}
    named = switched.apply(GOOD).book
    assert named is not None
    assert not named.get(DND, ANNA).enabled


def test_removing_a_record_needs_prune_and_is_otherwise_reported(bench: Bench) -> None:
    text = GOOD.replace('  - {id: grosskunde, name: Großkunde AG, numbers: ["+493023125222"], responsible: carl}', "")
    text = text.replace("contacts:\n", "contacts: []\n")
    kept = bench.plan(text)
    assert kept.empty
    assert kept.notes == ("contacts[grosskunde] is not in the file and stays (--prune removes it)",)
    gone = bench.plan(text, prune=True)
    assert gone.lines == ("- contacts[grosskunde]",)
    assert bench.done(gone).plan(text, prune=True).empty


def test_removing_an_element_of_a_list_needs_prune_too(bench: Bench) -> None:
    text = HEAD + "users: [{id: anna, executive: {assistants: [carl]}}]"
    kept = bench.plan(text)
    assert "users[anna].executive.assistants[bea] is not in the file and stays (--prune removes it)" in kept.notes
    after = bench.done(kept).book
    assert after is not None
    assert after.get(EXECUTIVE, ANNA).assistants == ("carl", "bea")
    assert kept.lines == ("~ users[anna].executive.assistants: new order carl, bea",)


def test_a_list_that_is_present_is_complete(bench: Bench) -> None:
    text = GOOD.replace("members: [{user: bea}, {user: carl}, {user: dora, weight: 0}]", "members: [{user: dora}]")
    plan = bench.plan(text, prune=True)
    assert set(plan.lines) == {"- hunt_groups[zentrale].members[bea]", "- hunt_groups[zentrale].members[carl]"}
    after = bench.done(plan).book
    assert after is not None
    group = after.find(HUNT_GROUP, "zentrale")
    assert group is not None
    assert [member.user for member in group.members] == ["dora"]


def test_entries_of_a_mapping_are_elements(bench: Bench) -> None:
    text = GOOD.replace('keys: {"1": "hunt:zentrale", "2": "user:dora"}', 'keys: {"1": "hunt:zentrale"}')
    assert bench.plan(text).empty
    after = bench.apply(text, prune=True).book
    assert after is not None
    attendant = after.find(ATTENDANT, "begruessung")
    assert attendant is not None
    assert attendant.menus.business_hours.keys == {"1": "hunt:zentrale"}


def test_times_days_and_rights_are_replaced_whole(bench: Bench) -> None:
    text = GOOD.replace('weekly: {mo-th: ["08:00-17:00"], fr: ["08:00-15:00"]}', 'weekly: {mo-fr: ["09:00-16:00"]}')
    after = bench.apply(text).book
    assert after is not None
    entry = after.entry(Ref("schedule", "buerozeiten"))
    assert entry is not None
    assert entry.data["weekly"] == {"mo-fr": ["09:00-16:00"]}


def test_a_record_that_is_still_named_cannot_be_removed(bench: Bench) -> None:
    text = "\n".join(line for line in GOOD.splitlines() if "- {id: feiertage" not in line)
    with pytest.raises(BadFileError, match=r"schedules\[feiertage\]: cannot be removed: night_forwarding\[muenchen\]"):
        bench.plan(text, prune=True)


def test_generated_keeps_what_is_there_and_makes_what_is_not(bench: Bench) -> None:
    first = Bench().plan(GOOD)
    assert {(w.kind, w.id, w.field) for w in first.made} >= {
        ("device", "anna-tisch", "password"),
        ("user", "anna", "voicemail.pin"),
    }
    assert all(len(w.text or "") == 24 for w in first.made if w.field == "password")
    assert all((w.text or "").isdigit() for w in first.made if w.field == "voicemail.pin")
    assert bench.plan(GOOD).made == ()


def test_a_given_password_is_compared_and_never_kept_in_the_record(bench: Bench) -> None:
    text = HEAD + "devices: [{id: anna-tisch, password: {value: Zwölf-und-mehr-9}}]"
    plan = bench.plan(text)
    assert plan.lines == ("~ devices[anna-tisch].password: set",)
    assert plan.commit.changes == ()
    after = bench.done(plan)
    assert after.plan(text).empty
    assert after.plan(text.replace("{value: Zwölf-und-mehr-9}", "Zwölf-und-mehr-9")).empty
    assert after.book is not None
    assert "Zwölf" not in export_company(after.book)


def test_an_account_name_is_made_up_once(bench: Bench) -> None:
    assert bench.book is not None
    device = bench.book.find(DEVICE, "anna-browser")
    assert device is not None
    assert device.username is not None
    assert device.username.startswith("anna-browser-")
    assert bench.plan(GOOD).empty


def test_a_pin_is_made_when_a_mailbox_is_switched_on(bench: Bench) -> None:
    plan = bench.plan(HEAD + "users: [{id: carl, voicemail: {enabled: true}}]")
    assert [(w.id, w.field, w.form) for w in plan.made] == [("carl", "voicemail.pin", "hashed")]
    assert not bench.plan(HEAD + "users: [{id: carl, voicemail: {enabled: false}}]").made


def test_two_companies_may_use_the_same_ids_extensions_and_numbers_apart_from_accounts(bench: Bench) -> None:
    other = GOOD.replace("id: musterbau", "id: zweite").replace("musterbau.example", "zweite.example")
    for name in ("anna", "bea", "carl", "dora", "emil", "empfang"):
        other = other.replace(f"username: {name}-tisch", f"username: zwei-{name}-tisch")
    second = Bench(server=bench.server).apply(other)
    assert second.server.account("zwei-anna-tisch") is not None
    assert second.server.account("anna-tisch") is not None
    assert second.server.company("musterbau") is bench.book


def test_authorization_codes_are_secrets_named_by_their_names(bench: Bench) -> None:
    text = (
        HEAD
        + 'calling_plans: [{for: "site:lager", authorization_codes: [{name: Ausland}, {name: Chef, code: "2580"}]}]'
    )
    plan = bench.plan(text)
    fields = {w.field: w.text for w in plan.commit.secrets}
    assert fields["authorization_codes[Chef].code"] == "2580"
    assert (fields["authorization_codes[Ausland].code"] or "").isdigit()
    after = bench.done(plan)
    assert after.plan(text).empty
    fewer = text.replace("{name: Ausland}, ", "")
    gone = after.plan(fewer, prune=True)
    assert [(w.field, w.text) for w in gone.commit.secrets] == [("authorization_codes[Ausland].code", None)]


def test_ext_6_a_menu_key_like_an_extension_is_worth_a_word(bench: Bench) -> None:
    plan = bench.plan(
        GOOD.replace('keys: {"1": "hunt:zentrale",', 'keys: {"100": "hunt:zentrale", "1": "hunt:zentrale",')
    )
    path = "attendants[begruessung].menus.business_hours.keys.100"
    assert plan.notes == (f"{path}: user:anna has this extension and wins over the menu",)


@pytest.mark.parametrize(("transport", "told"), [("any", True), ("udp", True), ("tls", False), ("wss", False)])
def test_rfc4568_keys_over_readable_signalling_are_worth_a_word(bench: Bench, transport: str, told: bool) -> None:
    device = f"devices: [{{id: anna-tisch, srtp: required, transport: {transport}}}]"
    notes = bench.plan(HEAD + device).notes
    assert any(note.startswith("devices[anna-tisch].srtp: ") for note in notes) == told


def test_a_weak_password_that_is_there_already_is_no_change() -> None:
    text = GOOD.replace("password: generated, profile", 'password: "lab", profile')
    assert Bench().apply(text, weak=True).plan(text).empty


def test_an_export_applied_again_is_an_empty_diff(bench: Bench) -> None:
    assert bench.book is not None
    text = export_company(bench.book)
    assert bench.plan(text, prune=True).empty
    for secret in bench.secrets.texts.values():
        assert secret.removeprefix("hash:") not in text


def test_an_export_with_secrets_is_a_backup(bench: Bench) -> None:
    assert bench.book is not None
    backup = export_company(bench.book, bench.secrets)
    assert bench.plan(backup, prune=True).empty
    restored = Bench().plan(backup)
    assert restored.made == ()
    fresh = Bench().done(restored)
    assert fresh.secrets.texts == bench.secrets.texts
    assert fresh.book is not None
    assert export_company(fresh.book, fresh.secrets) == backup


def test_nf_7_a_company_does_not_move_to_a_country_without_its_regions(bench: Bench) -> None:
    with pytest.raises(
        BadFileError, match=r'company.country: the schedule "feiertage" has holidays of FR BY: none are'
    ):
        bench.plan("company: {id: musterbau, country: FR}")


def test_nf_7_saving_says_where_blocks_overlap(bench: Bench) -> None:
    week = '{mo-fr: ["08:00-12:00"], we: ["11:30-17:00"]}'
    plan = bench.plan(HEAD + f"schedules: [{{id: s, name: S, weekly: {week}}}]")
    assert "schedules[s].weekly: 08:00-12:00 and 11:30-17:00 overlap" in plan.notes
