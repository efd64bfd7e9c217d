"""Secrets on their way out of the records: found by type, read from where they come from, made up where asked for.

A record keeps only the source: ``generated``, ``{env: NAME}`` or ``{file: PATH}``. The text travels beside it as a
SecretWrite and is never part of a line, an audit entry or an export without its flag. This module must never log.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, cast

import msgspec

from vorzimmer.admin.company_file import named_path
from vorzimmer.admin.world import Current, Options, World
from vorzimmer.directory.record import read_entry, record_leaves
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import SecretForm, SecretWrite
from vorzimmer.directory.schema import Kind, Schema
from vorzimmer.directory.snapshot import Change
from vorzimmer.directory.walk import Leaf, Path
from vorzimmer.kernel.chance import Chance

GENERATED: Final = "generated"
_PIN: Final = re.compile(r"^[0-9]{4,10}\Z")
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_COMMON: Final = frozenset(
    {"password", "passwort", "geheim", "secret", "qwertz", "qwerty", "admin", "welcome", "willkommen", "letmein"}
)


@dataclass(frozen=True, slots=True)
class SecretFault:
    """What is wrong with a secret, and where. `refused`: clear but too weak."""

    path: Path
    says: str
    refused: bool = False


@dataclass(slots=True)
class SecretPlan:
    """What a record's secrets come to. `made` are the writes that we made up, to be shown once."""

    writes: list[SecretWrite] = field(default_factory=list)
    made: list[SecretWrite] = field(default_factory=list)
    faults: list[SecretFault] = field(default_factory=list)


