"""What single kinds of records must fulfil beyond their types: FEATURES.md's small print, by kind.

Each rule reads typed settings; it says which setting breaks which promise. This module must never change anything.
"""

from collections.abc import Iterator

import phonenumbers

from vorzimmer.admin import schedule_rules as schedules
from vorzimmer.admin.check import Fault, said
from vorzimmer.admin.rules import Rule, Scene
from vorzimmer.directory.keys import COMPANY, DEVICE
from vorzimmer.directory.model import Company, Device
from vorzimmer.directory.record import Entry
from vorzimmer.directory.ref import Ref
from vorzimmer.features.attendant.settings import Attendant, Menu, Prompt
from vorzimmer.features.calling_plan.settings import CallingPlan
from vorzimmer.features.codes.settings import FEATURE_CODES
from vorzimmer.features.delegation.settings import DELEGATES
from vorzimmer.features.executive.settings import ASSISTANT, EXECUTIVE
from vorzimmer.features.forwarding.settings import FORWARDING
from vorzimmer.features.hunt.settings import HuntGroup
from vorzimmer.features.identity.settings import OUTGOING
from vorzimmer.features.intercept.settings import Intercept
from vorzimmer.features.lamps.settings import MONITORS
from vorzimmer.features.night.settings import NightForwarding
from vorzimmer.features.park.settings import PARK
from vorzimmer.features.policies.settings import LIMITS, Limits
from vorzimmer.features.trunk.settings import TRUNK, Trunk


