"""The role table says what FEATURES.md 12.4 says, row by row, and what a feature code changes."""

import pytest
from tests.deciding import ANNA, book

from vorzimmer.directory.ref import Ref
from vorzimmer.features.codes.actions import ACTIONS, SettingChange, changes_for
from vorzimmer.features.roles import ROLES
from vorzimmer.kernel.errors import LocalError

SPECIFIED = {
    "user", "assistant", "screening", "divert", "delegate", "hunt", "push", "recall", "instant", "transfer", "parallel",
    "forward",
}  # fmt: skip


def test_12_4_every_role_has_a_row() -> None:
    assert set(ROLES) == SPECIFIED


def test_12_4_only_user_transfer_and_forward_targets_walk_the_list() -> None:
    assert {name for name, role in ROLES.items() if role.walks} == {"user", "transfer", "forward"}


def test_12_4_filter_acts_for_users_forwards_and_foreign_transfers_only() -> None:
    assert {name: role.filter for name, role in ROLES.items() if role.filter not in {"never", "none"}} == {
        "user": "acts",
        "transfer": "others",
        "forward": "acts",
    }


def test_12_4_dnd_skips_members_suppresses_screening_and_never_stops_a_recall() -> None:
    by = {word: {name for name, role in ROLES.items() if role.dnd == word} for word in {r.dnd for r in ROLES.values()}}
    assert by == {
        "acts": {"user", "transfer", "forward"},
        "skipped": {"assistant", "divert", "delegate", "hunt", "instant"},
        "suppressed": {"screening"},
        "busy": {"push"},
        "rings": {"recall"},
        "none": {"parallel"},
    }


def test_12_4_lamp_shows_every_role_but_screening() -> None:
    assert {name for name, role in ROLES.items() if not role.lamp} == {"screening"}


def test_12_4_who_may_be_picked_up() -> None:
    assert {name for name, role in ROLES.items() if role.pick_up} == {
        "user", "assistant", "delegate", "hunt", "recall", "transfer", "forward"
    }  # fmt: skip


def test_12_4_outside_legs_press_1_where_a_voicemail_must_never_take_the_call() -> None:
    assert {name for name, role in ROLES.items() if not role.press_1} == {"user", "recall", "transfer", "forward"}


def test_12_4_whose_plan_pays() -> None:
    assert {name: role.pays for name, role in ROLES.items() if role.pays} == {
        "assistant": "executive",
        "screening": "executive",
        "divert": "stricter",
        "delegate": "delegator",
        "hunt": "site",
        "push": "executive",
        "instant": "caller",
        "transfer": "transferor",
        "parallel": "user",
        "forward": "forwarder",
    }


def test_12_4_missed_entries() -> None:
    assert {name: role.missed for name, role in ROLES.items() if role.missed != "none"} == {
        "user": "user",
        "assistant": "shared",
        "delegate": "shared",
        "hunt": "group",
        "push": "executive",
        "recall": "parker",
        "instant": "group",
        "transfer": "target",
        "forward": "forwarder",
    }


@pytest.mark.parametrize(
    ("action", "params", "changes", "confirm"),
    [
        ("dnd.on", {}, [(("dnd",), True)], "say.dnd_on"),
        ("dnd.off", {}, [(("dnd",), False)], "say.dnd_off"),
        ("call_waiting.toggle", {}, [(("call_waiting",), False)], "say.call_waiting_off"),
        ("forwarding.always.on", {}, [(("forwarding", "always", "enabled"), True)], "say.forward_on"),
        (
            "forwarding.busy.on",
            {"to": "user:carl"},
            [(("forwarding", "busy", "to"), "user:carl"), (("forwarding", "busy", "enabled"), True)],
            "say.forward_on",
        ),
        ("forwarding.no_answer.off", {}, [(("forwarding", "no_answer", "enabled"), False)], "say.forward_off"),
    ],
)
def test_section_13_what_a_code_changes(
    action: str, params: dict[str, str], changes: list[tuple[tuple[str, ...], object]], confirm: str
) -> None:
    done = changes_for(action, params, ANNA, book())
    assert [(change.path, change.value) for change in done.changes] == changes
    assert {change.owner for change in done.changes} == {ANNA}
    assert done.confirm == confirm


def test_section_13_call_waiting_toggles_back() -> None:
    done = changes_for("call_waiting.toggle", {}, ANNA, book(anna={"call_waiting": False}))
    assert done.changes == (SettingChange(ANNA, ("call_waiting",), True),)
    assert done.confirm == "say.call_waiting_on"


def test_section_13_every_action_writes_a_setting_that_exists() -> None:
    of = book()
    for row in ACTIONS.values():
        key = of.schema.keys_on["user"][row.path[0]]
        value: object = key.type()
        for name in row.path[1:]:
            value = getattr(value, name)
        assert value is not None


def test_an_action_of_nobody_is_our_own_mistake() -> None:
    with pytest.raises(LocalError):
        changes_for("launch", {}, Ref("user", "anna"), book())
