"""Dialled feature codes (FEATURES.md section 13). They are looked at before extensions; emergency numbers before them.

A rule only names the action; the change itself goes through the one door for changes. This module must never let one
person's transfer run a code in another person's name.
"""

from vorzimmer.directory.ref import Ref
from vorzimmer.features.codes.actions import ACTIONS
from vorzimmer.features.codes.settings import DEFAULTS, FEATURE_CODES, CodeName
from vorzimmer.kernel.text import safe_name
from vorzimmer.routing.model import Announce, Because, Run
from vorzimmer.routing.numbers import clean
from vorzimmer.routing.rule import PASS, Context, Redial, Rule, Verdict, answer
from vorzimmer.routing.target import named

WITHHOLD: CodeName = "withhold_number"


def codes(context: Context) -> Verdict:
    """``*`` and ``#`` are never part of an extension: what begins with one is a code, or nothing."""
    dialled = clean(context.dialled)
    if context.target is not None or not dialled.startswith(("*", "#")):
        return PASS
    company = Ref("company", context.book.company.id)
    found = context.book.get(FEATURE_CODES, company).split(dialled)
    if found is None:
        return _denied("code.unknown", {"dialled": safe_name(dialled)}, 404)
    name, rest = found
    code = dialled[: len(dialled) - len(rest)]
    if not DEFAULTS[name].acts:
        return _denied("code.not_built", {"code": code, "name": name}, 403)
    if context.asked.role != "user":
        return _denied("code.not_here", {"code": code}, 403)
    if name == WITHHOLD:
        return _withhold(code, rest, context)
    return _change(name, code, rest.rstrip("#"), context)


def _withhold(code: str, rest: str, context: Context) -> Verdict:
    """The number is withheld for this call only; the rest is dialled as if alone, but holds no second code."""
    if not rest or rest.startswith(("*", "#")):
        return _denied("code.needs_number", {"code": code}, 404)
    return Redial(rest, private=True, because=(Because("codes", "code.withhold", {"code": code}),))


def _change(name: CodeName, code: str, rest: str, context: Context) -> Verdict:
    caller = context.asked.caller.ref
    if caller is None or caller.kind != "user":
        return _denied("code.users_only", {"code": code}, 403)
    params: dict[str, str] = {}
    if rest:
        to = named(rest, caller, context.book) if DEFAULTS[name].takes == "number" else None
        if to is None or to == caller:
            return _denied("code.bad_number", {"code": code, "dialled": safe_name(rest)}, 404)
        params = {"to": to.id if to.kind == "number" else str(to)}
    action = ACTIONS[name]
    return answer(Run(action.name, params, (Because("codes", action.because, {"code": code}),)))


def _denied(key: str, params: dict[str, str], status: int) -> Verdict:
    prompt = "say.not_available" if status == 403 else "tone:unavailable"
    return answer(Announce(prompt, status, because=(Because("codes", key, params),)))


RULE = Rule("codes", "12.2", codes, originating=True)
