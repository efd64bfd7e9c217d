"""The keys of phones that stand for a feature code: do not disturb and forwarding, set on the phone itself (BAS-5).

The third door to the same function (ARCHITECTURE decision 3): a key becomes the step that its code would be, and what
is set is shown on the phone as it would be dialled. Pure; it must never change anything.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.routing.model import Run
from vorzimmer.routing.target import named


def step_of(feature: str, to: str, caller: Ref, book: Snapshot, *, on: bool) -> Run | None:
    """What a key for `feature` (dnd, always, busy, no_answer) does for `caller`; None for a number that leads nowhere,
    and for somebody who has no codes either."""
    if caller.kind != "user":
        return None
    word = "on" if on else "off"
    if feature == "dnd":
        return Run(f"dnd.{word}")
    target = named(to, caller, book) if on and to else None
    if on and to and (target is None or target == caller):
        return None
    params = {} if target is None else {"to": target.id if target.kind == "number" else str(target)}
    return Run(f"forwarding.{feature}.{word}", params)


def dialled(text: str, owner: Ref, book: Snapshot) -> str:
    """A setting's target as a phone shows it: the extension or number to dial, "" for a mailbox and for what leads
    nowhere."""
    target = named(text, owner, book)
    if target is None or target.kind == "voicemail":
        return ""
    return target.id if target.kind == "number" else book.extension_of(target) or ""
