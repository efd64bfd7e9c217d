"""Recall of held and transferred calls, and call-back memory (FEATURES.md sections 12.1 and 19). Not acting yet.

This module must never decide; it says what an administrator can set.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Emergency, Section

ChainStep = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        extra={
            "ref": ("user", "phone", "hunt", "attendant", "voicemail"),
            "typed": True,
            "words": ("holder", "assistants"),
        },
    ),
]


class Recall(Section, frozen=True):
    """Seconds until a held or blindly transferred call comes back (None: never), and who is asked in which order."""

    EMERGENCY: ClassVar = Emergency.PASSES
    hold_after_s: Annotated[int, Meta(ge=30, le=600)] | None = 180
    transfer_after_s: Annotated[int, Meta(ge=10, le=120)] | None = 30
    chain: Annotated[tuple[ChainStep, ...], Meta(max_length=10)] = ("holder",)


class CallBackMemory(Section, frozen=True):
    """An outside caller who returns a call within `for_h` hours reaches the colleague who tried."""

    EMERGENCY: ClassVar = Emergency.PASSES
    enabled: bool = False
    for_h: Annotated[int, Meta(ge=1, le=168)] = 24


RECALL = Key("recall", Recall, ("company",), acts=False)
CALL_BACK_MEMORY = Key("call_back_memory", CallBackMemory, ("company",), acts=False)
KEYS = (RECALL, CALL_BACK_MEMORY)
