"""The words that records say of how a call ended: a fixed vocabulary, so that history can be searched and translated.

This module must never say more than what happened; why it happened stands in the becauses.
"""

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp.plan import ProtectionError

_BY_STATUS = {
    403: "not allowed",
    404: "unknown number",
    410: "unknown number",
    414: "unknown number",
    433: "rejected",
    480: "unreachable",
    482: "loop",
    484: "unknown number",
    486: "busy",
    488: "no common codec",
    501: "not available",
    503: "no line",
    600: "busy",
    603: "rejected",
}


def unusable(error: PeerError) -> str:
    """The word for a call whose description was of no use."""
    if isinstance(error, ProtectionError):
        return "no common encryption"
    return "no common codec" if error.status == 488 else "bad request"


DONE = "done"
"""A feature code did what it was dialled for."""


def denied(status: int) -> str:
    """The word for a call that was denied with `status` before anybody was rung."""
    if status < 300:
        return DONE
    return _BY_STATUS.get(status, f"status {status}")
