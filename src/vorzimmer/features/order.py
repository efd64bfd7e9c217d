"""The precedence of the whole product on one page (FEATURES.md 12.1 and 12.2).

A call asks this chain from top to bottom until one rule has the answer; after a ring without an answer, or a forward,
it asks again. Places of features to come are kept in :data:`PLACES`. This module must never hold a rule itself.
"""

from vorzimmer.features.anonymous_rejection import rules as anonymous_rejection
from vorzimmer.features.call_waiting import rules as call_waiting
from vorzimmer.features.codes import rules as codes
from vorzimmer.features.dialling import rules as dialling
from vorzimmer.features.dnd import rules as dnd
from vorzimmer.features.emergency import rules as emergency
from vorzimmer.features.forwarding import rules as forwarding
from vorzimmer.features.identity import rules as identity
from vorzimmer.features.outside import rules as outside
from vorzimmer.features.parallel_ringing import rules as parallel_ringing
from vorzimmer.features.ringing import rules as ringing
from vorzimmer.features.roles import ROLES
from vorzimmer.features.selective import rules as selective
from vorzimmer.features.trunk import rules as trunk
from vorzimmer.features.voicemail import rules as voicemail
from vorzimmer.routing.rule import Facilities, Order, Rule

RULES: tuple[Rule, ...] = (
    # 12.2 originating: what was dialled?
    emergency.EMERGENCY,
    codes.RULE,
    #   on-behalf identity · intercept outbound · digit patterns · call type · authorisation
    dialling.DIALLED,
    # PRE-0 what is this target? (the loop guard itself stands in routing/decide.py, where every forward passes)
    dialling.EXISTS,
    dialling.ONESELF,
    voicemail.RULE,
    dialling.NOT_BUILT,
    outside.OUTSIDE,
    # 12.1 terminating
    #   1 emergency call-back · 2 intercepts · 3 incoming calling plan, blocked numbers
    anonymous_rejection.RULE,  # PRE-4
    selective.REJECTION,
    selective.ACCEPTANCE,
    #   5 night forwarding · 6 call-back memory, responsible person · 7 VIP list, executive filter
    forwarding.ALWAYS,  # PRE-8
    forwarding.PHONE,
    dnd.RULE,
    forwarding.SELECTIVE,
    ringing.DEVICES,  # PRE-9
    dnd.PHONES,
    call_waiting.RULE,
    forwarding.UNREACHABLE,
    forwarding.BUSY,
    #   10 shared lines
    parallel_ringing.RULE,  # PRE-10
    forwarding.PATIENCE,
    ringing.RING,
    forwarding.NO_ANSWER,  # PRE-11
    ringing.ENDING,
)
"""The chain as it acts now."""

PLACES: tuple[tuple[int, str, str], ...] = (
    (1, "emergency call-back rings past everything but the loop guard", "anonymous_rejection"),
    (2, "site intercept, then user intercept", "anonymous_rejection"),
    (3, "incoming calling plan, blocked numbers", "anonymous_rejection"),
    (5, "night forwarding of the site", "forwarding.always"),
    (6, "call-back memory, then the responsible person", "forwarding.always"),
    (7, "VIP list, then executive filter", "forwarding.always"),
    (10, "shared lines in the Ring", "parallel"),
)
"""Step of the list in FEATURES.md 12.1, feature to come, and the rule of the chain before which it will stand."""


FACILITIES = Facilities(mailbox=voicemail.has_mailbox, dnd=dnd.is_on, outgoing=identity.outgoing, ways=trunk.ways)

ORDER = Order(RULES, ROLES, FACILITIES)
"""What the product decides with."""

EXPLAINING = ORDER.with_before(dialling.ONESELF, dialling.NOT_ACTING)
"""The same chain, which in passing names what is set but does not act yet."""
