"""Every kind of record of a company: list, read, create, replace, patch, remove. One set of endpoints for each kind of
``features/catalogue.SCHEMA``, all made here.

Bodies are records in the form of the company file; admin's door judges them. This module must never know a kind by name
but the company itself.
"""

from typing import Any, Literal

from starlette.responses import Response

from vorzimmer.admin.authorise import may_read
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.public import tag_of
from vorzimmer.api import record_docs as docs
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer, json_of, quoted, tags_in
from vorzimmer.api.changes import changed, perform, public, state_wanted
from vorzimmer.api.house import Ask, Asking, DryRun
from vorzimmer.api.listing import page, wish_of
from vorzimmer.api.principal import Principal
from vorzimmer.api.problems import ApiError
from vorzimmer.api.shelves import Row, Shelves
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.record import Entry
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Kind
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.catalogue import SCHEMA

router = guarded("records")
How = Literal["whole", "patch"] | None
"""How a change is given; None removes."""


def readable(book: Snapshot, asker: Principal, ref: Ref) -> Entry:
    """A record that the asker may read. Raises ApiError: 404 where there is none, 403 where it is not for him."""
    entry = book.entry(ref)
    if entry is None:
        raise ApiError("not-found")
    if not may_read(asker.actor(), book, ref):
        raise ApiError("not-allowed")
    return entry


def _list(kind: Kind[Any]) -> Any:
    fields = frozenset(docs.fields_of(kind))

    async def endpoint(company: str, ask: Asking) -> Response:
        book, request, asker = ask.book(company), ask.request, ask.asker
        etag = quoted(str(book.revision))
        if etag.strip('"') in tags_in(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers={"ETag": etag})
        wish, shelves, actor = wish_of(request.query_params, fields), request.app.state.shelves, asker.actor()
        assert isinstance(shelves, Shelves)
        everything = asker.at_least("company_admin")

        def sees(row: Row) -> bool:
            return may_read(actor, book, row.entry.ref)

        shelf = shelves.at(company, kind.name).sorted(book, kind.name, wish.sort.removeprefix("-"))
        found = page(shelf, wish, None if everything else sees)
        items = [public(row.entry) for row in found.rows]
        return json_answer({"items": items, "next": found.next, "total": found.total}, headers={"ETag": etag})

    return endpoint


def _get(kind: Kind[Any]) -> Any:
    async def endpoint(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
        entry = readable(ask.book(company), ask.asker, Ref(kind.name, id))
        tag = tag_of(entry.data)
        if tag in tags_in(ask.request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers={"ETag": quoted(tag)})
        return json_answer(public(entry), headers={"ETag": quoted(tag)})

    return endpoint


def _create(kind: Kind[Any]) -> Any:
    async def endpoint(company: str, ask: Asking, dry_run: DryRun = False) -> Response:
        ask.book(company)
        body = await json_of(ask.request)
        ident = body.get(kind.id_field) if isinstance(body, dict) else None
        ref = Ref(kind.name, ident if isinstance(ident, str) else "")
        edit = Edit(ref, body, "whole", "-" if ref.id else None)
        outcome = await perform(ask, company, [edit], dry_run=dry_run)
        told, headers = changed(outcome, ref)
        location = {"Location": f"/api/v1/companies/{company}/{kind.section}/{ref.id}"}
        return json_answer(told, 201 if outcome.committed else 200, {**headers, **location})

    return endpoint


def _change(kind: Kind[Any], how: How) -> Any:
    async def endpoint(company: str, id: str, ask: Asking, dry_run: DryRun = False) -> Response:  # noqa: A002 -- the path's own word
        return await change(ask, company, Ref(kind.name, id), how, dry_run=dry_run)

    return endpoint


async def change(ask: Ask, company: str, ref: Ref, how: How, *, dry_run: bool) -> Response:
    """Replace, patch or (`how` None) remove one record in the state that the request names. Raises ApiError."""
    book, state = ask.book(company), state_wanted(ask.request)
    if state != "-":
        readable(book, ask.asker, ref)
    body = await json_of(ask.request) if how is not None else None
    outcome = await perform(ask, company, [Edit(ref, body, how or "keys", state)], dry_run=dry_run)
    told, headers = changed(outcome, ref)
    return json_answer(told, 201 if state == "-" and outcome.committed else 200, headers)


async def references(company: str, section: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- as above
    """Who names a record: what would have to change before it can be removed."""
    book = ask.book(company)
    kind = SCHEMA.by_section.get(section)
    if kind is None:
        raise ApiError("not-found")
    entry = readable(book, ask.asker, Ref(kind.name, id))
    named = list(book.referrers(entry.ref))
    if kind.name == "user":
        named += book.referrers(Ref("voicemail", id))
    rows = [
        {"ref": str(one.owner), "name": book.name_of(one.owner), "setting": book.setting(one.owner, one.via)}
        for one in named
    ]
    return json_answer({"items": rows})


def _lay() -> None:
    for kind in SCHEMA.kinds:
        if kind.name == COMPANY.name:
            continue
        base = f"/companies/{{company}}/{kind.section}"
        one = f"{base}/{{id}}"
        for method, path, endpoint, word in (
            ("GET", base, _list(kind), "list"),
            ("POST", base, _create(kind), "create"),
            ("GET", one, _get(kind), "get"),
            ("PUT", one, _change(kind, "whole"), "replace"),
            ("PATCH", one, _change(kind, "patch"), "patch"),
            ("DELETE", one, _change(kind, None), "remove"),
        ):
            router.add_api_route(path, endpoint, methods=[method], response_model=None, **docs.of(kind, word))
    router.add_api_route(
        "/companies/{company}/references/{section}/{id}",
        references,
        methods=["GET"],
        response_model=None,
        **docs.REFERENCES,
    )


_lay()
