"""Whether the tests notice when a protocol machine is broken: each row and each line in turn (``make mutants``).

Two kinds of mutants. Of the transaction tables: a row deleted, its next state another one, one of its actions or
timers dropped. Of the rooms that keep dialogs, sessions and subscriptions: a condition turned around, another operator,
a statement left out. A mutant lives in the memory of a forked process only, in which the room's own test files run
until one fails. Prints who survives; exits with 1 if somebody does that is not named in `KNOWN`, with a reason.
"""

import argparse
import ast
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

PATIENCE = 30
"""Seconds of CPU after which a mutant that loops for ever counts as caught."""
UNIT = "tests/unit/test_"
ENGINE = tuple(f"{UNIT}sip_engine_{part}.py" for part in ("calls", "cancel", "dialogs", "entrance", "restart"))
ROOMS: dict[str, tuple[str, ...]] = {
    "sip.transactions": (f"{UNIT}sip_transactions.py",),
    "sip.dialog": (f"{UNIT}sip_dialog.py", *ENGINE, f"{UNIT}sip_reliable.py", f"{UNIT}calls_identity.py"),
    "sip.session_timer": (f"{UNIT}sip_session_timer.py",),
    "sip.sessions": (f"{UNIT}sip_session_timer.py", *ENGINE),
    "sip.subscription_machine": (f"{UNIT}sip_subscription.py", "tests/property/test_subscription_properties.py"),
}
"""Each room, and the test files that have to notice, quickest first."""
KNOWN: dict[str, str] = {
    "sip.subscription_machine: _until: another operator: expires < subscription.due": "a reminder twice does nothing",
    "sip.subscription_machine: _due: another operator: when < subscription.due or subscription.over": (
        "a reminder twice does nothing"
    ),
    "sip.subscription_machine: _remind: another operator: self._order += 1": "any order is right that repeats",
    "sip.subscription_machine: forget: left out: self._by_account.pop(subscription.account, None)": (
        "an empty list stays, one for each device at most"
    ),
    "sip.subscription_machine: get_timer: another operator: self._late_at < due": "both are the same moment then",
    "sip.sessions: stop: left out: leg.session_timer = None": "the leg is gone, nobody looks at its timer",
    "sip.sessions: _due: left out: leg.session_timer = None": "stopping a timer that has rung does nothing",
    "sip.dialog: __init__: left out: self.target = ''": "whoever makes a dialog says its target",
}
"""Mutants that change nothing anybody could see, and why."""


@dataclass(frozen=True)
class Mutant:
    """`apply` breaks the room for this process."""

    name: str
    room: str
    apply: Callable[[], None]


# -- tables ----------------------------------------------------------------------------------------------------------
def of_tables() -> Iterator[Mutant]:
    """Each row of the four transaction machines."""
    module = importlib.import_module("vorzimmer.sip.transactions")
    for machine, table in module.TABLES.items():
        states = (*table, module.State.TERMINATED)
        for state, rows in table.items():
            for happening, row in rows.items():
                name = f"{machine}: {state} + {happening}"
                yield Mutant(f"{name} deleted", "sip.transactions", lambda r=rows, h=happening: r.pop(h))
                for other in states:
                    if other is not row.state:
                        then = row._replace(state=other)
                        yield Mutant(f"{name} -> {other}", "sip.transactions", _put(rows, happening, then))
                for at, action in enumerate(row.actions):
                    less = row._replace(actions=row.actions[:at] + row.actions[at + 1 :])
                    yield Mutant(f"{name} without {action!r}", "sip.transactions", _put(rows, happening, less))


def _put(rows: dict[object, object], happening: object, row: object) -> Callable[[], None]:
    return lambda: rows.update({happening: row})


# -- code ------------------------------------------------------------------------------------------------------------
_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_NAMES = {"min": "max", "max": "min"}


def of_code(room: str) -> Iterator[Mutant]:
    """Each condition, operator and statement of a room's functions."""
    module = importlib.import_module(f"vorzimmer.{room}")
    source = inspect.getsource(module)
    for number, (where, node) in enumerate(_nodes(ast.parse(source))):
        for kind in _kinds(node):
            text = ast.unparse(node.test if kind == "turned around" else node).partition("\n")[0]
            yield Mutant(f"{room}: {where}: {kind}: {text}", room, _broken(module, source, number, kind))


