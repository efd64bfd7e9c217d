"""Questions and answers of `explain`: WHO and WHAT as people type them, and the answer as text and as JSON.

Words come from a renderer that is handed in. This module must never decide; it shows what deciding said.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.routing.dry_run import Explanation, Outcomes, dry_run
from vorzimmer.routing.live import Live, assume
from vorzimmer.routing.model import (
    Announce,
    Asked,
    Because,
    Caller,
    Diverted,
    Forward,
    Presentation,
    Refuse,
    Ring,
    Run,
    Step,
)
from vorzimmer.routing.rule import Order

Render = Callable[[Because], str]
"""A because in words, without the path of its setting."""

_TYPED = re.compile(r"([a-z_]+):(.+)", re.DOTALL)
_E164 = re.compile(r"\+[1-9][0-9]{3,14}")
_URI = frozenset({"sip", "sips", "tel", "urn"})
ANONYMOUS = "anonymous"


class BadQuestionError(VorzimmerError):
    """A WHO or WHAT that cannot be read, or that does not exist; the message says which."""


class Question(msgspec.Struct, frozen=True):
    """`caller` and `called` as `explain --from --to` take them; `at` is ISO 8601, without an offset in the company's
    zone, None for now; `assumptions` such as ``user:bea=busy`` lay over the live facts; `language` None is the
    company's; `changes` are laid over the settings first (what would happen if they were saved)."""

    company: str
    caller: str
    called: str
    at: str | None = None
    assumptions: tuple[str, ...] = ()
    language: str | None = None
    changes: tuple[Change, ...] = ()


def who(text: str, book: Snapshot) -> Caller:
    """``user:ID``, ``phone:ID``, ``device:ID``, ``+E164``, ``anonymous``, ``unavailable``. Raises BadQuestionError."""
    plain = text.strip()
    if plain == ANONYMOUS:
        return Caller(private=True)
    if plain == "unavailable":
        return Caller()
    if _E164.fullmatch(plain):
        return Caller(number=plain)
    ref = _ref(plain)
    if ref is None or ref.kind not in {"user", "phone", "device"}:
        raise BadQuestionError(f"{text!r}: expected user:ID, phone:ID, device:ID, +E164, anonymous or unavailable")
    return _inside(ref, book)


def _inside(ref: Ref, book: Snapshot) -> Caller:
    owner = book.owner_of(ref.id) if ref.kind == "device" else ref
    if owner is None or not book.exists(ref):
        raise BadQuestionError(f"{ref}: there is no such {ref.kind}")
    numbers = book.numbers_of(owner)
    device = ref.id if ref.kind == "device" else None
    return Caller(owner, device, numbers[0].number if numbers else None, book.name_of(owner))


def what(text: str, book: Snapshot) -> tuple[str, Ref | None]:
    """What is dialled, or a typed target ``kind:ID``. Raises BadQuestionError for a target that does not exist."""
    plain = text.strip()
    ref = _ref(plain)
    if ref is None or ref.kind in _URI:
        return plain, None
    if ref.kind == "number" and not _E164.fullmatch(ref.id):
        return ref.id, None
    known = ref.kind in book.schema.by_kind or ref.kind in {"number", "voicemail"}
    if not known or not book.exists(ref):
        raise BadQuestionError(f"{text!r}: there is no such target")
    return "", ref


def _ref(text: str) -> Ref | None:
    found = _TYPED.fullmatch(text)
    return Ref(found.group(1), found.group(2)) if found else None


def explain(
    order: Order,
    book: Snapshot,
    live: Live,
    now: datetime,
    *,
    caller: str,
    called: str,
    assumptions: tuple[str, ...] = (),
    outcomes: Outcomes = "no_answer",
) -> Explanation:
    """Where a call would go and why. Raises BadQuestionError, BadAssumptionError."""
    dialled, target = what(called, book)
    asked = Asked(book.company.id, who(caller, book), dialled, target)
    return dry_run(order, asked, book, assume(live, book, assumptions), now, outcomes)


def as_json(told: Explanation, question: dict[str, str], render: Render) -> dict[str, Any]:
    """The answer as the command line and the API give it. `question` is shown under ``asked`` as it was put."""
    return {
        "asked": question,
        "because": [_because(why, render) for why in told.because],
        "plan": [_step(step, render) for step in told.steps],
    }


def question_of(asked: Asked, now: datetime) -> dict[str, str]:
    """The question of a call that was made, as it would be put to `explain`."""
    called = str(asked.target) if asked.target else asked.dialled
    before = {"diverted": "; ".join(map(sent_on, asked.diverted))} if asked.diverted else {}
    question = {"company": asked.company, "from": shown_caller(asked.caller), "to": called, "at": now.isoformat()}
    return question | before


def shown_caller(caller: Caller) -> str:
    """A caller in the words of WHO."""
    if caller.ref is not None:
        return f"device:{caller.device}" if caller.device else str(caller.ref)
    return ANONYMOUS if caller.private else caller.number or "unavailable"


def as_lines(told: Explanation, render: Render) -> list[str]:
    """The answer for people: every step, with its becauses below it."""
    lines: list[str] = []
    for number, step in enumerate(told.steps, start=1):
        row = _step(step, render)
        shown = (row["display"] or "", *(f"\u21aa {one}" for one in row.get("diverted", ())))
        parts = (row["step"], ", ".join(row["targets"]), _seconds(row["seconds"]), *shown)
        lines.append(f"{number}. " + "  ".join(part for part in parts if part))
        lines.extend(f"     {render(why)}" for why in step.because)
    return lines


def _seconds(seconds: float | None) -> str:
    return f"{seconds:g} s" if seconds is not None else ""


def _because(why: Because, render: Render) -> dict[str, Any]:
    return {"rule": why.rule, "key": why.key, "params": why.params, "text": render(why), "setting": why.setting}


def _step(step: Step, render: Render) -> dict[str, Any]:
    row: dict[str, Any] = {"step": _name(step), "targets": [], "role": None, "seconds": None}
    row |= {"display": None, "alert": None, "because": [_because(why, render) for why in step.because]}
    return row | _details(step)


def _name(step: Step) -> str:
    return str(step.__struct_config__.tag)


def _details(step: Step) -> dict[str, Any]:
    match step:
        case Ring(offers=offers, seconds=seconds):
            first = offers[0]
            return {
                "targets": [str(offer.target) for offer in offers],
                "role": first.role,
                "seconds": seconds,
                "display": display(first.present),
                "alert": first.alert,
            } | ({"diverted": [sent_on(one) for one in first.diverted]} if first.diverted else {})
        case Forward(to=to):
            return {"targets": [str(to)], "role": "forward"}
        case Announce(prompt=prompt, status=status):
            return {"display": f"{status} {prompt}"}
        case Refuse(status=status, reason=reason):
            return {"display": f"{status} {reason}"}
        case Run(action=action, params=params):
            return {"display": action, "targets": [value for name, value in params.items() if name == "to"]}


def sent_on(one: Diverted) -> str:
    """Who sent the call on as the rung device shows it, and why in the words of RFC 5806."""
    who = display(Presentation(one.name, one.extension or one.number, one.private))
    return f"{who} ({one.reason})"


def display(present: Presentation) -> str:
    """What the rung device shows, on one line."""
    if present.private:
        return ANONYMOUS
    if present.name and present.number:
        return f"{present.name} <{present.number}>"
    return present.name or present.number or "unavailable"
