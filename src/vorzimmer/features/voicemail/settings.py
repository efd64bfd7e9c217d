"""The mailbox (FEATURES.md section 19). Not acting yet: callers hear the unavailable tone where it would answer.

This module must never decide; it says what a person can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, File, Pin, Section


class Voicemail(Section, frozen=True):
    """`email` sends new messages to the user's address. The PIN has 4 to 10 digits and is kept as a hash."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    pin: Pin = "generated"
    email: bool = False
    greeting: File | None = None
    max_message_s: Annotated[int, Meta(ge=2, le=180)] = 180
    max_messages: Annotated[int, Meta(ge=1, le=1000)] = 100


VOICEMAIL = Key("voicemail", Voicemail, ("user",), acts=False)
KEYS = (VOICEMAIL,)
