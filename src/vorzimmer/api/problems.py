"""Problem documents (RFC 9457): what went wrong, in the asker's language, with a pointer to each field.

The root of every refusal of the API is `ApiError`; whatever else is raised becomes one of these documents, so that a
client reads errors in one form only. This module must never let the text of an unknown exception out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from starlette.requests import HTTPConnection
from starlette.responses import Response

from vorzimmer.admin.german import german
from vorzimmer.api.texts import PROBLEMS, Words
from vorzimmer.kernel.errors import VorzimmerError

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong. `pointer` (RFC 6901) says where in the request's body, `parameter` which parameter of
    the request, `line` which line of a file, `setting` the path in the company's file (also of another record that the
    change would break)."""

    detail: str | Words
    pointer: str | None = None
    parameter: str | None = None
    setting: str | None = None
    line: int | None = None


class ApiError(VorzimmerError):
    """A refusal that becomes a problem document; `name` is a key of ``texts.PROBLEMS``."""

    def __init__(
        self,
        name: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(name)
        self.name = name
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.params = params


def document(error: ApiError, language: str) -> dict[str, Any]:
    """The problem as plain values."""
    kind = PROBLEMS[error.name]
    found: dict[str, Any] = {
        "type": f"/problems/{error.name}",
        "title": kind.title.get(language),
        "status": kind.status,
        "detail": kind.detail.get(language).format_map(error.params),
    }
    if error.errors:
        found["errors"] = [_shown(one, language) for one in error.errors]
    return found


def _shown(one: FieldError, language: str) -> dict[str, Any]:
    said = one.detail.get(language) if isinstance(one.detail, Words) else one.detail
    if language == "de" and not isinstance(one.detail, Words):
        said = german(said)
    row: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(one, detail=said))
    return row


def response(error: ApiError, language: str) -> Response:
    """The problem as an answer."""
    body = msgspec.json.encode(document(error, language))
    headers = {"Content-Language": language, **error.headers}
    if PROBLEMS[error.name].status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return Response(body, PROBLEMS[error.name].status, headers, MEDIA_TYPE)


def language_of(connection: HTTPConnection) -> str:
    """The language of whoever asks: the first of ours that the request accepts, else that of the principal."""
    for part in connection.headers.get("accept-language", "").lower().split(","):
        language = part.partition(";")[0].strip()[:2]
        if language in {"de", "en"}:
            return language
    return str(getattr(getattr(connection.state, "principal", None), "language", "de"))
