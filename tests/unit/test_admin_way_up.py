"""Nobody becomes an administrator by changing where an administrator's letters go."""

import pytest
from tests.api_rig import Rig, with_rig

from vorzimmer.admin.problems import RefusedError
from vorzimmer.admin.world import SYSTEM, Actor
from vorzimmer.directory.ref import Ref

DORA = Actor("user:dora", "musterbau", "dora")


def test_a_site_administrator_does_not_redirect_or_remove_other_administrators() -> None:
    async def scenario(rig: Rig) -> None:
        office = rig.office
        await office.edit("musterbau", Ref("user", "dora"), {"role": "site_admin", "site": "muenchen"}, SYSTEM)
        mine = {"email": "dora@evil.example"}
        with pytest.raises(RefusedError, match="company administrator"):
            await office.edit("musterbau", Ref("user", "admin"), mine, DORA)
        await office.edit("musterbau", Ref("user", "bea"), {"role": "site_admin"}, SYSTEM)
        with pytest.raises(RefusedError, match="company administrator"):
            await office.edit("musterbau", Ref("user", "bea"), mine, DORA)
        await office.edit("musterbau", Ref("user", "anna"), {"email": "anna@musterbau.example"}, DORA)
        await office.edit("musterbau", Ref("user", "dora"), {"email": "dora@musterbau.example"}, DORA)
        await office.edit("musterbau", Ref("user", "admin"), {"dnd": True}, DORA)

    with_rig(scenario)
