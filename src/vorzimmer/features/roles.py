"""As what somebody is rung: the second page of the product's precedence (FEATURES.md 12.4).

One row per role; a leg that needs new manners gets a row here, not an `if` in a call. This module must never decide.
"""

from types import MappingProxyType

from vorzimmer.routing.rule import Role

# fmt: off
ROLES = MappingProxyType({
    #                 filter    dnd           forward  busy            missed       press1 pays          lamp   pick-up
    "user":      Role("acts",   "acts",       "acts",  "wait_forward", "user",      False, "",           True,  True),
    "assistant": Role("never",  "skipped",    "never", "wait_skipped", "shared",    True,  "executive",  True,  True),
    "screening": Role("never",  "suppressed", "never", "toneless",     "none",      True,  "executive",  False, False),
    "divert":    Role("never",  "skipped",    "never", "skipped",      "none",      True,  "stricter",   True,  False),
    "delegate":  Role("never",  "skipped",    "never", "lamp_wait",    "shared",    True,  "delegator",  True,  True),
    "hunt":      Role("never",  "skipped",    "never", "group",        "group",     True,  "site",       True,  True),
    "push":      Role("never",  "busy",       "never", "wait_recall",  "executive", True,  "executive",  True,  False),
    "recall":    Role("never",  "rings",      "never", "waits",        "parker",    False, "",           True,  True),
    "instant":   Role("never",  "skipped",    "never", "skipped_wait", "group",     True,  "caller",     True,  False),
    "transfer":  Role("others", "acts",       "acts",  "wait_forward", "target",    False, "transferor", True,  True),
    "parallel":  Role("none",   "none",       "never", "none",         "none",      True,  "user",       True,  False),
    "forward":   Role("acts",   "acts",       "acts",  "wait_forward", "forwarder", False, "forwarder",  True,  True),
})
# fmt: on
"""Role -> its row. `forward` stands for forward, rollover, night and overflow targets; inside, the target gets a missed
entry, too. `others`: the filter acts unless the call comes from an own assistant. `stricter`: the stricter plan of
assistant and executive. A transfer target that does not answer is followed by the recall to the transferor."""