def take_out(schema: Schema, kind: Kind[Any], data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record with every plain text replaced by its source, and path -> what the file said."""
    said: dict[str, Any] = {}
    for leaf in record_leaves(schema, kind, data, "secret"):
        said[field_name(data, leaf.path)] = leaf.value
        data = put_at(data, leaf.path, source_of(leaf.value))
    return data, said


def source_of(value: Any) -> Any:
    """What a record keeps of a secret: where it comes from."""
    if isinstance(value, dict) and next(iter(value)) in {"env", "file"}:
        return value
    return GENERATED


def put_at(data: Any, path: Path, value: Any) -> Any:
    """A copy of `data` with `value` at `path`; only what lies on the path is copied."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    copy: Any = list(data) if isinstance(data, list | tuple) else dict(data)
    copy[step] = put_at(data[step], rest, value)
    return copy


def field_name(data: dict[str, Any], path: Path) -> str:
    """The name of a secret inside its record: ``voicemail.pin``, ``authorization_codes[Ausland].code``."""
    return ".".join(str(step) for step in named_path(data, path))


def plan_secrets(
    schema: Schema, record: tuple[Ref, dict[str, Any]], said: dict[str, Any], world: tuple[Current, World, Options]
) -> SecretPlan:
    """What to write for the secrets of a merged record. `said` is what the file named (see `take_out`)."""
    ref, data = record
    planner = _Planner(ref, *world)
    for leaf in effective_secrets(schema, ref, data):
        planner.one(leaf, said)
    return planner.plan


@dataclass(frozen=True, slots=True)
class SecretLeaf:
    """A secret of a record, named or by default. `enabled` False: its owner is switched off."""

    field: str
    path: Path
    source: Any
    form: SecretForm
    make: str | None
    enabled: bool


def effective_secrets(schema: Schema, ref: Ref, data: dict[str, Any]) -> list[SecretLeaf]:
    """All secrets of a record, those by default included where their section is named."""
    kind = schema.by_kind[ref.kind]
    full = _with_defaults(schema, kind, ref, data)
    return [_secret_leaf(full, leaf) for leaf in record_leaves(schema, kind, full, "secret")]


def name_secrets(schema: Schema, ref: Ref, data: dict[str, Any]) -> dict[str, Any]:
    """The record with the sources of its secrets written out, also those that it has by default."""
    for leaf in effective_secrets(schema, ref, data):
        inside: Any = data
        for step in leaf.path[:-1]:
            inside = inside.get(step) if isinstance(inside, dict) else inside[cast(int, step)]
            if inside is None:
                break
        if isinstance(inside, dict) and leaf.path[-1] not in inside and leaf.source is not None:
            data = put_at(data, leaf.path[:-1], {**inside, str(leaf.path[-1]): leaf.source})
    return data


def _secret_leaf(full: dict[str, Any], leaf: Leaf) -> SecretLeaf:
    enabled, inside = bool(full.get("enabled", True)), cast(Any, full)
    for step in leaf.path[:-1]:
        inside = inside[step]
        enabled = enabled and (not isinstance(inside, dict) or bool(inside.get("enabled", True)))
    name = field_name(full, leaf.path)
    return SecretLeaf(name, leaf.path, leaf.value, leaf.extra["secret"], leaf.extra["make"], enabled)


def _with_defaults(schema: Schema, kind: Kind[Any], ref: Ref, data: dict[str, Any]) -> dict[str, Any]:
    entry = read_entry(schema, Change(kind.name, ref.id, data))
    full: dict[str, Any] = msgspec.to_builtins(entry.core)
    for name, section in entry.sections.items():
        built = msgspec.to_builtins(section)
        bare = schema.keys_on[kind.name][name].bare
        full[name] = built[bare] if bare else built
    return full


class _Planner:
    """Plans the secrets of one record."""

    def __init__(self, ref: Ref, current: Current, world: World, options: Options) -> None:
        self.ref, self.current, self.world, self.options = ref, current, world, options
        self.plan = SecretPlan()

    def one(self, leaf: SecretLeaf, said: dict[str, Any]) -> None:
        """Plan one secret."""
        named = said.get(leaf.field, leaf.source)
        known = self.current.secrets.known(*self.ref, leaf.field)
        if named is None:
            if known and leaf.field in said:
                self.write(leaf, None)
        elif named == GENERATED:
            if not known and leaf.enabled:
                self.make(leaf)
        elif leaf.field in said or not known:
            self.given(leaf, {"value": named} if isinstance(named, str) else named)

    def given(self, leaf: SecretLeaf, source: dict[str, str]) -> None:
        """A secret that the file brings, or says where to read."""
        ((how, text),) = source.items()
        if how == "hash":
            if self.current.secrets.reveal(*self.ref, leaf.field) != text:
                self.plan.writes.append(SecretWrite(*self.ref, leaf.field, text, "hash"))
            return
        if how in {"env", "file"}:
            if not leaf.enabled:
                return
            found = self.world.env(text) if how == "env" else self.world.file(text)
            if not found:
                self.fault(leaf, f"{'the variable' if how == 'env' else 'the file'} {text} is not there or empty")
                return
            text = found.rstrip("\r\n")
        if self.current.secrets.matches(*self.ref, leaf.field, text):
            return
        if says := self.weakness(leaf, text):
            self.plan.faults.append(SecretFault(leaf.path, *says))
        else:
            self.write(leaf, text)

    def make(self, leaf: SecretLeaf) -> None:
        """A secret that we make up."""
        if leaf.make is None:
            self.fault(leaf, "cannot be made up: give the one that you were told")
            return
        text = made_up(leaf.make, self.world.chance)
        self.write(leaf, text)
        self.plan.made.append(self.plan.writes[-1])

    def weakness(self, leaf: SecretLeaf, text: str) -> tuple[str, bool] | None:
        """What is wrong with a given secret, and whether it is only too weak."""
        if not text.isprintable():
            return "has control characters", False
        if leaf.make in {"pin", "code"} and not _PIN.match(text):
            return "must have 4 to 10 digits", False
        if leaf.make is None or self.options.allow_weak_passwords:
            return None
        weak = weak_pin(text) if leaf.make in {"pin", "code"} else weak_password(text, self.ref.id)
        return (f"{weak} (--allow-weak-passwords is for labs)", True) if weak else None

    def write(self, leaf: SecretLeaf, text: str | None) -> None:
        """Keep, or with None forget, a secret."""
        self.plan.writes.append(SecretWrite(*self.ref, leaf.field, text, leaf.form))

    def fault(self, leaf: SecretLeaf, says: str) -> None:
        """Note what is wrong."""
        self.plan.faults.append(SecretFault(leaf.path, says))


def made_up(what: str, chance: Chance) -> str:
    """A password of 24 characters without look-alikes, or a PIN or code of six digits that is not a weak one."""
    if what == "password":
        return "".join(_LETTERS[chance.number(0, len(_LETTERS) - 1)] for _ in range(24))
    while True:
        text = f"{chance.number(0, 999_999):06d}"
        if not weak_pin(text):
            return text


def weak_password(text: str, owner: str) -> str | None:
    """Why a password is too weak, None if it is not. Digest passwords can be tried offline by whoever sees one call."""
    lower = text.lower()
    if len(text) < 12:
        return "the password is shorter than 12 characters"
    if len(set(text)) < 6:
        return "the password has fewer than six different characters"
    if owner.lower() in lower and len(text) - len(owner) < 12:
        return "the password contains the name"
    if any(common in lower for common in _COMMON) and len(text) < 20:
        return "the password contains a word that is tried first"
    if text.isdigit() and len(text) < 16:
        return "the password has nothing but digits"
    return None


def weak_pin(text: str) -> str | None:
    """Why a PIN is too weak: one digit only, or counting up or down."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(text)}
    return "the PIN is too easy to guess" if len(steps) == 1 and steps <= {0, 1, 9} else None
