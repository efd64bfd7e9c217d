"""Explanations as they leave the server: of an imagined call with live facts, and of a call that was.

Both come from the code that decides and from what a call's record holds. This module must never decide.
"""

from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from vorzimmer.app.endings import ending
from vorzimmer.calls.records import Record
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.order import EXPLAINING
from vorzimmer.features.texts import render
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.routing.dry_run import Explanation, past
from vorzimmer.routing.explain import as_json, as_lines, explain, question_of
from vorzimmer.routing.live import Live


class BadMomentError(VorzimmerError):
    """`--at` is not a time."""


class Question(msgspec.Struct, frozen=True):
    """`caller` and `called` as `explain --from --to` take them; `at` is ISO 8601, without an offset in the company's
    zone, None for now; `assumptions` lay over the live facts; `language` None is the company's."""

    company: str
    caller: str
    called: str
    at: str | None = None
    assumptions: tuple[str, ...] = ()
    language: str | None = None


def explain_now(question: Question, book: Snapshot, live: Live, wall: datetime) -> dict[str, Any]:
    """`{"json": ..., "lines": [...]}` for an imagined call; raises BadQuestionError, BadAssumptionError,
    BadMomentError."""
    moment = _moment(question.at, book, wall)
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


def explain_record(record: Record, book: Snapshot, language: str | None) -> dict[str, Any]:
    """The same for a call that was: what was decided then, and what came of it."""
    moment = datetime.fromtimestamp(record.started, book.zone)
    told = past(record.asked, record.so_far)
    answer = _told(told, question_of(record.asked, moment), language or book.company.language)
    outcomes = [tried.outcome for tried in record.so_far]
    for step, outcome in zip(answer["json"]["plan"], outcomes, strict=True):
        step["outcome"] = outcome
    answer["json"]["ended"] = {"by": record.ended_by, "reason": record.reason}
    words = ending(record.reason, language or book.company.language)
    answer["lines"].append(f"= {words} ({record.ended_by})")
    return answer


def _told(told: Explanation, asked: dict[str, str], language: str) -> dict[str, Any]:
    plain = partial(render, language=language, with_setting=False)
    full = partial(render, language=language)
    return {"json": as_json(told, asked, plain), "lines": as_lines(told, full)}


def _moment(text: str | None, book: Snapshot, wall: datetime) -> datetime:
    if text is None:
        return wall.astimezone(book.zone)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadMomentError(f"--at {text!r}: give a time such as 2026-12-24T20:15") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=book.zone)
