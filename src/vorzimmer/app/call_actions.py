"""What programs do to calls, as control's answers to web: dial, hold, resume, transfer, hang up.

Each action is judged by ``routing.may`` here, with the call as it is now, whatever web saw before. This module must
never tell somebody that a call exists which he may not see.
"""

from typing import Any

from vorzimmer.app.exchange import Exchange
from vorzimmer.app.rpc import Method, Params
from vorzimmer.calls import command
from vorzimmer.calls.live import Live
from vorzimmer.calls.summon import asked_by, summon
from vorzimmer.directory.numbers import NumberPlan
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.kernel.ids import CallId
from vorzimmer.routing.may import Actor, CallFacts, may
from vorzimmer.routing.model import Presentation

Answer = dict[str, Any]
"""``{"call": ID}``, or ``{"refused": WORD}``: not-found, not-allowed, no-phone, not-now, draining."""
MOST_DIALLED = 3
"""Calls that a program may have ringing for one person at once."""


class CallActions:
    """Over one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def methods(self) -> dict[str, Method]:
        """By name."""
        return {"dial": self._dial, "act": self._act}

    async def _dial(self, params: Params) -> Answer:
        """`company`, `who` (a reference), `to` (what is dialled), `device` (one of his, None for all)."""
        board, company, who = self._exchange.board, params["company"], Ref(*params["who"])
        book = self._exchange.house.book(company)
        if board.draining:
            return {"refused": "draining"}
        devices = self._phones(book, who, params.get("device"))
        if not devices:
            return {"refused": "no-phone"}
        urgent = NumberPlan.of(book.company).emergency(params["to"]) is not None
        if self._summoned(company, who) >= MOST_DIALLED and not urgent:
            return {"refused": "not-now"}
        asked = asked_by(company, who, book.name_of(who), params["to"])
        return {"call": summon(board, asked, devices, _shown(book, params["to"]))}

    def _phones(self, book: Snapshot, who: Ref, device: str | None) -> tuple[str, ...]:
        live = self._exchange.live(book.company.id)
        mine = [one for one in book.devices_of(who) if device in {None, one}]
        return tuple(one for one in mine if live.registered(one))

    def _summoned(self, company: str, who: Ref) -> int:
        calls = self._exchange.board.live_view(company)
        return len([call for call in calls if not call.parties and call.asked.caller.ref == who])

    async def _act(self, params: Params) -> Answer:
        """`company`, `call`, `action` (hold, resume, transfer, hang_up), `who`, `administers`; `to` for transfer."""
        board, action, who = self._exchange.board, params["action"], Ref(*params["who"])
        live = board.call(CallId(params["call"]))
        actor = Actor(params["company"], who, administers=bool(params.get("administers")))
        if live is None or may(actor, "see", _facts(live)) is not None:
            return {"refused": "not-found"}
        if may(actor, action, _facts(live)) is not None and not (action == "hang_up" and _rung(live, who)):
            return {"refused": "not-allowed"}
        done = self._do(live, action, actor, params.get("to") or "")
        return {"call": live.state.id} if done else {"refused": "not-now"}

    def _do(self, live: Live, action: str, actor: Actor, to: str) -> bool:
        board = self._exchange.board
        if action == "hang_up":
            return command.hang_up(board, live, actor.ref, administers=actor.administers)
        leg = command.leg_of(live, actor.ref)
        if leg is None:
            return False
        if action == "transfer":
            return command.transfer(board, live, leg, to)
        command.hold(live, leg, on=action == "hold")
        return True


def _facts(live: Live) -> CallFacts:
    state = live.state
    parties = [leg.party.ref for leg in state.parties] + [state.asked.caller.ref]
    rung = [one.party.ref for one in state.ringing]
    return CallFacts(state.company, tuple(filter(None, parties)), tuple(filter(None, rung)))


def _rung(live: Live, who: Ref) -> bool:
    """Whom a call rings for may decline it."""
    return any(one.party.ref == who for one in live.state.ringing)


def _shown(book: Snapshot, to: str) -> Presentation:
    """Whom one's own phone shows while it rings for a call to `to`."""
    ref = book.at_extension(to)
    return Presentation(book.name_of(ref) if ref is not None else "", to)