def _nodes(tree: ast.Module) -> list[tuple[str, ast.AST]]:
    """Everything inside functions, with the function's name, in a stable order; annotations are none of it."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f.name, node) for f in functions for statement in f.body for node in ast.walk(statement)]


def _kinds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "turned around"
    if type(_operator(node)) in _OTHER or (isinstance(node, ast.Name) and node.id in _NAMES):
        yield "another operator"
    left_out = isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    kept = isinstance(node, ast.Assign) and all(isinstance(t, ast.Attribute | ast.Subscript) for t in node.targets)
    if left_out or kept:
        yield "left out"


def _operator(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Compare):
        return node.ops[-1]
    return node.op if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) else None


def _broken(module: ModuleType, source: str, number: int, kind: str) -> Callable[[], None]:
    def apply() -> None:
        tree = ast.parse(source)
        _break(tree, _nodes(tree)[number][1], kind)
        code = compile(ast.fix_missing_locations(tree), module.__file__ or "", "exec")
        functions = dict(_functions(module))
        for changed in _codes(code):
            function = functions.get(changed.co_qualname)
            if function is not None and function.__code__ != changed:
                function.__code__ = changed

    return apply


def _break(tree: ast.Module, node: ast.AST, kind: str) -> None:
    if kind == "left out":
        _leave_out(tree, node)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
    elif isinstance(node, ast.Name):
        node.id = _NAMES[node.id]
    elif isinstance(node, ast.Compare):
        node.ops[-1] = _OTHER[type(node.ops[-1])]()  # type: ignore[assignment]  # a comparison for a comparison
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
        node.op = _OTHER[type(node.op)]()  # type: ignore[assignment]  # likewise


def _leave_out(tree: ast.Module, node: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(parent, field, None)
            if isinstance(block, list) and node in block:
                block[block.index(node)] = ast.copy_location(ast.Pass(), node)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _codes(inner)


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The module's functions and methods by qualified name; what caches their results is emptied."""
    inside = [vars(module), *(vars(kind) for kind in vars(module).values() if inspect.isclass(kind))]
    for value in [value for names in inside for value in names.values()]:
        if hasattr(value, "cache_clear"):
            value.cache_clear()
        bare = value.fget if isinstance(value, property) else inspect.unwrap(value) if callable(value) else value
        bare = getattr(bare, "__func__", bare)
        if isinstance(bare, FunctionType) and bare.__module__ == module.__name__:
            yield bare.__qualname__, bare


# -- running ---------------------------------------------------------------------------------------------------------
def passes(room: str) -> bool:
    """Whether all test files of a room pass in this process."""
    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no"]
    return all(pytest.main([*options, str(ROOT / path)]) == pytest.ExitCode.OK for path in ROOMS[room])


def begin(mutant: Mutant) -> int:
    """A process in which it lives; exits with 0 if nobody has noticed it."""
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        _silent()
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)  # Its signal ends the process.
        mutant.apply()
        code = 0 if passes(mutant.room) else 1
    finally:
        os._exit(code)


def _silent() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def survivors(mutants: list[Mutant], jobs: int) -> Iterator[Mutant]:
    """Those that no test has noticed."""
    waiting, living = list(reversed(mutants)), dict[int, Mutant]()
    while waiting or living:
        while waiting and len(living) < jobs:
            mutant = waiting.pop()
            living[begin(mutant)] = mutant
        process, status = os.wait()
        gone = living.pop(process)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            yield gone


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="mutate_tables", description=__doc__)
    parser.add_argument("--only", default="", help="mutants whose name has this in it")
    parser.add_argument("--sample", type=int, default=0, help="so many, evenly spread over all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes")
    given = parser.parse_args(arguments)
    everybody = [*of_tables(), *(m for room in ROOMS if room != "sip.transactions" for m in of_code(room))]
    chosen = [mutant for mutant in everybody if given.only in mutant.name]
    chosen = chosen[:: max(1, len(chosen) // given.sample)][: given.sample] if given.sample else chosen
    broken = [room for room in {mutant.room for mutant in chosen} if not _quietly(room)]
    if broken or not chosen:
        sys.stdout.write(f"the tests fail by themselves: {broken}\n" if broken else "no such mutant\n")
        return 2
    left = 0
    for mutant in survivors(chosen, given.jobs):
        left += mutant.name not in KNOWN
        sys.stdout.write(f"survives: {mutant.name}{' (known)' if mutant.name in KNOWN else ''}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} mutants, {left} survive\n")
    return 1 if left else 0


def _quietly(room: str) -> bool:
    """The unbroken room; in this process, so that the forked ones find everything imported."""
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        return passes(room)
    finally:
        os.dup2(out, 1)
        os.close(out)
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
