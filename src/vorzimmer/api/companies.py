"""A company's own record: read it, change it.

This module must never tell of another company than the asker's.
"""

from starlette.responses import Response

from vorzimmer.admin.public import tag_of
from vorzimmer.api import record_docs as docs
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer, quoted
from vorzimmer.api.changes import public
from vorzimmer.api.house import Asking, DryRun
from vorzimmer.api.records import change
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.ref import Ref

router = guarded("companies")


async def read(company: str, ask: Asking) -> Response:
    """The company's own record."""
    entry = ask.book(company).entry(Ref(COMPANY.name, company))
    assert entry is not None, "a book holds its company"
    return json_answer(public(entry), headers={"ETag": quoted(tag_of(entry.data))})


async def replace(company: str, ask: Asking, dry_run: DryRun = False) -> Response:
    """The company's record, whole."""
    return await change(ask, company, Ref(COMPANY.name, company), "whole", dry_run=dry_run)


async def patch(company: str, ask: Asking, dry_run: DryRun = False) -> Response:
    """Some keys of the company's record."""
    return await change(ask, company, Ref(COMPANY.name, company), "patch", dry_run=dry_run)


for _method, _endpoint, _word in (("GET", read, "get"), ("PUT", replace, "replace"), ("PATCH", patch, "patch")):
    router.add_api_route(
        "/companies/{company}", _endpoint, methods=[_method], response_model=None, **docs.of(COMPANY, _word)
    )
