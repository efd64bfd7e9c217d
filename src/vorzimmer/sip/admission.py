"""The entrance to new work: who is turned away with 503 and Retry-After because the server is full or too far behind.

Nothing is kept of who is turned away. Requests inside dialogs, and whatever the configuration calls vital (emergency
calls), always come in. This module must never refuse what was accepted before.
"""

from collections.abc import Callable

from vorzimmer.sip import doorkeeper
from vorzimmer.sip.arrived import Arrived
from vorzimmer.sip.core import Core
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.overload import STANDING, Work
from vorzimmer.sip.replies import reply, stateless_tag

FULL_S = 10
"""Seconds to stay away from a server that is full."""


def work_of(arrived: Arrived) -> Work:
    """How much a new request has cost already."""
    request = arrived.request
    if request.method != "INVITE":
        return Work.SETTING
    begun = "Authorization" in request.headers or "Proxy-Authorization" in request.headers
    return Work.BEGUN if begun else Work.CALL


class Admission:
    """Decides for one engine."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def turns_away(self, arrived: Arrived) -> bool:
        """Whether a request outside dialogs was answered here because we are too far behind."""
        core = self._core
        load = core.loop if arrived.flow.reliable else core.queue
        if arrived.flow.reliable and not load.standing:
            return False  # how long a piece of a stream has waited is only known by how late alarms are all the time
        work = work_of(arrived)
        if not load.refuses(work):
            return False
        if core.config.vital(arrived.request.uri):
            load.refused -= 1
            return False
        self.refuse(arrived, load.retry_after(work, core.chance.fraction()))
        return True

    def turns_away_unread(self, data: bytes, flow: Flow, known: Callable[[str], object | None]) -> bool:
        """Whether a datagram was answered here without being read: a new call while calls are refused. `known` finds
        the server transaction of a name."""
        core = self._core
        load = core.queue
        if not load.standing or load.wait <= STANDING[Work.CALL]:
            return False
        caller = doorkeeper.read(data)
        if caller is None or known(caller.key) is not None or caller.port not in {0, flow.remote.port}:
            return False
        if core.config.vital(caller.uri):
            return False
        load.refused += 1
        if core.tap is not None:
            core.tap(data, flow, False)
        core.send(doorkeeper.refusal(caller, flow, load.retry_after(Work.CALL, core.chance.fraction())), flow)
        return True

    def refuse(self, arrived: Arrived, retry_after: int = FULL_S) -> None:
        """503, without keeping anything."""
        lines = f"Retry-After: {retry_after}\r\n"
        self._core.send(reply(arrived, 503, stateless_tag(arrived.request), lines=lines), arrived.answer_to())
