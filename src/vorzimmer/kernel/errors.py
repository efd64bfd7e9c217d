"""Errors that carry who is to blame and what to answer.

A peer's garbage is a :class:`PeerError` with the SIP status to answer; our own misuse of an interface is a
:class:`LocalError`. The two never share a handler: the first is answered, the second is a bug.
"""


class VorzimmerError(Exception):
    """The root of everything this house raises on purpose."""


class PeerError(VorzimmerError):
    """The other side sent something that cannot be accepted.

    `status` is the SIP status (400-699) to answer with, `reason` its phrase. `answerable` is False where nothing
    usable is left to answer to (no Via, not SIP at all): then the message is dropped and counted.
    """

    def __init__(self, reason: str, status: int = 400, *, answerable: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.answerable = answerable


class LocalError(VorzimmerError):
    """We used an interface wrongly (answering an ended transaction, an unknown leg): a bug of ours."""


class StartError(VorzimmerError):
    """The server cannot start as configured (taken port, unwritable directory, broken certificate).

    Its text is the one clear line that the operator reads instead of a traceback.
    """
