"""What one does to a device beside its settings: a new password.

A password that was replaced stops to serve at once: control ends the registrations made with it. This module must never
show a password that was not made for this very answer.
"""

from starlette.responses import Response

from vorzimmer.admin.edit import Edit
from vorzimmer.admin.secret_plan import made_up
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.changes import changed, perform
from vorzimmer.api.house import Asking
from vorzimmer.api.record_docs import PREFIX
from vorzimmer.api.records import readable
from vorzimmer.directory.keys import DEVICE
from vorzimmer.directory.model import Device
from vorzimmer.directory.ref import Ref

router = guarded("devices")
_ANSWER = {"200": {"content": {"application/json": {"schema": {"$ref": f"{PREFIX}DeviceChanged"}}}}}


@router.post(
    "/companies/{company}/devices/{id}/password",
    summary="Give a device a new password",
    response_model=None,
    openapi_extra={"responses": _ANSWER},
)
async def new_password(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
    """Made up, shown this once in `made`. Phones that are registered with the old one are so no more, at once."""
    ref = Ref(DEVICE.name, id)
    entry = readable(ask.book(company), ask.asker, ref)
    text = made_up("password", ask.house.chance)
    outcome = await perform(ask, company, [Edit(ref, {"password": {"value": text}})])
    body, headers = changed(outcome, ref)
    assert isinstance(entry.core, Device)
    made = {"ref": str(ref), "field": "password", "value": text, "username": entry.core.username}
    return json_answer({**body, "made": [made]}, headers=headers)
