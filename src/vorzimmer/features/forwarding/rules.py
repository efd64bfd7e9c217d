"""Forwarding: always, selective, busy, no answer, unreachable, the phone's own diversion (FEATURES.md BAS-1 to BAS-3).

Each acts at its place in `features/order.py`. This module must never forward a leg on which the target's own services
do not act, nor to an emergency number.
"""

from vorzimmer.directory.criteria import Criterion
from vorzimmer.directory.ref import Ref
from vorzimmer.features.forwarding.settings import FORWARDING, Forwarding
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.criteria import first_match, when
from vorzimmer.routing.model import Because, Forward, Ring
from vorzimmer.routing.rule import PASS, Add, Context, Pass, Rule, Treat, Verdict, answer
from vorzimmer.routing.target import named

REASONS = {
    "always": "unconditional",
    "selective": "unconditional",
    "phone": "deflection",
    "busy": "user-busy",
    "no_answer": "no-answer",
    "unreachable": "unavailable",
}
"""What sends a call on -> why, in the words of RFC 5806."""


def always(context: Context) -> Verdict:
    """BAS-1, PRE-8: before do not disturb."""
    if not context.serves or context.target is None:
        return PASS
    case = _settings(context).always
    return _forward(context, "always", case.to) if case.enabled else PASS


def phone(context: Context) -> Verdict:
    """BAS-1: the phone's own diversion (302) counts like forward always, under the user's plan. Where it leads nowhere
    the phone is not available, and what the user has set for that acts."""
    target = context.target
    if target is None or context.treatment != "redirected":
        return PASS
    asked_for = next((o.to for tried in context.since for o in tried.offers if o.outcome == "redirected"), "")
    to = named(asked_for, target, context.book)
    params = {"name": context.book.name_of(target), "to": safe_name(asked_for), "seconds": ""}
    if to is None or to == target or not context.role.walks:
        return Treat("unreachable", (Because("forwarding.phone", "forwarding.phone_refused", params),))
    why = Because("forwarding.phone", "forwarding.phone", params | _to(to, context))
    return answer(Forward(to, target, "forwarding.phone", (why,), reason=REASONS["phone"]))


def selective(context: Context) -> Verdict:
    """BAS-3, PRE-8: the first criterion that holds, unless an exception does; after do not disturb."""
    if not context.serves or context.target is None or context.treatment is not None:
        return PASS
    settings = _settings(context)
    found = first_match(settings.selective, context)
    return _forward(context, "selective", found.to or settings.always.to, found) if found else PASS


def busy(context: Context) -> Verdict:
    """BAS-2, PRE-9: busy, do not disturb, declined."""
    if not context.serves or context.treatment not in {"busy", "declined"}:
        return PASS
    case = _settings(context).busy
    return _forward(context, "busy", case.to) if case.enabled else PASS


def unreachable(context: Context) -> Verdict:
    """BAS-2, PRE-9: no binding, or no response within 4 s."""
    if not context.serves or context.treatment != "unreachable":
        return PASS
    case = _settings(context).unreachable
    return _forward(context, "unreachable", case.to) if case.enabled else PASS


def patience(context: Context) -> Verdict:
    """BAS-2: how long to ring where a no-answer forwarding leads somewhere."""
    if not context.serves or context.target is None or context.treatment is not None:
        return PASS
    case = _settings(context).no_answer
    if not case.enabled or isinstance(_where(context, "no_answer", case.to), Pass):
        return PASS
    params = {"name": context.book.name_of(context.target), "seconds": str(case.after_s)}
    path = context.book.setting(context.target, "forwarding.no_answer.after_s")
    return Add((Because("forwarding.patience", "forwarding.after", params, path),), seconds=float(case.after_s))


def no_answer(context: Context) -> Verdict:
    """BAS-2, PRE-11."""
    if not context.serves or context.treatment != "no_answer":
        return PASS
    case = _settings(context).no_answer
    return _forward(context, "no_answer", case.to) if case.enabled else PASS


def _settings(context: Context) -> Forwarding:
    return context.book.get(FORWARDING, context.target) if context.target else FORWARDING.type()


def _forward(context: Context, case: str, to_text: str | None, found: Criterion | None = None) -> Verdict:
    to = _where(context, case, to_text)
    if isinstance(to, Pass) or context.target is None:
        return to if isinstance(to, Pass) else PASS
    params = _params(context, case) | _to(to, context) | ({"criterion": found.name} if found else {})
    rule = f"forwarding.{case}"
    key = "forwarding.declined" if context.treatment == "declined" else rule
    whys = (Because(rule, key, params, _path(context, case)), *(when(found, context) if found else ()))
    return answer(Forward(to, context.target, rule, whys, reason=REASONS[case]))


def _where(context: Context, case: str, to_text: str | None) -> Ref | Pass:
    """Where a forwarding leads, or why it leads nowhere."""
    target = context.target
    to = named(to_text, target, context.book) if to_text and target else None
    if target is None or to is None or to == target:
        return _nowhere(context, case, "forwarding.nowhere", to_text)
    if to.kind == "voicemail" and not context.facilities.mailbox(context.book, to):
        return _nowhere(context, case, "forwarding.no_mailbox", to_text)
    return to


def _nowhere(context: Context, case: str, key: str, to_text: str | None) -> Pass:
    if context.target is None:
        return PASS
    params = {"name": context.book.name_of(context.target), "target": safe_name(to_text or "")}
    return Pass((Because(f"forwarding.{case}", key, params, _path(context, case)),))


def _params(context: Context, case: str) -> dict[str, str]:
    name = context.book.name_of(context.target) if context.target else ""
    return {"name": name, "seconds": _rang_for(context)} if case == "no_answer" else {"name": name}


def _rang_for(context: Context) -> str:
    rings = [tried.step.seconds for tried in context.since if isinstance(tried.step, Ring)]
    return f"{rings[-1]:g}" if rings else ""


def _to(to: Ref, context: Context) -> dict[str, str]:
    return {"to": str(to), "to_name": context.book.name_of(to)}


def _path(context: Context, case: str) -> str | None:
    return context.book.setting(context.target, f"forwarding.{case}") if context.target else None


ALWAYS = Rule("forwarding.always", "BAS-1", always)
PHONE = Rule("forwarding.phone", "BAS-1", phone)
SELECTIVE = Rule("forwarding.selective", "BAS-3", selective)
BUSY = Rule("forwarding.busy", "BAS-2", busy)
UNREACHABLE = Rule("forwarding.unreachable", "BAS-2", unreachable)
PATIENCE = Rule("forwarding.patience", "BAS-2", patience)
NO_ANSWER = Rule("forwarding.no_answer", "PRE-11", no_answer)
