"""What can be set, for programs that make forms from it: every kind of record, every section, every text.

This module must never show a value of a company; it tells what there may be.
"""

from functools import lru_cache
from typing import Any, Literal

from fastapi import Path
from starlette.responses import Response

from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.schemas import Writer
from vorzimmer.directory.schema import Schema
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.texts import LABELS, TEXTS

router = guarded("schema")


@lru_cache(maxsize=4)
def told(schema: Schema) -> dict[str, Any]:
    """All kinds and sections with their JSON Schemas; shared ones under ``$defs``."""
    writer = Writer(schema, "#/$defs/")
    kinds = [
        {
            "name": kind.name,
            "section": kind.section,
            "id_field": kind.id_field,
            "acts": kind.acts,
            "dialable": kind.dialable,
            "schema": writer.record(kind),
        }
        for kind in schema.kinds
    ]
    keys = [
        {
            "name": key.name,
            "on": list(key.on),
            "acts": key.acts,
            "bare": key.bare,
            "place": key.place,
            "schema": writer.section(key),
        }
        for key in schema.keys
    ]
    return {"kinds": kinds, "keys": keys, "$defs": writer.found}


@router.get("/schema", summary="What can be set", response_model=dict[str, Any])
async def settings_schema() -> Response:
    """Every kind of record and every section of a feature, with JSON Schemas whose `x-…` say what a value means:
    `x-ref` a reference to a record of these kinds (`x-typed`: as kind:id), `x-target` where a call can be led,
    `x-secret`, `x-says` what is allowed in words."""
    return json_answer(told(SCHEMA))


@router.get("/texts/{language}", summary="Texts of all features", response_model=dict[str, str])
async def texts(language: Literal["de", "en"] = Path(description="The language")) -> Response:
    """Key -> words, with placeholders in braces left in."""
    return json_answer({key: words.get(language, words["de"]) for key, words in (TEXTS | LABELS).items()})
