"""Where a mailbox would answer (FEATURES.md PRE-11). The mailbox itself is not built yet.

This module must never pretend that a message was taken.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.voicemail.settings import VOICEMAIL
from vorzimmer.routing.model import Announce, Because
from vorzimmer.routing.rule import PASS, Context, Rule, Verdict, answer


def has_mailbox(book: Snapshot, mailbox: Ref) -> bool:
    """Whether the user of `voicemail:ID` has a mailbox."""
    owner = Ref("user", mailbox.id)
    return book.exists(owner) and book.get(VOICEMAIL, owner).enabled


def voicemail(context: Context) -> Verdict:
    """The unavailable tone in place of the greeting, for now."""
    target = context.target
    if target is None or target.kind != "voicemail":
        return PASS
    key = "voicemail.not_built" if has_mailbox(context.book, target) else "voicemail.none"
    path = context.book.setting(Ref("user", target.id), "voicemail")
    why = Because("voicemail", key, {"name": context.book.name_of(target)}, path)
    return answer(Announce("tone:unavailable", 480, because=(why,)))


RULE = Rule("voicemail", "PRE-11", voicemail)
