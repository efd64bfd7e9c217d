"""Typed ids, so that a leg is never passed where a call is meant.

Ids of the directory are unique per company and kind; ids of calls, legs and journeys are unique on the server.
This module must never make up an id: that takes chance, which comes through :class:`vorzimmer.kernel.chance.Chance`.
"""

from typing import NewType

CompanyId = NewType("CompanyId", str)
UserId = NewType("UserId", str)
DeviceId = NewType("DeviceId", str)

CallId = NewType("CallId", str)
LegId = NewType("LegId", str)
JourneyId = NewType("JourneyId", str)

EndpointId = NewType("EndpointId", str)
