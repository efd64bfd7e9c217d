"""Explanations as they leave the server: of an imagined call with live facts, of a call that was, and of one that is.

Both come from the code that decides and from what a call's record holds. This module must never decide.
"""

from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from vorzimmer.calls.endings import ending
from vorzimmer.calls.records import Record, record_of
from vorzimmer.calls.state import CallState
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.order import EXPLAINING
from vorzimmer.features.texts import render
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.routing.dry_run import Explanation, past
from vorzimmer.routing.explain import Question, as_json, as_lines, explain, question_of
from vorzimmer.routing.live import Live
from vorzimmer.routing.model import SoFar

DONE = "calls"
"""The rule of a because that is no decision: what somebody did to the call (picked it up, took it over, joined it)."""


class BadMomentError(VorzimmerError):
    """`--at` is not a time."""


def explain_now(question: Question, book: Snapshot, live: Live, wall: datetime) -> dict[str, Any]:
    """`{"json": ..., "lines": [...]}` for an imagined call; raises BadQuestionError, BadAssumptionError,
    BadMomentError."""
    book = book.apply(question.changes) if question.changes else book
    moment = moment_of(question.at, book, wall)
    told = explain(
        EXPLAINING,
        book,
        live,
        moment,
        caller=question.caller,
        called=question.called,
        assumptions=question.assumptions,
    )
    asked = {
        "company": question.company,
        "from": question.caller,
        "to": question.called,
        "at": moment.isoformat(timespec="seconds"),
    }
    return _told(told, asked, question.language or book.company.language)


def _as_it_went(record: Record, book: Snapshot, language: str) -> list[dict[str, Any]]:
    """What happened when, in order: each step with when it was over and what came of each phone."""
    rows: list[dict[str, Any]] = [{"at": record.started, "what": "started"}]
    for place, tried in enumerate(record.so_far):
        row: dict[str, Any] = {"at": tried.at or None, "what": tried.outcome, "step": place}
        row["text"] = ending(tried.outcome, language)
        row["phones"] = [
            {
                "target": str(offer.target),
                "owner": _owner(book, offer.target),
                "outcome": offer.outcome,
                "text": ending(offer.outcome, language),
                "status": offer.status,
            }
            for offer in tried.offers
        ]
        rows.append(row)
    if record.answered is not None:
        rows.append({"at": record.answered, "what": "answered", "by": str(record.answered_by or "")})
        rows += _came_and_went(record, record.answered)
    end = {"at": record.ended, "what": "ended", "by": record.ended_by, "text": ending(record.reason, language)}
    return [*rows, end]


def _came_and_went(record: Record, answered: float) -> list[dict[str, Any]]:
    """Who came into the call after it was answered, and who left before its end."""
    rows = []
    for leg in record.legs:
        who = {"by": str(leg.party.ref or ""), "device": leg.party.device}
        rows += [{"at": leg.joined, "what": "joined", **who}] if leg.joined > answered else []
        rows += [{"at": leg.left, "what": "left", **who}] if leg.left < record.ended else []
    return sorted(rows, key=lambda row: float(row["at"] or 0.0))


def _owner(book: Snapshot, target: Ref) -> str | None:
    owner = book.owner_of(target.id) if target.kind == "device" else None
    return str(owner) if owner is not None else None


def explain_record(record: Record, book: Snapshot, language: str | None) -> dict[str, Any]:
    """The same for a call that was: what was decided then, and what came of it."""
    moment = datetime.fromtimestamp(record.started, book.zone)
    told = past(record.asked, record.so_far)
    words = language or book.company.language
    answer = _with_outcomes(_told(told, question_of(record.asked, moment), words), record.so_far, words)
    text = ending(record.reason, words)
    answer["json"]["ended"] = {"by": record.ended_by, "reason": record.reason, "text": text}
    answer["json"]["timeline"] = _as_it_went(record, book, words)
    done = [why for why in record.because if why.rule == DONE]
    answer["lines"] += [f"+ {render(why, words)}" for why in done]
    answer["json"]["done"] = [render(why, words) for why in done]
    answer["lines"].append(f"= {text} ({record.ended_by})")
    return answer


def explain_live(state: CallState, book: Snapshot, language: str | None) -> dict[str, Any]:
    """The same for a call that goes on: what was decided so far and came of it, and whose phones ring now."""
    words = language or book.company.language
    told = msgspec.structs.replace(past(state.asked, state.so_far), because=state.because)
    asked = question_of(state.asked, datetime.fromtimestamp(state.started, book.zone))
    answer = _with_outcomes(_told(told, asked, words), state.so_far, words)
    answer["lines"] = answer["lines"] or [render(why, words) for why in state.because]
    rings = [
        {"target": f"device:{rung.party.device}", "owner": str(rung.party.ref or ""), "outcome": "ringing"}
        for rung in state.ringing
    ]
    rows = _as_it_went(record_of(state, {}), book, words)[:-1]
    answer["json"]["timeline"] = [*rows, *([{"at": None, "what": "ringing", "phones": rings}] if rings else [])]
    return answer


def _with_outcomes(answer: dict[str, Any], so_far: SoFar, words: str) -> dict[str, Any]:
    """The steps with what came of them."""
    for step, tried in zip(answer["json"]["plan"], so_far, strict=True):
        step["outcome"] = tried.outcome
        step["outcome_text"] = ending(tried.outcome, words)
    return answer


def _told(told: Explanation, asked: dict[str, str], language: str) -> dict[str, Any]:
    plain = partial(render, language=language, with_setting=False)
    full = partial(render, language=language)
    return {"json": as_json(told, asked, plain), "lines": as_lines(told, full)}


def moment_of(text: str | None, book: Snapshot, wall: datetime) -> datetime:
    """The moment that is meant; raises BadMomentError."""
    if text is None:
        return wall.astimezone(book.zone)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadMomentError(f"--at {text!r}: give a time such as 2026-12-24T20:15") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=book.zone)