def company(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Country, time zone and region are known; lengths, codes and recall fit together."""
    core = entry.core
    assert isinstance(core, Company)
    if core.extension_length.min > core.extension_length.max:
        yield Fault(("extension_length", "min"), f"{core.extension_length.min} is above max")
    if core.country not in phonenumbers.SUPPORTED_REGIONS:
        yield Fault(("country",), f"{said(core.country)} is no country with a number plan")
    if core.holiday_region and not schedules.known_region(core.country, core.holiday_region):
        yield Fault(("holiday_region",), f"no public holidays are known for {core.country} {core.holiday_region}")
    if scene.before is not None and scene.before.company.country != core.country:
        yield from schedules.of_country(scene, core.country)
    for code, one, other in scene.after.get(FEATURE_CODES, entry.ref).conflicts():
        yield Fault(("feature_codes", one), f"{code} is also, or begins, the code of {other}")
    park = scene.after.get(PARK, entry.ref)
    if park.recall_to != "parker" and park.alternate is None:
        yield Fault(("park", "recall_to"), f"{park.recall_to} needs an alternate")


def forwarding(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """What is on needs a target."""
    always = scene.after.get(FORWARDING, entry.ref).always
    if always.enabled and always.to is None:
        yield Fault(("forwarding", "always", "to"), "is needed while forwarding always is on")


def identity(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """BAS-14: never a number that the company may not use."""
    number = scene.after.get(OUTGOING, entry.ref).number
    if number is not None and not may_show(scene, number):
        yield Fault(("outgoing", "number"), f"{number} is no number of this company")


def may_show(scene: Scene, number: str) -> bool:
    """Whether a number is the company's: somebody's here, the main number, or one that a trunk brings."""
    book = scene.after
    if book.at_number(number) or number == book.company.main_number:
        return True
    return any(spec.covers(number) for trunk in book.all(TRUNK) for spec in trunk.numbers)


def executive(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """EXA-4: nobody is his own assistant; custom texts and targets are there where they are chosen."""
    chief = scene.after.get(EXECUTIVE, entry.ref)
    if entry.ref.id in chief.assistants:
        yield Fault(("executive", "assistants"), "nobody may be his own assistant")
    yield from _limit(len(chief.assistants), _limits(scene).assistants, ("executive", "assistants"))
    if chief.alerting.name == "custom" and chief.alerting.custom_name is None:
        yield Fault(("executive", "alerting", "custom_name"), "is needed for name custom")
    if chief.alerting.number == "custom" and chief.alerting.custom_number is None:
        yield Fault(("executive", "alerting", "custom_number"), "is needed for number custom")
    if chief.rollover.action == "forward" and chief.rollover.forward_to is None:
        yield Fault(("executive", "rollover", "forward_to"), "is needed for action forward")
    divert = scene.after.get(ASSISTANT, entry.ref).divert
    if divert.enabled and divert.to is None:
        yield Fault(("assistant", "divert", "to"), "is needed while divert is on")


def delegation(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """DEL-2: so many delegates, so many delegators; nobody delegates to himself."""
    limits = _limits(scene)
    delegates = scene.after.get(DELEGATES, entry.ref).delegates
    yield from _limit(len(delegates), limits.delegates, ("delegates",))
    for position, found in enumerate(delegates):
        ref = Ref.parse(found.delegate)
        if ref == entry.ref:
            yield Fault(("delegates", position, "delegate"), "nobody may be his own delegate")
        if len(scene.after.referrers(ref, "delegates.delegate")) > limits.delegators:
            yield Fault(
                ("delegates", position, "delegate"), f"{ref} would have more than {limits.delegators} delegators"
            )


def lamps(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """BLF-1: at most as many lamps as the company allows."""
    yield from _limit(len(scene.after.get(MONITORS, entry.ref).watched), _limits(scene).monitors, ("monitors",))


def one_group(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """A user is in one park group, and in one pickup group (3.2, PU-1)."""
    for position, member in enumerate(getattr(entry.core, "members", ())):
        named = scene.after.referrers(Ref("user", member), "members")
        others = [r.owner.id for r in named if r.owner.kind == entry.ref.kind and r.owner != entry.ref]
        if others:
            yield Fault(("members", position), f"{member} is already in {others[0]}")


def hunt(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Weights of a weighted group sum to 100 (4.1)."""
    core = entry.core
    assert isinstance(core, HuntGroup)
    total = sum(member.weight for member in core.members)
    if core.policy == "weighted" and core.members and total != 100:
        yield Fault(("members",), f"the weights sum to {total}, not to 100")


def night(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Night forwarding that can act has a target, and a schedule where it goes by one (NF-1)."""
    core = entry.core
    assert isinstance(core, NightForwarding)
    if core.mode != "never" and core.to is None:
        yield Fault(("to",), f"is needed for mode {core.mode}")
    if core.mode == "auto" and core.schedule is None and core.holidays is None:
        yield Fault(("schedule",), "mode auto needs a schedule or holidays")


def intercept(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """The way to the mailbox excludes the new number and the 0 (section 8)."""
    core = entry.core
    assert isinstance(core, Intercept)
    if core.to_voicemail and (core.new_number or core.zero_to):
        yield Fault(("to_voicemail",), "excludes new_number and zero_to")


def attendant(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """A prompt is either spoken or a file."""
    core = entry.core
    assert isinstance(core, Attendant)
    yield from _prompt(core.greeting, ("greeting",))
    for name in ("business_hours", "after_hours", "holidays"):
        menu = getattr(core.menus, name)
        if isinstance(menu, Menu):
            yield from _prompt(menu.say, ("menus", name, "say"))


def _prompt(prompt: object, path: tuple[str, ...]) -> Iterator[Fault]:
    if isinstance(prompt, Prompt) and (prompt.text is None) == (prompt.file is None):
        yield Fault(path, "give either text or file")


def menu_warnings(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """EXT-6: a menu option as long as an extension wins only where no such extension exists; say so when saving."""
    core = entry.core
    if not isinstance(core, Attendant) or not core.process_extensions:
        return
    for name in ("business_hours", "after_hours", "holidays"):
        menu = getattr(core.menus, name)
        for key in menu.keys if isinstance(menu, Menu) else ():
            if owner := scene.after.at_extension(key):
                yield Fault(("menus", name, "keys", key), f"{owner} has this extension and wins over the menu")


def key_warnings(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """SDES (RFC 4568) sends the keys of the audio with the signalling: without TLS whoever reads along has them."""
    core = entry.core
    if isinstance(core, (Device, Trunk)) and core.srtp == "required" and core.transport not in {"tls", "wss"}:
        yield Fault(("srtp",), "the keys are sent with the signalling, which only transport tls hides")


def calling_plan(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """transfer_1 to transfer_3 have their numbers (CP-2)."""
    core = entry.core
    assert isinstance(core, CallingPlan)
    actions: list[tuple[tuple[str | int, ...], str]] = [
        (("outgoing", "types", name), str(getattr(core.outgoing.types, name)))
        for name in core.outgoing.types.__struct_fields__
    ]
    actions += [(("outgoing", "patterns", i, "action"), p.action) for i, p in enumerate(core.outgoing.patterns)]
    for path, action in actions:
        if action.startswith("transfer_") and int(action[-1]) > len(core.outgoing.transfer_numbers):
            yield Fault(path, f"{action} needs that many transfer_numbers")


def trunk(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Numbers are one or a range; an enabled trunk knows where to go."""
    core = entry.core
    assert isinstance(core, Trunk)
    for position, spec in enumerate(core.numbers):
        low, high = spec.from_, spec.to
        single = spec.number is not None and low is None and high is None
        span = spec.number is None and low is not None and high is not None and len(low) == len(high) and low <= high
        if not (single or span):
            yield Fault(("numbers", position), "give number, or from and to of equal length, the smaller one first")
    if core.enabled and core.kind == "register" and not (core.registrar and core.username):
        yield Fault((), "an enabled trunk of kind register needs registrar and username")
    if core.enabled and core.kind == "peer" and not (core.proxy or core.peers):
        yield Fault((), "an enabled trunk of kind peer needs proxy or peers")


def device(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Account names are unique in the company (on the server: see ``apply.py``)."""
    core = entry.core
    assert isinstance(core, Device)
    if core.kind == "browser" and core.transport not in {"any", "wss", "ws"}:
        yield Fault(("transport",), "a browser comes over ws or wss")


def _limits(scene: Scene) -> Limits:
    return scene.after.get(LIMITS, Ref(COMPANY.name, scene.after.company.id))


def _limit(count: int, limit: int, path: tuple[str, ...]) -> Iterator[Fault]:
    if count > limit:
        yield Fault(path, f"{count} elements are above the company's limit of {limit}")


RULES: dict[str, tuple[Rule, ...]] = {
    COMPANY.name: (company,),
    "schedule": (schedules.schedule,),
    "user": (forwarding, identity, executive, delegation, lamps),
    "phone": (forwarding, identity, delegation, lamps),
    DEVICE.name: (device,),
    "park_group": (one_group,),
    "pickup": (one_group,),
    "hunt": (hunt,),
    "night_forwarding": (night,),
    "intercept": (intercept,),
    "attendant": (attendant,),
    "calling_plan": (calling_plan,),
    "trunk": (trunk,),
}
"""Rules by kind."""

WARNINGS: tuple[Rule, ...] = (menu_warnings, key_warnings, schedules.overlaps)
"""What is allowed but worth a word when it is saved."""
