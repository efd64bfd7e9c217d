"""Feature codes that change a setting: control asks the office, so that a dialled code passes the same door as a file.

The caller's call waits for the answer, nobody else's does. This module must never write a setting itself.
"""

from pathlib import Path

from vorzimmer.app.control_link import ControlLink
from vorzimmer.app.rpc import RpcError
from vorzimmer.routing.model import Announce, Asked, Refuse, Run


class CodeService:
    """calls.world.Service over the office's socket."""

    def __init__(self, office: Path) -> None:
        self._office = ControlLink(office)

    async def __call__(self, run: Run, asked: Asked) -> Announce | Refuse:
        """Do what the code asks for; a refused or failed change is said to be not available."""
        caller = asked.caller.ref
        if caller is None:
            return Refuse(403, "Forbidden", run.because)
        try:
            confirm: str = await self._office.call(
                "code", company=asked.company, caller=tuple(caller), action=run.action, params=run.params
            )
        except RpcError:
            return Announce("say.not_available", 403, because=run.because)
        return Announce(confirm, 200, because=run.because)
