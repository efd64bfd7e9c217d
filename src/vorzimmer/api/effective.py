"""Settings of somebody as they act, and who decides each: themselves, the site, the company, or nobody (the default).

Levels and locks are those of ``policies`` (company, site, user: the nearest wins unless a level above has locked it).
This module must never change how a setting acts; it tells.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from starlette.responses import Response

from vorzimmer.admin.public import shown
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.house import Asking
from vorzimmer.api.live_shapes import Effective
from vorzimmer.api.records import readable
from vorzimmer.directory.keys import COMPANY, SITE, USER
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Key
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.policies.settings import POLICIES

router = guarded("users")
Json = dict[str, Any]
Level = tuple[str, Ref]
DEFAULTS: Final[dict[str, Any]] = {
    "delegation.enabled": True,
    "delegation.users_may_delegate": True,
    "recording.enabled": False,
    "recording.kept_days": 90,
}
"""What holds where no level says anything (FEATURES.md 2.1, 7)."""


@router.get("/companies/{company}/users/{id}/effective", summary="Settings and who decides", response_model=Effective)
async def effective(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
    """Every setting of a user with its value; whether it is the user's own, that of a level above or the default; who
    has locked it."""
    book = ask.book(company)
    entry = readable(book, ask.asker, Ref(USER.name, id))
    own = shown(SCHEMA, USER, entry.data)
    rows: list[Json] = []
    for name, key in SCHEMA.keys_on[USER.name].items():
        if key.name == POLICIES.name:
            rows.extend(_policies(book, entry.ref))
        else:
            rows.extend(_own(book, entry.ref, key, own.get(name)))
    return json_answer({"items": rows})


def _own(book: Snapshot, who: Ref, key: Key[Any], said: Any) -> Iterator[Json]:
    """A section that only the user has."""
    full = msgspec.to_builtins(book.get(key, who))
    value = full[key.bare] if key.bare else full
    for path, one in _leaves(value, (key.name,)):
        named = _named(said, path[1:]) if said is not None else False
        row: Json = {"path": ".".join(path), "value": one, "decided_by": "user" if named else "default"}
        yield row | {"setting": book.setting(who, key.name) if named else None, "locked_by": None, "acts": key.acts}


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Values that a person sets one by one; a list is one."""
    if isinstance(value, dict) and value:
        for name, inside in value.items():
            if name not in {"pin", "password"}:
                yield from _leaves(inside, (*path, name))
    else:
        yield path, value


def _named(said: Any, path: tuple[str, ...]) -> bool:
    """Whether the record says something at this place."""
    for step in path:
        if not isinstance(said, dict) or step not in said:
            return False
        said = said[step]
    return True


def _policies(book: Snapshot, who: Ref) -> Iterator[Json]:
    user = book.find(USER, who.id)
    levels: list[Level] = [("company", Ref(COMPANY.name, book.company.id))]
    if user is not None and user.site is not None:
        levels.append(("site", Ref(SITE.name, user.site)))
    levels.append(("user", who))
    for path, default in DEFAULTS.items():
        yield _policy(book, levels, path, default)


def _policy(book: Snapshot, levels: list[Level], path: str, default: Any) -> Json:
    area, name = path.split(".")
    value, decided, setting, locked = default, "default", None, None
    for level, ref in levels:
        policy = getattr(book.get(POLICIES, ref), area)
        said = getattr(policy, name)
        if said is not None:
            value, decided, setting = said, level, book.setting(ref, f"{POLICIES.name}.{path}")
        if policy.locked and level != "user":
            locked = level
            break
    row: Json = {"path": f"{POLICIES.name}.{path}", "value": value, "decided_by": decided, "setting": setting}
    return row | {"locked_by": locked, "acts": POLICIES.acts}
