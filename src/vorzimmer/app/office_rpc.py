"""The office on ``admin.sock``: what the command line asks a running server.

This module must never add a rule; it carries arguments and answers.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from vorzimmer.admin.world import SYSTEM
from vorzimmer.app.control_link import ControlLink
from vorzimmer.app.office import ApplyRequest, NotFoundError, Office
from vorzimmer.app.rpc import Method, Params, Stream
from vorzimmer.directory.ref import Ref
from vorzimmer.routing.explain import Question


def methods(office: Office, link: ControlLink | None) -> dict[str, Method]:
    """By name; those about live calls only where control can be asked."""

    async def apply(params: Params) -> Any:
        return await office.apply(msgspec.convert(params["request"], ApplyRequest))

    async def export(params: Params) -> Any:
        return await office.export(params["company"], with_secrets=params["with_secrets"])

    async def history(params: Params) -> Any:
        return await office.history(params["company"], params["limit"])

    async def explain(params: Params) -> Any:
        return await office.explain(msgspec.convert(params["question"], Question))

    async def explain_call(params: Params) -> Any:
        return await office.explain_call(params["call"], params["language"])

    async def trace(params: Params) -> Any:
        if link is None:
            raise NotFoundError("traces live in the running server, and none runs on this state directory")
        return await link.call("trace", **params)

    async def code(params: Params) -> Any:
        caller = Ref(*params["caller"])
        return await office.code(params["company"], caller, params["action"], params["params"])

    return {
        **_of_people(office),
        "code": code,
        "apply": apply,
        "export": export,
        "history": history,
        "explain": explain,
        "explain_call": explain_call,
        **_of_control(office, link),
        "trace": trace,
    }


def _of_people(office: Office) -> dict[str, Method]:
    """What is known of a person, and of times."""

    async def person(params: Params) -> Any:
        return await office.privacy.export(office.company(params["company"]), params["user"])

    async def erase(params: Params) -> Any:
        company = office.company(params["company"])
        return await office.privacy.erase(company, params["user"], SYSTEM, dry_run=params["dry_run"])

    async def schedules(params: Params) -> Any:
        return office.schedules(params["company"], params["schedule"], params["days"])

    async def bring_calendar(params: Params) -> Any:
        from vorzimmer.app.calendars import bring  # noqa: PLC0415 -- takes a library that no other question needs

        company, dry_run = office.company(params["company"]), params["dry_run"]
        return await bring(office, company, params["schedule"], params["data"], dry_run=dry_run)

    return {"person": person, "erase": erase, "schedules": schedules, "bring_calendar": bring_calendar}


def _of_control(office: Office, link: ControlLink | None) -> dict[str, Method]:
    """What only a running control knows: nothing without one."""

    async def calls(params: Params) -> Any:
        company = office.company(params["company"]) if params["company"] else None
        return await link.call("calls", company=company) if link is not None else []

    async def certificates(params: Params) -> Any:
        return await link.call("certificates", reload=params["reload"]) if link is not None else []

    async def watchers(params: Params) -> Any:
        company = office.company(params["company"]) if params["company"] else None
        return await link.call("watchers", company=company) if link is not None else []

    async def trunks(params: Params) -> Any:
        company = office.company(params["company"]) if params["company"] else None
        return await link.call("trunks", company=company) if link is not None else []

    return {"calls": calls, "watchers": watchers, "certificates": certificates, "trunks": trunks}


def streams(link: ControlLink) -> dict[str, Stream]:
    """By name."""

    async def follow(params: Params) -> AsyncIterator[Any]:
        async for fact in link.stream("follow", company=params["company"]):
            yield fact

    return {"follow": follow}
