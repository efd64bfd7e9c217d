"""What a phone's own key for do not disturb or forwarding does: what its feature code would do, by the same door.

A wish that may not be fulfilled, or a number that leads nowhere, changes nothing; the phone is told how things stand
then. This module must never write a setting itself.
"""

from vorzimmer.app.house import House, split_key
from vorzimmer.calls.world import Service
from vorzimmer.features.codes.phone_keys import step_of
from vorzimmer.presence.feature_state import Wish
from vorzimmer.routing.model import Asked


class FeatureKeys:
    """presence.watch_ports.Ports.wish over the service of feature codes."""

    def __init__(self, house: House, service: Service) -> None:
        self._house = house
        self._service = service

    async def __call__(self, account: str, wish: Wish) -> None:
        """Set what the key asks for, in its owner's name and with his rights."""
        company, device = split_key(account)
        caller = self._house.caller(company, device, private=False)
        if caller is None or caller.ref is None:
            return
        run = step_of(wish.feature, wish.to, caller.ref, self._house.book(company), on=wish.on)
        if run is not None:
            await self._service(run, Asked(company, caller, dialled=""))
