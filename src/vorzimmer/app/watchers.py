"""Who watches what, for people: the rows of ``vorzimmer watchers``. This module must never change anything."""

import msgspec

from vorzimmer.app.house import split_key
from vorzimmer.app.lamps import LampView
from vorzimmer.presence.feature_state import FeatureState
from vorzimmer.presence.resources import FEATURES, ROLL, is_owned
from vorzimmer.presence.subscriptions import Subscriptions
from vorzimmer.sip.subscription import Subscription


class Watcher(msgspec.Struct, frozen=True):
    """One subscription, for people: `what` is watched by `device` (``lamps_user:anna`` is somebody's list of lamps,
    ``features_user:anna`` his do not disturb and forwarding), `shows` how it is now ("" where nobody can say);
    `seconds` are left; `state` is told, waiting (a NOTIFY is owed or out) or away (no way to the phone)."""

    company: str
    device: str
    package: str
    what: str
    shows: str
    seconds: int
    state: str


def watchers(watching: Subscriptions, view: LampView, company: str | None, now: float) -> list[Watcher]:
    """Who watches what, in a stable order."""
    rows = []
    for each in watching.notifier:
        of, device = split_key(each.account)
        if company in {None, of}:
            state = "away" if each.flow is None else "waiting" if each.stale or each.pending else "told"
            what, left = each.resource.partition("/")[2], max(0, round(each.expires - now))
            rows.append(Watcher(of, device, each.package, what, _shown(each, view), left, state))
    return sorted(rows, key=lambda row: (row.company, row.device, row.package, row.what))


def _shown(one: Subscription, view: LampView) -> str:
    if is_owned(one.resource, ROLL):
        return f"{len(view.members(one.resource, one.account))} lamps"
    if is_owned(one.resource, FEATURES):
        return _features(view.features(one.resource))
    seen = view.state(one.resource)
    return seen.word if seen is not None else ""


def _features(state: FeatureState | None) -> str:
    if state is None:
        return ""
    on = ["dnd"] * state.dnd + [case for case, enabled, _ in state.forwards if enabled]
    return ", ".join(on) or "all off"
