"""The description of the API: OpenAPI 3.1, made from the routes and from the types of the settings.

The portal's client is generated from it, so it must say what is true: which fields there are, what they may be, and how
it answers when it refuses. This module must never describe what is not there.
"""

import json
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from vorzimmer.api.access import TABLE, guarded
from vorzimmer.api.events.shapes import components as event_shapes
from vorzimmer.api.record_docs import PREFIX
from vorzimmer.api.record_docs import components as shared
from vorzimmer.api.schemas import Writer
from vorzimmer.api.texts import PROBLEMS
from vorzimmer.features.catalogue import SCHEMA

router = guarded("api")

VERSION: Final = "1.0"
ABOUT: Final = "The API of the telephone system. Errors are problem documents (RFC 9457) in German or English."
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A problem document (RFC 9457). `detail` is in the language of the asker.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": [f"/problems/{name}" for name in PROBLEMS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
    "examples": [
        {
            "type": "/problems/invalid",
            "title": "This does not fit",
            "status": 422,
            "detail": "Please correct what “errors” names.",
            "errors": [{"pointer": "/forwarding/no_answer/after_s", "detail": "300 is above 120"}],
        }
    ],
}
_FIELD_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "description": "One thing that is wrong: where in the body (`pointer`, RFC 6901), in which parameter of the "
    "request, or at which path of the company's file (`setting`).",
    "required": ["detail"],
    "properties": {
        **{name: {"type": "string"} for name in ("detail", "pointer", "parameter", "setting")},
        "line": {"type": "integer"},
    },
}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """A request's body that an endpoint reads by itself, as its model describes it."""
    found = model.model_json_schema()
    parts = found.pop("$defs", {})
    text = json.dumps(found)
    for name, part in parts.items():
        text = text.replace(f'{{"$ref": "#/$defs/{name}"}}', json.dumps(part))
    return {"required": True, "content": {"application/json": {"schema": json.loads(text)}}}


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole description, made once."""
    known: dict[str, Any] | None = app.openapi_schema
    if known is None:
        known = app.openapi_schema = _describe(app)
    return known


def _describe(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title="Vorzimmer",
        version=VERSION,
        openapi_version="3.1.0",
        summary=ABOUT,
        routes=app.routes,
        servers=[{"url": "/api/v1"}],
    )
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    writer = Writer(SCHEMA, PREFIX)
    for kind in SCHEMA.kinds:
        writer.record(kind)
    pages, components["parameters"] = shared()
    for name, shape in event_shapes(PREFIX).items():
        schemas.setdefault(name, shape)
    assert not set(schemas) & (set(writer.found) | set(pages)), "a shape of the API is called like a setting"
    schemas |= writer.found | pages | {"Problem": _PROBLEM, "FieldError": _FIELD_ERROR}
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "vorzimmer_session"},
    }
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            _operation(operation, method.upper(), path)
    return found


def _operation(operation: dict[str, Any], method: str, path: str) -> None:
    need = TABLE[method, path]
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = {
        "description": "A problem",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    operation["x-role"] = need.least
    if need.scope is not None:
        operation["x-scope"] = need.scope
    ways: list[dict[str, list[str]]] = [{"session": []}] if need.session else [{"session": []}, {"token": []}]
    operation["security"] = [] if need.least == "public" else ways


@router.get("/openapi.json", summary="This description", response_model=None)
async def openapi(request: Request) -> JSONResponse:
    """OpenAPI 3.1."""
    return JSONResponse(describe(request.app))
