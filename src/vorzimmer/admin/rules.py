"""Does a company make sense as a whole? Rules over the records that changed, in the book that would come of the change.

Each rule looks at one record and asks the book's indexes, so that checking one change costs the same in a large
company. What a rule forbids it names with the path of the setting. This module must never change anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vorzimmer.admin.check import Fault, said
from vorzimmer.admin.merge import identity
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.numbers import NumberPlan, hides_emergency
from vorzimmer.directory.record import Entry, record_leaves, reference
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.directory.types import TARGET_KINDS
from vorzimmer.directory.walk import Leaf


@dataclass(frozen=True, slots=True)
class Scene:
    """The book before (None: a new company) and the book that would come of the change."""

    before: Snapshot | None
    after: Snapshot

    @property
    def plan(self) -> NumberPlan:
        """How the company dials."""
        return NumberPlan.of(self.after.company)

    def leaves(self, entry: Entry, meaning: str) -> list[Leaf]:
        """The parts of a record that carry a meaning."""
        return record_leaves(self.after.schema, self.after.schema.by_kind[entry.ref.kind], entry.data, meaning)


_NEVER = "calls are never led to an emergency number"
Rule = Callable[[Scene, Entry], Iterator[Fault]]


def references_exist(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Whoever is named must be there."""
    for leaf in scene.leaves(entry, "ref"):
        if leaf.value in leaf.extra.get("words", ()):
            continue
        ref = reference(leaf)
        if ref is None:
            yield Fault(leaf.path, f"{said(leaf.value)} must be kind:id, kind one of {', '.join(leaf.extra['ref'])}")
        elif ref.kind == "number":
            if scene.plan.normalise(ref.id) != ref.id:
                yield Fault(leaf.path, f"{said(ref.id)} is no number like +498999998100")
        elif not scene.after.exists(ref):
            yield Fault(leaf.path, f"there is no {ref.kind} {said(ref.id)}")


def targets_lead_somewhere(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """A target is voicemail, hang_up, kind:id, a number, an extension or a SIP URI, and never an emergency number."""
    for leaf in scene.leaves(entry, "target"):
        if says := _bad_target(scene, str(leaf.value)):
            yield Fault(leaf.path, says)


def _bad_target(scene: Scene, text: str) -> str | None:
    if text in {"voicemail", "hang_up"}:
        return None
    kind, colon, ident = text.partition(":")
    if kind in {"sip", "sips"}:
        user = ident.partition("@")[0].partition(";")[0]
        return _NEVER if scene.plan.emergency(user) else None
    if colon and kind != "number":
        if kind not in TARGET_KINDS:
            return f"{said(text)} must be kind:id, kind one of {', '.join(TARGET_KINDS)}"
        return None if scene.after.exists(Ref(kind, ident)) else f"there is no {kind} {said(ident)}"
    number = ident if colon else text
    if scene.plan.emergency(number):
        return _NEVER
    if scene.after.at_extension(number) or scene.plan.normalise(number):
        return None
    return f"{said(number)} is neither an extension here nor a number"


def extension_is_good(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Right length, nobody else's, and no emergency number is hidden (ARCHITECTURE decision 9)."""
    extension = getattr(entry.core, "extension", None)
    if extension is None:
        return
    plan, path = scene.plan, ("extension",)
    if not plan.shortest <= len(extension) <= plan.longest:
        yield Fault(path, f"{extension} must have {plan.shortest} to {plan.longest} digits")
    if hidden := hides_emergency(extension, plan.country):
        yield Fault(path, f"{extension} begins with the emergency number {hidden}")
    if plan.outside_prefix and extension.startswith(plan.outside_prefix):
        yield Fault(path, f"{extension} begins with the outside prefix {plan.outside_prefix}")
    if other := _other(scene, entry, lambda book: book.at_extension(extension)):
        yield Fault(path, f"{extension} belongs to {other}")


def numbers_are_good(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Every number has one owner, and is none of the emergency service."""
    for position, number in enumerate(entry.numbers):
        path = ("numbers", position, "number")
        if scene.plan.normalise(number.number) != number.number:
            yield Fault(path, f"{number.number} is no telephone number")
        if number.number in [n.number for n in entry.numbers[:position]]:
            yield Fault(path, f"{number.number} stands here twice")
        elif other := _other(scene, entry, lambda book, n=number.number: _owner(book, n)):  # type: ignore[misc]  # the default binds n now
            yield Fault(path, f"{number.number} belongs to {other}")


def _owner(book: Snapshot, number: str) -> Ref | None:
    found = book.at_number(number)
    return found.owner if found else None


def _other(scene: Scene, entry: Entry, look: Callable[[Snapshot], Ref | None]) -> Ref | None:
    """Who else has it: whoever the new index names, or whoever had it before and still has it."""
    now = look(scene.after)
    if now is not None and now != entry.ref:
        return now
    old = look(scene.before) if scene.before else None
    if old is None or old == entry.ref:
        return None
    still = scene.after.entry(old)
    mine = {number.number for number in entry.numbers} | {getattr(entry.core, "extension", None)}
    theirs = {number.number for number in still.numbers} | {getattr(still.core, "extension", None)} if still else set()
    return old if (mine & theirs) - {None} else None


def menu_keys_are_good(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """No menu key equals or begins with an emergency number."""
    for leaf in scene.leaves(entry, "menu_key"):
        if hidden := hides_emergency(str(leaf.value), scene.plan.country):
            yield Fault(leaf.path, f"{leaf.value} begins with the emergency number {hidden}")


def names_are_unique_in_lists(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Criteria, patterns, members and the like stand in their list once."""
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), entry.data)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            stack.extend(((*path, name), inside) for name, inside in value.items())
        elif isinstance(value, list | tuple):
            seen: set[str] = set()
            for position, element in enumerate(value):
                name = identity(element)
                if name and name in seen:
                    yield Fault((*path, position), f"{said(name)} stands in this list twice")
                seen.add(name)
                stack.append(((*path, position), element))


COMMON_RULES: tuple[Rule, ...] = (
    references_exist,
    targets_lead_somewhere,
    extension_is_good,
    numbers_are_good,
    menu_keys_are_good,
    names_are_unique_in_lists,
)


def check_company(scene: Scene, changed: set[Ref], rules: dict[str, tuple[Rule, ...]]) -> list[tuple[Ref, Fault]]:
    """All faults of the changed records, in a stable order; of all records if the company's own record changed."""
    if any(ref.kind == COMPANY.name for ref in changed):
        changed = {e.ref for kind in scene.after.schema.kinds for e in scene.after.entries(kind.name)} | changed
    found: list[tuple[Ref, Fault]] = []
    for ref in sorted(changed):
        entry = scene.after.entry(ref)
        if entry is None:
            found.extend((ref, fault) for fault in _still_named(scene, ref))
            continue
        for rule in (*COMMON_RULES, *rules.get(ref.kind, ())):
            found.extend((ref, fault) for fault in rule(scene, entry))
    return found


def _still_named(scene: Scene, ref: Ref) -> Iterator[Fault]:
    named = scene.after.referrers(ref)
    if ref.kind == "user":
        named = (*named, *scene.after.referrers(Ref("voicemail", ref.id)))
    for referrer in named:
        yield Fault((), f"cannot be removed: {scene.after.setting(referrer.owner, referrer.via)} still names it")
