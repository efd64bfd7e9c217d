"""Every kind and key of the product in one visible place: what a company file may say.

This module must never hold a rule; a feature that is not listed here has no settings.
"""

from vorzimmer.directory.keys import COMPANY, CONTACT, DEPARTMENT, DEVICE, PHONE, SCHEDULE, SITE, USER
from vorzimmer.directory.schema import Schema
from vorzimmer.features.anonymous_rejection import settings as anonymous_rejection
from vorzimmer.features.attendant import settings as attendant
from vorzimmer.features.barge import settings as barge
from vorzimmer.features.call_waiting import settings as call_waiting
from vorzimmer.features.calling_plan import settings as calling_plan
from vorzimmer.features.codes import settings as codes
from vorzimmer.features.company_sign_in import settings as company_sign_in
from vorzimmer.features.delegation import settings as delegation
from vorzimmer.features.dnd import settings as dnd
from vorzimmer.features.executive import settings as executive
from vorzimmer.features.forwarding import settings as forwarding
from vorzimmer.features.hunt import settings as hunt
from vorzimmer.features.identity import settings as identity
from vorzimmer.features.instant import settings as instant
from vorzimmer.features.intercept import settings as intercept
from vorzimmer.features.lamps import settings as lamps
from vorzimmer.features.night import settings as night
from vorzimmer.features.paging import settings as paging
from vorzimmer.features.parallel_ringing import settings as parallel_ringing
from vorzimmer.features.park import settings as park
from vorzimmer.features.pickup import settings as pickup
from vorzimmer.features.policies import settings as policies
from vorzimmer.features.privacy import settings as privacy
from vorzimmer.features.recall import settings as recall
from vorzimmer.features.recording import settings as recording
from vorzimmer.features.selective import settings as selective
from vorzimmer.features.speed_dial import settings as speed_dial
from vorzimmer.features.trunk import settings as trunk
from vorzimmer.features.voicemail import settings as voicemail

SCHEMA = Schema(
    kinds=(
        COMPANY,
        SITE,
        DEPARTMENT,
        SCHEDULE,
        USER,
        PHONE,
        DEVICE,
        *park.KINDS,
        *paging.KINDS,
        *hunt.KINDS,
        *pickup.KINDS,
        *instant.KINDS,
        *night.KINDS,
        *attendant.KINDS,
        *intercept.KINDS,
        *calling_plan.KINDS,
        *trunk.KINDS,
        CONTACT,
    ),
    keys=(
        *codes.KEYS,
        *policies.KEYS,
        *privacy.KEYS,
        *company_sign_in.KEYS,
        *park.KEYS,
        *recall.KEYS,
        *voicemail.KEYS,
        *forwarding.KEYS,
        *selective.KEYS,
        *anonymous_rejection.KEYS,
        *dnd.KEYS,
        *call_waiting.KEYS,
        *parallel_ringing.KEYS,
        *identity.KEYS,
        *recording.KEYS,
        *barge.KEYS,
        *night.KEYS,
        *executive.KEYS,
        *delegation.KEYS,
        *lamps.KEYS,
        *speed_dial.KEYS,
    ),
)
"""The order of kinds is the order of a written file."""
