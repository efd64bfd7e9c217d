"""Who I am, and which companies there are for me.

This module must never tell a person of a company of somebody else.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from vorzimmer.api.access import guarded
from vorzimmer.api.house import Asking
from vorzimmer.directory.snapshot import Snapshot

router = guarded("me")


class Me(BaseModel):
    """Who asks, as the server knows it. `scopes` is null for a person's session, which may all that the role may."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "user", "company": "musterbau", "user": "anna", "language": "de"}]}
    )
    role: Literal["provider", "company_admin", "site_admin", "user"]
    company: str | None = None
    user: str | None = None
    name: str | None = None
    site: str | None = None
    language: Literal["de", "en"] = "de"
    scopes: list[str] | None = None


class CompanySummary(BaseModel):
    """A company in a list."""

    id: str
    name: str
    revision: int
    language: Literal["de", "en"]
    timezone: str
    country: str


@router.get("/me", summary="Who I am")
async def me(ask: Asking) -> Me:
    """The person or token that asks, with role, company and language."""
    asker, house = ask.asker, ask.house
    book = house.office.book(asker.company) if asker.company else None
    name = book.name_of(asker.ref) if book is not None and asker.ref is not None else None
    scopes = sorted(asker.scopes) if asker.scopes is not None else None
    return Me(
        role=asker.role,
        company=asker.company,
        user=asker.user,
        name=name,
        site=asker.site,
        language=asker.language,
        scopes=scopes,
    )


@router.get("/companies", summary="Companies that I may see")
async def companies(ask: Asking) -> list[CompanySummary]:
    """All companies for the provider, one's own for everybody else."""
    asker, house = ask.asker, ask.house
    mine = house.office.companies() if asker.company is None else [asker.company]
    books = [(ident, book) for ident in mine if (book := house.office.book(ident)) is not None]
    return [_summary(ident, book) for ident, book in books]


def _summary(ident: str, book: Snapshot) -> CompanySummary:
    own = book.company
    return CompanySummary(
        id=ident,
        name=own.name,
        revision=book.revision,
        language=own.language,
        timezone=own.timezone,
        country=own.country,
    )
