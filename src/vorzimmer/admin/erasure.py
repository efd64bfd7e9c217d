"""Taking a person out of what was written down: calls stay and count, the audit stays, the person is gone (GDPR 17).

Names, numbers, ids and devices are replaced by one word that nobody else has. This module must never remove a record,
and never touch a text that does not name the person.
"""

import re
from functools import cached_property
from typing import Any, Final

import msgspec

from vorzimmer.directory.keys import DEVICE, USER
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.directory.snapshot import Snapshot

ERASED: Final = "erased"
"""What stands in the place of a person from now on."""
_KINDS: Final = ("user", "voicemail")


class Person(msgspec.Struct, frozen=True, dict=True):
    """Everything that a person is known by: id, ids of devices, and texts that are theirs alone (`names`: display name,
    e-mail address, numbers). The extension counts only where the person is named anyway: others may dial it later."""

    user: str
    devices: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    extension: str = ""

    @property
    def ref(self) -> str:
        """As columns have it."""
        return str(Ref(USER.name, self.user))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Any text that names the person."""
        user, devices = re.escape(self.user), "|".join(map(re.escape, self.devices))
        parts = [rf"(?<=user:){user}(?![\w.-])", rf"(?<=voicemail:){user}(?![\w.-])", rf"(?<=users\[){user}(?=\])"]
        if devices:
            parts += [rf"(?<=devices\[)(?:{devices})(?=\])", rf"(?<=device:)(?:{devices})(?![\w.-])"]
        longest = sorted((re.escape(name) for name in self.names), key=len, reverse=True)
        parts += [rf"(?<!\w){name}(?!\w)" if name[:1].isalnum() else rf"{name}(?!\d)" for name in longest]
        return re.compile("|".join(parts))

    @cached_property
    def exact(self) -> frozenset[str]:
        """Texts that are the person only if nothing else stands beside them."""
        return frozenset({*self.devices, *((self.extension,) if self.extension else ())})


def person_of(book: Snapshot, user: str) -> Person | None:
    """A user of the company as the book knows him."""
    core = book.find(USER, user)
    if core is None:
        return None
    owner = Ref(USER.name, user)
    devices = [entry.ref.id for entry in book.entries(DEVICE.name) if book.owner_of(entry.ref.id) == owner]
    numbers = [number.number for number in book.numbers_of(owner)]
    names = [core.name, core.email, core.mobile, *numbers]
    return Person(user, tuple(devices), tuple(name for name in names if name), core.extension or "")


def names_person(person: Person, document: Any) -> bool:
    """Whether a document says anything of the person."""
    match document:
        case str():
            return document in person.devices or person.pattern.search(document) is not None
        case [str(kind), str(ident)] if kind in _KINDS and ident == person.user:
            return True
        case dict():
            return any(names_person(person, each) for each in document.values())
        case list() | tuple():
            return any(names_person(person, each) for each in document)
        case _:
            return False


def without(person: Person, document: Any) -> Any:
    """The same document without the person."""
    match document:
        case str():
            return ERASED if document in person.exact else person.pattern.sub(ERASED, document)
        case [str(kind), str(ident)] if kind in _KINDS and ident == person.user:
            return [kind, ERASED]
        case dict():
            return {name: without(person, each) for name, each in document.items()}
        case list() | tuple():
            return [without(person, each) for each in document]
        case _:
            return document


def audit_names(person: Person, entry: AuditEntry) -> bool:
    """Whether an entry is about the person, by the person, or mentions the person."""
    about = entry.kind == USER.name and entry.id == person.user
    device = entry.kind == DEVICE.name and entry.id in person.devices
    return about or device or names_person(person, [entry.actor, entry.before, entry.after])


def audit_without(person: Person, entry: AuditEntry) -> AuditEntry:
    """An entry that keeps when and what kind of thing was changed. What the person's own records held goes whole."""
    own = (entry.kind == USER.name and entry.id == person.user) or (
        entry.kind == DEVICE.name and entry.id in person.devices
    )
    before, after = (({"id": ERASED} if each else each) if own else without(person, each) for each in _both(entry))
    return msgspec.structs.replace(
        entry,
        actor=without(person, entry.actor),
        id=ERASED if own else entry.id,
        before=before,
        after=after,
        origin="" if person.pattern.search(entry.actor) else entry.origin,
    )


def _both(entry: AuditEntry) -> tuple[Any, Any]:
    return entry.before, entry.after
