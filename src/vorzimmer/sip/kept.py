"""Confirmed legs as bytes, and back: the dialog, what is known of the peer, the session and its time.

This module must never send, nor start anything but the session's timer.
"""

from functools import lru_cache

import msgspec

from vorzimmer.kernel.errors import LocalError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.dialog import Kept, freeze, thaw
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.leg import Leg, Phase
from vorzimmer.sip.sender import Sender


def frozen_leg(leg: Leg, now: float) -> bytes | None:
    """A confirmed leg as msgpack at monotonic `now`; None without a dialog."""
    if leg.dialog is None:
        return None
    kept = Kept(
        saved=now,
        session=leg.session,
        least=leg.least,
        allow=_joined(leg.allow),
        supported=_joined(leg.supported),
        sdp=leg.sdp,
        theirs=leg.theirs,
    )
    flow = leg.to if isinstance(leg.to, Flow) else None
    return freeze(leg.dialog, outgoing=leg.outgoing, user=leg.user, flow=flow, hop=leg.hop, kept=kept)


@lru_cache(maxsize=256)
def _joined(words: frozenset[str]) -> bytes:
    return ",".join(sorted(words)).encode("utf-8", "surrogateescape")


def thaw_leg(sender: Sender, name: LegId, data: bytes) -> None:
    """The leg is in the engine again. Raises LocalError for bytes that are none."""
    try:
        dialog, frozen = thaw(data)
    except msgspec.DecodeError as error:
        raise LocalError(f"leg {name} cannot be thawed") from error
    to = frozen.flow or frozen.hop
    if to is None:
        raise LocalError(f"leg {name} leads nowhere")
    leg = Leg(name, Phase.CONFIRMED, to)
    leg.outgoing, leg.user, leg.hop, leg.dialog = frozen.outgoing, frozen.user, frozen.hop, dialog
    leg.tag, leg.acknowledged = dialog.local_tag, True
    sender.legs.add(leg)
    sender.legs.know(leg, dialog)
    if frozen.kept is not None:
        _know(sender, leg, frozen.kept)


def _know(sender: Sender, leg: Leg, kept: Kept) -> None:
    leg.allow = _split(kept.allow)
    leg.supported = _split(kept.supported)
    leg.least, leg.sdp, leg.theirs = kept.least, kept.sdp, kept.theirs
    if kept.session is not None:
        sender.sessions.resume(leg, kept.session, kept.saved)


@lru_cache(maxsize=256)
def _split(words: bytes) -> frozenset[str]:
    return frozenset(word for word in words.decode("utf-8", "surrogateescape").split(",") if word)
